"""What the component asks of a model's output: how many columns it has, one for each tag."""

from typing import Any

import numpy
from thinc.api import Model, ragged2list
from thinc.util import to_numpy

from ..layers.label_columns import column_layers


def output_layer(model: Model) -> Model:
    """The layer that a model names "output_layer", or else the model itself."""
    return model.get_ref("output_layer") if model.has_ref("output_layer") else model


def is_listener(model: Model) -> bool:
    """Whether a layer listens to another component, e.g. to a shared `tok2vec`."""
    return any(hasattr(node, "upstream_name") for node in model.walk())


def n_columns(model: Model) -> int | None:
    """The number of columns, those of added labels included. None if it isn't known yet."""
    own = output_layer(model).maybe_get_dim("nO")
    grown = next((layer for layer in model.layers if layer.name == "grown"), None)
    if own is None or grown is None:
        return own
    return own + sum(columns.get_dim("nO") for columns in column_layers(grown))


def is_initialized(model: Model) -> bool:
    """Whether all parameters of a model have values."""
    return all(node.has_param(name) for node in model.walk() for name in node.param_names)


def set_output_width(model: Model, nO: int | None) -> None:
    """Set nO of the output layer, which must have no parameters yet, and of every layer around it
    that has a value for it.

    model (Model): The model.
    nO (Optional[int]): The number of columns, None for unknown.
    """
    layer = output_layer(model)
    for node in model.walk():
        is_around = layer in node.walk() and node.maybe_get_dim("nO") is not None
        if (node is layer or is_around) and node.maybe_get_dim("nO") != nO:
            node.set_dim("nO", nO, force=True)  # type: ignore[arg-type]


TRANSITIONS = "transitions"
"""The name of the parameter."""
_REF = "tag_scores"


def add_last_layer(model: Model) -> None:
    """Name the last layer of a window classifier, from scores of a batch to those of its documents,
    as the one that may have transitions.

    model (Model): A chain.
    """
    model.set_ref(_REF, model.layers[-1])


def can_have_transitions(model: Model) -> bool:
    """Whether a model has a layer for transitions."""
    return bool(model.has_ref(_REF))


def is_transitions_layer(model: Model, layer: Model) -> bool:
    """Whether a layer of a model is the one that may have transitions."""
    return can_have_transitions(model) and model.get_ref(_REF) is layer


def get_transitions(model: Model) -> numpy.ndarray | None:
    """The transitions, [a, b] being what b scores after a, or None if the model has none. Shape
    (n_tags, n_tags)."""
    if not can_have_transitions(model) or not model.get_ref(_REF).has_param(TRANSITIONS):
        return None
    return to_numpy(model.get_ref(_REF).get_param(TRANSITIONS))


def set_n_tags(model: Model, n_tags: int, keep: bool = True) -> None:
    """Give a model transitions between so many tags.

    model (Model): A model that `can_have_transitions` is true for.
    n_tags (int): The number of tags, at least the present one.
    keep (bool): Whether it keeps those that it has. New ones are 0.
    """
    old = get_transitions(model) if keep else None
    new: Any = numpy.zeros((n_tags, n_tags), dtype="float32")
    if old is not None:
        new[: len(old), : len(old)] = old
    # A new layer, for optimizers remember the old shapes under the old one's id.
    layer: Any = ragged2list()
    layer.set_param(TRANSITIONS, model.ops.asarray(new))
    layer.ops = model.ops
    model.replace_node(model.get_ref(_REF), layer)


def add_gradient(model: Model, gradient: numpy.ndarray) -> None:
    """Add to the gradient of the transitions."""
    ops: Any = model.ops  # thinc's types know no numpy.ndarray
    model.get_ref(_REF).inc_grad(TRANSITIONS, ops.asarray(gradient, dtype="float32"))
