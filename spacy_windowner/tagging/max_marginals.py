from functools import lru_cache
from typing import NamedTuple

import numpy

from .scheme import BILUO, O

FORBIDDEN = -1e9
"""The score of what can't be. It is finite, so that it can be subtracted again."""
_KINDS = "LUBI"
# Seen from its end, an entity begins with L, and ends with B.
_MIRRORED = str.maketrans("BL", "LB")


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
    tags, mirrored, rows = _layout(BILUO.n_labels(n_tags))
    ends, begins = slice(O, rows["U"].stop), slice(rows["U"].start, rows["B"].stop)
    # Columns by the steps, in each the tokens of all segments that are long enough, the longest
    # first, each from the start and from the end.
    order = numpy.argsort(-lengths, kind="stable")
    sorted_lengths = lengths[order]
    first = (numpy.cumsum(lengths) - lengths)[order]
    last = first + sorted_lengths - 1
    n_steps = int(sorted_lengths[0]) if len(lengths) else 0
    counts = numpy.searchsorted(-sorted_lengths, -numpy.arange(n_steps), side="left")
    step = numpy.repeat(numpy.arange(n_steps), counts)
    place = numpy.arange(n_tokens) - numpy.repeat(numpy.cumsum(counts) - counts, counts)
    from_start, from_end = first[place] + step, last[place] - step
    both = numpy.empty((n_tags, n_tokens, 2))
    both[:, :, 0] = S[from_start].T[tags]
    both[:, :, 1] = S[from_end].T[mirrored]
    F = both.reshape(n_tags, 2 * n_tokens)
    stops = (2 * numpy.cumsum(counts)).tolist()
    if n_steps:
        F[rows["L"], : stops[0]] = FORBIDDEN
        F[rows["I"], : stops[0]] = FORBIDDEN
    before = 0
    for start, stop in zip(stops[:-1], stops[1:], strict=True):
        past = F[:, before : before + stop - start]
        now = F[:, start:stop]
        outer = past[ends].max(axis=0)
        inner = numpy.maximum(past[rows["B"]], past[rows["I"]])
        now[O] += outer
        now[begins] += outer
        now[rows["L"]] += inner
        now[rows["I"]] += inner
        before = start
    forward, backward = numpy.empty((2, n_tokens, n_tags))
    forward[from_start[:, None], tags] = both[:, :, 0].T
    backward[from_end[:, None], mirrored] = both[:, :, 1].T
    return MaxMarginals(forward, backward, forward + backward - S)


@lru_cache(maxsize=16)
def _layout(n_labels: int) -> tuple[numpy.ndarray, numpy.ndarray, dict[str, slice]]:
    """The tags by their kind, the same in the mirror image, and the rows of each kind."""
    labels = numpy.arange(n_labels)
    tags, mirrored = (
        numpy.concatenate([[O], *(BILUO.tag(labels, kind) for kind in kinds)])
        for kinds in (_KINDS, _KINDS.translate(_MIRRORED))
    )
    rows = {kind: slice(1 + i * n_labels, 1 + (i + 1) * n_labels) for i, kind in enumerate(_KINDS)}
    return tags, mirrored, rows
