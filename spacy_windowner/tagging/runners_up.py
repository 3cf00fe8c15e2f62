from typing import NamedTuple

import numpy

from .lattice import Lattice
from .max_marginals import max_marginals
from .scheme import O


class Spans(NamedTuple):
    """Labelled spans of a batch. All arrays have shape (n,).

    starts (numpy.ndarray): Their first tokens.
    ends (numpy.ndarray): Their last tokens.
    labels (numpy.ndarray): The numbers of their labels.
    behind (numpy.ndarray): How far the best sequence with the span is behind the best of all.
    """

    starts: numpy.ndarray
    ends: numpy.ndarray
    labels: numpy.ndarray
    behind: numpy.ndarray


def near_best_spans(lattice: Lattice, most_behind: float) -> Spans:
    """All labelled spans that are an entity of some valid sequence whose score is at most
    `most_behind` lower than that of the best one.

    Each first token is tried, and from there on each last token, as long as some sequence that
    goes on is good enough. The best sequence with a span has the forward max-marginal of the span's
    first tag, the scores of its other tags, and the backward max-marginal of its end.

    lattice (Lattice): The constrained scores.
    most_behind (float): The most that a sequence may be behind.
    RETURNS (Spans): The spans, those of the best sequence included.
    """
    scheme, S = lattice.scheme, lattice.scores
    n_labels = scheme.n_labels(S.shape[1])
    marginals = max_marginals(lattice)
    forward, backward = marginals
    total = marginals.best.max(axis=1, initial=-numpy.inf)
    enough = total - most_behind
    parts: list[tuple[numpy.ndarray, ...]] = []

    def keep(starts, ends, labels, scores) -> None:
        """Keep the spans whose sequences are good enough."""
        good = scores >= enough[ends]
        columns = starts, ends, labels, total[ends] - scores
        parts.append(tuple(column[good] for column in columns))

    tokens, labels = (grid.ravel() for grid in numpy.indices((len(S), n_labels)))
    if not scheme.ends_anywhere:
        keep(tokens, tokens, labels, marginals.best[tokens, scheme.tag(labels, "U")])
    starts = ends = tokens
    scores = forward[tokens, scheme.tag(labels, "B")]
    goes_on = marginals.best[tokens, scheme.tag(labels, "B")] >= enough[tokens]
    while goes_on.any():
        starts, ends, labels, scores = (
            column[goes_on] for column in (starts, ends, labels, scores)
        )
        if scheme.ends_anywhere:
            ending = numpy.where(lattice.must_continue[ends], -numpy.inf, scores)
            keep(starts, ends, labels, ending + backward[ends, O])
        inside = ends < len(S) - 1
        inside[inside] = ~lattice.starts[ends[inside] + 1]
        starts, ends, labels, scores = (column[inside] for column in (starts, ends, labels, scores))
        ends = ends + 1
        if not scheme.ends_anywhere:
            last = scheme.tag(labels, "L")
            keep(starts, ends, labels, scores + S[ends, last] + backward[ends, O])
        tags = scheme.tag(labels, "I")
        scores = scores + S[ends, tags]
        goes_on = scores + backward[ends, tags] >= enough[ends]
    columns = zip(*parts, strict=True) if parts else [[numpy.zeros(0, dtype="int64")]] * 4
    return Spans(*(numpy.concatenate(list(column)) for column in columns))
