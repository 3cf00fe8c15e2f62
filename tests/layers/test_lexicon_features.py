import numpy
import pytest
import spacy
from spacy.tokens import Doc
from thinc.api import Ragged, chain, concatenate

from spacy_windowner.layers.char_ngrams import CharNgrams
from spacy_windowner.layers.lexicon_features import LexiconFeatures, find_lexicon
from spacy_windowner.layers.windowed_affine import WindowedAffine
from spacy_windowner.layers.word_rows import AllTokens, DistinctWords

from ..util import check_params, random_like, randomize, weighted_sum
from .test_lexicon import PHRASES, SENTENCE, VOCAB, make_lexicon

LEXICON = make_lexicon(*PHRASES)
BATCHES = {
    "some": [SENTENCE, [], ["York"], ["york", "New", "York", "york"], ["x"]],
    "none": [["x", "y"], []],
    "empty": [[], []],
}
batches = pytest.mark.parametrize("words", BATCHES.values(), ids=BATCHES)


def make_features(dropout=0.0, width=5):
    return LexiconFeatures(width, dropout, lambda vocab: LEXICON)


def make_docs(words):
    return [Doc(VOCAB, words=of_doc) for of_doc in words]


@batches
def test_the_sum_of_a_row_for_each_class_and_place(words):
    docs = make_docs(words)
    model = make_features().initialize(X=docs)
    E = model.get_param("E")
    assert E.shape == (12, 5) and 0.4 < abs(E).mean() < 0.6
    for doc, rows in zip(docs, model.predict(docs), strict=True):
        marks = LEXICON.find([doc]).tolist()
        expected = [sum((E[n] for n in range(12) if mark >> n & 1), 0 * E[0]) for mark in marks]
        numpy.testing.assert_allclose(rows, numpy.array(expected).reshape(-1, 5), rtol=1e-5)


@batches
def test_gradients_equal_finite_differences(words):
    docs = make_docs(words)
    model = make_features().initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    weights = random_like(Y)
    assert backprop(weights) == []
    check_params(model, lambda: weighted_sum(model.predict(docs), weights), eps=0.1, rtol=1e-3)


def make_layer(wrap, docs):
    embed = concatenate(CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH"), make_features())
    model = chain(wrap(embed), WindowedAffine(3, 9, window=1)).initialize(X=docs)
    return randomize(model)


@batches
def test_distinct_words_equal_all_tokens(words):
    """A word has a row for each of its places in phrases."""
    docs = make_docs(words)
    results = []
    for wrap in (DistinctWords, AllTokens):
        model = make_layer(wrap, docs)
        Y, backprop = model(docs, is_train=True)
        weights = random_like([Y.dataXd])
        backprop(Ragged(weights[0], Y.lengths))
        results.append((Y.dataXd, find_lexicon(model).get_grad("E")))
        check_params(
            model, lambda m=model, w=weights: weighted_sum([m.predict(docs).dataXd], w),
            eps=0.1, rtol=1e-3,
        )  # fmt: skip
    numpy.testing.assert_allclose(*(Y for Y, _ in results), rtol=1e-5, atol=1e-6)
    numpy.testing.assert_allclose(*(dE for _, dE in results), rtol=1e-4, atol=1e-5)


def test_a_word_has_a_row_for_each_place():
    docs = make_docs([["York", "New", "York", "x", "York"]])
    layer = DistinctWords(make_features())
    layer.initialize(X=docs)
    rows, ids, *_ = layer.predict(docs)
    assert len(rows) == 4  # York, New, York after New, x
    assert ids[0] == ids[4] != ids[2]


def test_matches_are_hidden_in_training_alone():
    docs = make_docs([["York", "x"] * 200])
    for wrap in (DistinctWords, AllTokens):
        layer = wrap(make_features(dropout=0.5))
        layer.initialize(X=docs)
        numpy.random.seed(0)
        shares = []
        for is_train in (True, False):
            rows, ids, *_ = layer(docs, is_train)[0]
            shares.append((rows[ids][::2] != 0.0).any(axis=1).mean())
        assert 0.4 < shares[0] < 0.6 and shares[1] == 1.0


def test_batches_do_not_matter():
    docs = make_docs(BATCHES["some"])
    model = make_features(width=16).initialize(X=docs)
    alone = [model.predict([doc])[0] for doc in docs]
    numpy.testing.assert_array_equal(numpy.vstack(model.predict(docs)), numpy.vstack(alone))


def test_a_document_of_another_vocabulary():
    model = make_features().initialize(X=make_docs([["x"]]))
    doc = Doc(spacy.blank("de").vocab, words=SENTENCE)
    [rows], [expected] = (model.predict([each]) for each in (doc, Doc(VOCAB, words=SENTENCE)))
    numpy.testing.assert_array_equal(rows, expected)
