import math

import numpy
import pytest

from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.losses.softmax_margin import softmax_margin

from .util import B0, I0, O, make_scores, make_targets


def test_one_token_by_hand():
    # Columns O, B-0, I-0. A document can't start with I-0, however well it scores.
    S = numpy.array([[1.0, 2.0, 50.0]])
    gradient, J = softmax_margin(S, make_targets([B0]))
    p = 1 / (1 + math.exp(-1.0))
    assert J == pytest.approx(-math.log(p))
    numpy.testing.assert_allclose(gradient, [[1 - p, p - 1, 0.0]])


def test_weights_multiply_the_odds_of_wrong_tags():
    S = numpy.array([[1.0, 2.0, 50.0]])
    _, J = softmax_margin(S, make_targets([B0], weights=[3.0]))
    assert J == pytest.approx(math.log(1 + 3.0 * math.exp(-1.0)))


def test_a_token_of_weight_0_is_right_whatever_its_scores():
    S = make_scores(4, n_tags=3)
    gradient, J = softmax_margin(S, make_targets([O, B0, I0, O], weights=[1.0, 0.0, 0.0, 1.0]))
    assert numpy.abs(gradient[1:3]).max() < 1e-100
    assert gradient[[0, 3]].any()
    S[1:3] *= -10.0
    other_gradient, other_J = softmax_margin(
        S, make_targets([O, B0, I0, O], weights=[1.0, 0.0, 0.0, 1.0])
    )
    assert other_J == pytest.approx(J)
    numpy.testing.assert_allclose(other_gradient, gradient)


@pytest.mark.parametrize("scheme", [BIO, BILUO])
def test_gradient_of_a_document_sums_to_zero_in_each_token(scheme):
    targets = make_targets([O, 1, 2, O], [O] * 5, scheme=scheme)
    gradient, _ = softmax_margin(make_scores(9, scheme.n_tags(2)), targets)
    assert gradient.any(axis=1).all()
    numpy.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-12)


def test_the_loss_is_near_zero_once_the_gold_sequence_is_far_above_all_others():
    targets = make_targets([O, B0, I0, O], [B0, B0])
    S = 50.0 * numpy.eye(5)[targets.tags]
    gradient, J = softmax_margin(S, targets)
    assert 0.0 <= J < 1e-12
    assert numpy.abs(gradient).max() < 1e-12
