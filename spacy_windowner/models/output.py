"""A model's output, with one column per tag, and its learned transitions between tags."""

from typing import Any

import numpy
from thinc.api import Model, ragged2list
from thinc.util import to_numpy

from ..layers.label_columns import column_layers, grown_layer

TRANSITIONS = "transitions"
"""The name of the parameter with the transitions."""
# The packages of layers whose settings come from the config, and which need all their parameters.
# Other packages' layers may learn their settings.
KNOWN_PACKAGES = ("spacy_windowner.", "spacy.ml.", "thinc.layers.")
_LAST_LAYER = "tag_scores"


def output_layer(model: Model) -> Model:
    """The layer that a model names "output_layer", otherwise the model itself."""
    return model.get_ref("output_layer") if model.has_ref("output_layer") else model


def n_columns(model: Model) -> int | None:
    """The number of columns, including those of added labels. None if it is unknown."""
    own = output_layer(model).maybe_get_dim("nO")
    grown = grown_layer(model)
    if own is None or grown is None:
        return own
    return own + sum(columns.get_dim("nO") for columns in column_layers(grown))


def set_output_width(model: Model, nO: int | None) -> None:
    """Set nO of the output layer, which must not have parameters yet, and of every layer around it
    that has nO set.

    model (Model): The model.
    nO (Optional[int]): The number of columns, None if unknown.
    """
    layer = output_layer(model)
    for node in model.walk():
        is_around = layer in node.walk() and node.maybe_get_dim("nO") is not None
        if (node is layer or is_around) and node.maybe_get_dim("nO") != nO:
            node.set_dim("nO", nO, force=True)  # type: ignore[arg-type]


def is_initialized(model: Model) -> bool:
    """Whether all parameters of a model have values."""
    return all(node.has_param(name) for node in model.walk() for name in node.param_names)


def lacks_weights(model: Model) -> bool:
    """Whether a model can't predict because it isn't initialized. Layers of other packages may
    leave parameters empty.

    model (Model): The model.
    RETURNS (bool): Whether a parameter of a layer of KNOWN_PACKAGES has no value.
    """
    return any(
        not node.has_param(name)
        for node in model.walk()
        if forward_of(node).startswith(KNOWN_PACKAGES)
        for name in node.param_names
    )


def forward_of(layer: Model) -> str:
    """The name of a layer's forward function, with its module."""
    function = layer._func
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"


def is_listener(model: Model) -> bool:
    """Whether a layer listens to another component, e.g. to a shared `tok2vec`."""
    return any(hasattr(node, "upstream_name") for node in model.walk())


def mark_last_layer(model: Model) -> None:
    """Mark the last layer of a window classifier as the one that may have transitions. That layer
    splits the scores of a batch into documents.

    model (Model): A chain.
    """
    model.set_ref(_LAST_LAYER, model.layers[-1])


def can_have_transitions(model: Model) -> bool:
    """Whether a model has a layer for transitions."""
    return bool(model.has_ref(_LAST_LAYER))


def is_transitions_layer(model: Model, layer: Model) -> bool:
    """Whether a layer is the one of a model that may have transitions."""
    return can_have_transitions(model) and model.get_ref(_LAST_LAYER) is layer


def get_transitions(model: Model) -> numpy.ndarray | None:
    """The transitions, or None if the model has none. [a, b] is the score of b after a. Shape
    (n_tags, n_tags)."""
    layer = model.get_ref(_LAST_LAYER) if model.has_ref(_LAST_LAYER) else None
    if layer is None or not layer.has_param(TRANSITIONS):
        return None
    return to_numpy(layer.get_param(TRANSITIONS))


def set_n_tags(model: Model, n_tags: int, keep: bool = True) -> None:
    """Give a model transitions between a number of tags.

    model (Model): A model for which `can_have_transitions` is true.
    n_tags (int): The number of tags, at least the current one.
    keep (bool): Whether to keep the current transitions. New ones are 0.
    """
    old = get_transitions(model) if keep else None
    new: Any = numpy.zeros((n_tags, n_tags), dtype="float32")
    if old is not None:
        new[: len(old), : len(old)] = old
    # A new layer, because optimizers remember the old shapes under the old layer's id.
    layer: Any = ragged2list()
    layer.set_param(TRANSITIONS, model.ops.asarray(new))
    layer.ops = model.ops
    model.replace_node(model.get_ref(_LAST_LAYER), layer)


def add_gradient(model: Model, gradient: numpy.ndarray) -> None:
    """Add to the gradient of the transitions."""
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    model.get_ref(_LAST_LAYER).inc_grad(TRANSITIONS, ops.asarray(gradient, dtype="float32"))
