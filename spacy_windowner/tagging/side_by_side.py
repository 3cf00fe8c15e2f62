"""The dynamic program over BILUO sequences, for all segments of a batch side by side."""

from functools import lru_cache
from typing import NamedTuple

import numpy

from .scheme import BILUO, O

_KINDS = "LUBI"
# Seen from its end, an entity begins with L, and ends with B.
_MIRRORED = str.maketrans("BL", "LB")


class Layout(NamedTuple):
    """Tags by their kind: those which an entity ends on lie together, and those which begin one.

    tags (numpy.ndarray): The tag of each row.
    mirrored (numpy.ndarray): The same in the mirror image, where sequences are read backward.
    rows (Dict[str, slice]): The rows of each kind, one for each label.
    ends (slice): The rows of O and of tags that an entity ends on.
    begins (slice): The rows of tags that begin an entity.
    """

    tags: numpy.ndarray
    mirrored: numpy.ndarray
    rows: dict[str, slice]
    ends: slice
    begins: slice


@lru_cache(maxsize=16)
def layout(n_labels: int) -> Layout:
    """The layout of the tags of a number of labels."""
    labels = numpy.arange(n_labels)
    tags, mirrored = (
        numpy.concatenate([[O], *(BILUO.tag(labels, kind) for kind in kinds)])
        for kinds in (_KINDS, _KINDS.translate(_MIRRORED))
    )
    rows = {kind: slice(1 + i * n_labels, 1 + (i + 1) * n_labels) for i, kind in enumerate(_KINDS)}
    ends, begins = slice(O, rows["U"].stop), slice(rows["U"].start, rows["B"].stop)
    return Layout(tags, mirrored, rows, ends, begins)


class Columns(NamedTuple):
    """The tokens of segments in the order in which they are gone through: at each step one token of
    every segment that is long enough, the longest segments first.

    from_start (numpy.ndarray): The token of each column. Shape (n_tokens,).
    from_end (numpy.ndarray): The same if segments are gone through from their ends.
    stops (numpy.ndarray): The column after the last one of each step.
    """

    from_start: numpy.ndarray
    from_end: numpy.ndarray
    stops: numpy.ndarray


def columns_of(lengths: numpy.ndarray) -> Columns:
    """The columns of segments.

    lengths (numpy.ndarray): The tokens of each segment, at least one. Shape (n_segments,).
    """
    order = numpy.argsort(-lengths, kind="stable")
    falling = lengths[order]
    first = (numpy.cumsum(lengths) - lengths)[order]
    last = first + falling - 1
    n_steps = int(falling[0]) if len(falling) else 0
    counts = numpy.searchsorted(-falling, -numpy.arange(n_steps), side="left")
    stops = numpy.cumsum(counts)
    step = numpy.repeat(numpy.arange(n_steps), counts)
    place = numpy.arange(len(step)) - numpy.repeat(stops - counts, counts)
    return Columns(first[place] + step, last[place] - step, stops)


def add_best_before(F: numpy.ndarray, stops: numpy.ndarray, tags: Layout) -> None:
    """Add to the scores of each column those of the best valid sequence that leads there,

        F[t, y] = S[t, y] + max over z that y may follow of F[t-1, z]

    F (numpy.ndarray): The scores S, which become F. Shape (n_tags, n_columns).
    stops (numpy.ndarray): The column after the last one of each step.
    tags (Layout): The tags of the rows.
    """
    rows, ends, begins = tags.rows, tags.ends, tags.begins
    edges = stops.tolist()
    if edges:
        F[rows["L"], : edges[0]] = F[rows["I"], : edges[0]] = -numpy.inf
    before = 0
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        past, now = F[:, before : before + stop - start], F[:, start:stop]
        outer = past[ends].max(axis=0)
        inner = numpy.maximum(past[rows["B"]], past[rows["I"]])
        now[O] += outer
        now[begins] += outer
        now[rows["L"]] += inner
        now[rows["I"]] += inner
        before = start
