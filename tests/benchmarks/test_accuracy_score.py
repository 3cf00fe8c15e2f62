"""Scores of seen and of unseen entities."""

import random

import pytest
import spacy
from accuracy_score import Score, make_score, score
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from spacy_windowner.tools.report.matching import entities

NLP = spacy.blank("en")
WORDS = ["Anna", "met", "Rome", "in", "Oslo", "today"]
KNOWN = {("Anna", "PER"), ("Rome", "LOC"), ("today", "LOC")}


def make_example(true: list[str], predicted: list[str], words: list[str] = WORDS) -> Example:
    return Example(
        Doc(NLP.vocab, words=words, ents=predicted), Doc(NLP.vocab, words=WORDS, ents=true)
    )


def test_seen_is_by_text_and_label():
    # Rome is known, but not as a person; that it is predicted as a place is a seen wrong one.
    true = ["B-PER", "O", "B-PER", "O", "B-LOC", "O"]
    predicted = ["B-PER", "O", "B-LOC", "O", "B-LOC", "B-LOC"]
    found = score([make_example(true, predicted)], KNOWN)
    assert found["seen"] == Score(p=100 / 3, r=100.0, f=50.0, true=1)
    assert found["unseen"] == Score(p=100.0, r=50.0, f=200 / 3, true=2)
    assert found["all"] == Score(p=50.0, r=200 / 3, f=400 / 7, true=3)


def test_a_longer_text_is_another_entity():
    true = ["B-PER", "I-PER", "O", "O", "O", "O"]
    found = score([make_example(true, ["B-PER", "O", "O", "O", "O", "O"])], KNOWN)
    assert found["unseen"] == Score(p=None, r=0.0, f=0.0, true=1)
    assert found["seen"] == Score(p=0.0, r=None, f=0.0, true=0)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0), Score(None, None, None, 0)),
        ((0, 2, 0), Score(0.0, None, 0.0, 0)),
        ((0, 0, 2), Score(None, 0.0, 0.0, 2)),
        ((1, 2, 4), Score(50.0, 25.0, 100 / 3, 4)),
    ],
)
def test_nothing_to_divide_by(counts, expected):
    assert make_score(*counts) == expected


def random_tags(rng: random.Random, missing: bool) -> list[str]:
    tags: list[str] = []
    for _ in WORDS:
        inside = ["I" + tags[-1][1:]] if tags and tags[-1][:1] in ("B", "I") else []
        unknown = [""] if missing else []
        tags.append(rng.choice(["O", "B-PER", "B-LOC", *inside, *inside, *unknown]))
    return tags


def test_all_is_what_spacy_scores():
    """Also where tokens have no annotation, and where they are others than the true ones."""
    rng = random.Random(0)
    examples = []
    for _ in range(200):
        predicted = random_tags(rng, missing=False)
        examples.append(make_example(random_tags(rng, missing=True), predicted))
    merged = [Doc(NLP.vocab, words=["Anna met", *WORDS[2:]], ents=["B-PER", *["O"] * 4])]
    merged.append(Doc(NLP.vocab, words=["An", "na", *WORDS[1:]], spaces=[False, *[True] * 6]))
    merged[1].ents = [merged[1].char_span(0, 4, "PER"), merged[1].char_span(9, 13, "LOC")]
    true = Doc(NLP.vocab, words=WORDS, ents=["B-PER", "O", "B-LOC", "O", "O", "O"])
    examples += [Example(doc, true) for doc in merged]
    for known in (set(), KNOWN):
        found = score(examples, known)
        expected = get_ner_prf(examples)
        for ours, key in zip(found["all"], ("ents_p", "ents_r", "ents_f"), strict=False):
            assert ours == pytest.approx(100 * expected[key])
        assert found["seen"].true + found["unseen"].true == found["all"].true


def test_a_document_without_annotation_counts_for_nothing():
    unknown = Example(
        Doc(NLP.vocab, words=WORDS, ents=["B-PER", *["O"] * 5]), Doc(NLP.vocab, words=WORDS)
    )
    assert score([unknown], KNOWN)["all"] == Score(None, None, None, 0)


def test_entities():
    doc = Doc(NLP.vocab, words=WORDS, ents=["B-PER", "I-PER", "O", "O", "B-LOC", "O"])
    assert entities([doc, doc]) == {("Anna met", "PER"), ("Oslo", "LOC")}
