from typing import NamedTuple, Protocol

import numpy

from ..decoding.tags import BIO, MISSING, Scheme


class Transitions(NamedTuple):
    """Learned transitions from tag to tag, and where a loss adds their gradient. Shapes
    (n_tags, n_tags)."""

    scores: numpy.ndarray
    gradient: numpy.ndarray


class Targets(NamedTuple):
    """The gold standard of a batch.

    tags (numpy.ndarray): The tag of each token, MISSING where unknown. Shape (n_tokens,).
    weights (numpy.ndarray): What each token's loss is multiplied by (but see each loss). Shape
        (n_tokens,).
    lengths (numpy.ndarray): Tokens of each document. Shape (n_docs,).
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[Transitions]): Learned transitions, None for none.
    """

    tags: numpy.ndarray
    weights: numpy.ndarray
    lengths: numpy.ndarray
    scheme: Scheme = BIO
    transitions: Transitions | None = None

    @property
    def annotated(self) -> numpy.ndarray:
        """The tokens whose tag is known."""
        return numpy.flatnonzero(self.tags != MISSING)

    @property
    def n_annotated(self) -> int:
        """How many these are, but at least 1, to divide by."""
        return max(len(self.annotated), 1)


class TagLoss(Protocol):
    """A loss of tag scores. Registered functions in `losses` return one.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, shaped as the scores, and the loss, a mean
        over the annotated tokens.
    """

    def __call__(self, scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]: ...
