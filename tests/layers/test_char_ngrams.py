import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_windowner.layers import char_ngrams
from spacy_windowner.layers.char_ngrams import CharNgrams, hash_ngrams

from ..util import check_params, random_like, weighted_sum

WORDS = [["The", "Berliner", "the"], [], ["a"], ["😀", " ", "München", "Berlin"]]
MASK = 2**64 - 1


def make_docs():
    nlp = spacy.blank("en")
    return [Doc(nlp.vocab, words=words) for words in WORDS]


def make_layer(min_n=2, max_n=4, attr="ORTH"):
    return CharNgrams(6, 50, min_n=min_n, max_n=max_n, attr=attr).initialize()


def hash_ngram(ngram):
    """The hash of one n-gram, a character at a time, in whole numbers modulo 2^64."""
    state = 0
    for char in ngram:
        state = ((state ^ (ord(char) + 1)) * 0x9E3779B97F4A7C15) & MASK
        state ^= state >> 29
    state = (state * 0xBF58476D1CE4E5B9) & MASK
    return state ^ (state >> 29)


def ngrams(word, min_n, max_n):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(min_n, max_n + 1) for i in range(len(marked) - n + 1)]


@given(
    st.lists(st.text(st.characters(), max_size=8), max_size=6),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_hashes_are_those_of_each_ngram_by_itself(words, min_n, extra):
    max_n = min_n + extra
    hashes, counts = hash_ngrams(words, min_n, max_n) if words else ([], [])
    expected = [ngrams(word, min_n, max_n) for word in words]
    assert list(counts) == [len(of_word) for of_word in expected]
    end = 0
    for of_word in expected:
        start, end = end, end + len(of_word)
        found = sorted(int(value) for value in hashes[start:end])
        assert found == sorted(hash_ngram(ngram) for ngram in of_word)


def test_lone_surrogates_have_ngrams():
    _, counts = hash_ngrams(["\ud800", "a\udfff"], 3, 3)
    assert counts.tolist() == [1, 2]


@pytest.mark.parametrize("attr", ["ORTH", "LOWER", "NORM"])
@pytest.mark.parametrize(("min_n", "max_n"), [(1, 1), (2, 4), (3, 5)])
def test_a_word_is_the_mean_of_its_ngrams(attr, min_n, max_n):
    layer, docs = make_layer(min_n, max_n, attr), make_docs()
    E = layer.get_param("E")
    for doc, Y in zip(docs, layer.predict(docs), strict=True):
        assert Y.shape == (len(doc), 6)
        for token, y in zip(doc, Y, strict=True):
            spelling = {"ORTH": token.text, "LOWER": token.lower_, "NORM": token.norm_}[attr]
            hashes = [hash_ngram(ngram) for ngram in ngrams(spelling, min_n, max_n)]
            rows = [half % len(E) for h in hashes for half in (h & 0xFFFFFFFF, h >> 32)]
            numpy.testing.assert_allclose(y, E[rows].mean(axis=0), rtol=1e-5, atol=1e-7)


def test_a_word_shorter_than_every_ngram_is_zero():
    layer, docs = make_layer(5, 6), make_docs()
    Y = layer.predict(docs)
    assert not Y[2].any()  # "<a>" has three characters
    assert Y[0][1].any()


def test_gradients_equal_finite_differences():
    layer, docs = make_layer(), make_docs()
    Y, backprop = layer(docs, is_train=True)
    weights = random_like(Y)
    assert backprop(weights) == []
    check_params(layer, lambda: weighted_sum(layer.predict(docs), weights), eps=0.5, rtol=1e-4)


def test_gradients_add_up():
    layer, docs = make_layer(), make_docs()
    Y, backprop = layer(docs, is_train=True)
    weights = random_like(Y)
    backprop(weights)
    once = layer.get_grad("E").copy()
    backprop(weights)
    numpy.testing.assert_allclose(layer.get_grad("E"), 2 * once, rtol=1e-5)


@pytest.mark.parametrize("chunk", [1, 3])
def test_chunks_change_nothing(monkeypatch, chunk):
    layer, docs = make_layer(), make_docs()
    Y, backprop = layer(docs, is_train=True)
    weights = random_like(Y)
    backprop(weights)
    gradient = layer.get_grad("E").copy()
    layer.set_grad("E", numpy.zeros_like(gradient))
    monkeypatch.setattr(char_ngrams, "_CHUNK", chunk)
    chunked, backprop = layer(docs, is_train=True)
    backprop(weights)
    for whole, part in zip(Y, chunked, strict=True):
        numpy.testing.assert_array_equal(whole, part)
    numpy.testing.assert_allclose(layer.get_grad("E"), gradient, rtol=1e-5, atol=1e-6)


def test_no_words_at_all():
    layer, docs = make_layer(), make_docs()
    Y, backprop = layer([docs[1], docs[1]], is_train=True)
    assert [y.shape for y in Y] == [(0, 6), (0, 6)]
    backprop(Y)
    assert not layer.get_grad("E").any()
