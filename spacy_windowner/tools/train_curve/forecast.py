"""Estimates how much F1 would gain from twice the documents."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy

LEAST_SIZES = 3  # minimum number of different training set sizes
LEAST_ENTITIES = 50  # minimum number of entities in the dev data
_WIDEST = 0.2  # maximum width of a prediction interval of F1 that is still informative
_FACTOR = 2.0  # how far the gain may be from the law's, at least
_T = (3.078, 1.886, 1.638, 1.533)  # the 0.9 quantiles of Student's t, by degrees of freedom
_Z = 1.2816  # the 0.9 quantile of the normal distribution


class Forecast(NamedTuple):
    """The estimated gain from twice the documents.

    documents (int): Twice the number of documents in the largest share.
    gain (Optional[float]): The gain in F1, which is between 0 and 1. None if there is no estimate.
    low (Optional[float]): The lower end of the gain's range.
    high (Optional[float]): The upper end of the gain's range.
    reason (Optional[str]): Why there is no estimate, as a sentence.
    """

    documents: int
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def forecast(sizes: Sequence[int], scores: Sequence[float], n_entities: int) -> Forecast:
    """Estimate the gain from the next doubling of the documents with an inverse power law: each
    doubling reduces the error 1 - F1 by the same factor. The line

        log(1 - F1) = a - b log2(n)

    is fitted to the k trainings by least squares, where n is the number of documents of each. With
    N documents in the largest share, the estimate is

        gain = exp(y(N)) - exp(y(2N)),    y(n) = a - b log2(n)

    The range has two sources. One is the scatter of the trainings: the prediction interval of the
    line, which holds the result of a training with 2N documents in four of five cases if the law
    holds,

        y(2N) +- t s sqrt(1 + 1/k + (log2(2N) - m)^2 / S)

    where s is the residual standard error with k - 2 degrees of freedom, t the 0.9 quantile of
    Student's t distribution with k - 2 degrees of freedom, m the mean of log2(n), and S the sum of
    the squared deviations of log2(n) from m. The other is that the law is only an assumption: where
    annotators disagree, or the dev data differs from the training data, curves flatten earlier, and
    on small corpora they may be steeper. Therefore the range always includes half the gain and
    twice the gain. docs/train-curve.md compares ranges with what more data brought.

    sizes (Sequence[int]): The number of documents of each training.
    scores (Sequence[float]): The F1 of each training, 0 to 1.
    n_entities (int): The number of entities in the dev data.
    RETURNS (Forecast): The estimate. There is none with fewer than three sizes, if the largest size
        is less than twice the smallest, with fewer than 50 entities in the dev data, if an F1 is 0
        or 1, or if the interval is wider than 20 points.
    """
    largest = max(sizes)
    documents = 2 * largest
    reason = _obstacle(sizes, scores, n_entities)
    if reason is not None:
        return Forecast(documents, reason=reason)
    x, y = numpy.log2(numpy.array(sizes)), numpy.log(1.0 - numpy.array(scores))
    k, mean = len(x), x.mean()
    spread = float(((x - mean) ** 2).sum())
    slope = float(((x - mean) * y).sum()) / spread
    residuals = y - y.mean() - slope * (x - mean)
    error = math.sqrt(float((residuals**2).sum()) / (k - 2))
    now, then = (
        float(y.mean()) + slope * (place - mean)
        for place in (math.log2(n) for n in (largest, documents))
    )
    distance = (math.log2(documents) - mean) ** 2 / spread
    half = t_quantile(k - 2) * error * math.sqrt(1 + 1 / k + distance)
    gain, low, high = (math.exp(now) - math.exp(then + shift) for shift in (0.0, half, -half))
    if high - low > _WIDEST:
        points = f"{100 * low:+.0f} to {100 * high:+.0f} points"
        why = f"The scores vary too much: the range is {points}. Train with more seeds."
        return Forecast(documents, reason=why)
    ends = (low, high, gain / _FACTOR, gain * _FACTOR)
    return Forecast(documents, gain, min(ends), max(ends))


def _obstacle(sizes: Sequence[int], scores: Sequence[float], n_entities: int) -> str | None:
    """Why there can be no estimate, as a sentence, or None."""
    if len(set(sizes)) < LEAST_SIZES:
        return f"At least {LEAST_SIZES} shares are needed."
    if max(sizes) < 2 * min(sizes):
        return "The largest share is less than twice the smallest."
    if n_entities < LEAST_ENTITIES:
        return (
            f"The dev data has {n_entities} entities. With fewer than {LEAST_ENTITIES}, F1 is too "
            "imprecise."
        )
    if min(scores) <= 0.0:
        return "A model has found nothing. Leave out the smallest share."
    if max(scores) >= 1.0:
        return "A model has found everything, so the dev data shows no differences."
    return None


def t_quantile(df: int) -> float:
    """The 0.9 quantile of Student's t distribution, within 0.003. For five or more degrees of
    freedom it is the expansion

        z + (z^3 + z) / (4 df) + (5 z^5 + 16 z^3 + 3 z) / (96 df^2)

    df (int): Degrees of freedom, at least 1.
    RETURNS (float): The quantile.
    """
    if df <= len(_T):
        return _T[df - 1]
    return _Z + (_Z**3 + _Z) / (4 * df) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * df**2)
