"""Copies in lower and upper case have the tokens and the annotation of the original."""

import random
import sys
from itertools import islice

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, Token
from spacy.training import Corpus, Example
from spacy.util import fix_random_seed, registry
from spacy.vocab import Vocab

from spacy_windowner.pipeline.partial import annotation_of
from spacy_windowner.training.augment import case, with_case
from spacy_windowner.training.corpus import KeptCorpus

from ..pipeline.util import ENTITIES, ents_of, make_examples, make_nlp

ANNOTATION = ["ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID", "SENT_START", "TAG", "POS", "MORPH"]
ANNOTATION += ["LEMMA", "HEAD", "DEP", "SPACY"]
WORDS = ["Straße", "von", "ŉ", "İzmir", "nach", "ΟΔΟΣ", "in", "Großbritannien", "mit", "Zoë", "."]


@pytest.fixture
def nlp():
    return spacy.blank("xx")


@pytest.fixture
def extensions():
    """Extension attributes of a Doc, a token and a span."""
    for kind in (Doc, Token, Span):
        kind.set_extension("note", default=None)
    yield
    for kind in (Doc, Token, Span):
        kind.remove_extension("note")


def make_doc(nlp) -> Doc:
    """A document with all kinds of annotation."""
    doc = Doc(
        nlp.vocab,
        words=WORDS,
        spaces=[True] * 9 + [False, False],
        sent_starts=[True, False, None, None, True, *[False] * 6],
        tags=["N"] * 11,
        pos=["NOUN"] * 11,
        morphs=["Case=Nom"] * 11,
        lemmas=["x"] * 11,
    )
    doc.set_ents(
        [Span(doc, 0, 1, "LOC", kb_id="Q1", span_id="id"), Span(doc, 3, 6, "ORG")],
        blocked=[doc[7:8]],
        missing=[doc[9:10]],
        default="outside",
    )
    doc.spans["wrong"] = [Span(doc, 5, 7, "LOC", span_id="x"), Span(doc, 6, 8, "ORG", kb_id="Q2")]
    doc.spans["wrong"].attrs["scores"] = [0.5, 0.25]
    doc.spans["none"] = []
    doc.cats = {"A": 1.0}
    doc.user_data["annotated_labels"] = ["LOC", "ORG"]
    doc.user_data["annotation_weight"] = 0.5
    return doc


def make_example(nlp) -> Example:
    reference = make_doc(nlp)
    return Example(nlp.make_doc(reference.text), reference)


def groups_of(doc):
    spans = {
        key: [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in group]
        for key, group in doc.spans.items()
    }
    return spans, {key: (group.name, group.attrs) for key, group in doc.spans.items()}


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_annotation_stays(nlp, change):
    example = make_example(nlp)
    before = example.reference.to_bytes()
    changed = with_case(example, change)
    old, new = example.reference, changed.reference
    assert old.to_bytes() == before
    assert [token.text for token in new] == [change(word) for word in WORDS]
    assert changed.predicted.text == new.text == change(old.text)
    assert len(changed.predicted) == len(example.predicted)
    assert new.to_array(ANNOTATION).tolist() == old.to_array(ANNOTATION).tolist()
    assert {0, 2, 3} <= set(new.to_array("ENT_IOB").tolist())
    assert [(e.start, e.end, e.label_, e.kb_id_, e.id_) for e in new.ents] == [
        (0, 1, "LOC", "Q1", "id"),
        (3, 6, "ORG", "", ""),
    ]
    assert groups_of(new) == groups_of(old)
    assert (new.cats, new.user_data) == (old.cats, old.user_data)
    assert annotation_of(new, "window_ner") == annotation_of(old, "window_ner")
    assert changed.get_aligned_ner() == example.get_aligned_ner()
    # A copy shares nothing with the original.
    new.user_data["annotated_labels"].append("PER")
    new.spans["wrong"].attrs["scores"].append(1.0)
    new.cats["B"] = 1.0
    assert old.to_bytes() == before


def test_dependencies_stay(nlp):
    words = ["Ann", "sees", "Straße", ".", "Yes"]
    heads, deps = [1, 1, 1, 1, 4], ["nsubj", "ROOT", "obj", "punct", "ROOT"]
    doc = Doc(nlp.vocab, words=words, heads=heads, deps=deps)
    new = with_case(Example(nlp.make_doc(doc.text), doc), str.upper).reference
    assert new.text == "ANN SEES STRASSE . YES "
    assert [token.head.i for token in new] == heads
    assert [token.dep_ for token in new] == deps
    assert [sent.text for sent in new.sents] == ["ANN SEES STRASSE .", "YES"]


def test_attributes_of_tokens_and_spans_move_with_them(nlp, extensions):
    example = make_example(nlp)
    doc = example.reference
    doc._.note, doc[6]._.note, doc[3:6]._.note, doc[10]._.note = "doc", "token", "span", "end"
    new = with_case(example, str.upper).reference
    assert (new._.note, new[6]._.note, new[3:6]._.note) == ("doc", "token", "span")
    assert new[10]._.note == "end"
    assert [token._.note for token in new].count(None) == 9


def test_unknown_spaces_stay_unknown(nlp):
    doc = Doc(nlp.vocab, words=["Ann", "left"])
    assert doc.has_unknown_spaces
    new = with_case(Example(Doc(nlp.vocab, words=["Ann", "left"]), doc), str.lower)
    assert new.reference.has_unknown_spaces
    assert [token.text for token in new.reference] == ["ann", "left"]


