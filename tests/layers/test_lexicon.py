"""Finding the phrases of a lexicon: both versions against a search by all phrases."""

import copy
import pickle
import time

import numpy
import pytest
import spacy
import srsly
from hypothesis import given
from hypothesis import strategies as st
from spacy.attrs import LOWER, ORTH
from spacy.tokens import Doc

from spacy_windowner.layers import lexicon as module
from spacy_windowner.layers.lexicon import NO_LEXICON, Lexicon, LexiconBuilder
from spacy_windowner.layers.lexicon_plain import B, I, L, U

from ..util import both_versions

versions = both_versions("core", "layers.lexicon_core", "layers.lexicon_plain")
CLASSES = ("CITY", "NAME", "DRUG")
VOCAB = spacy.blank("xx").vocab
SPACE = (" ", "\n", "\n\n")


def make_lexicon(*phrases, attr="LOWER", classes=CLASSES):
    """A lexicon of (class, words)."""
    builder = LexiconBuilder(attr)
    if phrases:
        docs = [Doc(VOCAB, words=words.split(" ")) for _, words in phrases]
        rows = [doc.to_array([attr]).ravel() for doc in docs]
        builder.add(rows, [classes.index(label) for label, _ in phrases])
    return builder.build(classes)


def search(phrases, words):
    """The marks of a document, found by comparing each phrase with each place."""
    marks = [0] * len(words)
    places = [i for i, word in enumerate(words) if word not in SPACE]
    text = [words[i].lower() for i in places]
    for number, label in enumerate(CLASSES):
        wanted = [each.lower().split(" ") for of, each in phrases if of == label]
        start = 0
        while start < len(text):
            lengths = [len(w) for w in wanted if text[start : start + len(w)] == w]
            size = max(lengths, default=0)
            for place in range(start, start + size):
                at = B if place == start else L if place == start + size - 1 else I
                marks[places[place]] |= (U if size == 1 else at) << 4 * number
            start += max(size, 1)
    return marks


