from typing import NamedTuple

import numpy

from .scheme import BILUO
from .side_by_side import add_best_before, columns_of, layout

FORBIDDEN = -1e9
"""The score of what can't be. It is finite, so that it can be subtracted again."""


class MaxMarginals(NamedTuple):
    """The best that each tag of each token allows for, in float64. Tags that no valid sequence has
    are about FORBIDDEN, or less. Shapes (n_tokens, n_tags).

    forward (numpy.ndarray): The best score of the tokens up to t, when t has the tag.
    backward (numpy.ndarray): The best score of the tokens from t on, when t has the tag.
    best (numpy.ndarray): M, the best score of all tokens of a segment when t has the tag.
    """

    forward: numpy.ndarray
    backward: numpy.ndarray
    best: numpy.ndarray


def max_marginals(S: numpy.ndarray, lengths: numpy.ndarray) -> MaxMarginals:
    """The best that each tag of each token of a segment allows for,

        M[t, y] = max over valid z with z[t] = y of sum_t' S[t', z[t']]

    in the scheme BILUO, in which a valid sequence read backward is a valid one with B and L
    exchanged. So the pass from the end is the pass from the start over the mirror image, and both
    are made at once, as are all segments.

    S (numpy.ndarray): The constrained scores, finite. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): The tokens of each segment, at least one. Shape (n_segments,).
    RETURNS (MaxMarginals): M, and its parts.
    """
    n_tokens, n_tags = S.shape
    tags = layout(BILUO.n_labels(n_tags))
    columns = columns_of(lengths)
    # Each column twice: as gone through from the start, and from the end.
    both = numpy.empty((n_tags, n_tokens, 2))
    both[:, :, 0] = S[columns.from_start].T[tags.tags]
    both[:, :, 1] = S[columns.from_end].T[tags.mirrored]
    add_best_before(both.reshape(n_tags, 2 * n_tokens), 2 * columns.stops, tags)
    forward, backward = numpy.empty((2, n_tokens, n_tags))
    forward[columns.from_start[:, None], tags.tags] = both[:, :, 0].T
    backward[columns.from_end[:, None], tags.mirrored] = both[:, :, 1].T
    return MaxMarginals(forward, backward, forward + backward - S)
