"""Four views of what is right, by hand and beside nervaluate."""

import pytest

from spacy_windowner.tools.report.matching import (
    VIEWS,
    Counts,
    View,
    compare,
    count_kinds,
    count_views,
)

from .util import make_example, random_examples

EXACT = View(correct=1)


@pytest.mark.parametrize(
    "true, found, strict, exact, partial, of_type",
    [
        ("Aa..", "Aa..", EXACT, EXACT, EXACT, EXACT),
        ("Aa..", "Bb..", View(0, 1), EXACT, EXACT, View(0, 1)),
        ("Aa..", "A...", View(0, 1), View(0, 1), View(0, 0, 1), EXACT),
        ("Aa..", ".Bb.", View(0, 1), View(0, 1), View(0, 0, 1), View(0, 1)),
        ("Aa..", "..B.", *[View(0, 0, 0, 1, 1)] * 4),
        # The type view takes the nearer of two, and leaves the other one missed.
        ("ABb.", "Bbb.", *[View(0, 1, 0, 1)] * 2, View(0, 0, 1, 1), View(1, 0, 0, 1)),
    ],
)  # fmt: skip
def test_by_hand(true, found, strict, exact, partial, of_type):
    views = count_views(compare([make_example(true, found)]))
    assert list(views.values()) == [strict, exact, partial, of_type]
    assert list(views) == list(VIEWS)


def test_partial_ones_are_half_right():
    view = View(correct=2, partial=2, missed=1, spurious=3)
    assert view.counts == Counts(3, 4, 2)
    assert view.counts.p == 3 / 7 and view.counts.r == 3 / 5
    assert view.to_dict()["f"] == pytest.approx(2 * 3 / (7 + 5))


@pytest.mark.parametrize("seed", range(8))
def test_strict_agrees_with_the_kinds_of_errors(seed):
    compared = compare(random_examples(seed))
    strict, kinds = count_views(compared)["strict"], count_kinds(compared)
    assert strict.incorrect == kinds["boundary"] + kinds["type"] + kinds["boundary and type"]
    assert (strict.missed, strict.spurious) == (kinds["missed"], kinds["spurious"])


@pytest.mark.parametrize("seed", range(8))
def test_as_nervaluate(seed):
    nervaluate = pytest.importorskip("nervaluate", reason="nervaluate needs Python 3.11")
    compared = compare(random_examples(seed))

    def as_dicts(entities):  # its ends are inclusive
        return [{"label": e.label, "start": e.start, "end": e.end - 1} for e in entities]

    evaluator = nervaluate.Evaluator(
        [as_dicts(doc.true) for doc in compared],
        [as_dicts(doc.found) for doc in compared],
        tags=["A", "B", "C"],
        loader="dict",
    )
    expected = evaluator.evaluate()["overall"]
    for name, view in count_views(compared).items():
        its = expected["ent_type" if name == "type" else name]
        assert view == (its.correct, its.incorrect, its.partial, its.missed, its.spurious)
        scores = (view.counts.p, view.counts.r, view.counts.f)
        assert scores == pytest.approx((its.precision, its.recall, its.f1))
