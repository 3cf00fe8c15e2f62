"""Calibration: curves that turn the margins of spans into probabilities."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy

from ..decoding.spans import sigmoid
from ..errors import Errors

MIN_COUNT = 50
"""The fewest spans that a label needs for a curve of its own. The others share the pooled curve."""
_MAX_STEPS = 100


class Curve(NamedTuple):
    """Maps margins to probabilities, `p = 1 / (1 + exp(-(slope * margin + bias)))`.

    slope (float): At least 0, so that a higher margin never lowers the probability.
    bias (float): The log odds at a margin of 0.
    fitted_on (int): The number of spans that it was fitted on.
    """

    slope: float
    bias: float
    fitted_on: int


@dataclass(frozen=True)
class Curves:
    """A curve for each label with enough data, and a pooled one for the other labels.

    pooled (Curve): The curve of all labels together.
    labels (Dict[str, Curve]): The curves of single labels.
    """

    pooled: Curve
    labels: dict[str, Curve]

    @classmethod
    def fit(
        cls,
        margins: numpy.ndarray,
        right: numpy.ndarray,
        label_numbers: numpy.ndarray,
        labels: Sequence[str],
    ) -> "Curves":
        """Fit the curves to spans that were found in held-out data.

        margins (numpy.ndarray): Their margins, at least one. Shape (n,).
        right (numpy.ndarray): Whether the span and its label are exactly right. Shape (n,).
        label_numbers (numpy.ndarray): The number of each span's label. Shape (n,).
        labels (Sequence[str]): All labels.
        RETURNS (Curves): The curves.
        """
        curves = {}
        for number, label in enumerate(labels):
            mine = label_numbers == number
            if mine.sum() >= MIN_COUNT:
                curves[label] = fit_curve(margins[mine], right[mine])
        return cls(fit_curve(margins, right), curves)

    def of(self, labels: Sequence[str]) -> numpy.ndarray:
        """The slope and the bias of each label's curve. float64, shape (2, n_labels)."""
        curves = [self.labels.get(label, self.pooled)[:2] for label in labels]
        return numpy.array(curves, dtype="float64").reshape(-1, 2).T.copy()


class Calibration(NamedTuple):
    """The curves for all spans.

    entities (Curves): For predicted entities.
    near_misses (Curves): For near misses.
    beyond (float): The expected number of entities per word that aren't even near misses.
    """

    entities: Curves
    near_misses: Curves
    beyond: float = 0.0

    def update(self, other: "Calibration | None") -> "Calibration":
        """The same calibration, with another one's curves of single labels. Labels with too little
        data there keep their curve here.

        other (Optional[Calibration]): The other one, None for no change.
        """
        if other is None:
            return self
        entities, near_misses = (
            Curves(old.pooled, {**old.labels, **new.labels})
            for old, new in ((self.entities, other.entities), (self.near_misses, other.near_misses))
        )
        return Calibration(entities, near_misses, self.beyond)

    def to_json(self) -> dict[str, Any]:
        """The calibration in the form that the component's cfg has."""
        # The second key is that of components that were saved earlier.
        curves_of = {"entities": self.entities, "candidates": self.near_misses}
        of_kinds = {
            kind: {
                "pooled": curves.pooled._asdict(),
                "labels": {label: curve._asdict() for label, curve in curves.labels.items()},
            }
            for kind, curves in curves_of.items()
        }
        return {**of_kinds, "beyond": self.beyond}

    @classmethod
    def from_json(cls, data: Any, name: str) -> "Calibration":
        """Read a calibration from the component's cfg.

        data (Any): The result of `to_json`.
        name (str): The component's name.
        RETURNS (Calibration): The calibration.
        RAISES (ValueError): If the data is invalid.
        """
        try:
            beyond = float(data.get("beyond", 0.0))
            if not (math.isfinite(beyond) and beyond >= 0.0):
                raise ValueError(f"{beyond} entities per word")
            curves = _read_curves(data["entities"]), _read_curves(data["candidates"])
            return cls(*curves, beyond)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(Errors.WN061.format(name=name, reason=repr(error))) from error


def fit_curve(margins: numpy.ndarray, right: numpy.ndarray) -> Curve:
    """Fit a curve by Platt scaling: logistic regression of being right on the margin, by Newton's
    method. The targets are (n_right + 1) / (n_right + 2) and 1 / (n_wrong + 2) instead of 1 and 0.
    So a few spans that are all right don't give certainty.

    margins (numpy.ndarray): The margins. Shape (n,).
    right (numpy.ndarray): Which of the spans are right. Shape (n,).
    RETURNS (Curve): The curve.

    Source: Platt (1999); Lin, Lin and Weng (2007), A note on Platt's probabilistic outputs.
    """
    n_right = int(right.sum())
    n_wrong = len(right) - n_right
    targets = numpy.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    margins = margins.astype("float64")
    w = numpy.array([0.0, numpy.log((n_right + 1) / (n_wrong + 1))])
    level = w  # the best curve without a slope
    loss, p = _cross_entropy(w, margins, targets)
    for _ in range(_MAX_STEPS):
        error, spread = p - targets, p * (1.0 - p)
        gradient = numpy.array([error @ margins, error.sum()])
        mixed = spread @ margins
        hessian = numpy.array([[(spread * margins) @ margins, mixed], [mixed, spread.sum()]])
        step = numpy.linalg.solve(hessian + 1e-9 * numpy.eye(2), gradient)
        better, better_p = _cross_entropy(w - step, margins, targets)
        size = 1.0
        while size > 1e-6 and better > loss:
            size /= 2
            better, better_p = _cross_entropy(w - size * step, margins, targets)
        if better >= loss - 1e-10 * (1.0 + loss):
            break
        w, loss, p = w - size * step, better, better_p
    slope, bias = w if w[0] > 0.0 else level
    return Curve(float(slope), float(bias), len(right))


def _cross_entropy(
    w: numpy.ndarray, margins: numpy.ndarray, targets: numpy.ndarray
) -> tuple[float, numpy.ndarray]:
    """The cross-entropy between the probabilities of a curve and targets, and the probabilities.

    w (numpy.ndarray): The slope and the bias of the curve. Shape (2,).
    margins (numpy.ndarray): The margins. Shape (n,).
    targets (numpy.ndarray): The targets. Shape (n,).
    RETURNS (Tuple[float, numpy.ndarray]): The cross-entropy, and the probabilities, shape (n,).
    """
    z = w[0] * margins + w[1]
    # The logarithm of 1 + exp(z), without overflow.
    softplus = numpy.maximum(z, 0.0) + numpy.log1p(numpy.exp(-numpy.abs(z)))
    return float((softplus - targets * z).sum()), sigmoid(z)


def _read_curves(data: Any) -> Curves:
    labels = {str(label): _read_curve(curve) for label, curve in data["labels"].items()}
    return Curves(_read_curve(data["pooled"]), labels)


def _read_curve(data: Any) -> Curve:
    curve = Curve(float(data["slope"]), float(data["bias"]), int(data["fitted_on"]))
    if not (math.isfinite(curve.slope) and math.isfinite(curve.bias) and curve.slope >= 0.0):
        raise ValueError(f"{data} has a slope below 0 or a number that isn't finite")
    return curve
