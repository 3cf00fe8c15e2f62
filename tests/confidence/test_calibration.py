import numpy
import pytest

from spacy_windowner.confidence.calibration import (
    MIN_COUNT,
    Calibration,
    Curve,
    Curves,
    fit_curve,
)

LABELS = ("A", "B", "C")


def make_curves() -> Curves:
    """Curves. B has too little data for one of its own, and C has none."""
    rng = numpy.random.default_rng(0)
    numbers = numpy.array([0] * MIN_COUNT + [1] * (MIN_COUNT - 1))
    margins = rng.exponential(size=len(numbers))
    right = rng.random(len(numbers)) < 0.3 + 0.5 * (numbers == 0)
    curves = Curves.fit(margins, right, numbers, LABELS)
    assert curves.pooled == fit_curve(margins, right)
    assert curves.labels == {"A": fit_curve(margins[:MIN_COUNT], right[:MIN_COUNT])}
    return curves


def test_labels_with_little_data_share_the_pooled_curve():
    curves = make_curves()
    own = [curves.labels["A"], curves.pooled, curves.pooled]
    assert curves.of(LABELS).T.tolist() == [[curve.slope, curve.bias] for curve in own]
    for labels in (LABELS, ()):
        assert curves.of(labels).shape == (2, len(labels))


def test_json_and_back():
    curves = make_curves()
    calibration = Calibration(curves, Curves(curves.pooled, {}), 0.25)
    assert Calibration.from_json(calibration.to_json(), "ner") == calibration


CURVES = Curves(Curve(1.0, 0.0, 9), {"A": Curve(0.5, 0.0, 60)})
GOOD = Calibration(CURVES, CURVES).to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"entities": None},
        {"entities": {"pooled": {"slope": 1.0, "bias": 0.0}, "labels": {}}},
        {"entities": {"pooled": {"slope": -1.0, "bias": 0.0, "fitted_on": 9}, "labels": {}}},
        {"entities": {"pooled": {"slope": 1.0, "bias": "nan", "fitted_on": 9}, "labels": {}}},
        {"entities": {"pooled": {"slope": "x", "bias": 0.0, "fitted_on": 9}, "labels": {}}},
        {"entities": {**GOOD["entities"], "labels": {"A": 0.9}}},
        {"candidates": [1]},
        {"beyond": -1.0},
        {"beyond": "nan"},
    ],
)
def test_nonsense(change):
    with pytest.raises(ValueError, match="WN061.*'ner'"):
        Calibration.from_json({**GOOD, **change}, "ner")


@pytest.mark.parametrize("data", [{}, [], "yes", 0.5])
def test_another_thing(data):
    with pytest.raises(ValueError, match="WN061"):
        Calibration.from_json(data, "ner")
