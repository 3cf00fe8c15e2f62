import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import Ragged

from spacy_windowner.layers import windowed_affine
from spacy_windowner.layers.windowed_affine import WindowedAffine, table_indices, window_rows

from ..util import check_gradient, check_params, random_like, randomize, weighted_sum
from .util import N_I, N_ROWS, make_batch

N_O = 4
LENGTHS = [[6], [1], [3, 0, 1, 5], [0, 0, 2], [1, 1, 1]]
windows = pytest.mark.parametrize("window", [0, 1, 3])
poolings = pytest.mark.parametrize("pooling", ["concat", "average"])
batches = pytest.mark.parametrize("lengths", LENGTHS, ids=str)


def make_layer(window, pooling):
    layer = WindowedAffine(N_O, N_I, window=window, pooling=pooling)
    return randomize(layer.initialize())


def window_matrix(batch, pad, window):
    """The windows as the lecture draws them. Shape (n_tokens, 2 * window + 1, nI)."""
    out = []
    end = 0
    for length in batch.lengths:
        start, end = end, end + length
        for t in range(start, end):
            places = range(t - window, t + window + 1)
            out.append([batch.rows[batch.ids[p]] if start <= p < end else pad[0] for p in places])
    return numpy.array(out, dtype="float64").reshape(-1, 2 * window + 1, batch.rows.shape[1])


def reference(batch, W, b, pad, window, pooling):
    """Compute z[t] = W x[t] + b, one token at a time."""
    out = []
    for x in window_matrix(batch, pad, window):
        if pooling == "average":
            out.append(W[0] @ x.mean(axis=0) + b)
        else:
            one_matrix = numpy.concatenate(list(W), axis=1)  # (nO, n_positions * nI)
            out.append(one_matrix @ x.ravel() + b)
    return numpy.array(out).reshape(-1, len(b))


@windows
@poolings
@batches
def test_forward_is_the_product_with_the_window_matrix(window, pooling, lengths):
    layer, batch = make_layer(window, pooling), make_batch(lengths)
    Y = layer.predict(batch)
    params = [layer.get_param(name) for name in ("W", "b", "pad")]
    expected = reference(batch, *params, window, pooling)
    numpy.testing.assert_allclose(Y.dataXd, expected, rtol=1e-4, atol=1e-5)
    assert Y.lengths.tolist() == lengths


@windows
@poolings
@batches
def test_gradients_equal_finite_differences(window, pooling, lengths):
    layer, batch = make_layer(window, pooling), make_batch(lengths)
    Y, backprop = layer(batch, is_train=True)
    weights = random_like([Y.dataXd])
    d_rows = backprop(Ragged(weights[0], Y.lengths))

    def f(rows=batch.rows):
        return weighted_sum([layer.predict(batch._replace(rows=rows)).dataXd], weights)

    # The layer is linear in each of its inputs, so the step may be large.
    check_gradient(f, batch.rows, d_rows, eps=0.5, rtol=1e-4)
    check_params(layer, f, eps=0.5, rtol=1e-4)
    assert not d_rows[-1].any()  # the row that no token uses


@windows
@poolings
def test_gradients_equal_autograd(window, pooling):
    torch = pytest.importorskip("torch")
    layer, batch = make_layer(window, pooling), make_batch([3, 0, 1, 5])
    Y, backprop = layer(batch, is_train=True)
    [dY] = random_like([Y.dataXd])
    d_rows = backprop(Ragged(dY, Y.lengths))

    names = ("W", "b", "pad")
    rows, W, b, pad = (
        torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for array in (batch.rows, *(layer.get_param(name) for name in names))
    )
    ids = torch.tensor(batch.ids).split(batch.lengths.tolist())
    outside = torch.full((window,), N_ROWS)
    windows = torch.cat(
        [torch.cat([outside, doc, outside]).unfold(0, 2 * window + 1, 1) for doc in ids if len(doc)]
    )
    X = torch.cat([rows, pad])[windows]  # (n_tokens, 2 * window + 1, nI)
    if pooling == "average":
        Z = X.mean(dim=1) @ W[0].T + b
    else:
        Z = torch.einsum("tji,joi->to", X, W) + b
    Z.backward(torch.tensor(dY, dtype=torch.float64))

    close = {"rtol": 1e-4, "atol": 1e-5}
    numpy.testing.assert_allclose(Y.dataXd, Z.detach().numpy(), **close)
    numpy.testing.assert_allclose(d_rows, rows.grad.numpy(), **close)
    for name, tensor in zip(names, (W, b, pad), strict=True):
        numpy.testing.assert_allclose(layer.get_grad(name), tensor.grad.numpy(), **close)


