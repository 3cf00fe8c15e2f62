"""What more data would bring."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy

LEAST_SIZES = 3  # different numbers of documents
LEAST_ENTITIES = 50  # of the development data
_WIDEST = 0.2  # range of F1 that still tells something
_T = (3.078, 1.886, 1.638, 1.533)  # the 0.9 quantiles of Student's t, by degrees of freedom
_Z = 1.2816  # that of the normal distribution


class Forecast(NamedTuple):
    """What twice the documents would bring.

    documents (int): Twice the documents of the largest share.
    gain (Optional[float]): How much F1, 0 to 1, would rise. None if that can't be told.
    low (Optional[float]): The lower end of its range.
    high (Optional[float]): The upper end.
    reason (Optional[str]): Why it can't be told, as a sentence.
    """

    documents: int
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def forecast(sizes: Sequence[int], scores: Sequence[float], n_entities: int) -> Forecast:
    """Estimate what the next doubling of the documents would bring, by an inverse power law: of the
    error 1 - F1 each doubling leaves the same part. The line

        log(1 - F1) = a - b log2(n)

    is fitted to the k trainings by least squares, n being the documents of each. With N documents
    in the largest share the estimate is

        gain = exp(y(N)) - exp(y(2N)),    y(n) = a - b log2(n)

    and its range, in which a training with 2N documents falls in four of five cases if the law
    holds, comes from the prediction interval of the line,

        y(2N) +- t s sqrt(1 + 1/k + (log2(2N) - m)^2 / S)

    with the residual standard error s of k - 2 degrees of freedom, the 0.9 quantile t of Student's
    distribution with as many, the mean m of log2(n), and S, the sum of their squared distances from
    it.

    The law has no floor: where annotators disagree, or development data is of another kind, curves
    flatten earlier than it says. On small corpora they may be steeper, too.

    sizes (Sequence[int]): The documents of each training.
    scores (Sequence[float]): The F1 of each, 0 to 1.
    n_entities (int): The entities of the development data.
    RETURNS (Forecast): The estimate. It can't be told with fewer than three sizes, all within a
        doubling, or none below another one; with fewer than 50 entities in the development data;
        if an F1 is 0 or 1; or if the range is wider than 20 points.
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
        why = f"The scores scatter too much: the range is {points}. Train with more seeds."
        return Forecast(documents, reason=why)
    return Forecast(documents, gain, low, high)


def _obstacle(sizes: Sequence[int], scores: Sequence[float], n_entities: int) -> str | None:
    """Why nothing can be told, as a sentence."""
    if len(set(sizes)) < LEAST_SIZES:
        return f"It takes {LEAST_SIZES} shares at least."
    if max(sizes) < 2 * min(sizes):
        return "The largest share is less than twice the smallest."
    if n_entities < LEAST_ENTITIES:
        return (
            f"The development data has {n_entities} entities, and by fewer than {LEAST_ENTITIES} "
            "F1 is known too roughly."
        )
    if min(scores) <= 0.0:
        return "A training has found nothing. Leave out the smallest share."
    if max(scores) >= 1.0:
        return "A training has found everything, so that the development data shows no difference."
    return None


def t_quantile(df: int) -> float:
    """The 0.9 quantile of Student's t distribution, within 0.003. From five degrees of freedom
    on it is the expansion

        z + (z^3 + z) / (4 df) + (5 z^5 + 16 z^3 + 3 z) / (96 df^2)

    df (int): Degrees of freedom, at least 1.
    RETURNS (float): The quantile.
    """
    if df <= len(_T):
        return _T[df - 1]
    return _Z + (_Z**3 + _Z) / (4 * df) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * df**2)
