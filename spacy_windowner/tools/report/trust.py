"""Measures how reliable the probabilities of entities are, and what a threshold would change."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy

from ...confidence.metrics import (
    N_BINS,
    Judged,
    calibration_error,
    chance_error,
    equal_mass_bins,
)
from ...confidence.recall import Promise, keeps_promise
from .matching import RIGHT, Compared, Counts

_PER_BIN = 20  # minimum number of entities in a bin
_STEPS = 100


class Trust(NamedTuple):
    """How reliable the probabilities of entities are.

    rated (int): The number of entities that have a probability.
    bins (List[Tuple[float, float, int]]): Bins of equal size, sorted by probability: the mean
        probability, the share of right entities, and the number of entities.
    ece (float): The expected calibration error: the mean difference between the mean probability
        and the share of right entities.
    ece_by_chance (float): What exact probabilities would have on as many entities, see
        `chance_error`.
    curve (List[Tuple[float, Counts]]): The counts of the entities that remain at thresholds from 0
        to 1.
    """

    rated: int
    bins: list[tuple[float, float, int]]
    ece: float
    ece_by_chance: float
    curve: list[tuple[float, Counts]]

    @property
    def best(self) -> tuple[float, Counts]:
        """RETURNS (Tuple[float, Counts]): The lowest threshold with the best F1 on this data."""
        return max(self.curve, key=lambda point: point[1].f or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The measures as dictionaries and lists, for JSON."""
        names = ("probability", "right", "count")
        threshold, counts = self.best
        return {
            "rated": self.rated,
            "ece": self.ece,
            "ece_by_chance": self.ece_by_chance,
            "bins": [dict(zip(names, values, strict=True)) for values in self.bins],
            "best_threshold": {"threshold": threshold, **counts.to_dict()},
            "curve": [{"threshold": t, **counts.to_dict()} for t, counts in self.curve],
        }


class Kept(NamedTuple):
    """Whether the recall that a component promised is kept.

    promised (float): The share of entities that its candidates were to contain.
    found (float): The share that they contain.
    offered (float): The number of candidates for each entity.
    holds (bool): Whether the share found is as promised, or so little lower that chance explains
        it, see `keeps_promise`.
    """

    promised: float
    found: float
    offered: float
    holds: bool


def measure_promise(compared: Sequence[Compared], promise: Promise | None) -> Kept | None:
    """Compare the entities with the candidates.

    compared (Sequence[Compared]): The compared documents.
    promise (Optional[Promise]): What the component promised.
    RETURNS (Optional[Kept]): What it kept. None without a promise.
    """
    if promise is None:
        return None
    counts = numpy.array([len(doc.true) for doc in compared])
    hits = [
        sum((true.start, true.end, true.label) in doc.offered for true in doc.true)
        for doc in compared
    ]
    missed, total = counts - numpy.array(hits), int(counts.sum())
    offered = sum(len(doc.offered) for doc in compared)
    return Kept(
        promise.recall,
        1.0 - float(missed.sum()) / total,
        offered / total,
        keeps_promise(missed, counts, promise.recall),
    )


def measure_trust(compared: Iterable[Compared]) -> Trust | None:
    """Compare the probabilities of entities with the share that is right.

    compared (Iterable[Compared]): The compared documents.
    RETURNS (Optional[Trust]): The measures. None if no entity has a probability.
    """
    pairs = [pair for doc in compared for pair in doc.pairs]
    found = [(pair.found.score, pair.kind == RIGHT) for pair in pairs if pair.found is not None]
    rated = [(score, right) for score, right in found if score is not None]
    if not rated:
        return None
    judged = Judged.of([score for score, _ in rated], [int(right) for _, right in rated])
    n_bins = max(1, min(N_BINS, len(rated) // _PER_BIN))
    n_true = sum(pair.true is not None for pair in pairs)
    curve = []
    for threshold in (step / _STEPS for step in range(_STEPS + 1)):
        # A threshold never drops the entities of other components, which have no probability.
        kept = [right for score, right in found if score is None or score >= threshold]
        tp = sum(kept)
        curve.append((threshold, Counts(tp, len(kept) - tp, n_true - tp)))
    return Trust(
        len(rated),
        equal_mass_bins(judged, n_bins),
        calibration_error(judged, n_bins),
        chance_error(judged, n_bins),
        curve,
    )
