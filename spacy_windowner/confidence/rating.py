"""How sure entities are: their margins, probabilities, and which of them are sure enough."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from ..tagging.lattice import Places
from ..tagging.margins import entity_margins
from ..tagging.runners_up import near_best_spans
from ..tagging.scheme import Scheme
from .calibration import Curves

MOST_BEHIND = 5.0
"""How far behind the best tag sequence those of a candidate may be."""


class Rated(NamedTuple):
    """Spans of a batch, rated. All arrays have shape (n,).

    starts (numpy.ndarray): Their first tokens, ascending.
    ends (numpy.ndarray): The tokens after their last ones.
    labels (numpy.ndarray): The numbers of their labels.
    ratings (numpy.ndarray): How probable it is that they are right, or if that is unknown, their
        margins.
    """

    starts: numpy.ndarray
    ends: numpy.ndarray
    labels: numpy.ndarray
    ratings: numpy.ndarray

    def select(self, chosen: numpy.ndarray) -> "Rated":
        """Some of the spans.

        chosen (numpy.ndarray): Their places, or a mask.
        """
        return Rated(*(column[chosen] for column in self))

    def join(self, others: "Rated") -> "Rated":
        """These spans and others, by their first tokens."""
        joined = Rated(*(numpy.concatenate(columns) for columns in zip(self, others, strict=True)))
        return joined.select(numpy.argsort(joined.starts, kind="stable"))


def rate_entities(
    scores: numpy.ndarray,
    places: Places,
    scheme: Scheme,
    tagged: tuple[numpy.ndarray, numpy.ndarray],
    is_best: bool,
    curves: Curves | None,
    labels: Sequence[str],
) -> Rated:
    """Rate the entities of a tag sequence.

    scores (numpy.ndarray): Scores, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    tagged (Tuple[numpy.ndarray, numpy.ndarray]): The tokens that are not O, and their tags.
    is_best (bool): Whether the sequence is the best valid one.
    curves (Optional[Curves]): From margins to probabilities.
    labels (Sequence[str]): The labels.
    RETURNS (Rated): The entities.
    """
    margins = entity_margins(scores, places, scheme, *tagged, is_best=is_best)
    starts, ends, numbers = scheme.spans_from_tags(*tagged)
    return Rated(starts, ends, numbers, _ratings(margins, numbers, curves, labels))


def rate_candidates(
    scores: numpy.ndarray,
    places: Places,
    scheme: Scheme,
    entities: Rated,
    curves: Curves | None,
    labels: Sequence[str],
) -> Rated:
    """Rate the spans that nearly were entities: those of tag sequences that are at most
    `MOST_BEHIND` behind the best one, which is their margin, a negative one.

    scores (numpy.ndarray): Scores, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    entities (Rated): The entities, which are no candidates.
    curves (Optional[Curves]): From margins to probabilities.
    labels (Sequence[str]): The labels.
    RETURNS (Rated): The candidates, by their first tokens.
    """
    near = near_best_spans(scores, places, scheme, MOST_BEHIND)
    starts, ends, numbers, behind = near
    ends = ends + 1
    # One number for each span.
    n = scores.shape[1] + 1
    taken = numpy.isin(
        (starts * n + ends) * len(labels) + numbers,
        (entities.starts * n + entities.ends) * len(labels) + entities.labels,
    )
    ratings = _ratings(-behind, numbers, curves, labels)
    order = numpy.lexsort((numbers, ends, starts))
    return Rated(starts, ends, numbers, ratings).select(order[~taken[order]])


def _ratings(
    margins: numpy.ndarray, numbers: numpy.ndarray, curves: Curves | None, labels: Sequence[str]
) -> numpy.ndarray:
    if curves is None:
        return margins
    return curves.probabilities(margins, numbers, labels)
