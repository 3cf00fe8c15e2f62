"""What losses need beside the scores: the gold tags, and tags that are merged into one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy

from ..decoding.tags import BIO, MISSING, Scheme


class Transitions(NamedTuple):
    """Learned transitions from tag to tag, and the array to which a loss adds their gradient.
    Shapes (n_tags, n_tags)."""

    scores: numpy.ndarray
    gradient: numpy.ndarray


class Targets(NamedTuple):
    """The gold standard of a batch.

    tags (numpy.ndarray): The tag of each token, MISSING where unknown. Shape (n_tokens,).
    weights (numpy.ndarray): A factor on the loss of each token. The docstring of each loss says how
        it is used. Shape (n_tokens,).
    lengths (numpy.ndarray): How many tokens each document has. Shape (n_docs,).
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
        """How many tokens have a known tag, to divide by. At least 1."""
        return max(len(self.annotated), 1)


class TagLoss(Protocol):
    """A loss of tag scores, as the functions registered in `losses` return it.

    scores (numpy.ndarray): Scores, one column per tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, shaped as the scores, and the loss, a mean
        over the annotated tokens.
    """

    def __call__(self, scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]: ...


class Collapsed(NamedTuple):
    """Scores of tags, where some tags are merged into one, "anything else", in column 0.

    scores (numpy.ndarray): Shape (n_tokens, 1 + n_columns).
    columns (numpy.ndarray): The tags that keep a column. Shape (n_columns,).
    others (numpy.ndarray): The tags that are merged. Shape (n_others,).
    shares (numpy.ndarray): The share of each merged tag in the gradient of column 0. Shape
        (n_tokens, n_others).
    """

    scores: numpy.ndarray
    columns: numpy.ndarray
    others: numpy.ndarray
    shares: numpy.ndarray

    def expand(self, gradient: numpy.ndarray) -> numpy.ndarray:
        """The gradient of the original scores.

        gradient (numpy.ndarray): The gradient of the collapsed scores.
        RETURNS (numpy.ndarray): Shape (n_tokens, n_tags).
        """
        n_tags = len(self.columns) + len(self.others)
        expanded = numpy.zeros((len(gradient), n_tags), dtype=gradient.dtype)
        expanded[:, self.columns] = gradient[:, 1:]
        expanded[:, self.others] = gradient[:, :1] * self.shares
        return expanded


def collapse(scores: numpy.ndarray, columns: Sequence[int]) -> Collapsed:
    """Merge all tags except some into one tag, whose score is

        log sum_y exp(S[t, y])    over the merged tags y

    This is for tokens known only not to have certain labels. A
    softmax of the collapsed scores gives the probability of that, the sum over all tags that the
    token may have. A margin to the merged score is a margin to each merged tag.

    scores (numpy.ndarray): Scores, one column per tag. Shape (n_tokens, n_tags).
    columns (Sequence[int]): The tags that keep a column, without O.
    RETURNS (Collapsed): The collapsed scores.
    """
    kept = numpy.asarray(columns, dtype="int64")
    others = numpy.setdiff1d(numpy.arange(scores.shape[1]), kept)
    highest = scores[:, others].max(axis=1, keepdims=True)
    shares = numpy.exp(scores[:, others] - highest)
    total = shares.sum(axis=1, keepdims=True)
    collapsed = numpy.hstack([highest + numpy.log(total), scores[:, kept]])
    return Collapsed(collapsed, kept, others, shares / total)
