from collections.abc import Sequence
from typing import NamedTuple

import numpy


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
