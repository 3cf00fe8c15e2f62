import numpy
import pytest
from thinc.api import Linear, Ragged

from spacy_windowner.layers.window_features import BLOCK, with_windows
from spacy_windowner.layers.windowed_affine import WindowedAffine

from ..util import check_gradient, check_params, random_like, randomize, weighted_sum
from .util import N_I, make_batch

N_O = 4
windows = pytest.mark.parametrize("window", [0, 1, 3])
batches = pytest.mark.parametrize("lengths", [[6], [1], [3, 0, 1, 5], [0, 0, 2], [0, 0]], ids=str)


def make_layer(window, batch):
    return randomize(with_windows(Linear(N_O), window).initialize(X=batch))


@windows
@batches
def test_a_linear_layer_is_the_windowed_affine(window, lengths):
    """Both compute `z[t] = W x[t] + b`, but only one builds the matrix of windows."""
    batch = make_batch(lengths)
    layer = make_layer(window, batch)
    W, b = (layer.layers[0].get_param(name) for name in ("W", "b"))
    affine = WindowedAffine(N_O, N_I, window=window).initialize()
    affine.set_param("W", numpy.stack(numpy.split(W, 2 * window + 1, axis=1)))
    affine.set_param("b", b)
    affine.set_param("pad", layer.get_param("pad"))
    Y, backprop = layer(batch, is_train=True)
    expected, backprop_expected = affine(batch, is_train=True)
    [dY] = random_like([Y.dataXd])
    close = {"rtol": 1e-4, "atol": 1e-5}
    numpy.testing.assert_allclose(Y.dataXd, expected.dataXd, **close)
    numpy.testing.assert_allclose(layer.predict(batch).dataXd, expected.dataXd, **close)
    assert Y.lengths.tolist() == lengths
    d_rows = backprop(Ragged(dY, Y.lengths))
    numpy.testing.assert_allclose(d_rows, backprop_expected(Ragged(dY, Y.lengths)), **close)
    numpy.testing.assert_allclose(layer.get_grad("pad"), affine.get_grad("pad"), **close)


@windows
def test_gradients_equal_finite_differences(window):
    batch = make_batch([3, 0, 1, 5])
    layer = make_layer(window, batch)
    Y, backprop = layer(batch, is_train=True)
    weights = random_like([Y.dataXd])
    d_rows = backprop(Ragged(weights[0], Y.lengths))

    def f(rows=batch.rows):
        return weighted_sum([layer.predict(batch._replace(rows=rows)).dataXd], weights)

    check_gradient(f, batch.rows, d_rows, eps=0.5, rtol=1e-4)
    check_params(layer, f, eps=0.5, rtol=1e-4)


@pytest.mark.parametrize("n_tokens", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_blocks_of_predictions(n_tokens):
    batch = make_batch([n_tokens])
    layer = make_layer(2, make_batch([3]))
    expected = layer(batch, is_train=True)[0]
    predicted = layer.predict(batch)
    assert predicted.dataXd.shape == (n_tokens, N_O)
    numpy.testing.assert_allclose(predicted.dataXd, expected.dataXd, rtol=1e-5, atol=1e-5)


def test_a_prediction_has_no_gradient():
    batch = make_batch([3])
    Y, backprop = make_layer(1, batch)(batch, is_train=False)
    with pytest.raises(ValueError, match="WN024.*is_train=True"):
        backprop(Y)
