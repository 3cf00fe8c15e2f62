"""Labels that are added to a trained window classifier, with columns apart from those of others."""

from collections.abc import Sequence
from typing import Any

from thinc.api import Model

from ..layers.grown import Grown, base_layers, column_layers
from ..layers.label_columns import LabelColumns
from .output import is_initialized
from .resize import BEHIND_O


def can_grow(model: Model) -> bool:
    """Whether labels can be added to a model without a change to the others: it is a window
    classifier."""
    return any(model.has_ref(ref) for ref in ("windowed_affine", "with_windows"))


def grown_layer(model: Model) -> Model | None:
    """The layer that holds all columns of a model that has grown, or None."""
    return next((layer for layer in model.layers if layer.name == "grown"), None)


def added_columns(model: Model) -> list[Model]:
    """The columns of each label that was added."""
    layer = grown_layer(model)
    return [] if layer is None else column_layers(layer)


def set_added_labels(model: Model, units: Sequence[int], n_tags: int) -> None:
    """Give a window classifier the columns of added labels, after those it has of itself. It keeps
    the columns of those labels that it has already, up to the first one that differs; the others
    go. If the classifier is initialized, so are the new ones: they score all tags BEHIND_O less
    than O, and change no decision until they have learned.

    model (Model): A model that `can_grow` is true for.
    units (Sequence[int]): The hidden units of its own of each added label.
    n_tags (int): The tags of a label.
    """
    old = added_columns(model)
    kept = 0
    shapes = [(n_tags, each) for each in units]
    while kept < min(len(old), len(units)) and _shape(old[kept]) == shapes[kept]:
        kept += 1
    if kept == len(old) == len(units):
        return
    layer = grown_layer(model)
    base = model.layers[1:-1] if layer is None else base_layers(layer)
    columns = old[:kept] + [_make_columns(model, base, n, n_tags) for n in units[kept:]]
    grown = Grown(base, columns, reads_hidden=bool(model.has_ref("head"))) if columns else None
    for node in grown.walk() if grown is not None else []:
        node.ops = model.ops
    if is_initialized(model):
        pad: Any = base[0].get_param("pad")
        for new in columns[kept:]:
            new.initialize(X=pad.shape[1])
    model.layers[1:-1] = base if grown is None else [grown]


def clear_gradients(model: Model) -> None:
    """Forget the gradients that no optimizer has taken yet."""
    for node in model.walk():
        for name in node.grad_names:
            node.set_grad(name, model.ops.xp.zeros_like(node.get_grad(name)))


def _make_columns(model: Model, base: Sequence[Model], units: int, n_tags: int) -> Model:
    activation = "relu"
    if model.has_ref("head"):
        first = model.get_ref("head").layers[0]
        activation = first.attrs.get("nonlinearity", first.name)
    return LabelColumns(
        n_tags,
        reads=model.get_ref("output_layer").get_dim("nI") if model.has_ref("head") else None,
        units=units,
        window=base[0].attrs["window"],
        pooling=base[0].attrs.get("pooling", "concat"),
        activation=activation,
        behind=BEHIND_O,
    )


def _shape(columns: Model) -> tuple[int, int]:
    """The tags of a label, and its hidden units."""
    units = columns.layers[1].get_dim("nO") if len(columns.layers) > 1 else 0
    return columns.get_dim("nO"), units
