import subprocess
import sys
import tracemalloc

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_windowner.layers import ngrams_plain
from spacy_windowner.layers.char_ngrams import CharNgrams, characters

from ..util import both_versions, check_gradient, check_params, random_like, weighted_sum
from .util import ngram_rows

WORDS = [["The", "Berliner", "the"], [], ["a"], ["😀", " ", "München", "Berlin"]]
LONG = ["x" * 1000, "abcdefg" * 2000, "\ud800" * 300]  # longer than what is summed at a time
WIDTH = 6
MB = 2**20

versions = both_versions("ngrams", "layers.ngrams_core", "layers.ngrams_plain")
batches = given(
    st.lists(st.text(st.characters(), max_size=8), max_size=6),  # with lone surrogates
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(1, 60),
)


def make_docs():
    nlp = spacy.blank("en")
    return [Doc(nlp.vocab, words=words) for words in WORDS]


def make_layer(min_n=2, max_n=4, attr="ORTH"):
    return CharNgrams(WIDTH, 50, min_n=min_n, max_n=max_n, attr=attr).initialize()


def make_array(*shape):
    return numpy.random.default_rng(0).normal(size=shape).astype("float32")


def mean_of_rows(word, E, min_n, max_n):
    rows = ngram_rows(word, min_n, max_n, len(E))
    return E[rows].astype("float64").mean(axis=0) if rows else numpy.zeros(E.shape[1])


@versions
@batches
def test_a_word_is_the_mean_of_the_rows_of_each_ngram(ngrams, words, min_n, extra, n_rows):
    E, max_n = make_array(n_rows, WIDTH), min_n + extra
    means = ngrams.mean_rows(*characters(words), E, min_n, max_n)
    assert (means.shape, means.dtype) == ((len(words), WIDTH), numpy.float32)
    for word, mean in zip(words, means, strict=True):
        expected = mean_of_rows(word, E, min_n, max_n)
        numpy.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-6)


@versions
@batches
def test_the_gradient_of_each_ngram(ngrams, words, min_n, extra, n_rows):
    d_words, max_n = make_array(len(words), WIDTH), min_n + extra
    dE = numpy.ones((n_rows, WIDTH), dtype="float32")
    expected = numpy.ones((n_rows, WIDTH))
    for word, d_word in zip(words, d_words, strict=True):
        rows = ngram_rows(word, min_n, max_n, n_rows)
        for row in rows:
            expected[row] += d_word.astype("float64") / len(rows)
    ngrams.add_gradient(*characters(words), d_words, dE, min_n, max_n)
    numpy.testing.assert_allclose(dE, expected, rtol=1e-5, atol=1e-5)


@versions
def test_long_words(ngrams):
    E = make_array(50, WIDTH)
    chars, ends = characters(LONG)
    means = ngrams.mean_rows(chars, ends, E, 3, 5)
    expected = [mean_of_rows(word, E, 3, 5) for word in LONG]
    numpy.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-5)
    dE, weights = numpy.zeros_like(E), make_array(*means.shape)
    ngrams.add_gradient(chars, ends, weights, dE, 3, 5)

    def f(table):
        return weighted_sum([ngrams.mean_rows(chars, ends, table, 3, 5)], [weights])

    check_gradient(f, E, dE, eps=0.5, rtol=1e-4)


@versions
def test_a_word_has_the_same_vector_in_any_batch(ngrams):
    """The same to the last bit, wherever it begins."""
    E = make_array(50, WIDTH)
    words = [*LONG, "", "Berlin", "a" * 255, "b" * 254, *LONG, "Berlin"]
    means = ngrams.mean_rows(*characters(words), E, 3, 5)
    for word, mean in zip(words, means, strict=True):
        numpy.testing.assert_array_equal(ngrams.mean_rows(*characters([word]), E, 3, 5)[0], mean)


@versions
@pytest.mark.parametrize("words", [["x" * 1_000_000], ["abcde" * 4_000] * 100], ids=["1", "100"])
def test_memory_of_long_words(ngrams, words):
    E = make_array(1000, 32)
    tracemalloc.start()
    chars, ends = characters(words)
    means = ngrams.mean_rows(chars, ends, E, 3, 5)
    ngrams.add_gradient(chars, ends, means, numpy.zeros_like(E), 3, 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * MB


@pytest.mark.parametrize("attr", ["ORTH", "LOWER", "NORM"])
@pytest.mark.parametrize(("min_n", "max_n"), [(1, 1), (2, 4), (3, 5)])
def test_words_are_spelled_by_an_attribute(attr, min_n, max_n):
    layer, docs = make_layer(min_n, max_n, attr), make_docs()
    E = layer.get_param("E")
    for doc, Y in zip(docs, layer.predict(docs), strict=True):
        assert Y.shape == (len(doc), WIDTH)
        for token, y in zip(doc, Y, strict=True):
            spelling = {"ORTH": token.text, "LOWER": token.lower_, "NORM": token.norm_}[attr]
            expected = mean_of_rows(spelling, E, min_n, max_n)
            numpy.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-7)


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


@pytest.mark.parametrize(("piece", "chunk"), [(1, 1), (3, 5)])
def test_chunks_change_nothing(monkeypatch, piece, chunk):
    words = [word for doc in WORDS for word in doc]
    E, weights = make_array(50, WIDTH), make_array(len(words), WIDTH)

    def run():
        dE = numpy.zeros_like(E)
        ngrams_plain.add_gradient(*characters(words), weights, dE, 2, 4)
        return ngrams_plain.mean_rows(*characters(words), E, 2, 4), dE

    whole = run()
    monkeypatch.setattr(ngrams_plain, "_PIECE", piece)
    monkeypatch.setattr(ngrams_plain, "_CHUNK", chunk)
    for found, expected in zip(run(), whole, strict=True):
        numpy.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_no_words_at_all():
    layer, docs = make_layer(), make_docs()
    Y, backprop = layer([docs[1], docs[1]], is_train=True)
    assert [y.shape for y in Y] == [(0, WIDTH), (0, WIDTH)]
    backprop(Y)
    assert not layer.get_grad("E").any()


# Runs in a process whose memory may grow only by a limited amount.
END_TO_END = f"""
import resource
import spacy
from spacy.training import Example

nlp = spacy.blank("en")
nlp.max_length = 10**7
nlp.add_pipe("window_ner")
annotation = {{"entities": [(0, 5, "LOC")]}}
example = Example.from_dict(nlp.make_doc("Paris"), annotation)
sgd = nlp.initialize(lambda: [example])
nlp.update([example], sgd=sgd)
nlp("Paris")
words = [chr(97 + i % 26) + chr(97 + i // 26) + "abcd" * 5_000 for i in range(100)]
texts = ["Paris " + "x" * 1_000_000, "Paris " + " ".join(words)]
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 100 * {MB}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for text in texts:
    nlp.update([Example.from_dict(nlp.make_doc(text), annotation)], sgd=sgd)
    nlp(text)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited and read as on Linux")
@pytest.mark.slow
def test_long_words_from_end_to_end():
    done = subprocess.run([sys.executable, "-c", END_TO_END], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
