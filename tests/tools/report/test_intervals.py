"""Intervals of scores."""

import numpy
import pytest

from spacy_windowner.tools.report.intervals import TOTAL, Intervals, score_intervals
from spacy_windowner.tools.report.matching import Compared, Entity, compare, count_labels, match

from .util import make_example, random_examples

DOC = make_example("..", "..").reference


def judged(*right: bool, label: str = "A") -> Compared:
    """A document in which some predictions are right, and others spurious."""
    found = [Entity(i, i + 1, label) for i in range(len(right))]
    true = [ent for ent, is_right in zip(found, right, strict=True) if is_right]
    return Compared(0, DOC, true, found, match(true, found), set())


def test_the_width_is_that_of_the_normal_distribution():
    rng = numpy.random.default_rng(0)
    docs = [judged(rng.random() < 0.8) for _ in range(900)]
    share = sum(len(doc.true) for doc in docs) / 900
    low, high = score_intervals(docs, ["A"])["A"].p
    half = 1.96 * (share * (1 - share) / 900) ** 0.5
    assert (low, high) == pytest.approx((share - half, share + half), abs=0.003)


def test_entities_that_are_right_together_tell_less():
    alone = [judged(i % 4 > 0) for i in range(400)]
    together = [judged(*[i % 4 > 0] * 10) for i in range(40)]
    narrow, wide = (score_intervals(docs, ["A"])["A"].p for docs in (alone, together))
    assert wide.high - wide.low == pytest.approx(10**0.5 * (narrow.high - narrow.low), rel=0.2)


def test_most_intervals_hold_the_score():
    """Of a large collection, whose score is known, small samples are drawn."""
    everything = compare(random_examples(0) * 30)
    total = count_labels(everything)["A"]
    rng = numpy.random.default_rng(1)
    held = 0
    for _ in range(60):
        docs = [everything[i] for i in rng.integers(len(everything), size=80)]
        pair = score_intervals(docs, ["A"])["A"].f
        held += pair.low <= total.f <= pair.high
    assert 52 <= held <= 60


def test_the_same_each_time_and_for_all_labels():
    docs = compare(random_examples(3))
    found = score_intervals(docs, ["A", "B", "C"])
    assert found == score_intervals(docs, ["A", "B", "C"])
    assert list(found) == ["A", "B", "C", TOTAL]
    for each in found.values():
        assert all(0 <= pair.low < pair.high <= 1 for pair in each)
    assert found["A"].to_dict()["f"] == [*found["A"].f]


@pytest.mark.parametrize(
    "docs", [[], [judged(True, False)] * 19, [judged(True)] * 99, [judged(False)] * 99]
)
def test_too_little_for_an_interval(docs):
    """Few documents with entities, or no error, or errors alone."""
    docs = [*docs, *[judged()] * 50]
    found = score_intervals(docs, ["A"])
    assert found["A"].p is None and found["A"].f is None
    assert score_intervals(docs, ["B"])["B"] == Intervals()
