"""The conditional random field of the benchmarks."""

import sys

import crf
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("en")


def make_examples(nlp):
    sentences = [
        (["Anna", "saw", "Rome"], ["B-PER", "O", "B-LOC"]),
        (["Bob", "Ray", "left", "Oslo"], ["B-PER", "I-PER", "O", "B-LOC"]),
    ]
    docs = [Doc(nlp.vocab, words=words, ents=tags) for words, tags in sentences] * 4
    return [Example(Doc(nlp.vocab, words=[t.text for t in doc]), doc) for doc in docs]


def test_features(nlp):
    first, middle, _ = crf.make_features(Doc(nlp.vocab, words=["Oh", "McDonald", "x1"]))
    assert set(first) == {
        *["word=Oh", "prefix=O", "prefix=Oh", "suffix=h", "suffix=Oh"],
        *["-2:none", "-1:none", "0:lower=oh", "0:shape=Xx"],
        *["1:lower=mcdonald", "1:shape=XxXxxxx", "2:lower=x1", "2:shape=xd"],
    }
    assert {"prefix=M", "prefix=Mc", "prefix=McD", "prefix=McDo"} < set(middle)
    assert {"suffix=d", "suffix=ld", "suffix=ald", "suffix=nald"} < set(middle)
    assert not {"prefix=McDon", "suffix=onald"} & set(middle)
    assert {"-2:none", "2:none"} < set(middle)


def test_tags_are_bio_and_o_where_nothing_is_known(nlp):
    words = ["New", "York", "in", "Maine"]
    true = Doc(nlp.vocab, words=words, ents=["B-LOC", "I-LOC", "O", "B-LOC"])
    unknown = Doc(nlp.vocab, words=words, ents=["B-LOC", "I-LOC", "", ""])
    assert crf.make_tags(Example(Doc(nlp.vocab, words=words), true)) == [
        *["B-LOC", "I-LOC", "O", "B-LOC"]
    ]
    assert crf.make_tags(Example(Doc(nlp.vocab, words=words), unknown)) == [
        *["B-LOC", "I-LOC", "O", "O"]
    ]
    merged = Doc(nlp.vocab, words=["New", "York in", "Maine"])
    assert crf.make_tags(Example(merged, true)) == ["O", "O", "B-LOC"]


def test_learns_saves_and_loads(nlp, tmp_path):
    pytest.importorskip("pycrfsuite", reason="python-crfsuite is an extra: benchmarks")
    crf.train_pipeline("en", make_examples(nlp), tmp_path / "a")
    crf.train_pipeline("en", make_examples(nlp), tmp_path / "b")
    file = "crfsuite/model.crfsuite"
    assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    loaded = spacy.load(tmp_path / "a")
    docs = list(loaded.pipe(["Bob Ray left Rome", "", "Anna saw Oslo"]))
    assert [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs] == [
        [("Bob Ray", "PER"), ("Rome", "LOC")],
        [],
        [("Anna", "PER"), ("Oslo", "LOC")],
    ]
    # What isn't in an entity is known not to be.
    assert docs[0].has_annotation("ENT_IOB")


def test_says_what_is_missing(nlp, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycrfsuite", None)
    with pytest.raises(ImportError, match="python-crfsuite is not installed"):
        crf.train_pipeline("en", make_examples(nlp), tmp_path)
