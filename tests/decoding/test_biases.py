"""Biases of tags, and labels that yield to others."""

import numpy
import pytest

from spacy_windowner.decoding.biases import Biases, Yielding

# O, two tags of a label, two of one that yields to it, and two of one that yields to both.
YIELDING = [
    Yielding(numpy.array([3, 4]), numpy.array([1, 2])),
    Yielding(numpy.array([5, 6]), numpy.array([1, 2, 3, 4])),
]


def one_by_one(scores, biases):
    """The formula, token by token and tag by tag."""
    adjusted = numpy.array(scores)
    for t in range(len(scores)):
        for y in range(scores.shape[1]):
            others = [each.others for each in biases.yielding if y in each.columns]
            lead = (
                max(0.0, max([adjusted[t, z] for z in others[0]]) - adjusted[t, 0]) if others else 0
            )
            adjusted[t, y] = scores[t, y] + biases.by_tag[y] - lead
    return adjusted


@pytest.mark.parametrize("yielding", [(), YIELDING[:1], YIELDING])
def test_it_is_the_formula(yielding):
    rng = numpy.random.default_rng(0)
    scores, values = rng.normal(size=(50, 7)), rng.normal(size=7)
    biases = Biases(values, yielding)
    before = scores.copy()
    adjusted = biases.adjust(scores)
    numpy.testing.assert_allclose(adjusted, one_by_one(scores, biases), atol=1e-12)
    numpy.testing.assert_array_equal(scores, before)
    assert biases.adjust(scores.astype("float32")).dtype == "float32"


def test_nothing_to_do():
    scores = numpy.ones((3, 7))
    assert Biases(numpy.zeros(7)).adjust(scores) is scores
    empty = numpy.zeros((0, 7))
    assert Biases(numpy.ones(7), YIELDING).adjust(empty).shape == (0, 7)


def test_a_label_that_yields_must_beat_O_by_twice_as_much():
    scores = numpy.array([[0.0, 0.0, 0.0], [2.0, 2.0, -3.0], [0.0, 0.0, -3.0], [3.9, 4.1, 0.1]]).T
    biases = Biases(numpy.zeros(4), [Yielding(numpy.array([3]), numpy.array([1, 2]))])
    assert biases.adjust(scores).argmax(axis=1).tolist() == [1, 3, 3]
