from typing import NamedTuple

import numpy

_MAX_STEPS = 100


class Curve(NamedTuple):
    """From margins to probabilities, `p = 1 / (1 + exp(-(slope * margin + bias)))`.

    slope (float): Of at least 0, so that a higher margin never means less.
    bias (float): The log odds at a margin of 0.
    fitted_on (int): The number of spans that it was fitted on.
    """

    slope: float
    bias: float
    fitted_on: int


def fit_curve(margins: numpy.ndarray, right: numpy.ndarray) -> Curve:
    """Platt scaling: logistic regression of being right on the margin, by Newton's method. Instead
    of 1 and 0 the targets are (n_right + 1) / (n_right + 2) and 1 / (n_wrong + 2), so that a few
    spans, all of them right, aren't taken for a proof.

    margins (numpy.ndarray): The margins. Shape (n,).
    right (numpy.ndarray): Which of the spans are right. Shape (n,).
    RETURNS (Curve): The curve.

    Source: Platt (1999); Lin, Lin and Weng (2007), A note on Platt's probabilistic outputs.
    """
    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    targets = numpy.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    X = numpy.column_stack([margins, numpy.ones(len(margins))]).astype("float64")
    w = numpy.array([0.0, numpy.log((n_right + 1) / (n_wrong + 1))])
    level = w.copy()  # the best curve without a slope
    loss = _loss(X @ w, targets)
    for _ in range(_MAX_STEPS):
        p = sigmoid(X @ w)
        gradient = X.T @ (p - targets)
        hessian = (X.T * (p * (1.0 - p))) @ X + 1e-9 * numpy.eye(2)
        step = numpy.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6 and _loss(X @ (w - size * step), targets) > loss:
            size /= 2
        better = _loss(X @ (w - size * step), targets)
        if better >= loss - 1e-10 * (1.0 + loss):
            break
        w, loss = w - size * step, better
    slope, bias = w if w[0] > 0.0 else level
    return Curve(float(slope), float(bias), len(right))


def sigmoid(z: numpy.ndarray) -> numpy.ndarray:
    """The logistic function, without overflow."""
    return numpy.exp(-numpy.logaddexp(0.0, -z))


def _loss(z: numpy.ndarray, targets: numpy.ndarray) -> float:
    """The cross-entropy of log odds z and targets."""
    return float((numpy.logaddexp(0.0, z) - targets * z).sum())
