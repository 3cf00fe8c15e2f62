import numpy
import pytest

from spacy_windowner.confidence.metrics import (
    Judged,
    calibration_error,
    chance_error,
    equal_mass_bins,
)


def test_the_most_confident_come_first():
    judged = Judged.of([0.2, 0.9, 0.5], [0, 1, 1])
    assert judged.confidences.tolist() == [0.9, 0.5, 0.2]
    assert judged.right.tolist() == [1, 1, 0]


def test_equally_confident_ones_share_what_is_right():
    one = Judged.of([0.5, 0.9, 0.5, 0.5, 0.5], [1, 1, 0, 0, 0])
    other = Judged.of([0.5, 0.5, 0.5, 0.5, 0.9], [0, 0, 0, 1, 1])
    assert one.right.tolist() == other.right.tolist() == [1, 0.25, 0.25, 0.25, 0.25]


def test_equal_mass_bins():
    judged = Judged.of([0.1, 0.2, 0.3, 0.6, 0.8], [0, 1, 0, 1, 1])
    first, second = equal_mass_bins(judged, 2)
    assert first == pytest.approx((0.2, 1 / 3, 3))
    assert second == pytest.approx((0.7, 1.0, 2))


def test_more_bins_than_entities():
    assert equal_mass_bins(Judged.of([0.25, 0.75], [0, 1]), 15) == [(0.25, 0, 1), (0.75, 1, 1)]


def test_bins_that_part_equally_confident_ones():
    """Which of them are in which bin says nothing, so that both bins are alike."""
    for right in ([1, 1, 0, 0], [0, 1, 0, 1]):
        assert equal_mass_bins(Judged.of([0.5] * 4, right), 2) == [(0.5, 0.5, 2)] * 2


@pytest.mark.parametrize(
    ("confidences", "right", "n_bins", "expected"),
    [
        # |0.2 - 1/3| for three of five, |0.7 - 1| for two.
        ([0.1, 0.2, 0.3, 0.6, 0.8], [0, 1, 0, 1, 1], 2, (3 * (1 / 3 - 0.2) + 2 * 0.3) / 5),
        ([1.0, 1.0], [1, 1], 15, 0.0),
        ([1.0, 1.0], [0, 0], 15, 1.0),
        ([0.75] * 4, [1, 1, 1, 0], 15, 0.0),
    ],
)
def test_calibration_error(confidences, right, n_bins, expected):
    assert calibration_error(Judged.of(confidences, right), n_bins) == pytest.approx(expected)


def test_true_probabilities_have_a_small_error():
    rng = numpy.random.default_rng(0)
    p = rng.random(20_000)
    right = rng.random(20_000) < p
    assert calibration_error(Judged.of(p, right)) < 0.02
    assert calibration_error(Judged.of(p**3, right)) > 0.2


@pytest.mark.parametrize(("n", "n_bins"), [(300, 15), (2000, 15), (40, 2)])
def test_chance_error(n, n_bins):
    """It is the mean error of entities that are right with exactly their probability."""
    rng = numpy.random.default_rng(0)
    p = rng.random(n)
    errors = [
        calibration_error(Judged.of(p, (rng.random(n) < p).astype(int)), n_bins) for _ in range(300)
    ]
    by_chance = chance_error(Judged.of(p, [0] * n), n_bins)
    assert by_chance == pytest.approx(numpy.mean(errors), rel=0.05)
