"""How much the occurrences of a word in its document support each other, and how training chooses
it. The scores are fixed."""

import numpy
import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_windowner import explain
from spacy_windowner.training.callbacks import calibrate

from .util import make_nlp, scoring_ner, train

# The word is followed by its context in a real network. Here its capitals stand for it.
#          O    B-A   I-A
SCORES = {
    "NAME": [0.0, 6.0, -9.0],
    "name": [0.0, -0.5, -9.0],
    "WORD": [0.0, -6.0, -9.0],
    "word": [0.0, 0.5, -9.0],
    "other": [0.0, -9.0, -9.0],
}


@pytest.fixture
def ner():
    return scoring_ner(SCORES, ["A"])


def found(ner, words):
    doc = Doc(ner.vocab, words=words.split())
    return [ent.text for ent in ner(doc).ents]


def make_example(ner, words, ents):
    doc = Doc(ner.vocab, words=words.split())
    doc.set_ents([Span(doc, i, i + 1, label="A") for i in ents])
    return Example(Doc(ner.vocab, words=words.split()), doc)


def test_the_default_judges_each_occurrence_by_itself(ner):
    assert ner.cfg["document_weight"] == 0.0
    assert found(ner, "NAME other name WORD word") == ["NAME", "word"]


def test_occurrences_support_each_other(ner):
    ner.cfg["document_weight"] = 2.0
    assert found(ner, "NAME other name WORD word") == ["NAME", "name"]
    assert found(ner, "name other WORD") == []
    assert found(ner, "word other NAME") == ["word", "NAME"]


def test_documents_of_a_batch_do_not_support_each_other(ner):
    ner.cfg["document_weight"] = 2.0
    docs = [Doc(ner.vocab, words=[word]) for word in ("NAME", "name")]
    assert [len(doc.ents) for doc in ner.pipe(docs)] == [1, 0]


def test_whitespace_does_not_count(ner):
    ner.cfg["document_weight"] = 2.0
    assert found(ner, "NAME other name") == ["NAME", "name"]
    doc = Doc(ner.vocab, words=["NAME", "\n", "name", "\n"])
    assert [ent.text for ent in ner(doc).ents] == ["NAME", "name"]


def test_tuning_chooses_it(ner):
    examples = [make_example(ner, "NAME other name WORD word", [0, 2])] * 40
    assert ner.tune_document_weight(examples) > 0.0
    assert found(ner, "NAME other name WORD word") == ["NAME", "name"]
    # Where occurrences differ, it isn't used.
    examples = [make_example(ner, "NAME other name WORD word", [0, 4])] * 40
    assert ner.tune_document_weight(examples) == 0.0


def test_single_sentences_leave_it_off(ner):
    ner.cfg["document_weight"] = 3.0
    examples = [make_example(ner, words, [0]) for words in ("NAME other", "name other")] * 80
    assert ner.tune_document_weight(examples) == 0.0


def test_the_callback_tunes_it(ner, tmp_path):
    from spacy.tokens import DocBin

    nlp = make_nlp()
    docs = []
    for _ in range(30):
        doc = Doc(nlp.vocab, words="Khan met Khan in London and London".split())
        doc.set_ents([Span(doc, 0, 1, "PERSON"), Span(doc, 2, 3, "PERSON"), Span(doc, 4, 5, "LOC")])
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    train(nlp, steps=2)
    pipe = nlp.get_pipe("window_ner")
    seen = []
    pipe._tune_document_weight = lambda held_out: seen.append(len(held_out.docs))
    calibrate(tmp_path / "dev.spacy", tune_document_weight=False)(nlp)
    assert seen == []
    calibrate(tmp_path / "dev.spacy")(nlp)
    assert seen == [30]


def test_all_at_once_is_one_after_the_other(ner):
    examples = [make_example(ner, "NAME other name WORD word", ents) for ents in ([0, 2], [0, 4])]
    examples = [*examples * 20, *examples[:1] * 20]
    before = dict(ner.cfg)
    ner.tune_document_weight(examples)
    ner.tune_recall_bias(examples)
    ner.calibrate(examples)
    expected = dict(ner.cfg)
    assert expected["calibration"] and expected["document_weight"] and expected["recall_bias"]
    ner.cfg.update(before)
    ner.fit_held_out(examples)
    assert ner.cfg == expected != before


def test_nothing_to_fit_changes_nothing(ner):
    before = {**ner.cfg}
    empty = Example(Doc(ner.vocab), Doc(ner.vocab))
    for examples in ([], [empty], [empty, make_example(ner, "other other", [])]):
        ner.fit_held_out(examples)
        assert ner.cfg == before


def test_a_wrong_promise_changes_nothing(ner):
    examples = [make_example(ner, "NAME other name WORD word", [0, 2])] * 40
    before = {**ner.cfg}
    with pytest.raises(ValueError, match="WN271"):
        ner.fit_held_out(examples, recall=0.9)
    assert ner.cfg == before


@pytest.mark.parametrize("value", [-1.0, float("nan"), "2", True])
def test_wrong_values(ner, value):
    ner.cfg["document_weight"] = value
    with pytest.raises(ValueError, match="document_weight"):
        found(ner, "NAME")


def test_it_is_saved(ner):
    ner.cfg["document_weight"] = 1.5
    other = scoring_ner(SCORES, ["A"]).from_bytes(ner.to_bytes())
    assert other.cfg["document_weight"] == 1.5


def test_explanations_name_its_part():
    nlp = make_nlp()
    train(nlp, steps=40)
    text = "Who is Shaka Khan? I like London and Berlin. Shaka Khan likes London."
    plain = explain(nlp, text)
    assert plain.entities and all(entity.document == 0.0 for entity in plain.entities)
    nlp.get_pipe("window_ner").cfg["document_weight"] = 2.0
    explained = explain(nlp, text)
    assert any(abs(entity.document) > 0.1 for entity in explained.entities)
    for entity in explained.entities:
        assert abs(entity.remainder) < 1e-4
        parts = sum(part.contribution for part in entity.parts) + entity.constant
        total = parts + entity.bias + entity.document + entity.transitions + entity.remainder
        numpy.testing.assert_allclose(total, entity.margin, atol=1e-6)
