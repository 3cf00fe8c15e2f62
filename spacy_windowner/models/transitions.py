"""The learned transitions from tag to tag, if a loss trains them: a parameter of a window
classifier's last layer, which decoding adds to the scores of tag sequences."""

from typing import Any

import numpy
from thinc.api import Model, ragged2list
from thinc.util import to_numpy

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
