import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.scoring.word_table import LANES, WordCache

from .util import N_POSITIONS, PAD, WIDTH, make_products, read_products, uint64

pytestmark = pytest.mark.usefixtures("core")


class Cache:
    """A cache of words, and a record of the products that it asked for."""

    def __init__(self, size: int) -> None:
        self.made: list[int] = []
        self.fails = False
        self.cache = WordCache(size, [PAD])

    def _make(self, words: numpy.ndarray) -> list[numpy.ndarray]:
        if self.fails:
            raise KeyError("no such string")
        self.made += words.tolist()
        return [make_products(words.tolist())]

    def look_up(self, words) -> numpy.ndarray:
        """The products of words."""
        words = uint64(words)
        table, rows = self.cache.look_up(words, self._make)
        assert rows.dtype == "int32" and rows.shape == words.shape and rows.all()
        assert (table.find(words) == rows).all()
        return read_products(table, words)

    @property
    def n_words(self) -> int:
        """The words in both generations."""
        tables = [self.cache._young] + ([self.cache._old] if self.cache._old else [])
        return sum(self.cache._capacity - table.room for table in tables)


@given(
    batches=st.lists(st.lists(st.integers(0, 15), max_size=12), max_size=12),
    size=st.integers(0, 24),
)
def test_any_batches(batches, size):
    """Products don't depend on the cache's size, nor on what was looked up before."""
    cache = Cache(size)
    for words in batches:
        numpy.testing.assert_array_equal(cache.look_up(words), make_products(words))
        assert cache.n_words <= size


def test_a_word_is_made_once():
    cache = Cache(20)
    cache.look_up([3, 1, 3])
    cache.look_up([1, 2, 3, 2])
    cache.look_up([2, 1])
    assert sorted(cache.made) == [1, 2, 3]


def test_words_that_keep_appearing_stay():
    cache = Cache(20)
    for n in range(1000):
        numpy.testing.assert_array_equal(
            cache.look_up([7, 100 + 2 * n, 101 + 2 * n, 8]),
            make_products([7, 100 + 2 * n, 101 + 2 * n, 8]),
        )
        assert cache.n_words <= 20
    assert cache.made.count(7) == cache.made.count(8) == 1
    assert len(cache.made) == 2 + 2000


def test_words_that_appear_no_more_go():
    cache = Cache(20)
    cache.look_up([7])
    for n in range(100, 150):
        cache.look_up([n])
    cache.made.clear()
    cache.look_up([7])
    assert cache.made == [7]


def test_a_word_that_appears_once_a_generation_stays():
    """Even if it comes with the word that starts a new generation, or right after it."""
    for offset in range(10):
        cache = Cache(20)
        for n in range(200):
            cache.look_up([100 + n])
            if n % 8 == offset % 8:
                cache.look_up([7])
        assert cache.made.count(7) == 1


@pytest.mark.parametrize("size, kept", [(0, False), (1, False), (2, True), (3, True)])
def test_small_sizes(size, kept):
    cache = Cache(size)
    for _ in range(3):
        numpy.testing.assert_array_equal(cache.look_up([5]), make_products([5]))
    assert len(cache.made) == (1 if kept else 3)
    assert cache.n_words == (1 if kept else 0)


def test_more_words_at_a_time_than_it_holds():
    cache = Cache(10)
    cache.look_up([1, 2])
    many = [*range(50), 3, 4]
    numpy.testing.assert_array_equal(cache.look_up(many), make_products(many))
    assert cache.n_words == 2
    cache.made.clear()
    cache.look_up([1, 2])
    assert cache.made == []


def test_exactly_full():
    cache = Cache(10)
    cache.look_up(range(5))
    assert cache.n_words == 5
    cache.look_up(range(5, 10))
    assert cache.n_words == 10
    cache.look_up(range(10))  # more than a generation
    assert cache.n_words == 10


def test_no_words():
    for size in (0, 10):
        assert Cache(size).look_up([]).shape == (0, N_POSITIONS, WIDTH)


def test_a_word_that_can_not_be_spelled():
    """The cache still works after an error."""
    cache = Cache(8)
    cache.look_up([1, 2, 3])

    for words in ([4], [4, 5], range(20)):
        cache.fails = True
        with pytest.raises(KeyError, match="no such string"):
            cache.look_up(words)
        cache.fails = False
        numpy.testing.assert_array_equal(cache.look_up([1, 4]), make_products([1, 4]))
        numpy.testing.assert_array_equal(cache.look_up([2, 9]), make_products([2, 9]))
        assert cache.n_words <= 8


def test_threads():
    rng = numpy.random.default_rng(0)
    batches = [rng.zipf(1.3, size=30) % 400 for _ in range(300)]
    expected = [make_products(words) for words in batches]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for size in (0, 70, 2000):
            cache = Cache(size)
            with ThreadPoolExecutor(8) as pool:
                for products, right in zip(pool.map(cache.look_up, batches), expected, strict=True):
                    numpy.testing.assert_array_equal(products, right)
            assert cache.n_words <= size
            if size == 2000:
                assert len(cache.made) == len(set(cache.made))
    finally:
        sys.setswitchinterval(interval)


def peak_of_distinct_words(n: int, size: int, batch: int = 500) -> int:
    """Peak memory in bytes, while only new words are looked up."""
    rows = make_products(range(batch))
    cache = WordCache(size, [PAD])
    tracemalloc.start()
    for start in range(0, n, batch):
        words = numpy.arange(start, start + batch, dtype="uint64") * numpy.uint64(
            0x9E3779B97F4A7C15
        )
        table, found = cache.look_up(words, lambda new: [rows[: len(new)]])
        assert found.all()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def bytes_of(size: int) -> int:
    """The memory of three generations (one of them is just being replaced), plus 100 kB for a
    batch. Each has half the size of the cache and takes at most 160 bytes per word besides its
    products."""
    per_word = N_POSITIONS * LANES * 4 + 160
    return 3 * (size // 2 + 1) * per_word + 100_000


def test_memory_is_bounded():
    assert peak_of_distinct_words(20_000, size=2000) < bytes_of(2000)


@pytest.mark.slow
def test_memory_of_a_million_distinct_words_is_bounded():
    assert peak_of_distinct_words(1_000_000, size=25_000) < bytes_of(25_000)
