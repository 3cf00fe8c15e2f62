import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.confidence.recall import (
    Promise,
    Reach,
    TooFew,
    fit_reaches,
    is_recall,
    keeps_promise,
    least_reach,
)


def counted(*sizes: int) -> numpy.ndarray:
    """The documents of the entities of documents with these numbers of entities."""
    return numpy.repeat(numpy.arange(len(sizes)), sizes)


@given(
    st.lists(st.integers(0, 6), min_size=30, max_size=60),
    st.sampled_from([0.5, 0.8, 0.9]),
    st.integers(0, 99),
)
def test_it_is_the_least_that_fulfills_the_condition(sizes, recall, seed):
    docs = counted(*sizes)
    behind = numpy.random.default_rng(seed).exponential(size=len(docs)).round(2)
    first, second = ([*sorted(sizes)[::-1]])[:2]

    def holds(reach: float, bound: int) -> bool:
        losses = 0.0
        for doc, size in enumerate(sizes):
            missed = (behind[docs == doc] > reach).sum()
            losses += min(size, bound) * (missed / size - (1 - recall)) if size else 0.0
        return losses + recall * bound <= 1e-6

    bounds = (max(first, 1), max(second, 1))
    try:
        reach = least_reach(behind, docs, recall)
    except TooFew:
        assert not all(holds(numpy.inf, bound) for bound in bounds)
        return
    assert all(holds(reach, bound) for bound in bounds)
    assert reach == 0.0 or not all(holds(reach - 0.005, bound) for bound in bounds)


def test_one_entity_each():
    # (n + 1) documents may have 5 % of misses: the one to come counts as missed.
    behind = numpy.arange(39.0)
    assert least_reach(behind, numpy.arange(39), 0.95) == 37.0
    with pytest.raises(TooFew) as error:
        least_reach(behind[:18], numpy.arange(18), 0.95)
    assert error.value.needed == 19
    assert least_reach(behind[:19], numpy.arange(19), 0.95) == 18.0


def test_too_few():
    for docs in (counted(), counted(3), counted(100, 1)):
        with pytest.raises(TooFew):
            least_reach(numpy.zeros(len(docs)), docs, 0.95)


def test_what_no_sequence_has():
    behind = numpy.zeros(100)
    behind[:2] = numpy.inf
    assert least_reach(behind, numpy.arange(100), 0.95) == 0.0
    behind[:20] = numpy.inf
    assert math.isinf(least_reach(behind, numpy.arange(100), 0.95))


@pytest.mark.parametrize("recall", [0.8, 0.9])
def test_the_promise_holds_in_draws(recall):
    """Documents of very different sizes, whose entities are missed together."""
    rng = numpy.random.default_rng(0)
    missed, total = 0, 0
    for _ in range(1000):
        sizes = rng.geometric(0.3, size=101)
        docs = counted(*sizes)
        hardness = rng.exponential(size=101)[docs]
        behind = hardness * rng.exponential(size=len(docs))
        new = docs == 100
        reach = least_reach(behind[~new], docs[~new], recall)
        missed += (behind[new] > reach).sum()
        total += new.sum()
    assert recall - 0.01 < 1 - missed / total < recall + 0.05


def test_labels_with_enough_have_their_own():
    rng = numpy.random.default_rng(0)
    counts = {"A": 300, "B": 30, "C": 12, "D": 0, "E": 100}
    numbers = numpy.repeat(numpy.arange(5), list(counts.values()))
    docs = numpy.arange(len(numbers))
    behind = rng.exponential(size=len(docs)) * (1 + numbers)
    reaches = fit_reaches(behind, docs, numbers, [*counts], 0.95)
    assert [*reaches] == [*counts]
    assert {label for label, reach in reaches.items() if not reach.shared} == {"A", "E"}
    for label in "AE":
        mine = numbers == [*counts].index(label)
        assert reaches[label].behind == least_reach(behind[mine], docs[mine], 0.95)
        assert reaches[label].fitted_on == counts[label]
    shared = numpy.isin(numbers, [1, 2])
    assert reaches["B"] == reaches["C"] == reaches["D"]
    assert reaches["B"].behind == least_reach(behind[shared], docs[shared], 0.95)


def test_rare_labels_share_with_the_next_rarest():
    numbers = numpy.repeat([0, 1, 2], [300, 100, 3])
    docs = numpy.arange(len(numbers))
    reaches = fit_reaches(numbers * 1.0, docs, numbers, "ABC", 0.95)
    assert reaches == {
        "A": Reach(0.0, 300, False), "B": Reach(1.0, 103, True), "C": Reach(1.0, 103, True)
    }  # fmt: skip


def test_a_label_without_entities_beside_others_with_enough():
    reaches = fit_reaches(numpy.ones(100), numpy.arange(100), numpy.zeros(100, int), "AB", 0.95)
    assert reaches == {"A": Reach(1.0, 100, False), "B": Reach(1.0, 0, False)}


@pytest.mark.parametrize("value", [0.0, 1.0, -0.5, 2.0, 1, True, None, "0.9", math.nan, math.inf])
def test_no_recall(value):
    assert not is_recall(value)


PROMISE = Promise(0.95, {"A": Reach(4.5, 100, False), "B": Reach(0.0, 20, True)}, 2.5)


def test_json_and_back():
    assert Promise.from_json(PROMISE.to_json(), "ner") == PROMISE
    assert PROMISE.of(["B", "A", "C"], 5.0).tolist() == [0.0, 4.5, 5.0]


@pytest.mark.parametrize(
    "data",
    [
        [], {}, {**PROMISE.to_json(), "recall": 1.0}, {**PROMISE.to_json(), "labels": []},
        {**PROMISE.to_json(), "labels": {"A": {"behind": -1, "fitted_on": 1, "shared": False}}},
        {**PROMISE.to_json(), "labels": {"A": {"behind": "inf", "fitted_on": 1, "shared": False}}},
    ],
)  # fmt: skip
def test_nonsense(data):
    with pytest.raises(ValueError, match="WN270.*'ner'"):
        Promise.from_json(data, "ner")


def test_new_documents():
    counts = numpy.full(200, 5)
    missed = numpy.zeros(200, dtype=int)
    missed[:50] = 1  # 5 %
    assert keeps_promise(missed, counts, 0.95)
    missed[:55] = 1
    assert keeps_promise(missed, counts, 0.95)
    missed[:100] = 1
    assert not keeps_promise(missed, counts, 0.95)
