"""Whitespace tokens are no words: layout changes neither what is learned nor what is found."""

import warnings

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_windowner.decoding.words import word_mask

from .util import TRAIN_DATA, ents_of, make_examples, make_nlp, scoring_ner, train

SPACES = [" ", "   ", "\t", "\xa0", "\u3000"]
LINE_ENDS = ["\n", "\r\n", "\n\n", " \n", "\u2028"]
NAMES = [
    ("Anna Smith came", {"entities": [(0, 10, "PERSON")]}),
    ("Then Paul Brown went", {"entities": [(5, 15, "PERSON")]}),
    ("John Miller", {"entities": [(0, 11, "PERSON")]}),
    ("Then they came", {"entities": []}),
]
#           O    B-A   I-A
SCORES = {"a": [0.0, 2.0, 1.0], "i": [0.0, -9.0, 3.0], "o": [3.0, 0.0, 0.0]}
SCORES |= dict.fromkeys([*SPACES, *LINE_ENDS], [9.0, 8.0, -7.0])


def spread(doc: Doc, gaps: list[list[str]]) -> Doc:
    """A document with whitespace tokens before each word, and after the last."""
    words, starts = [], {}
    for token, gap in zip([*doc, None], gaps, strict=True):
        words += gap
        if token is not None:
            starts[token.i] = len(words)
            words.append(token.text)
    other = Doc(doc.vocab, words=words)
    ents = [Span(other, starts[e.start], starts[e.end - 1] + 1, e.label) for e in doc.ents]
    if doc.has_annotation("ENT_IOB"):
        other.set_ents(ents, default="outside")
    return other


def gaps_for(draw, n_words, texts):
    gap = st.lists(st.sampled_from(texts), max_size=2)
    return draw(st.lists(gap, min_size=n_words + 1, max_size=n_words + 1))


def words_of(doc: Doc) -> list[tuple[int, int, str]]:
    """Its entities, in words."""
    before = numpy.cumsum(numpy.append(0, word_mask([doc]))).tolist()
    return [(before[ent.start], before[ent.end], ent.label_) for ent in doc.ents]


@pytest.fixture(scope="module")
def nlp():
    nlp = make_nlp(spans_key="sc")
    train(nlp)
    return nlp


@pytest.fixture(scope="module", params=["words", "contextual"])
def tagger(request, nlp):
    if request.param == "words":
        return nlp
    other = spacy.blank("xx")
    embed = {"@architectures": "spacy.Tok2Vec.v2"}
    embed["embed"] = {
        "@architectures": "spacy.MultiHashEmbed.v2", "width": 16, "attrs": ["NORM"], "rows": [200],
        "include_static_vectors": False,
    }  # fmt: skip
    # A window of 0: the embedding itself must not see the whitespace.
    embed["encode"] = {
        "@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 16, "window_size": 0,
        "maxout_pieces": 2, "depth": 1,
    }  # fmt: skip
    other.add_pipe("window_ner", config={"model": {"embed": embed, "window": 2}, "spans_key": "sc"})
    train(other, steps=60)
    return other


@settings(max_examples=60, deadline=None)
@given(data=st.data(), number=st.integers(0, len(TRAIN_DATA) - 1))
def test_spaces_change_nothing(tagger, data, number):
    plain = tagger.make_doc(TRAIN_DATA[number][0])
    spaced = spread(plain, gaps_for(data.draw, len(plain), SPACES))
    ner = tagger.get_pipe("window_ner")
    expected, found = ner(plain), ner(spaced)
    assert words_of(found) == words_of(expected) and len(expected.ents)
    margins = [doc.spans["sc"].attrs["margins"] for doc in (found, expected)]
    numpy.testing.assert_allclose(*margins, rtol=1e-5, atol=1e-5)


