from collections.abc import Sequence
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


class Collapsed(NamedTuple):
    """Scores of tags of which some are one, "anything else", in column 0.

    scores (numpy.ndarray): Shape (n_tokens, 1 + n_columns).
    columns (numpy.ndarray): The tags that are still columns. Shape (n_columns,).
    others (numpy.ndarray): The tags that are one. Shape (n_others,).
    shares (numpy.ndarray): The share of each of them in the gradient of that one. Shape
        (n_tokens, n_others).
    """

    scores: numpy.ndarray
    columns: numpy.ndarray
    others: numpy.ndarray
    shares: numpy.ndarray

    def expand(self, gradient: numpy.ndarray) -> numpy.ndarray:
        """The gradient of the scores as they were.

        gradient (numpy.ndarray): The gradient of the collapsed scores.
        RETURNS (numpy.ndarray): Shape (n_tokens, n_tags).
        """
        n_tags = len(self.columns) + len(self.others)
        expanded = numpy.zeros((len(gradient), n_tags), dtype=gradient.dtype)
        expanded[:, self.columns] = gradient[:, 1:]
        expanded[:, self.others] = gradient[:, :1] * self.shares
        return expanded


def collapse(scores: numpy.ndarray, columns: Sequence[int]) -> Collapsed:
    """Take all tags but some for one, whose score is

        log sum_y exp(S[t, y])    over the tags y that are one

    If annotation says of a token only that it is none of some labels, a softmax of the collapsed
    scores gives the probability of that: the sum over all that the token may be. A margin to this
    score is a margin to each of them.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    columns (Sequence[int]): The tags that stay, without O.
    RETURNS (Collapsed): The collapsed scores.
    """
    kept = numpy.asarray(columns, dtype="int64")
    others = numpy.setdiff1d(numpy.arange(scores.shape[1]), kept)
    highest = scores[:, others].max(axis=1, keepdims=True)
    shares = numpy.exp(scores[:, others] - highest)
    total = shares.sum(axis=1, keepdims=True)
    collapsed = numpy.hstack([highest + numpy.log(total), scores[:, kept]])
    return Collapsed(collapsed, kept, others, shares / total)
