"""Metrics for confidence scores: how well calibrated they are."""

import math
from typing import NamedTuple

import numpy

N_BINS = 15


class Judged(NamedTuple):
    """The entities that were found, the most confident ones first.

    confidences (numpy.ndarray): The confidence of each, descending. Shape (n,).
    right (numpy.ndarray): 1 for a right entity and 0 for a wrong one. Entities with the same
        confidence all have the share of them that are right, so their order doesn't matter. Shape
        (n,).
    """

    confidences: numpy.ndarray
    right: numpy.ndarray

    @classmethod
    def of(cls, confidences: list[float], right: list[int]) -> "Judged":
        """Sort entities.

        confidences (List[float]): The confidence of each. At least one.
        right (List[int]): 1 if it is right, otherwise 0.
        """
        values, places, counts = numpy.unique(
            numpy.asarray(confidences, dtype="float64"), return_inverse=True, return_counts=True
        )
        shares = numpy.bincount(places, weights=numpy.asarray(right, dtype="float64")) / counts
        return cls(numpy.repeat(values, counts)[::-1], numpy.repeat(shares, counts)[::-1])


def equal_mass_bins(judged: Judged, n_bins: int = N_BINS) -> list[tuple[float, float, int]]:
    """Split entities by confidence into bins of the same size. Sizes may differ by 1.

    judged (Judged): The entities.
    n_bins (int): The number of bins. There are fewer if there are fewer entities.
    RETURNS (List[Tuple[float, float, int]]): For each bin the mean confidence, the share of right
        entities and the number of entities, from the least to the most confident bin.
    """
    return [
        (float(judged.confidences[part].mean()), float(judged.right[part].mean()), len(part))
        for part in _split(judged, n_bins)
        if len(part)
    ]


def _split(judged: Judged, n_bins: int) -> list[numpy.ndarray]:
    """The places of the entities of each bin, from the least to the most confident bin."""
    return numpy.array_split(numpy.arange(len(judged.right))[::-1], n_bins)


def calibration_error(judged: Judged, n_bins: int = N_BINS) -> float:
    """The expected calibration error: the mean gap between confidence and share of right entities
    in the bins, weighted by their number of entities. Between 0 and 1."""
    bins = equal_mass_bins(judged, n_bins)
    gaps = sum(abs(confidence - right) * count for confidence, right, count in bins)
    return gaps / len(judged.right)


def chance_error(judged: Judged, n_bins: int = N_BINS) -> float:
    """The calibration error that these confidences would have by chance if each entity were right
    with exactly that probability. The fewer entities there are, the larger it is. In a bin with the
    probabilities p, the share of right entities is nearly normal around their mean, and its mean
    absolute deviation from there is

        sqrt(2 / pi * sum(p (1 - p))) / count

    judged (Judged): The entities.
    n_bins (int): The number of bins, as in `calibration_error`.
    RETURNS (float): The error, between 0 and 1.
    """
    variances = judged.confidences * (1.0 - judged.confidences)
    parts = _split(judged, n_bins)
    return sum(math.sqrt(2.0 / math.pi * variances[part].sum()) for part in parts) / len(variances)
