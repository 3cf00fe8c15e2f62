"""Which entities belong together, by hand, and the counts beside spaCy's scorer."""

import pytest
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_windowner.tools.report.matching import (
    BOTH,
    BOUNDARY,
    ERRORS,
    MISSED,
    RIGHT,
    SPURIOUS,
    TYPE,
    Confusion,
    Counts,
    Entity,
    compare,
    count_kinds,
    count_labels,
    judge,
    match,
    seen_counts,
)

from .util import NLP, make_example, random_examples


@pytest.mark.parametrize(
    "true, found, kinds",
    [
        ("Aa..", "Aa..", [RIGHT]),
        ("Aa..", "A...", [BOUNDARY]),
        ("Aa..", "Bb..", [TYPE]),
        ("Aa..", ".Bb.", [BOTH]),
        ("Aa..", "....", [MISSED]),
        ("....", "Aa..", [SPURIOUS]),
        ("Aa..", "..A.", [MISSED, SPURIOUS]),
        ("Aaa.", "A.A.", [BOUNDARY, SPURIOUS]),  # a true one belongs to one predicted one
        ("AAA.", "Aaa.", [BOUNDARY, MISSED, MISSED]),
        ("A.Aa", "AA.A", [RIGHT, SPURIOUS, BOUNDARY]),
        ("AaA.", "AA.A", [BOUNDARY, SPURIOUS, MISSED, SPURIOUS]),
        ("ABb.", "Aaa.", [BOUNDARY, MISSED]),
    ],
)  # fmt: skip
def test_kinds(true, found, kinds):
    [doc] = compare([make_example(true, found)])
    assert [pair.kind for pair in doc.pairs] == kinds


def test_the_same_entity_comes_first():
    # Two predictions of one entity, which two tokenizations allow.
    true, wider = Entity(0, 1, "A"), Entity(0, 2, "A")
    pairs = match([true], [wider, true])
    assert [(pair.kind, pair.found) for pair in pairs if pair.true] == [(RIGHT, true)]


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_those_of_spacy(seed):
    examples = random_examples(seed, missing=seed % 2 == 1)
    compared = compare(examples)
    expected = get_ner_prf(examples)
    labels = count_labels(compared)
    total = Counts(*map(sum, zip(*labels.values(), strict=True)))
    assert (total.p, total.r, total.f) == pytest.approx(
        (expected["ents_p"], expected["ents_r"], expected["ents_f"])
    )
    for label, scores in expected["ents_per_type"].items():
        counts = labels.get(label, Counts())
        found = {"p": counts.p or 0.0, "r": counts.r or 0.0, "f": counts.f or 0.0}
        assert found == pytest.approx(scores)
    kinds = count_kinds(compared)
    both = kinds[BOUNDARY] + kinds[TYPE] + kinds[BOTH]
    assert total.fp == both + kinds[SPURIOUS] and total.fn == both + kinds[MISSED]
    assert total.tp == sum(right for eg in examples for *_, right in judge(eg))


@pytest.mark.parametrize("seed", range(4))
def test_confusion_adds_up(seed):
    compared = compare(random_examples(seed))
    labels = count_labels(compared)
    confusion = Confusion.of(compared, list(labels))
    true = [sum(ent.label == label for doc in compared for ent in doc.true) for label in labels]
    found = [sum(ent.label == label for doc in compared for ent in doc.found) for label in labels]
    assert confusion.counts[:-1].sum(axis=1).tolist() == true
    assert confusion.counts[:, :-1].sum(axis=0).tolist() == found
    assert confusion.exact.diagonal()[:-1].tolist() == [c.tp for c in labels.values()]
    kinds = count_kinds(compared)
    assert confusion.counts[-1].sum() == kinds[SPURIOUS]
    assert confusion.counts[:, -1].sum() == kinds[MISSED]
    off = confusion.exact.sum() - confusion.exact.trace()
    assert off == kinds[TYPE]


def test_confusion_by_hand():
    compared = compare([make_example("Aa.B.A", "A..A.."), make_example("..", "B.")])
    confusion = Confusion.of(compared, ["A", "B"])
    assert confusion.to_dict() == {
        "rows": ["A", "B", SPURIOUS],
        "columns": ["A", "B", MISSED],
        "counts": [[1, 0, 1], [1, 0, 0], [0, 1, 0]],
        "exact": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
    }


def test_other_tokens():
    words = ["New", "York", "'s", "mayor"]
    true = Doc(NLP.vocab, words=words, spaces=[True, False, True, False],
               ents=["B-LOC", "I-LOC", "O", "O"])  # fmt: skip
    found = Doc(NLP.vocab, words=["New", "York's", "mayor"], spaces=[True, True, False],
                ents=["B-LOC", "I-LOC", "B-PER"])  # fmt: skip
    [doc] = compare([Example(found, true)])
    assert [ent[:3] for ent in doc.found] == [(0, 3, "LOC"), (3, 4, "PER")]
    assert count_kinds([doc]) == {**dict.fromkeys(ERRORS, 0), BOUNDARY: 1, SPURIOUS: 1}


def test_what_is_not_annotated_does_not_count():
    unknown = Example(make_example("..", "A.").predicted, Doc(NLP.vocab, words=["w0", "w1"]))
    compared = compare([unknown, make_example("A.?", "A.B")])
    assert [doc.number for doc in compared] == [1]
    assert count_labels(compared) == {"A": Counts(1, 0, 0)}


def test_seen_and_unseen():
    # "w0" is known as A: found and right, "w1" isn't, and "w2" is known as B only.
    known = {("w0", "A"), ("w2", "B")}
    counts = seen_counts([make_example("AA.A.", "A.A..")], known)
    assert counts == {"seen": Counts(1, 0, 0), "unseen": Counts(0, 1, 2)}


def test_nothing_to_divide_by():
    none = Counts()
    assert (none.p, none.r, none.f) == (None, None, None)
    assert (Counts(0, 2, 0).p, Counts(0, 2, 0).r, Counts(0, 2, 0).f) == (0.0, None, 0.0)
