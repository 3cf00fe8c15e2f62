import math
import random

import pytest

from spacy_windowner.tools.train_curve import forecast as module
from spacy_windowner.tools.train_curve.forecast import forecast, t_quantile


def law(n, a=0.8, b=0.2):
    return 1.0 - a * n**-b


def test_a_power_law_is_found():
    sizes = [100, 200, 400, 800]
    found = forecast(sizes, [law(n) for n in sizes], 500)
    assert found.documents == 1600 and found.reason is None
    expected = law(1600) - law(800)
    assert found.gain == pytest.approx(expected)
    # There is no scatter.
    assert found.low == pytest.approx(expected / 2) and found.high == pytest.approx(2 * expected)
    falling = forecast(sizes, [law(n) for n in reversed(sizes)], 500)
    assert falling.high == pytest.approx(falling.gain / 2)
    assert falling.low == pytest.approx(2 * falling.gain) and falling.gain < 0


def test_the_range_holds_four_of_five_trainings(monkeypatch):
    """As far as it is due to scatter."""
    monkeypatch.setattr(module, "_FACTOR", 1.0)
    rng = random.Random(0)
    sizes = [100, 200, 300, 400] * 2
    inside = 0
    for _ in range(1000):
        scores = [1 - (1 - law(n)) * math.exp(rng.gauss(0, 0.03)) for n in (*sizes, 800)]
        found = forecast(sizes, scores[:-1], 500)
        # What the range is relative to is the line's own value at the largest share.
        level = _level(sizes, scores[:-1])
        inside += level + found.low <= scores[-1] <= level + found.high
    assert 760 <= inside <= 840


def _level(sizes, scores):
    """The fitted F1 at the largest share, from the estimate alone: E(N) (1 - 2^-b) = gain."""
    import numpy

    slope, begin = numpy.polyfit(numpy.log2(sizes), numpy.log(1 - numpy.array(scores)), 1)
    return 1 - math.exp(begin + slope * math.log2(max(sizes)))


@pytest.mark.parametrize(
    ("sizes", "scores", "n_entities", "why"),
    [
        ([50, 100], [0.5, 0.6], 500, "3 shares"),
        ([60, 80, 100], [0.5, 0.6, 0.7], 500, "less than twice"),
        ([25, 50, 100], [0.5, 0.6, 0.7], 49, "49 entities"),
        ([25, 50, 100], [0.0, 0.6, 0.7], 500, "found nothing"),
        ([25, 50, 100], [0.5, 0.6, 1.0], 500, "found everything"),
        ([25, 50, 100], [0.3, 0.8, 0.4], 500, "more seeds"),
    ],
    ids=str,
)
def test_it_may_not_be_told(sizes, scores, n_entities, why):
    found = forecast(sizes, scores, n_entities)
    assert why in found.reason and found.documents == 200
    assert found.gain is found.low is found.high is None


@pytest.mark.parametrize(
    ("df", "value"), [(1, 3.078), (4, 1.533), (5, 1.476), (10, 1.372), (30, 1.310), (1000, 1.282)]
)
def test_quantiles_are_those_of_tables(df, value):
    assert t_quantile(df) == pytest.approx(value, abs=3e-3)
