import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy

from ..decoding.spans import Spans
from ..errors import Errors
from .curve import Curve, fit_curve, sigmoid

MIN_COUNT = 50
"""The spans that a curve needs at least. Labels with fewer share the pooled one."""


@dataclass(frozen=True)
class Curves:
    """A curve for each label that has enough data, and one of all labels together for the others.

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
        """Fit the curves to spans found in held-out data.

        margins (numpy.ndarray): Their margins, at least one. Shape (n,).
        right (numpy.ndarray): Whether the span and its label are exactly right. Shape (n,).
        label_numbers (numpy.ndarray): The number of each one's label. Shape (n,).
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


def rate(spans: Spans, curves: numpy.ndarray) -> Spans:
    """Spans that are rated by their margins, rated by their probabilities.

    spans (Spans): The spans.
    curves (numpy.ndarray): What `Curves.of` returned.
    """
    slopes, biases = curves[:, spans.labels]
    return spans._replace(ratings=sigmoid(slopes * spans.ratings + biases))


class Calibration(NamedTuple):
    """What turns margins into probabilities.

    entities (Curves): For the entities that the decision is for.
    candidates (Curves): For spans that it is against.
    """

    entities: Curves
    candidates: Curves

    def update(self, other: "Calibration | None") -> "Calibration":
        """The same, with the curves that single labels have in another one. Labels with too little
        data there have the curve of all labels together here.

        other (Optional[Calibration]): The other one, None for no change.
        """
        if other is None:
            return self
        curves = (
            Curves(old.pooled, {**old.labels, **new.labels})
            for old, new in zip(self, other, strict=True)
        )
        return Calibration(*curves)

    def to_json(self) -> dict[str, Any]:
        """The calibration as it stands in the component's cfg."""
        return {
            kind: {
                "pooled": curves.pooled._asdict(),
                "labels": {label: curve._asdict() for label, curve in curves.labels.items()},
            }
            for kind, curves in self._asdict().items()
        }

    @classmethod
    def from_json(cls, data: Any, name: str) -> "Calibration":
        """Read a calibration from the component's cfg.

        data (Any): What `to_json` returned.
        name (str): The component's name.
        RETURNS (Calibration): The calibration.
        RAISES (ValueError): If it is none.
        """
        try:
            return cls(_read_curves(data["entities"]), _read_curves(data["candidates"]))
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(Errors.WN061.format(name=name, reason=repr(error))) from error


def _read_curves(data: Any) -> Curves:
    labels = {str(label): _read_curve(curve) for label, curve in data["labels"].items()}
    return Curves(_read_curve(data["pooled"]), labels)


def _read_curve(data: Any) -> Curve:
    curve = Curve(float(data["slope"]), float(data["bias"]), int(data["fitted_on"]))
    if not (math.isfinite(curve.slope) and math.isfinite(curve.bias) and curve.slope >= 0.0):
        raise ValueError(f"{data} has a slope below 0 or a number that isn't finite")
    return curve
