"""What decisions make of scores: biases, and labels that yield to others."""

import numpy
import pytest

from spacy_windowner.decoding.biases import Biases as Leaning
from spacy_windowner.decoding.biases import Yielding

# O; two tags of a label; two of one that yields to it; two of one that yields to both.
YIELDING = [
    Yielding(numpy.array([3, 4]), numpy.array([1, 2])),
    Yielding(numpy.array([5, 6]), numpy.array([1, 2, 3, 4])),
]


def one_by_one(scores, leaning):
    """The formula, token by token and tag by tag."""
    leaned = numpy.array(scores)
    for t in range(len(scores)):
        for y in range(scores.shape[1]):
            others = [each.others for each in leaning.yielding if y in each.columns]
            lead = max(0.0, max([leaned[t, z] for z in others[0]]) - leaned[t, 0]) if others else 0
            leaned[t, y] = scores[t, y] + leaning.biases[y] - lead
    return leaned


@pytest.mark.parametrize("yielding", [(), YIELDING[:1], YIELDING])
def test_it_is_the_formula(yielding):
    rng = numpy.random.default_rng(0)
    scores, biases = rng.normal(size=(50, 7)), rng.normal(size=7)
    leaning = Leaning(biases, yielding)
    before = scores.copy()
    leaned = leaning.lean(scores)
    numpy.testing.assert_allclose(leaned, one_by_one(scores, leaning), atol=1e-12)
    numpy.testing.assert_array_equal(scores, before)
    assert leaning.lean(scores.astype("float32")).dtype == "float32"


def test_nothing_to_do():
    scores = numpy.ones((3, 7))
    assert Leaning(numpy.zeros(7)).lean(scores) is scores
    empty = numpy.zeros((0, 7))
    assert Leaning(numpy.ones(7), YIELDING).lean(empty).shape == (0, 7)


def test_a_label_that_yields_must_beat_O_by_twice_as_much():
    scores = numpy.array([[0.0, 0.0, 0.0], [2.0, 2.0, -3.0], [0.0, 0.0, -3.0], [3.9, 4.1, 0.1]]).T
    leaning = Leaning(numpy.zeros(4), [Yielding(numpy.array([3]), numpy.array([1, 2]))])
    assert leaning.lean(scores).argmax(axis=1).tolist() == [1, 3, 3]


def test_margins_are_sums_of_scores():
    rng = numpy.random.default_rng(1)
    scores = rng.normal(size=(30, 7))
    leaning = Leaning(rng.normal(size=7), YIELDING)
    leaned = leaning.lean(scores)
    biased = scores + leaning.biases
    for t in range(len(scores)):
        for tag, other in [(1, 0), (3, 0), (3, 1), (5, 3), (6, 5), (0, 5), (4, 3)]:
            weights = leaning.direction(leaned[t], tag, other)
            margin = leaned[t, tag] - leaned[t, other]
            assert weights @ biased[t] == pytest.approx(margin)
