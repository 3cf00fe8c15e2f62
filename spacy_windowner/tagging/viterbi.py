"""Decoding: the best valid tag sequence of each document, for a whole batch at once."""

import numpy

from .lattice import Lattice
from .scheme import BILUO, O
from .segments import Segments
from .side_by_side import Layout, add_best_before, columns_of, layout


def viterbi(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences of the highest total score: argmax over y of sum_t S[t, y_t], where
    each tag may follow the one before by the rules of the scheme, and an entity doesn't end on a
    token that must continue.

    All documents are searched side by side, in the scheme BILUO, whose tags alone say what may
    follow them.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    own_tags = lattice.scheme.biluo_rows(lattice.scores.shape[1])
    tags = layout(BILUO.n_labels(len(own_tags)))
    n_tokens = len(lattice.scores)
    starts = numpy.flatnonzero(lattice.starts)
    columns = columns_of(numpy.diff(starts, append=n_tokens))
    F = lattice.scores[columns.from_start].T[own_tags[tags.tags]].astype("float64")
    if lattice.scheme.ends_anywhere:
        F[O + 1 : tags.ends.stop, lattice.must_continue[columns.from_start]] = -numpy.inf
    add_best_before(F, columns.stops, tags)
    found = numpy.zeros(n_tokens, dtype="int32")
    found[columns.from_start] = own_tags[tags.tags[_trace_back(F, columns.stops, tags)]]
    return found


def _trace_back(F: numpy.ndarray, stops: numpy.ndarray, tags: Layout) -> numpy.ndarray:
    """The rows of the best sequences, from their last tags to their first.

    F (numpy.ndarray): The best scores of sequences up to each column with each tag. Shape
        (n_tags, n_columns).
    stops (numpy.ndarray): The column after the last one of each step.
    tags (Layout): The tags of the rows.
    RETURNS (numpy.ndarray): The row of each column. Shape (n_columns,).
    """
    B, I, L = (tags.rows[kind] for kind in "BIL")  # noqa: E741
    chosen = F[tags.ends].argmax(axis=0)  # what an entity or O comes after, or nothing
    edges = [0, *stops.tolist()]
    steps = [slice(start, stop) for start, stop in zip(edges[:-1], edges[1:], strict=True)]
    for past, now in zip(steps[-2::-1], steps[:0:-1], strict=True):
        rows = chosen[now]
        inside = numpy.flatnonzero(((rows >= L.start) & (rows < L.stop)) | (rows >= I.start))
        if len(inside):
            labels = numpy.where(rows >= I.start, rows - I.start, rows - L.start)[inside]
            column = past.start + inside
            goes_on = F[I.start + labels, column] > F[B.start + labels, column]
            chosen[column] = numpy.where(goes_on, I.start, B.start) + labels
    return chosen


def greedy(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences made by taking the best tag of each token from left to right, given
    the tag before. Only tokens whose best tag by itself isn't O are in entities, and no whitespace.
    A tag that an entity can't end on is taken only where the entity can go on.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    tags = numpy.full(len(lattice.scores), O, dtype="int32")
    wanted = (lattice.scores.argmax(axis=1) != O) & ~lattice.must_continue
    segments = Segments.of(numpy.flatnonzero(wanted), lattice.starts)
    scheme = lattice.scheme
    forbidden = ~scheme.transitions(scheme.n_labels(lattice.scores.shape[1]))
    for step, places, tokens in segments.steps():
        before = tags[tokens - 1] if step else numpy.full(len(places), O)
        scores = numpy.where(forbidden[before], -numpy.inf, lattice.scores[tokens])
        if not scheme.ends_anywhere:
            is_last = segments.lengths[: len(places)] == step + 1
            scores[numpy.ix_(is_last, forbidden[:, O])] = -numpy.inf
        tags[tokens] = scores.argmax(axis=1)
    return tags
