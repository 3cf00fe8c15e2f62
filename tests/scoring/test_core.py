"""Sums and products follow their definition, and are the same compiled and in plain Python."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.scoring import plain

from ..util import compiled_module
from .util import int32


def make_case(seed, lengths, n_words=20, n_positions=7, width=48, n_out=9):
    """A table, the rows of the tokens, and a linear layer's weights."""
    rng = numpy.random.default_rng(seed)
    table = rng.normal(size=(n_words, n_positions, width)).astype("float32")
    rows = rng.integers(n_words, size=sum(lengths)).astype("int32")
    W = rng.normal(size=(n_out, width)).astype("float32")
    return table, rows, W, rng.normal(size=n_out).astype("float32")


def by_definition(table, rows, lengths, window, relu):
    """Sums of the products of each window, in double precision."""
    table = table.astype("float64")
    sums, start = numpy.zeros((len(rows), table.shape[2])), 0
    for length in lengths:
        for t in range(length):
            for j in range(2 * window + 1):
                at = t + j - window
                row = rows[start + at] if 0 <= at < length else 0
                sums[start + t] += table[row, j if table.shape[1] > 1 else 0]
        start += length
    return numpy.maximum(sums, 0.0) if relu else sums


@given(
    lengths=st.lists(st.integers(0, 20), max_size=6),
    window=st.integers(0, 5),
    shared=st.booleans(),
    relu=st.booleans(),
    lanes=st.integers(1, 6),
    n_out=st.sampled_from([None, 1, 5, 16, 17, 40]),
    seed=st.integers(0, 99),
)
def test_sums_and_products_are_those_of_the_formula(
    core, lengths, window, shared, relu, lanes, n_out, seed
):
    n_positions = 1 if shared else 2 * window + 1
    case = make_case(seed, lengths, 20, n_positions, 16 * lanes, n_out or 1)
    table, rows, W, b = case
    expected = by_definition(table, rows, lengths, window, relu)
    linear = None
    if n_out is not None:
        linear = core.Linear(W, b)
        expected = expected @ W.T.astype("float64") + b
    found = core.add_up(table, rows, int32(lengths), window, relu, linear)
    assert found.dtype == numpy.float32 and found.shape == expected.shape
    numpy.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    if linear is not None:  # in one or in two steps, to the last bit
        sums = core.add_up(table, rows, int32(lengths), window, relu)
        numpy.testing.assert_array_equal(linear(sums, int32(lengths)), found)


@pytest.mark.parametrize("n_out", [1, 3, 9, 13, 37, 101])
@pytest.mark.parametrize("n_in", [1, 13, 128])
def test_numbers_of_a_product_do_not_depend_on_the_others(n_out, n_in):
    core = compiled_module("scoring.core")
    rng = numpy.random.default_rng(0)
    W = rng.normal(size=(n_out, n_in)).astype("float32")
    b = rng.normal(size=n_out).astype("float32")
    X = rng.normal(size=(100, n_in)).astype("float32")
    together = core.Linear(W, b)(X, int32([100]))
    numpy.testing.assert_allclose(together, X @ W.T + b, rtol=1e-4, atol=1e-4)
    for n_fewer in {1, n_out // 2, n_out - 1} - {0}:
        fewer = core.Linear(W[:n_fewer], b[:n_fewer])(X, int32([100]))
        numpy.testing.assert_array_equal(fewer, together[:, :n_fewer])
    for start, stop in [(0, 1), (1, 3), (7, 50), (50, 100)]:
        part = core.Linear(W, b)(X[start:stop], int32([stop - start]))
        numpy.testing.assert_array_equal(part, together[start:stop])
    filled = numpy.pad(W, ((0, 0), (0, -n_in % 16)))
    X = numpy.pad(X, ((0, 0), (0, -n_in % 16)))
    numpy.testing.assert_array_equal(core.Linear(filled, b)(X, int32([100])), together)


def test_a_layer_may_take_fewer_columns_than_there_are(core):
    table, rows, W, b = make_case(0, [9, 4])
    sums = core.add_up(table, rows, int32([9, 4]), 3, True)
    found = core.add_up(table, rows, int32([9, 4]), 3, True, core.Linear(W[:, :33], b))
    numpy.testing.assert_allclose(found, sums[:, :33] @ W[:, :33].T + b, rtol=1e-4, atol=1e-4)


def test_a_layer_keeps_a_copy(core):
    table, rows, W, b = make_case(0, [9])
    linear = core.Linear(W, b)
    before = core.add_up(table, rows, int32([9]), 3, True, linear)
    W[:], b[:] = 1.0, 1.0
    numpy.testing.assert_array_equal(core.add_up(table, rows, int32([9]), 3, True, linear), before)


@pytest.mark.parametrize("number", [numpy.nan, numpy.inf, -numpy.inf, 3e38, 1e-45])
def test_numbers_that_no_model_should_have(core, number):
    table, rows, W, b = make_case(0, [9])
    table[3], W[0, 5] = number, number
    with numpy.errstate(all="ignore"):
        found = core.add_up(table, rows, int32([9]), 3, True, core.Linear(W, b))
    assert found.shape == (9, 9)


def test_widths_that_do_not_fit():
    core = compiled_module("scoring.core")
    table, rows, W, b = make_case(0, [9])
    with pytest.raises(ValueError, match="49 numbers a row are wanted, not 48"):
        core.add_up(
            table, rows, int32([9]), 3, True, core.Linear(numpy.pad(W, ((0, 0), (0, 1))), b)
        )
    with pytest.raises(ValueError, match="48 numbers a row are wanted, not 16"):
        core.Linear(W, b)(numpy.zeros((3, 16), dtype="float32"), int32([3]))


@given(
    lengths=st.lists(st.integers(0, 20), max_size=6),
    window=st.integers(0, 3),
    relu=st.booleans(),
    seed=st.integers(0, 99),
)
def test_compiled_and_plain_are_close(lengths, window, relu, seed):
    core = compiled_module("scoring.core")
    table, rows, W, b = make_case(seed, lengths, n_positions=2 * window + 1)
    sums, products = [], []
    for each in (core, plain):
        sums.append(each.add_up(table, rows, int32(lengths), window, relu))
        linear = each.Linear(W, b)
        products.append(each.add_up(table, rows, int32(lengths), window, relu, linear))
    numpy.testing.assert_array_equal(*sums)
    numpy.testing.assert_allclose(*products, rtol=1e-4, atol=1e-4)