def test_norms_are_those_of_the_words_or_their_own():
    nlp = spacy.blank("en")
    example = Example(nlp.make_doc("Can't Straße"), nlp.make_doc("Can't Straße"))
    new = with_case(example, str.upper).predicted
    assert [(token.text, token.norm_) for token in new] == [
        ("CA", "can"),
        ("N'T", "not"),
        ("STRASSE", "strasse"),
    ]


def test_no_letter_changes_the_number_of_others():
    """Tokens are cut out of the changed text by the lengths of their changed letters."""
    for change in (str.lower, str.upper):
        text = "".join(map(chr, range(sys.maxunicode + 1)))
        assert len(change(text)) == sum(len(change(letter)) for letter in text)


LETTERS = st.text(st.sampled_from("aAßŉİıΣσςΑ'’. -ǅﬃ\u0307"), min_size=1, max_size=12)


@given(text=LETTERS, cut=st.integers(1, 11), change=st.sampled_from([str.lower, str.upper]))
def test_tokenizations_that_differ_still_align(text, cut, change):
    """How a letter changes doesn't depend on where its token ends."""
    vocab = Vocab()
    parts = [part for part in (text[:cut], text[cut:]) if part]
    whole = Doc(vocab, words=[text], spaces=[False])
    split = Doc(vocab, words=parts, spaces=[False] * len(parts))
    changed = with_case(Example(whole, split), change)
    assert changed.predicted.text == changed.reference.text == change(text)
    assert len(changed.reference) == len(parts)
    assert changed.alignment.x2y.lengths.tolist() == [len(parts)]


def texts(nlp, examples, seed=0, **settings):
    fix_random_seed(seed)
    augment = case(**settings)
    return [[eg.text for eg in augment(nlp, example)] for example in examples]


def test_rates(nlp):
    examples = [Example(nlp.make_doc("Ann left"), nlp.make_doc("Ann left")) for _ in range(2000)]
    found = texts(nlp, examples, lower=0.2, upper=0.1, keep=False)
    assert all(len(each) == 1 for each in found)
    assert 350 < found.count(["ann left"]) < 450
    assert 160 < found.count(["ANN LEFT"]) < 240
    assert found.count(["Ann left"]) == 2000 - found.count(["ann left"]) - found.count(["ANN LEFT"])
    kept = texts(nlp, examples, lower=0.2, upper=0.1)
    assert [each[-1] for each in kept] == [each[0] for each in found]
    assert all(each[0] == "Ann left" and len(each) <= 2 for each in kept)


def test_a_seed_decides(nlp):
    examples = [Example(nlp.make_doc("Ann left"), nlp.make_doc("Ann left")) for _ in range(50)]
    settings = {"lower": 0.3, "upper": 0.3}
    assert texts(nlp, examples, **settings) == texts(nlp, examples, **settings)
    assert texts(nlp, examples, **settings) != texts(nlp, examples, seed=1, **settings)


@pytest.mark.parametrize("settings", [{"lower": 0.0, "upper": 0.0}, {"lower": 1.0, "upper": 0.0}])
def test_what_does_not_change_is_not_copied(nlp, settings):
    doc = nlp.make_doc("42 is all in lower case .")
    example = Example(nlp.make_doc(doc.text), doc)
    for keep in (True, False):
        [found] = case(**settings, keep=keep)(nlp, example)
        assert found is example


@pytest.mark.parametrize(
    "settings, name",
    [
        ({"lower": -0.1}, "lower"),
        ({"lower": 1.5}, "lower"),
        ({"lower": float("nan")}, "lower"),
        ({"lower": 0.6, "upper": 0.5}, "upper"),
        ({"upper": -0.1}, "upper"),
    ],
)
def test_rates_that_are_none(settings, name):
    with pytest.raises(ValueError, match=rf"WN001.*{name} = .*share"):
        case(**settings)


@pytest.mark.parametrize("reader", [Corpus, KeptCorpus])
def test_a_corpus_stays_a_stream(nlp, tmp_path, reader):
    docs = [make_doc(nlp) for _ in range(20)]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "corpus.spacy")
    make = registry.augmenters.get("spacy-windowner.case.v1")
    corpus = reader(tmp_path / "corpus.spacy", augmenter=make(lower=0.5, upper=0.5))
    fix_random_seed(0)
    state = random.getstate()
    first = list(islice(corpus(nlp), 2))
    drawn = random.Random()
    drawn.setstate(state)
    drawn.random()
    assert random.getstate() == drawn.getstate()  # one document was read, and one number drawn
    assert first[0].text == make_doc(nlp).text
    assert first[1].text in (first[0].text.lower(), first[0].text.upper())
    assert len(list(corpus(nlp))) == 40
    random.setstate(state)
    assert [eg.text for eg in islice(corpus(nlp), 2)] == [eg.text for eg in first]


def test_a_model_learns_from_copies():
    """Entities are found in the other case, and incorrect spans stay as they are."""
    nlp = make_nlp(incorrect_spans_key="wrong")
    examples = make_examples(nlp)
    for example in examples:
        example.reference.spans["wrong"] = [Span(example.reference, 0, 1, "PERSON")]
    copies = [with_case(eg, change) for eg in examples for change in (str.lower, str.upper)]
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update([*examples, *copies], sgd=optimizer)
    for text, ents in zip(
        ["who is shaka khan?", "I LIKE LONDON AND BERLIN."], ENTITIES, strict=True
    ):
        found = [(text.lower(), label) for text, label in ents_of(nlp(text))]
        assert found == [(text.lower(), label) for text, label in ents]
