from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.tools.suggest.choose import COST, REPEATED, Doubts, choose


def make(*words, n_words=10, value=0.5):
    return Doubts(words, (value,) * len(words), n_words)


def test_the_score_of_a_document():
    doubts = Doubts((1, 2, 1), (0.5, 0.25, 0.4), 20)
    assert doubts.score(Counter()) == pytest.approx((0.5 + 0.25 + REPEATED * 0.4) / (COST + 20))
    seen = Counter({2: 2})
    expected = (0.5 + 0.25 * REPEATED**2 + REPEATED * 0.4) / (COST + 20)
    assert doubts.score(seen) == pytest.approx(expected)
    assert seen == Counter({2: 2})


def test_only_real_doubts_are_kept():
    doubts = Doubts.of(numpy.array([7, 8, 9], dtype="uint64"), numpy.array([0.4, 1e-6, 0.1]))
    assert doubts == ((7, 9), (0.4, 0.1), 3, 0.0)


def test_new_words_come_first():
    documents = [make(1, 2), make(1, 2, value=0.49), make(3, 4, value=0.45)]
    assert [number for number, _ in choose(documents, 3)] == [0, 2, 1]


def test_long_documents_cost_more():
    documents = [make(1, n_words=100), make(2, n_words=5), make(3, 4, n_words=100)]
    assert [number for number, _ in choose(documents, 3)] == [1, 2, 0]


def test_of_equal_ones_the_first_comes_first():
    documents = [make(number % 3) for number in range(6)]
    assert [number for number, _ in choose(documents, 9)] == [0, 1, 2, 3, 4, 5]
    assert choose([], 3) == []


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0.1, 0.3, 0.5])), max_size=5),
        max_size=12,
    )
)
def test_it_is_the_greedy_choice(contents):
    documents = [
        Doubts(tuple(w for w, _ in words), tuple(u for _, u in words), 5 + len(words))
        for words in contents
    ]
    seen = Counter()
    left, expected = list(range(len(documents))), []
    while left:
        best = max(left, key=lambda number: (documents[number].score(seen), -number))
        expected.append((best, documents[best].score(seen)))
        left.remove(best)
        seen.update(documents[best].words)
    assert choose(documents, len(documents)) == expected
    scores = [score for _, score in expected]
    assert scores == sorted(scores, reverse=True)
