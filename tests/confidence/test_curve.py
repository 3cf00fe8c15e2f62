import numpy
import pytest

from spacy_windowner.confidence.calibration import fit_curve
from spacy_windowner.decoding.spans import sigmoid


def sample(n: int, slope: float, bias: float, seed: int = 0):
    rng = numpy.random.default_rng(seed)
    margins = rng.exponential(5.0, size=n)
    return margins, rng.random(n) < sigmoid(slope * margins + bias)


def loss(slope: float, bias: float, margins, right) -> float:
    """The negative log-likelihood with Platt's targets."""
    n_right, n_wrong = right.sum(), (~right).sum()
    targets = numpy.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))
    p = sigmoid(slope * margins + bias)
    return -(targets * numpy.log(p) + (1 - targets) * numpy.log(1 - p)).sum()


@pytest.mark.parametrize("n", [3, 50, 5000])
def test_no_other_curve_is_better(n):
    margins, right = sample(n, 0.5, -1.0)
    curve = fit_curve(margins, right)
    assert curve.fitted_on == n
    best = loss(curve.slope, curve.bias, margins, right)
    for d_slope, d_bias in numpy.random.default_rng(1).normal(scale=0.1, size=(50, 2)):
        slope = max(curve.slope + d_slope, 0.0)
        assert loss(slope, curve.bias + d_bias, margins, right) >= best


def test_the_true_curve_is_found():
    curve = fit_curve(*sample(100_000, 0.4, -0.7))
    assert curve.slope == pytest.approx(0.4, abs=0.02)
    assert curve.bias == pytest.approx(-0.7, abs=0.05)


def test_a_higher_margin_never_means_less():
    margins = numpy.arange(100.0)
    curve = fit_curve(margins, margins < 25)
    assert curve.slope == 0.0
    assert sigmoid(numpy.array([curve.bias])) == pytest.approx(26 / 102)


@pytest.mark.parametrize("margins", [numpy.ones(40), numpy.arange(40.0), 1e6 * numpy.arange(40.0)])
@pytest.mark.parametrize("right", [True, False, None])
def test_odd_data(margins, right):
    """All margins are the same, all spans are right or wrong, or margins separate the two
    perfectly."""
    flags = margins > 1e7 if right is None else numpy.full(40, right)
    slope, bias, _ = fit_curve(margins, flags)
    p = sigmoid(slope * margins + bias)
    assert numpy.isfinite([slope, bias]).all() and slope >= 0.0
    assert ((p >= 0.0) & (p <= 1.0)).all()
    assert right is None or (p[0] > 0.9) == right


def test_sigmoid_has_no_overflow():
    assert sigmoid(numpy.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
