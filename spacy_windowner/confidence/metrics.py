"""How good confidences are: whether they are probabilities, and how well they rank."""

from typing import NamedTuple

import numpy

N_BINS = 15


class Judged(NamedTuple):
    """The entities that were found, the most confident ones first.

    confidences (numpy.ndarray): How sure each is, descending. Shape (n,).
    right (numpy.ndarray): Whether it is right: 1 or 0, or among entities of the same confidence
        the share of them that are, so that no order of theirs is better than another. Shape (n,).
    """

    confidences: numpy.ndarray
    right: numpy.ndarray

    @classmethod
    def of(cls, confidences: list[float], right: list[int]) -> "Judged":
        """Sort entities.

        confidences (List[float]): How sure each is. At least one.
        right (List[int]): 1 if it is right, else 0.
        """
        values, places, counts = numpy.unique(
            numpy.asarray(confidences, dtype="float64"), return_inverse=True, return_counts=True
        )
        shares = numpy.bincount(places, weights=numpy.asarray(right, dtype="float64")) / counts
        return cls(numpy.repeat(values, counts)[::-1], numpy.repeat(shares, counts)[::-1])


def equal_mass_bins(judged: Judged, n_bins: int = N_BINS) -> list[tuple[float, float, int]]:
    """Split entities by their confidence into bins of the same size, or sizes that differ by 1.

    judged (Judged): The entities.
    n_bins (int): The number of bins. Fewer if there are fewer entities.
    RETURNS (List[Tuple[float, float, int]]): The mean confidence of each bin, the share of its
        entities that are right, and their number, from the least to the most confident.
    """
    parts = numpy.array_split(numpy.arange(len(judged.right))[::-1], n_bins)
    return [
        (float(judged.confidences[part].mean()), float(judged.right[part].mean()), len(part))
        for part in parts
        if len(part)
    ]


def calibration_error(judged: Judged, n_bins: int = N_BINS) -> float:
    """The expected calibration error: how far confidence and share of right entities are apart, in
    the mean over the entities of all bins. Between 0 and 1."""
    bins = equal_mass_bins(judged, n_bins)
    gaps = sum(abs(confidence - right) * count for confidence, right, count in bins)
    return gaps / len(judged.right)


def risks(judged: Judged) -> numpy.ndarray:
    """The share of wrong entities among the k most confident ones, k = 1 ... n. Shape (n,)."""
    return numpy.cumsum(1.0 - judged.right) / numpy.arange(1, len(judged.right) + 1)


def measure(judged: Judged) -> dict[str, float]:
    """What there is to say of a confidence.

    judged (Judged): The entities.
    RETURNS (Dict[str, float]): The expected calibration error, `ece`; the area under the
        risk-coverage curve, `aurc`, the mean of `risks`; what that would be if all right ones
        came first, `aurc_ideal`; and the share of right ones in the most confident half,
        `best_half`.
    """
    n_right = round(judged.right.sum())
    ideal = judged._replace(right=numpy.arange(len(judged.right)) < n_right)
    half = judged.right[: (len(judged.right) + 1) // 2]
    return {
        "ece": calibration_error(judged),
        "aurc": float(risks(judged).mean()),
        "aurc_ideal": float(risks(ideal).mean()),
        "best_half": float(half.mean()),
    }
