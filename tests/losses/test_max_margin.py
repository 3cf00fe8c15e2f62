import math

import numpy
import pytest

from spacy_windowner.losses.max_margin import MaxMargin

from .util import B0, B1, M, O, make_targets


def test_pairwise_term_by_hand():
    # Columns O, B-0, I-0. One true window, three others, of which the best two are taken.
    S = numpy.array([[0, 2.0, 0], [0, 1.5, 0], [0, -1.0, 0], [0, 1.25, 0]])
    gradient, J = MaxMargin(2, "hardest", 1.0, sequence_weight=0.0)(S, make_targets([B0, O, O, O]))
    assert J == pytest.approx(1 / 4 * 1 / 2 * ((1 - 2.0 + 1.5) + (1 - 2.0 + 1.25)))
    expected = numpy.zeros((4, 3))
    expected[:, B0] = [-1 / 4, 1 / 8, 0, 1 / 8]
    numpy.testing.assert_allclose(gradient, expected)


def test_same_window_term_by_hand():
    S = numpy.array([[0.0, 2.0, 1.5], [3.0, 0.0, 0.0]])
    gradient, J = MaxMargin(1, "hardest", 0.0, 1.0, sequence_weight=0.0)(S, make_targets([B0, O]))
    assert J == pytest.approx(1 / 2 * (1 - 2.0 + 1.5))
    numpy.testing.assert_allclose(gradient, [[0, -0.5, 0.5], [0, 0, 0]])


@pytest.mark.parametrize("corrupt_windows", [1, 4, 50])
@pytest.mark.parametrize("sampling", ["hardest", "uniform"])
def test_no_loss_once_every_margin_is_kept(corrupt_windows, sampling):
    targets = make_targets([O, B0, O], [B1, O])
    S = numpy.eye(5)[targets.tags] * 1.0
    loss = MaxMargin(corrupt_windows, sampling, 1.0, 1.0, sequence_weight=0.0)
    gradient, J = loss(S, targets)
    assert J == 0.0
    assert not gradient.any()
    assert loss(0.99 * S, targets)[1] > 0.0


def test_outside_has_no_true_windows():
    S = numpy.random.default_rng(0).normal(size=(4, 5))
    gradient, J = MaxMargin(5, "hardest", 1.0, sequence_weight=0.0)(S, make_targets([O, O, M, O]))
    assert J == 0.0
    assert not gradient.any()


@pytest.mark.parametrize("sampling", ["hardest", "uniform"])
def test_pairwise_term_moves_no_column_as_a_whole(sampling):
    """Each pair takes from one window what it gives to another, so biases have no gradient."""
    S = numpy.random.default_rng(0).normal(size=(20, 5))
    targets = make_targets([O, B0, O, B1, M] * 4)
    gradient, _ = MaxMargin(3, sampling, 1.0, sequence_weight=0.0)(S, targets)
    assert numpy.abs(gradient).sum() > 0.1
    numpy.testing.assert_allclose(gradient.sum(axis=0), 0.0, atol=1e-8)
    assert not gradient[:, O].any()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"corrupt_windows": 0}, "WN001.*corrupt_windows = 0.*at least 1"),
        ({"pool_size": 0}, "WN001.*pool_size = 0.*at least 1"),
        ({"pairwise_weight": -0.1}, "WN001.*pairwise_weight = -0.1.*at least 0"),
        ({"sequence_weight": -1.0}, "WN001.*sequence_weight = -1.0.*at least 0"),
        ({"same_window_weight": math.nan}, "WN001.*same_window_weight = nan"),
        ({"pairwise_weight": 0.0, "sequence_weight": 0.0}, "WN001.*All terms can't be off"),
        ({"sequence_weight": 0.0, "transitions": True}, "WN001.*transitions = True.*above 0"),
        ({"sampling": "random"}, "WN001.*sampling = 'random'.*hardest or uniform"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense(settings, code):
    with pytest.raises(ValueError, match=code):
        MaxMargin(**settings)
