import numpy
import pytest
import spacy
from spacy.tokens import Doc
from thinc.api import chain, concatenate

from spacy_windowner.layers.char_ngrams import CharNgrams
from spacy_windowner.layers.cluster_features import ClusterFeatures
from spacy_windowner.layers.windowed_affine import WindowedAffine
from spacy_windowner.layers.word_rows import AllTokens, DistinctWords

from ..util import check_params, random_like, randomize, weighted_sum
from .test_clusters import make_clusters

VOCAB = spacy.blank("xx").vocab
BATCHES = {
    "some": [["Paris", "y", "runs", "Paris"], [], ["LONDON"], ["x", "x", "X"]],
    "none": [["y", "z"], []],
    "empty": [[], []],
}
batches = pytest.mark.parametrize("words", BATCHES.values(), ids=BATCHES)


def make_features(clusters=None, width=5):
    clusters = clusters or make_clusters()
    return ClusterFeatures(width, clusters.prefixes, lambda vocab: clusters)


def make_docs(words):
    return [Doc(VOCAB, words=of_doc) for of_doc in words]


@batches
def test_the_sum_of_the_rows_of_a_path(words):
    docs = make_docs(words)
    model = make_features().initialize(X=docs)
    assert not model.get_param("E").any()
    E = randomize(model).get_param("E")
    assert E.shape == (9, 5)
    for doc, rows in zip(docs, model.predict(docs), strict=True):
        expected = [sum(E[row] for row in rows) for rows in make_clusters().find(doc).tolist()]
        numpy.testing.assert_allclose(rows, numpy.array(expected).reshape(-1, 5), rtol=1e-5)


@batches
def test_gradients_equal_finite_differences(words):
    docs = make_docs(words)
    model = randomize(make_features().initialize(X=docs))
    Y, backprop = model(docs, is_train=True)
    weights = random_like(Y)
    assert backprop(weights) == []
    check_params(model, lambda: weighted_sum(model.predict(docs), weights), eps=0.1, rtol=1e-3)


@batches
def test_distinct_words_equal_all_tokens(words):
    docs = make_docs(words)
    results = []
    for wrap in (DistinctWords, AllTokens):
        embed = concatenate(CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH"), make_features())
        model = randomize(chain(wrap(embed), WindowedAffine(3, 9, window=1)).initialize(X=docs))
        results.append(model.predict(docs).dataXd)
    numpy.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


def test_other_clusters():
    """Initializing again reads the clusters again."""
    docs = make_docs([["Paris"]])
    found = [make_clusters(), make_clusters({"x": 1})]
    model = ClusterFeatures(5, [1, 2, 4], lambda vocab: found.pop())
    for n_rows in (4, 9):
        model.initialize(X=docs)
        assert model.get_param("E").shape == (n_rows, 5)
        model.inc_grad("E", model.get_param("E"))
