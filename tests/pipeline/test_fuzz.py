"""Any text with any entities in it already: nothing raises, and what is promised holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_windowner.decoding.words import ends_line

from .util import copy_of, make_examples, make_nlp, train

ALPHABET = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n\t\xa0\u200b.,"))
WORDS = [*"London Shaka Khan Berlin I like ?".split(), " ", "\n", "\u200b", "\u2028", "e\u0301"]


@pytest.fixture(scope="module")
def pipelines():
    """A calibrated pipeline, one that overwrites, and one with candidates and a threshold."""
    nlp = make_nlp()
    train(nlp, steps=40)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp) * 20)
    overwriting, strict = copy_of(nlp), copy_of(nlp)
    overwriting.get_pipe("window_ner").cfg["overwrite"] = True
    strict.get_pipe("window_ner").cfg.update(candidates=True, spans_key="sc", threshold=0.5)
    return nlp, overwriting, strict


@st.composite
def texts(draw) -> str:
    if draw(st.booleans()):
        return draw(st.text(ALPHABET, max_size=60))
    return "".join(draw(st.lists(st.sampled_from([*WORDS, " "]), max_size=20)))


def preset(draw, doc: Doc) -> None:
    """Entities, blocked tokens and sentence starts anywhere."""
    for token in doc:
        token.is_sent_start = draw(st.sampled_from([None, None, True, False]))
    ents, blocked, place = [], [], 0
    while place < len(doc):
        end = draw(st.integers(place + 1, len(doc)))
        kind = draw(st.sampled_from(["free", "free", "PRESET", "LOC", "blocked"]))
        if kind == "blocked":
            blocked.append(doc[place:end])
        elif kind != "free":
            ents.append(Span(doc, place, end, kind))
        place = end
    doc.set_ents(ents, blocked=blocked, default=draw(st.sampled_from(["missing", "outside"])))


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(data=st.data(), text=texts(), number=st.integers(0, 2))
def test_any_text_with_any_entities(pipelines, data, text, number):
    nlp = pipelines[number]
    ner = nlp.get_pipe("window_ner")
    doc = nlp.make_doc(text)
    if data.draw(st.booleans()):
        preset(data.draw, doc)
    before, copy = doc.copy(), doc.copy()
    kept = set() if ner.cfg["overwrite"] else {(e.start, e.end, e.label_) for e in before.ents}
    [doc] = ner.pipe([doc])
    found = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
    assert kept <= found
    for ent in doc.ents:
        if (ent.start, ent.end, ent.label_) in kept:
            assert ent._.ner_score is None
            continue
        assert ent.label_ in ner.labels and 0.0 < ent._.ner_score < 1.0
        assert not ent[0].is_space and not ent[-1].is_space
        assert not any(token.is_sent_start for token in ent[1:])
        assert not any(ends_line(token.text) for token in ent if token.is_space)
        taken = [before[token.i].ent_iob_ in ("B", "I") for token in ent]
        assert ner.cfg["overwrite"] or not any(taken)
    alone = ner(copy)
    assert {(ent.start, ent.end, ent.label_) for ent in alone.ents} == found
    assert [e._.ner_score for e in alone.ents] == [e._.ner_score for e in doc.ents]
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert [e._.ner_score for e in ner(again).ents] == [e._.ner_score for e in doc.ents]
    if number == 2:
        for span in doc.spans["sc_candidates"]:
            assert span._.ner_score is not None and span.text.strip()
