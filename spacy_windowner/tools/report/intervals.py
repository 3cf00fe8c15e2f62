"""How far the scores on other documents of the same kind may be from those on these documents."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from .matching import Compared, Counts, count_labels

_SAMPLES = 1000
_AT_A_TIME = 100  # samples, which bounds the memory
_LEAST = 20  # documents
_LIMITS = (2.5, 97.5)  # percent
TOTAL = ""
"""The name of all labels together."""


class Interval(NamedTuple):
    """An interval that holds the true score in 95 of 100 cases.

    low (float): Its lower end.
    high (float): Its upper end.
    """

    low: float
    high: float


class Intervals(NamedTuple):
    """The intervals of precision, recall and F1. None where there is too little data for one: fewer
    than 20 documents with entities, no error, or no correct entity.

    p (Optional[Interval]): The interval of precision.
    r (Optional[Interval]): The interval of recall.
    f (Optional[Interval]): The interval of F1.
    """

    p: Interval | None = None
    r: Interval | None = None
    f: Interval | None = None

    def to_dict(self) -> dict[str, list[float] | None]:
        """RETURNS (Dict[str, Optional[List[float]]]): The ends of the intervals, for JSON."""
        return {name: pair and [*pair] for name, pair in self._asdict().items()}


def score_intervals(
    compared: Sequence[Compared], labels: Sequence[str], seed: int = 0
) -> dict[str, Intervals]:
    """Estimate intervals with the percentile bootstrap (Efron, 1979). It draws as many documents as
    there are, with replacement, a thousand times, and scores each sample. Whole documents are
    drawn, because entities of the same document tend to be right or wrong together.

    compared (Sequence[Compared]): The compared documents.
    labels (Sequence[str]): The labels.
    seed (int): The random seed. With the same one, different models get the same samples.
    RETURNS (Dict[str, Intervals]): The intervals for each label and for TOTAL.
    """
    counts = numpy.zeros((len(compared), len(labels) + 1, 3), dtype="float32")
    for place, doc in enumerate(compared):
        found = count_labels([doc])
        for column, label in enumerate(labels):
            counts[place, column] = found.get(label, Counts())
    counts[:, -1] = counts.sum(axis=1)
    sums = _resample(counts.reshape(len(compared), -1), seed).reshape(-1, *counts.shape[1:])
    names = [*labels, TOTAL]
    return {name: _intervals(counts[:, i], sums[:, i]) for i, name in enumerate(names)}


def _resample(counts: numpy.ndarray, seed: int) -> numpy.ndarray:
    """The sums of the rows in each sample. Shape (_SAMPLES, n_columns)."""
    rng = numpy.random.default_rng(seed)
    n = len(counts)
    sums = []
    for _ in range(0, _SAMPLES if n else 0, _AT_A_TIME):
        drawn = rng.integers(n, size=(_AT_A_TIME, n))
        weights = numpy.stack([numpy.bincount(each, minlength=n) for each in drawn])
        sums.append(weights.astype("float32") @ counts)
    return numpy.concatenate(sums) if sums else numpy.zeros((_SAMPLES, counts.shape[1]))


def _intervals(counts: numpy.ndarray, sums: numpy.ndarray) -> Intervals:
    if (counts.sum(axis=1) > 0).sum() < _LEAST:
        return Intervals()
    tp, fp, fn = counts.sum(axis=0)
    drawn_tp, drawn_fp, drawn_fn = sums.T
    return Intervals(
        _interval(tp, fp, drawn_tp, drawn_fp),
        _interval(tp, fn, drawn_tp, drawn_fn),
        _interval(2 * tp, fp + fn, 2 * drawn_tp, drawn_fp + drawn_fn),
    )


def _interval(
    right: float, wrong: float, drawn_right: numpy.ndarray, drawn_wrong: numpy.ndarray
) -> Interval | None:
    """The interval of right / (right + wrong). With none of either all samples would be alike."""
    total = drawn_right + drawn_wrong
    if not (right and wrong):
        return None
    low, high = numpy.percentile(drawn_right[total > 0] / total[total > 0], _LIMITS)
    return Interval(float(low), float(high))
