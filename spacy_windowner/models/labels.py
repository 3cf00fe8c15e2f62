"""Adding labels to a trained window classifier, in columns separate from those of other labels."""

from collections.abc import Sequence
from typing import Any

from thinc.api import Model

from ..layers.label_columns import Grown, LabelColumns, base_layers, column_layers, grown_layer
from .output import is_initialized, set_output_width

BEHIND_O = 5.0
"""How far below O a new tag starts. `recall_bias` lowers O by at most 4 in training."""


def resize_output(model: Model, new_nO: int) -> Model:
    """Change the number of tag columns of a window classifier. If it is initialized, old columns
    keep their values, and new ones start as in `grow_columns`.

    model (Model): A window classifier.
    new_nO (int): The number of tags.
    RETURNS (Model): The same model.
    """
    layer = model.get_ref("output_layer")
    if layer.has_param("W"):
        # A new layer, because optimizers remember the old shapes under the old layer's id.
        new_layer = grow_columns(layer, new_nO)
        model.replace_node(layer, new_layer)
    set_output_width(model, new_nO)
    return model


def grow_columns(layer: Model, new_nO: int) -> Model:
    """Copy an output layer and add columns. A new column starts as that of O minus BEHIND_O, so new
    tags change no decision until they have learned.

    layer (Model): A layer with the parameters W and b. Its column 0 is O.
    new_nO (int): The number of columns, at least the current one.
    RETURNS (Model): The new layer.
    """
    n_new = new_nO - layer.get_dim("nO")
    params: dict[str, Any] = {name: layer.get_param(name) for name in layer.param_names}
    # W is (nO, nI) or, if the windowed affine layer is the output, (n_positions, nO, nI).
    W, b = params["W"], params["b"]
    xp = layer.ops.xp
    params["W"] = xp.concatenate([W] + [W[..., :1, :]] * n_new, axis=-2)
    params["b"] = xp.concatenate([b] + [b[:1] - BEHIND_O] * n_new)
    dims = {name: layer.maybe_get_dim(name) for name in layer.dim_names}
    new_layer: Model = Model(
        layer.name,
        layer._func,
        init=layer.init,
        dims={**dims, "nO": new_nO},
        params=dict.fromkeys(params),
        attrs=layer.attrs,
        ops=layer.ops,
    )
    for name, value in params.items():
        new_layer.set_param(name, layer.ops.as_contig(value))
    return new_layer


def can_grow(model: Model) -> bool:
    """Whether labels can be added to a model without changing the others. This is so for window
    classifiers."""
    return any(model.has_ref(ref) for ref in ("windowed_affine", "with_windows"))


def set_added_labels(model: Model, units: Sequence[int], n_tags: int) -> None:
    """Give a window classifier columns for added labels, after its own ones. Columns of added
    labels that it has already are kept, up to the first label that differs, and the others are
    removed. If the classifier is initialized, so are the new columns. All their tags score BEHIND_O
    less than O, so they change no decision until they have learned.

    model (Model): A model for which `can_grow` is true.
    units (Sequence[int]): The number of own hidden units of each added label.
    n_tags (int): The number of tags of a label.
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


def _shape(columns: Model) -> tuple[int, int]:
    """The number of a label's tags, and of its hidden units."""
    units = columns.layers[1].get_dim("nO") if len(columns.layers) > 1 else 0
    return columns.get_dim("nO"), units


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


def added_columns(model: Model) -> list[Model]:
    """The columns of each added label."""
    layer = grown_layer(model)
    return [] if layer is None else column_layers(layer)


def clear_gradients(model: Model) -> None:
    """Set the gradients that no optimizer has used yet to zero."""
    for node in model.walk():
        for name in node.grad_names:
            node.set_grad(name, model.ops.xp.zeros_like(node.get_grad(name)))
