import math
from functools import partial

import numpy
import pytest

from spacy_windowner.losses.max_margin import MaxMargin

from .util import B0, B1, M, O, make_targets

PAIRS = partial(MaxMargin, pairwise_weight=1.0, sequence_weight=0.0)


def test_pairwise_term_by_hand():
    # Columns O, B-0, I-0. One true window, three others, of which the best two are taken.
    S = numpy.array([[0, 2.0, 0], [0, 1.5, 0], [0, -1.0, 0], [0, 1.25, 0]])
    gradient, J = PAIRS(2)(S, make_targets([B0, O, O, O]))
    assert J == pytest.approx(1 / 4 * 1 / 2 * ((1 - 2.0 + 1.5) + (1 - 2.0 + 1.25)))
    expected = numpy.zeros((4, 3))
    expected[:, B0] = [-1 / 4, 1 / 8, 0, 1 / 8]
    numpy.testing.assert_allclose(gradient, expected)


@pytest.mark.parametrize("corrupt_windows", [1, 4, 50])
def test_no_loss_once_every_margin_is_kept(corrupt_windows):
    targets = make_targets([O, B0, O], [B1, O])
    S = numpy.eye(5)[targets.tags] * 1.0
    loss = PAIRS(corrupt_windows)
    gradient, J = loss(S, targets)
    assert J == 0.0
    assert not gradient.any()
    assert loss(0.99 * S, targets)[1] > 0.0


def test_outside_has_no_true_windows():
    S = numpy.random.default_rng(0).normal(size=(4, 5))
    gradient, J = PAIRS(5)(S, make_targets([O, O, M, O]))
    assert J == 0.0
    assert not gradient.any()


@pytest.mark.parametrize("pool_size", [3, 5, 100])
def test_pairwise_term_moves_no_column_as_a_whole(pool_size):
    """Each pair takes from one window what it gives to another, so biases have no gradient."""
    S = numpy.random.default_rng(0).normal(size=(20, 5))
    targets = make_targets([O, B0, O, B1, M] * 4)
    gradient, _ = PAIRS(3, pool_size=pool_size)(S, targets)
    assert numpy.abs(gradient).sum() > 0.1
    numpy.testing.assert_allclose(gradient.sum(axis=0), 0.0, atol=1e-8)
    assert not gradient[:, O].any()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"corrupt_windows": 0}, "WN001.*corrupt_windows = 0.*at least 1"),
        ({"pool_size": 0}, "WN001.*pool_size = 0.*at least `corrupt_windows`"),
        ({"pairwise_weight": -0.1}, "WN001.*pairwise_weight = -0.1.*at least 0"),
        ({"sequence_weight": -1.0}, "WN001.*sequence_weight = -1.0.*at least 0"),
        ({"pairwise_weight": math.nan}, "WN001.*pairwise_weight = nan"),
        ({"pairwise_weight": 0.0, "sequence_weight": 0.0}, "WN001.*Both terms can't be off"),
        ({"sequence_weight": 0.0, "transitions": True}, "WN001.*transitions = True.*above 0"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense(settings, code):
    with pytest.raises(ValueError, match=code):
        MaxMargin(**settings)
