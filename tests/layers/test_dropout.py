import numpy
import pytest
from thinc.api import Dropout as ThincDropout
from thinc.api import NumpyOps, fix_random_seed, set_dropout_rate

from spacy_windowner.layers.dropout import Dropout, make_mask

X = numpy.random.default_rng(0).normal(size=(30, 20)).astype("float32")


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.999999])
def test_a_mask_keeps_the_mean(rate):
    fix_random_seed(0)
    mask = make_mask(NumpyOps(), (1000, 2000), rate)
    assert mask.dtype == numpy.float32
    zero, kept = numpy.unique(mask)
    assert zero == 0.0
    assert kept == pytest.approx(1 / (1 - rate), rel=1e-3) or rate > 0.99
    if rate < 0.99:
        assert (mask == 0.0).mean() == pytest.approx(rate, abs=3e-3)
        assert mask.mean() == pytest.approx(1.0, abs=1e-2)


def test_the_gradient_is_that_of_what_was_kept():
    Y, backprop = Dropout(0.3)(X, is_train=True)
    numpy.testing.assert_allclose(backprop(X), Y)
    dropped = Y == 0.0
    assert dropped.any()
    numpy.testing.assert_allclose(Y[~dropped], X[~dropped] / 0.7, rtol=1e-4)


def test_lists_of_arrays():
    Ys, backprop = Dropout(0.5)([X, X[:5], X[:0]], is_train=True)
    assert [Y.shape for Y in Ys] == [(30, 20), (5, 20), (0, 20)]
    assert (Ys[0][:5] != Ys[1]).any()
    for Y, dX in zip(Ys, backprop([X, X[:5], X[:0]]), strict=True):
        numpy.testing.assert_array_equal(dX, Y)


@pytest.mark.parametrize("is_train, rate", [(False, 0.5), (True, 0.0)])
def test_no_dropout(is_train, rate):
    Y, backprop = Dropout(rate)(X, is_train=is_train)
    assert Y is X
    assert backprop(X) is X


def test_it_takes_the_place_of_thincs():
    """`set_dropout_rate` sets its rate, and it loads models saved with thinc's layer."""
    layer, other = Dropout(0.5), ThincDropout(0.2)
    set_dropout_rate(layer, 0.3)
    assert layer.attrs["dropout_rate"] == 0.3
    layer.from_bytes(other.to_bytes())
    assert layer.attrs == other.attrs


def test_the_seed_determines_it():
    results = []
    for _ in range(2):
        fix_random_seed(3)
        results.append(Dropout(0.5)(X, is_train=True)[0])
    numpy.testing.assert_array_equal(*results)
