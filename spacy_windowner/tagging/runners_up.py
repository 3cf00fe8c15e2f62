from typing import NamedTuple

import numpy

from .lattice import Places, make_lattice
from .max_marginals import FORBIDDEN, max_marginals
from .scheme import BILUO, Scheme


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


def near_best_spans(
    scores: numpy.ndarray, places: Places, scheme: Scheme, most_behind: float
) -> Spans:
    """All labelled spans that are an entity of some valid sequence whose score is at most
    `most_behind` lower than that of the best one.

    Each first token is tried, and from there on each last token, as long as some sequence that
    goes on is good enough. In the scheme BILUO the best sequence with a span has the forward
    max-marginal of the span's first tag, the scores of those within, and the backward max-marginal
    of its last.

    scores (numpy.ndarray): S, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    most_behind (float): The most that a sequence may be behind.
    RETURNS (Spans): The spans, those of the best sequence included.
    """
    lattice = make_lattice(scores[scheme.biluo_rows(len(scores))].T, places, BILUO)
    S = numpy.maximum(lattice.scores, FORBIDDEN, dtype="float64")
    borders = numpy.append(numpy.flatnonzero(lattice.starts), len(S))
    forward, backward, M = max_marginals(S, numpy.diff(borders))
    total = M.max(axis=1)
    enough = total - most_behind
    tokens, labels = (
        grid.ravel() for grid in numpy.indices((len(S), scheme.n_labels(len(scores))))
    )
    units = M[tokens, BILUO.tag(labels, "U")]
    chosen = units >= enough[tokens]
    parts = [(tokens[chosen], tokens[chosen], labels[chosen], units[chosen])]
    starts = ends = tokens
    sums = forward[tokens, BILUO.tag(labels, "B")]
    goes_on = M[tokens, BILUO.tag(labels, "B")] >= enough[tokens]
    is_last = numpy.append(lattice.starts[1:], True)
    while goes_on.any():
        chosen = goes_on & ~is_last[ends]
        starts, ends, labels, sums = (part[chosen] for part in (starts, ends + 1, labels, sums))
        whole = sums + backward[ends, BILUO.tag(labels, "L")]
        chosen = whole >= enough[ends]
        parts.append((starts[chosen], ends[chosen], labels[chosen], whole[chosen]))
        inside = BILUO.tag(labels, "I")
        goes_on = sums + backward[ends, inside] >= enough[ends]
        sums = sums + S[ends, inside]
    starts, ends, labels, whole = (numpy.concatenate(part) for part in zip(*parts, strict=True))
    return Spans(starts, ends, labels, total[ends] - whole)
