"""How far scores have moved, against finite differences."""

import numpy
import pytest

from spacy_windowner.losses.rehearsal import rehearsal_loss


def test_the_loss_is_half_the_mean_squared_distance_of_tokens():
    scores = numpy.array([[1.0, 2.0, 9.0], [0.0, -1.0, 9.0]])
    tutor = numpy.array([[0.0, 0.0], [0.0, 1.0]])
    gradient, loss = rehearsal_loss(scores, tutor, 5.0)
    assert loss == (1.0 + 4.0 + 4.0) / 4
    numpy.testing.assert_array_equal(gradient, [[0.5, 1.0, 0.0], [0.0, -1.0, 0.0]])


@pytest.mark.parametrize("n_earlier", [3, 5])
def test_the_gradient(n_earlier):
    rng = numpy.random.default_rng(0)
    scores, tutor = rng.normal(size=(4, 5)), rng.normal(size=(4, n_earlier))
    gradient, _ = rehearsal_loss(scores, tutor, 5.0)
    for place in numpy.ndindex(scores.shape):
        step = numpy.zeros_like(scores)
        step[place] = 1e-6
        slope = (
            rehearsal_loss(scores + step, tutor, 5.0)[1]
            - rehearsal_loss(scores - step, tutor, 5.0)[1]
        )
        assert gradient[place] == pytest.approx(slope / 2e-6, abs=1e-8)


def test_what_the_tutor_had_not_learned_is_free():
    tutor = numpy.array([[1.0, 2.0, -4.0], [3.0, 0.0, -2.0]], dtype="float32")
    scores = tutor + numpy.array([1e-6, 1.0, 1.0], dtype="float32")
    gradient, loss = rehearsal_loss(scores, tutor, 5.0)
    assert loss == 0.5
    numpy.testing.assert_array_equal(gradient, [[0.0, 0.5, 0.0], [0.0, 0.5, 0.0]])


def test_no_tokens():
    gradient, loss = rehearsal_loss(numpy.zeros((0, 3)), numpy.zeros((0, 3)), 5.0)
    assert gradient.shape == (0, 3) and loss == 0.0