@versions
@given(
    phrases=st.lists(
        st.tuples(st.sampled_from(CLASSES), st.text("aBc ", min_size=1, max_size=7)).filter(
            lambda phrase: all(phrase[1].split(" "))
        ),
        max_size=9,
    ),
    docs=st.lists(st.lists(st.sampled_from(["a", "A", "b", "C", "ab", "aa", *SPACE])), max_size=3),
)
def test_all_phrases_are_found(core, phrases, docs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_core", core)
        found = make_lexicon(*phrases).find([Doc(VOCAB, words=words) for words in docs])
    assert found.tolist() == [mark for words in docs for mark in search(phrases, words)]
    assert found.dtype == "uint64"


PHRASES = [
    ("CITY", "York"), ("CITY", "New York"), ("CITY", "New York City"), ("NAME", "York Miller"),
    ("CITY", "Los Angeles"), ("DRUG", "New York City Hall Blues"),
]  # fmt: skip
SENTENCE = "He left new YORK \n City for Los \n Los Angeles with York Miller".split(" ")


@versions
def test_the_longest_phrase_of_each_class(core, monkeypatch):
    monkeypatch.setattr(module, "_core", core)
    [*marks] = make_lexicon(*PHRASES).find([Doc(VOCAB, words=SENTENCE)])
    assert marks == [0, 0, B, I, 0, L, 0, 0, 0, B, L, 0, U | B << 4, L << 4]
    marks = make_lexicon(*PHRASES, attr="ORTH").find([Doc(VOCAB, words=SENTENCE)])
    assert numpy.flatnonzero(marks).tolist() == [9, 10, 12, 13]


def test_both_versions_leave_out_the_same_matches():
    lexicon = make_lexicon(*PHRASES)
    docs = [Doc(VOCAB, words=SENTENCE * n) for n in (0, 1, 40)]
    plain, compiled = (both_versions("", "layers.lexicon_core", "layers.lexicon_plain").args[1])[:2]
    for attr in (LOWER, ORTH):
        for threshold in (0, 2**62, 2**63, 2**64 - 1):
            arguments = docs, attr, lexicon._index, 12345, threshold
            numpy.testing.assert_array_equal(
                plain.find_marks(*arguments), compiled.find_marks(*arguments)
            )
    words, marks = (numpy.arange(9, dtype="uint64") % n for n in (9, 3))
    keys = plain.add_marks(words, marks)
    numpy.testing.assert_array_equal(compiled.add_marks(words, marks), keys)
    assert keys[::3].tolist() == words[::3].tolist() and len(set(keys.tolist())) == 9


def test_dropout_hides_matches_at_random():
    lexicon = make_lexicon(*PHRASES)
    doc = Doc(VOCAB, words=["York", "x"] * 2000)
    numpy.random.seed(3)
    first, second = (lexicon.find([doc], 0.3) for _ in range(2))
    assert 1300 < (first > 0).sum() < 1500 and (first != second).any()
    numpy.random.seed(3)
    numpy.testing.assert_array_equal(lexicon.find([doc], 0.3), first)
    assert (lexicon.find([doc]) > 0).sum() == 2000


def test_a_phrase_is_hidden_as_a_whole():
    doc = Doc(VOCAB, words=["New", "York", "City"] * 500)
    marks = make_lexicon(*PHRASES).find([doc], 0.5).reshape(-1, 3)
    assert {tuple(row) for row in marks.tolist()} == {(B, I, L), (0, 0, 0)}


def test_documents_of_other_vocabularies():
    docs = [Doc(spacy.blank(lang).vocab, words=SENTENCE) for lang in ("en", "de")]
    found = make_lexicon(*PHRASES).find(docs)
    assert found.tolist() == search(PHRASES, SENTENCE) * 2


def test_a_lexicon_without_phrases():
    assert NO_LEXICON.find([Doc(VOCAB, words=SENTENCE)]).sum() == 0
    assert NO_LEXICON.find([]).shape == (0,)
    assert make_lexicon().find([Doc(VOCAB, words=SENTENCE)]).sum() == 0


def test_words_that_are_symbols():
    """Their hashes are small numbers."""
    lexicon = make_lexicon(("CITY", "ORG"), ("NAME", "PERSON NORM"), attr="ORTH")
    found = lexicon.find([Doc(VOCAB, words=["ORG", "PERSON", "NORM", "LOC"])])
    assert found.tolist() == [U, B << 4, L << 4, 0]


@pytest.mark.parametrize("make", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)),
                                  lambda x: Lexicon.from_bytes(x.to_bytes())])  # fmt: skip
def test_copies(make):
    lexicon = make_lexicon(*PHRASES)
    other = make(lexicon)
    assert other.classes == CLASSES and other.attr == "LOWER"
    assert other.to_bytes() == lexicon.to_bytes()
    assert other.find([Doc(VOCAB, words=SENTENCE)]).tolist() == search(PHRASES, SENTENCE)


GOOD = srsly.msgpack_loads(make_lexicon(*PHRASES).to_bytes())


@pytest.mark.parametrize(
    "place, part, message",
    [
        (0, ["A", "A"], "the classes"), (0, "AB", "the classes"), (0, ["A"], "doesn't have"),
        (0, [f"{n}" for n in range(17)], "the classes"), (1, "NORM", "`attr`"), (2, [1], "uint64"),
        (2, GOOD[2].astype("int64"), "uint64"), (2, GOOD[2][::-1], "order"),
        (2, GOOD[2][1:], "order"), (3, GOOD[3].astype("uint64"), "uint32"),
        (3, GOOD[3] * 2**12, "doesn't have"),
    ],
)  # fmt: skip
def test_damaged_bytes(place, part, message):
    parts = [*GOOD[:place], part, *GOOD[place + 1 :]]
    with pytest.raises(ValueError, match=message):
        Lexicon.from_bytes(srsly.msgpack_dumps(parts))
    with pytest.raises(ValueError, match="four parts"):
        Lexicon.from_bytes(srsly.msgpack_dumps(parts[1:]))


def test_time_is_linear():
    """Even if each word begins a long phrase."""
    lexicon = make_lexicon(("CITY", "a " * 49 + "b"), ("CITY", "a"))

    def seconds(n):
        doc = Doc(VOCAB, words=["a"] * n)
        start = time.process_time()
        assert (lexicon.find([doc]) == U).all()
        return time.process_time() - start

    if module._core.__name__.endswith("_core"):
        assert seconds(200_000) < 1.0
    seconds(2_000)