def test_text(nlp):
    text = "I like London and Berlin."
    expected = ents_of(nlp(text))
    assert len(expected) == 2
    for space in ("  ", "\t", " \t ", "\xa0", "\n"):
        assert ents_of(nlp(text.replace(" ", space))) == expected
    assert ents_of(nlp(f"  {text}\n")) == expected
    assert ents_of(nlp("Who is Shaka  Khan?")) == [("Shaka  Khan", "PERSON")]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_training_is_the_same(nlp, data):
    """The loss and the gradient of every weight."""
    examples = make_examples(nlp)
    spaced = []
    for example in examples:
        doc = spread(example.reference, gaps_for(data.draw, len(example.reference), SPACES))
        spaced.append(Example(Doc(nlp.vocab, words=[token.text for token in doc]), doc))
    ner = nlp.get_pipe("window_ner")
    found = []
    for each in (examples, spaced):
        numpy.random.seed(0)
        loss = ner.update(each)["window_ner"]
        grads = [
            (node.name, name, node.get_grad(name).copy())
            for node in ner.model.walk()
            for name in node.param_names
            if node.has_grad(name)
        ]
        for node in ner.model.walk():
            for name in node.param_names:
                node._params.set_grad(node.id, name, node.ops.xp.zeros_like(node.get_param(name)))
        found.append((loss, grads))
    (loss, grads), (spaced_loss, spaced_grads) = found
    assert spaced_loss == pytest.approx(loss, rel=1e-4, abs=1e-6)
    for (*names, grad), (*_, other) in zip(grads, spaced_grads, strict=True):
        numpy.testing.assert_allclose(other, grad, rtol=1e-3, atol=1e-5, err_msg=str(names))


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("end", LINE_ENDS)
def test_an_entity_ends_with_the_line(end, scheme):
    scores = {word: [o, *([b, i] * (len(scheme) // 5 + 1))] for word, (o, b, i) in SCORES.items()}
    ner = scoring_ner(scores if scheme == "bio" else _biluo(), ["A"], scheme=scheme)
    doc = ner(Doc(ner.vocab, words=["a", " ", "i", end, "i", "i"]))
    assert words_of(doc)[0] == (0, 2, "A")
    assert all(not start < 2 < stop for start, stop, _ in words_of(doc))
    ner.cfg["crosses_lines"] = True
    doc = ner(Doc(ner.vocab, words=["a", " ", "i", end, "i", "i"]))
    assert words_of(doc) == [(0, 4, "A")]


def _biluo():
    """O, B, I, L and U."""
    return {word: [o, b, i, i, b] for word, (o, b, i) in SCORES.items()}


def test_lists_of_names():
    nlp = make_nlp()
    train(nlp, NAMES, steps=60)
    text = "Anna Smith\nPaul Brown\nJohn Miller"
    assert ents_of(nlp(text)) == [(name, "PERSON") for name in text.split("\n")]
    assert not nlp.get_pipe("window_ner").cfg["crosses_lines"]


@pytest.mark.parametrize("labels", [None, ["PERSON"]])
def test_training_data_may_say_otherwise(labels, tmp_path):
    nlp = make_nlp()
    examples = make_examples(nlp, [*NAMES, ("Eve\nStone came", {"entities": [(0, 9, "PERSON")]})])
    ner = nlp.get_pipe("window_ner")
    ner.initialize(lambda: examples, nlp=nlp, labels=labels)
    optimizer = nlp.create_optimizer()
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert ents_of(nlp("Eve\nStone came")) == [("Eve\nStone", "PERSON")]
    nlp.to_disk(tmp_path)
    assert ents_of(spacy.load(tmp_path)("Eve\nStone came")) == [("Eve\nStone", "PERSON")]
    ner.initialize(lambda: make_examples(nlp, NAMES), nlp=nlp)
    assert not ner.cfg["crosses_lines"]


@pytest.mark.parametrize("words, start, end", [("a b", 1, 3), ("a b", 0, 2)])
def test_existing_entities_around_whitespace(words, start, end):
    """An entity doesn't go on beyond whitespace that is part of another, or blocked."""
    ner = scoring_ner(SCORES, ["A"])
    doc = Doc(ner.vocab, words=["a", " ", "i"])
    doc.set_ents([], blocked=[doc[1:2]], default="missing")
    assert words_of(ner(doc))[0] == (0, 1, "A")
    doc = Doc(ner.vocab, words=["a", " ", "i"])
    doc.set_ents([Span(doc, 1, 2, "PRESET")], default="missing")
    assert [ent.label_ for ent in ner(doc).ents][:2] == ["A", "PRESET"]


def test_whitespace_that_starts_a_sentence():
    ner = scoring_ner(SCORES, ["A"])
    doc = Doc(ner.vocab, words=["a", " ", "i"])
    doc[1].is_sent_start = True
    assert words_of(ner(doc))[0] == (0, 1, "A")


# Entities with whitespace at their edges ------------------------------------------


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
def test_entities_are_trimmed(scheme):
    data = [
        ("Who is \nShaka Khan\xa0?", {"entities": [(7, 19, "PERSON")]}),
        ("I like London \u2028and Berlin.", {"entities": [(7, 15, "LOC"), (19, 25, "LOC")]}),
    ]
    nlp = make_nlp(scheme=scheme)
    examples = make_examples(nlp, data)
    assert [ent.text for ent in examples[0].reference.ents] == ["\nShaka Khan\xa0"]
    with pytest.warns(UserWarning, match=r"WW163\] 2 of 3 entities in the training data"):
        optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert ents_of(nlp("Who is Shaka Khan?")) == [("Shaka Khan", "PERSON")]
    assert ents_of(nlp(data[1][0])) == [("London", "LOC"), ("Berlin", "LOC")]


@pytest.mark.parametrize("edge", ["\u200b", "\ufeff", "\xad", "\u2060\u200b"])
@pytest.mark.parametrize("before", [True, False])
def test_characters_that_nobody_sees(edge, before):
    """Gold tokens have them apart, the tokenizer has not."""
    nlp = make_nlp()
    parts = [edge, "London"] if before else ["London", edge]
    gold = Doc(nlp.vocab, words=["in", *parts, "now"], spaces=[True, False, True, False])
    place = 2 if before else 1
    gold.ents = [Span(gold, place, place + 1, "LOC")]
    predicted = Doc(nlp.vocab, words=["in", "".join(parts), "now"])
    example = Example(predicted, gold)
    assert not example.get_aligned_spans_y2x(gold.ents)
    with pytest.warns(UserWarning, match="WW163"):
        optimizer = nlp.initialize(lambda: [example])
    for _ in range(30):
        nlp.update([example], sgd=optimizer)
    assert [ent.label_ for ent in nlp.get_pipe("window_ner")(predicted.copy()).ents] == ["LOC"]


def test_other_characters_are_seen():
    nlp = make_nlp()
    gold = Doc(nlp.vocab, words=["New", "York"], spaces=[False, False])
    gold.ents = [Span(gold, 1, 2, "LOC")]
    example = Example(Doc(nlp.vocab, words=["NewYork"]), gold)
    with pytest.warns(UserWarning, match="WW001.*1 not aligned"):
        nlp.initialize(lambda: [example])


def test_calibration_judges_words(nlp):
    """The gold entity begins with whitespace; what is found doesn't, and is right."""
    ner = nlp.get_pipe("window_ner")
    doc = nlp.make_doc("I like  London and Berlin.")
    gold = doc.copy()
    gold.ents = [gold.char_span(7, 14, "LOC"), gold.char_span(19, 25, "LOC")]
    assert gold.ents[0].text == " London"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        held_out = ner._held_out([Example(doc, gold)] * 3, "test")
    spans = [group.best_spans() for group in held_out.groups]
    assert held_out.judge(spans)[1].tolist() == [True] * 6
