from threading import Thread

import numpy
import pytest

from spacy_windowner.scoring.word_table import LANES, WordTable

from .util import N_POSITIONS, PAD, WIDTH, int32, make_products, read_products, uint64

pytestmark = pytest.mark.usefixtures("core")

WORDS = uint64([5, 0, 2**63 + 1, 2**40 + 5])


def make_table(capacity=4, words=()):
    table = WordTable(capacity, [PAD])
    table.add(uint64(words), [make_products(words)])
    return table


def sums_by_loop(products, rows, lengths):
    """The sums over windows of N_POSITIONS words. Outside of a document there is padding, row 0."""
    sums, end, half = [], 0, N_POSITIONS // 2
    for length in lengths:
        start, end = end, end + length
        padded = [0] * half + list(rows[start:end]) + [0] * half
        for t in range(length):
            sums.append(sum(products[padded[t + j], j] for j in range(N_POSITIONS)))
    return numpy.array(sums, dtype="float32").reshape(-1, products.shape[2])


def test_words_have_their_products():
    table = make_table()
    assert table.room == 4
    for start, stop in [(0, 1), (1, 3), (3, 4)]:
        table.add(WORDS[start:stop], [make_products(WORDS[start:stop])])
        assert table.room == 4 - stop
        assert table.find(WORDS).tolist() == [1, 2, 3, 4][:stop] + [0] * (4 - stop)
    numpy.testing.assert_array_equal(read_products(table, WORDS), make_products(WORDS))


def test_row_0_is_padding():
    table = make_table(words=WORDS)
    numpy.testing.assert_array_equal(read_products(table, uint64([999])), [PAD])


@pytest.mark.parametrize("lengths", [[3], [0, 1, 2], [1, 1, 1, 0], [2, 9, 5], [70]])
def test_sums_of_windows(lengths):
    table = make_table(words=WORDS)
    rows = int32(numpy.random.default_rng(0).integers(5, size=sum(lengths)))
    [sums] = table.add_up(rows, int32(lengths), N_POSITIONS // 2)
    products = numpy.concatenate([[PAD], make_products(WORDS)])
    expected = sums_by_loop(products, rows, lengths)
    assert sums.dtype == numpy.float32 and sums.flags.c_contiguous
    numpy.testing.assert_allclose(sums, expected, atol=1e-5)


@pytest.mark.parametrize("window", [0, 1, 2, 5])
def test_positions_may_share_products(window):
    table = WordTable(4, [PAD[:1]])
    table.add(WORDS, [make_products(WORDS)[:, :1]])
    rows = int32([1, 2, 3, 4, 1])
    [sums] = table.add_up(rows, int32([2, 3]), window)
    products = numpy.concatenate([[PAD[:1]], make_products(WORDS)[:, :1]])[:, 0]
    for doc, start in ((rows[:2], 0), (rows[2:], 2)):
        padded = [0] * window + doc.tolist() + [0] * window
        for t in range(len(doc)):
            expected = products[padded[t : t + 2 * window + 1]].sum(axis=0)
            numpy.testing.assert_allclose(sums[start + t], expected, atol=1e-5)


def test_copies_are_equal_to_the_last_bit():
    table, other = make_table(capacity=6), make_table(words=WORDS)
    asked = uint64([11, WORDS[2], 12, WORDS[0]])
    assert table.add_from(other, asked).tolist() == [11, 12]
    assert table.find(asked).tolist() == [0, 1, 0, 2]
    assert table.room == 4
    numpy.testing.assert_array_equal(
        read_products(table, uint64(asked[1::2])), read_products(other, uint64(asked[1::2]))
    )
    assert table.add_from(make_table(), uint64([13])).tolist() == [13]
    assert table.room == 4


def test_no_words():
    table = make_table(capacity=0)
    assert table.room == 0
    assert table.find(WORDS).tolist() == [0] * 4
    [sums] = table.add_up(int32([0]), int32([1]), N_POSITIONS // 2)
    numpy.testing.assert_allclose(sums[0], PAD.sum(axis=0), atol=1e-5)
    assert table.find(uint64([])).tolist() == []
    [sums] = table.add_up(int32([]), int32([0]), N_POSITIONS // 2)
    assert sums.shape == (0, WIDTH)


def test_it_keeps_a_copy():
    products, pad = make_products(WORDS), PAD.copy()
    table = WordTable(4, [pad])
    table.add(WORDS, [products])
    expected = read_products(table, WORDS).copy()
    products[:], pad[:] = 1.0, 1.0
    numpy.testing.assert_array_equal(read_products(table, WORDS), expected)
    numpy.testing.assert_array_equal(read_products(table, uint64([999])), [PAD])


@pytest.mark.parametrize("width", [1, 15, 16, 17, 128])
def test_rows_start_with_a_line_of_the_cache(width):
    table = WordTable(3, [numpy.ones((7, width), dtype="float32")])
    [section] = table._sections
    assert section.shape[2] % LANES == 0 and section.shape[2] - width < LANES
    assert section.ctypes.data % 64 == 0 and section.flags.c_contiguous
    assert not section[:, :, width:].any()


def test_readers_while_words_are_added():
    """When a word can be found, its products are already there."""
    words = uint64(range(0, 3000, 3))
    products = make_products(words)
    table = WordTable(len(words), [PAD])
    wrong = []

    def read():
        found = numpy.zeros(len(words), dtype="bool")
        while not found.all():
            rows = table.find(words)
            found = rows > 0
            values = table._sections[0][rows[found], :, :WIDTH]
            if (values != products[found]).any():
                wrong.append(rows)
                return

    readers = [Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, len(words), 20):
        table.add(words[start : start + 20], [products[start : start + 20]])
    for reader in readers:
        reader.join(timeout=20)
        assert not reader.is_alive()
    assert not wrong


def test_sections_are_apart():
    """A section gives the same numbers whatever other sections there are."""
    other = 100 * make_products(WORDS)[:, :, :5]
    alone = make_table(words=WORDS)
    other_alone = WordTable(4, [100 * PAD[:, :5]])
    other_alone.add(WORDS, [other])
    both = WordTable(4, [PAD, 100 * PAD[:, :5]])
    both.add(WORDS[:3], [make_products(WORDS[:3]), other[:3]])
    copy = WordTable(4, [PAD, 100 * PAD[:, :5]])
    assert copy.add_from(both, WORDS).tolist() == WORDS[3:].tolist()
    asked = int32([0, 1, 2, 3]), int32([3, 1]), N_POSITIONS // 2
    for table in (both, copy):
        first, second = table.add_up(*asked)
        numpy.testing.assert_array_equal(first, alone.add_up(*asked)[0])
        numpy.testing.assert_array_equal(second, other_alone.add_up(*asked)[0])
