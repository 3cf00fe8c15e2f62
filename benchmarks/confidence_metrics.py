"""The metrics of `confidence.py`: how well confidences are calibrated, and how well they rank."""

import numpy

from spacy_windowner.confidence.metrics import Judged, calibration_error


def risks(judged: Judged) -> numpy.ndarray:
    """The share of wrong entities among the k most confident ones, k = 1 ... n. Shape (n,)."""
    return numpy.cumsum(1.0 - judged.right) / numpy.arange(1, len(judged.right) + 1)


def measure(judged: Judged) -> dict[str, float]:
    """Compute all metrics of a confidence score.

    judged (Judged): The entities.
    RETURNS (Dict[str, float]): The expected calibration error, `ece`; the area under the
        risk-coverage curve, `aurc`, which is the mean of `risks`; the same if all right entities
        came first, `aurc_ideal`; and the share of right entities in the most confident half,
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