def test_gradients_accumulate():
    layer, batch = make_layer(1, "concat"), make_batch([3, 4])
    for _ in range(2):
        Y, backprop = layer(batch, is_train=True)
        backprop(Ragged(numpy.ones_like(Y.dataXd), Y.lengths))
        if _ == 0:
            once = {name: layer.get_grad(name).copy() for name in layer.param_names}
    for name, gradient in once.items():
        numpy.testing.assert_allclose(layer.get_grad(name), 2 * gradient, rtol=1e-6)


@poolings
def test_no_tokens_at_all(pooling):
    layer, batch = make_layer(2, pooling), make_batch([0, 0])
    Y, backprop = layer(batch, is_train=True)
    assert Y.dataXd.shape == (0, N_O)
    assert not backprop(Y).any()
    assert not layer.get_grad("W").any()


@poolings
def test_initial_weights_are_scaled_to_the_whole_window(pooling):
    window = 3
    n_inputs = (2 * window + 1) * 50 if pooling == "concat" else 50
    layer = WindowedAffine(100, 50, window=window, pooling=pooling).initialize()
    bound = numpy.sqrt(6.0 / (n_inputs + 100))  # Glorot and Bengio (2010)
    assert 0.9 * bound < numpy.abs(layer.get_param("W")).max() <= bound
    assert not layer.get_param("b").any()
    assert not layer.get_param("pad").any()


@given(st.lists(st.integers(0, 6), max_size=6), st.integers(0, 4), st.booleans())
def test_window_rows(lengths, window, shared):
    n_tokens, width = sum(lengths), 2 * window + 1
    pad_id, n_positions = n_tokens, 1 if shared else width
    # Each token has a row of its own, so an index identifies the token.
    row_ids = window_rows(
        numpy.arange(n_tokens), numpy.array(lengths, dtype="int32"), window, pad_id
    )
    indices = table_indices(row_ids, slice(0, n_positions), n_positions)
    assert indices.shape == (n_tokens, width)
    assert indices.dtype == numpy.int32
    rows, positions = numpy.divmod(indices, n_positions)
    assert (positions == (0 if shared else numpy.arange(width))).all()
    doc_of = numpy.repeat(numpy.arange(len(lengths)), lengths)
    for t in range(n_tokens):
        for j in range(width):
            p = t + j - window
            inside = 0 <= p < n_tokens and doc_of[p] == doc_of[t]
            assert rows[t, j] == (p if inside else pad_id)


@windows
@poolings
def test_positions_in_blocks_give_the_same_numbers(monkeypatch, window, pooling):
    """If the table would be too large, it is made for a few positions at a time."""
    results = []
    for max_table in (2**24, 1):
        monkeypatch.setattr(windowed_affine, "_MAX_TABLE", max_table)
        layer, batch = make_layer(window, pooling), make_batch([3, 0, 1, 5])
        Y, backprop = layer(batch, is_train=True)
        d_rows = backprop(Ragged(random_like([Y.data])[0], Y.lengths))
        results.append([Y.data, d_rows, *(layer.get_grad(name) for name in ("W", "b", "pad"))])
    (Y, *gradients), (Y_of_blocks, *gradients_of_blocks) = results
    numpy.testing.assert_array_equal(Y_of_blocks, Y)
    for value, expected in zip(gradients_of_blocks, gradients, strict=True):
        numpy.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
