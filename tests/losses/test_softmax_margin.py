import math

import numpy
import pytest

from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.losses.max_margin import MaxMargin, softmax_margin

from ..util import check_gradient
from . import util
from .test_losses import TARGETS
from .util import B0, B1, I0, I1, M, O, make_scores, make_targets, with_transitions


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


# Learned transitions -----------------------------------------------------------------------------

MORE_TARGETS = {
    **TARGETS,
    "unknown tags between": make_targets([O, B0, M, M, O], [M, I0, M], [M], [], [B1, M, I1, M]),
    "weights of unknown ones": make_targets([M, B0, M, O, M], weights=[0.5, 3.0, 0.0, 0.5, 2.0]),
    "biluo, unknown": make_targets([M, 2, M, O, M], [5, M, 7], [M, 8], scheme=BILUO),
}
more_targets = pytest.mark.parametrize("targets", MORE_TARGETS.values(), ids=MORE_TARGETS)


def random_transitions(targets, seed=1):
    n_tags = targets.scheme.n_tags(2)
    return numpy.random.default_rng(seed).normal(size=(n_tags, n_tags))


@more_targets
def test_loss_with_transitions_equals_the_plain_reference(targets):
    for seed in range(3):
        S = make_scores(len(targets.tags), targets.scheme.n_tags(2), seed)
        learned = with_transitions(targets, random_transitions(targets, seed))
        gradient, J = softmax_margin(S, learned)
        assert J == pytest.approx(util.softmax_margin(S, learned) / targets.n_annotated, abs=1e-9)
        check_gradient(
            lambda S, learned=learned: softmax_margin(S, learned)[1], S, gradient,
            eps=1e-6, rtol=1e-6,
        )  # fmt: skip
        assert not gradient[targets.tags == M].any()


@more_targets
@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_gradient_of_transitions_equals_finite_differences(targets, weight):
    S = make_scores(len(targets.tags), targets.scheme.n_tags(2))
    A = random_transitions(targets)
    learned = with_transitions(targets, A)
    softmax_margin(S, learned, weight)
    gradient = learned.transitions.gradient.copy()
    check_gradient(
        lambda A: softmax_margin(S, with_transitions(targets, A), weight)[1], A, gradient,
        eps=1e-6, rtol=1e-6, directions=8,
    )  # fmt: skip
    has_pairs = bool((targets.lengths > 1).any()) and bool((targets.tags != M).any())
    assert gradient.any() == has_pairs
    # It is added to what is there.
    softmax_margin(S, learned, weight)
    numpy.testing.assert_allclose(learned.transitions.gradient, 2 * gradient, atol=1e-12)


def test_transitions_that_no_sequence_has_get_no_gradient():
    targets = MORE_TARGETS["biluo"]
    learned = with_transitions(targets, random_transitions(targets))
    softmax_margin(make_scores(len(targets.tags), 9), learned)
    B, I, L, U = (BILUO.tag(0, kind) for kind in "BILU")  # noqa: E741
    for before, after in [(O, I), (O, L), (B, O), (B, U), (I, B), (L, I), (U, L), (B, I + 4)]:
        assert learned.transitions.gradient[before, after] == 0.0
    assert learned.transitions.gradient[O, B] != 0.0


@more_targets
def test_transitions_of_0_change_nothing_where_all_is_known(targets):
    n_tags = targets.scheme.n_tags(2)
    S = make_scores(len(targets.tags), n_tags)
    gradient, J = softmax_margin(S, with_transitions(targets, numpy.zeros((n_tags, n_tags))))
    plain_gradient, plain_J = softmax_margin(S, targets)
    if (targets.tags != M).all():
        assert J == pytest.approx(plain_J)
    numpy.testing.assert_allclose(gradient, plain_gradient, atol=1e-12)


def test_the_max_margin_passes_transitions_on():
    targets = TARGETS["entities"]
    S = make_scores(len(targets.tags))
    alone = with_transitions(targets, random_transitions(targets))
    _, J = softmax_margin(S, alone, 2.0)
    loss = MaxMargin(pairwise_weight=0.0, sequence_weight=2.0, transitions=True)
    assert loss.transitions
    learned = with_transitions(targets, random_transitions(targets))
    assert loss(S, learned)[1] == pytest.approx(J)
    numpy.testing.assert_array_equal(learned.transitions.gradient, alone.transitions.gradient)
