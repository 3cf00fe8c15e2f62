import numpy
import pytest

from spacy_windowner.tools.suggest.near_duplicates import Pool, signature


def sign(number):
    """The signature of a document that is like no other number's."""
    return signature(numpy.arange(50 * number + 1, 50 * number + 51, dtype="uint64"))


def filled(size, scores):
    """A pool of different documents, numbered."""
    pool = Pool(size)
    for number, score in enumerate(scores):
        if pool.wants(score):
            pool.add(score, sign(number), number)
    return pool


@pytest.mark.parametrize("size", [1, 3, 50, 200])
def test_it_keeps_the_best_in_their_order(size):
    scores = numpy.random.default_rng(size).random(100).tolist()
    best = sorted(sorted(range(100), key=lambda i: -scores[i])[:size])
    assert filled(size, scores).items() == best


def test_of_equal_ones_the_first_stay():
    assert filled(3, [1.0, 1.0, 2.0, 1.0, 2.0, 1.0]).items() == [0, 2, 4]


def test_of_near_duplicates_the_best_stays():
    pool = Pool(10)
    for score, number, item in [(1, 0, "a"), (2, 1, "b"), (1, 0, "c"), (3, 0, "d"), (2, 0, "e")]:
        pool.add(score, sign(number), item)
    assert pool.items() == ["b", "d"]
    assert pool.n_near_duplicates == 3


def test_near_duplicates_leave_their_place_to_others():
    pool = Pool(2)
    pool.add(3, sign(0), "a")
    pool.add(2, sign(1), "b")
    pool.add(4, sign(0), "c")
    assert pool.items() == ["b", "c"]
    pool.add(3, sign(2), "d")
    assert pool.items() == ["c", "d"]
    assert not pool.wants(3) and pool.wants(3.5)


def test_memory_is_bounded():
    pool = Pool(4)
    for n in range(1000):
        pool.add(n, sign(n % 3), n)  # each replaces an earlier one
    assert pool.items() == [997, 998, 999]
    assert len(pool._heap) <= 2 * pool.size
