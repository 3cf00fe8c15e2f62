from threading import Thread

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from .util import uint64

NOT_FOUND = 0

LAST = 2**32 - 1
# Any words, or words that need the same slots: the first or the last ones of every index of up to
# 2**32 slots. After the last slot, the search continues at the first.
words_of_any_kind = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 9),
    st.builds(lambda high, low: (high << 32) + low, st.integers(0, 2**32 - 1), st.integers(0, 2)),
    st.builds(lambda high: (high << 32) + LAST, st.integers(0, 2**32 - 1)),
    st.sampled_from([0, 2**63 - 1, 2**63, 2**64 - 1]),
)


@given(
    st.lists(words_of_any_kind, unique=True, max_size=40),
    st.lists(words_of_any_kind, max_size=20),
    st.lists(st.integers(0, 40), max_size=4),
    st.integers(0, 9),
)
def test_equals_a_dict(core, words, others, cuts, room):
    index, known = core.WordIndex(len(words) + room), {}
    asked = [*words, *others, *reversed(words)]
    bounds = [0, *sorted(min(cut, len(words)) for cut in cuts), len(words)]
    for start, stop in zip(bounds, bounds[1:], strict=False):
        index.add(uint64(words[start:stop]))
        known.update({word: start + n + 1 for n, word in enumerate(words[start:stop])})
        expected = [known.get(word, NOT_FOUND) for word in asked]
        assert index.find(uint64(asked)).tolist() == expected
        assert len(index) == len(known)


@pytest.mark.parametrize("low", [0, LAST], ids=["first slot", "last slot"])
@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 100])
def test_full_of_words_that_want_one_slot(core, capacity, low):
    words = uint64((n << 32) + low for n in range(capacity))
    index = core.WordIndex(capacity)
    index.add(words)
    assert index.find(words).tolist() == list(range(1, capacity + 1))
    absent = uint64((n << 32) + low for n in range(capacity, 2 * capacity))
    assert index.find(absent).tolist() == [NOT_FOUND] * capacity
    assert index.find(words[::-1].copy()).tolist() == list(range(capacity, 0, -1))


def test_the_hash_0_is_a_word_like_others(core):
    index = core.WordIndex(3)
    assert index.find(uint64([0, 0])).tolist() == [NOT_FOUND] * 2
    index.add(uint64([7]))
    assert index.find(uint64([0])).tolist() == [NOT_FOUND]
    index.add(uint64([0]))
    assert index.find(uint64([0, 7, 8])).tolist() == [2, 1, NOT_FOUND]


def test_no_words(core):
    index = core.WordIndex(0)
    index.add(uint64([]))
    assert index.find(uint64([])).tolist() == []
    assert index.find(uint64([0, 5])).tolist() == [NOT_FOUND] * 2


def test_more_words_than_there_is_room_for(core):
    index = core.WordIndex(3)
    index.add(uint64([1, 2]))
    with pytest.raises(ValueError, match="2 words are too many for 1"):
        index.add(uint64([3, 4]))
    index.add(uint64([3]))
    assert index.find(uint64([1, 2, 3, 4])).tolist() == [1, 2, 3, NOT_FOUND]
    assert (len(index), index.capacity) == (3, 3)


def test_looking_up_changes_nothing(core):
    words = uint64([3, 2**40 + 3, 5])
    index = core.WordIndex(3)
    index.add(words)
    kept = words.copy()
    numbers = index.find(words)
    numbers += 1
    assert (words == kept).all()
    assert index.find(words).tolist() == [1, 2, 3]


def test_readers_while_words_are_added(core):
    """A reader may not find a new word's number yet, but once it does, it always finds it again."""
    words = numpy.random.default_rng(0).integers(2**64, size=4000, dtype="uint64")
    words[::2] %= 2**16  # half of them share a few slots
    words = numpy.unique(words)
    index, numbers = core.WordIndex(len(words)), numpy.arange(1, len(words) + 1)
    wrong = []

    def read():
        found_before = numpy.zeros(len(words), dtype="bool")
        while not found_before.all():
            found = index.find(words)
            is_found = found != NOT_FOUND
            if (found != numbers)[is_found].any() or (found_before & ~is_found).any():
                wrong.append(found)
                return
            found_before = is_found

    readers = [Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in numpy.array_split(words, 100):
        index.add(batch)
    for reader in readers:
        reader.join(timeout=20)
        assert not reader.is_alive()
    assert not wrong
