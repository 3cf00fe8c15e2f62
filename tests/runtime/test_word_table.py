from threading import Thread

import numpy
import pytest
from spacy_windowner.runtime.kernels import make_kernel
from spacy_windowner.runtime.word_table import WordTable

from .util import (
    EXACT_KERNELS,
    KERNELS,
    N_POSITIONS,
    PAD,
    WIDTH,
    make_products,
    product_indices,
    read_products,
    rounded,
    uint64,
)

kernels = pytest.mark.parametrize("kernel", KERNELS)
WORDS = uint64([5, 0, 2**63 + 1, 2**40 + 5])


def make_table(kernel, capacity=4, words=()):
    table = WordTable(make_kernel(kernel), capacity, [PAD])
    table.add(uint64(words), [make_products(words)])
    return table


@kernels
def test_words_have_their_products(kernel):
    table = make_table(kernel)
    assert table.room == 4
    for start, stop in [(0, 1), (1, 3), (3, 4)]:
        table.add(WORDS[start:stop], [make_products(WORDS[start:stop])])
        assert table.room == 4 - stop
        assert table.rows(WORDS).tolist() == [1, 2, 3, 4][:stop] + [0] * (4 - stop)
    expected = rounded(kernel, make_products(WORDS))
    numpy.testing.assert_array_equal(read_products(table, WORDS), expected)
    numpy.testing.assert_allclose(expected, make_products(WORDS), atol=0.02)


@kernels
def test_row_0_is_padding(kernel):
    table = make_table(kernel, words=WORDS)
    indices = product_indices(numpy.array([0], dtype="int32"))[:, None]
    numpy.testing.assert_array_equal(table.add_up(indices)[0], rounded(kernel, PAD))


@pytest.mark.parametrize("kernel", EXACT_KERNELS)
def test_sums_of_windows(kernel):
    table = make_table(kernel, words=WORDS)
    # "w1 w2 w1", each position with its own products.
    rows = numpy.array([[0, 1, 2], [1, 2, 1], [2, 1, 0]])
    [sums] = table.add_up((rows * N_POSITIONS + numpy.arange(N_POSITIONS)).astype("int32"))
    products = numpy.vstack([PAD, make_products(WORDS)]).reshape(-1, N_POSITIONS, WIDTH)
    expected = [[products[row, p] for p, row in enumerate(window)] for window in rows]
    numpy.testing.assert_allclose(sums, numpy.sum(expected, axis=1), atol=1e-5)


@kernels
def test_copies_are_equal_to_the_last_bit(kernel):
    table, other = make_table(kernel, capacity=6), make_table(kernel, words=WORDS)
    asked = uint64([11, WORDS[2], 12, WORDS[0]])
    assert table.add_from(other, asked).tolist() == [True, False, True, False]
    assert table.rows(asked).tolist() == [0, 1, 0, 2]
    assert table.room == 4
    numpy.testing.assert_array_equal(
        read_products(table, asked[1::2]), read_products(other, asked[1::2])
    )
    assert table.add_from(make_table(kernel), uint64([13])).tolist() == [True]
    assert table.room == 4


@kernels
def test_no_words(kernel):
    table = make_table(kernel, capacity=0)
    assert table.room == 0
    assert table.rows(WORDS).tolist() == [0] * 4
    indices = product_indices(numpy.zeros(1, dtype="int32"))[:, None]
    numpy.testing.assert_array_equal(table.add_up(indices)[0], rounded(kernel, PAD))
    assert table.rows(uint64([])).tolist() == []


@kernels
def test_it_keeps_a_copy(kernel):
    products, pad = make_products(WORDS), PAD.copy()
    table = WordTable(make_kernel(kernel), 4, [pad])
    table.add(WORDS, [products])
    expected = read_products(table, WORDS)
    products[:], pad[:] = 1.0, 1.0
    numpy.testing.assert_array_equal(read_products(table, WORDS), expected)
    numpy.testing.assert_array_equal(
        table.add_up(numpy.array([[0]], dtype="int32"))[0], rounded(kernel, PAD)[:1]
    )


def test_readers_while_words_are_added():
    """A word that is found has its products already."""
    words = uint64(range(0, 3000, 3))
    products = make_products(words).reshape(len(words), -1)
    table = WordTable(make_kernel("thinc"), len(words), [PAD])
    wrong = []

    def read():
        found = numpy.zeros(len(words), dtype="bool")
        while not found.all():
            rows = table.rows(words)
            found = rows > 0
            indices = product_indices(numpy.append(rows[found], 0))[:, None]
            values = table.add_up(indices)[0][:-N_POSITIONS].reshape(-1, N_POSITIONS * WIDTH)
            if (values != products[found]).any():
                wrong.append(rows)
                return

    readers = [Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, len(words), 20):
        table.add(words[start : start + 20], [products[start : start + 20].reshape(-1, WIDTH)])
    for reader in readers:
        reader.join(timeout=20)
        assert not reader.is_alive()
    assert not wrong


@kernels
def test_sections_are_apart(kernel):
    """A kernel that rounds gives a section the same numbers whatever is beside it."""
    chosen, other = make_kernel(kernel), 100 * make_products(WORDS)[:, :5]
    alone = make_table(kernel, words=WORDS)
    both = WordTable(chosen, 4, [PAD, 100 * PAD[:, :5]])
    both.add(WORDS[:3], [make_products(WORDS[:3]), other[: 3 * N_POSITIONS]])
    copy = WordTable(chosen, 4, [PAD, 100 * PAD[:, :5]])
    assert copy.add_from(both, WORDS).tolist() == [False, False, False, True]
    indices = product_indices(numpy.array([0, 1, 2, 3])).reshape(2, -1)
    for table in (both, copy):
        first, second = table.add_up(indices)
        numpy.testing.assert_array_equal(first, alone.add_up(indices)[0])
        numpy.testing.assert_array_equal(second, chosen.add_up(chosen.pack(
            numpy.vstack([100 * PAD[:, :5], other])), indices))  # fmt: skip
