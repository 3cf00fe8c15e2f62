import numpy
import pytest
import spacy
from spacy.ml.models import MultiHashEmbed
from spacy.tokens import Doc
from thinc.api import Ragged, chain, set_dropout_rate

from spacy_windowner.layers.char_ngrams import CharNgrams
from spacy_windowner.layers.windowed_affine import WindowedAffine
from spacy_windowner.layers.word_rows import AllTokens, DistinctWords

from ..util import check_params, random_like, weighted_sum

BATCHES = {
    "repeated words": [["in", "Paris", "in", "Paris"], [], ["Paris"], ["Not", "in", "paris"]],
    "one token": [["Paris"]],
    "no tokens": [[], []],
}
batches = pytest.mark.parametrize("words", BATCHES.values(), ids=BATCHES)


@pytest.fixture
def vocab():
    return spacy.blank("en").vocab


def make_layer(wrap, docs):
    """An embedding and a window layer. The weights don't depend on `wrap`."""
    embed = CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH")
    model = chain(wrap(embed), WindowedAffine(3, 4, window=1)).initialize(X=docs)
    for index, node in enumerate(model.walk()):
        for name in node.param_names:
            [value] = random_like([node.get_param(name)], seed=index)
            node.set_param(name, value)
    return model


def run(model, docs):
    Y, backprop = model(docs, is_train=True)
    weights = random_like([Y.dataXd])
    assert backprop(Ragged(weights[0], Y.lengths)) == []
    return Y.dataXd, weights


@batches
def test_distinct_words_equal_all_tokens(vocab, words):
    docs = [Doc(vocab, words=of_doc) for of_doc in words]
    distinct, tokens = make_layer(DistinctWords, docs), make_layer(AllTokens, docs)
    numpy.testing.assert_array_equal(run(distinct, docs)[0], run(tokens, docs)[0])
    for one, other in zip(distinct.walk(), tokens.walk(), strict=True):
        for name in one.param_names:
            numpy.testing.assert_allclose(
                one.get_grad(name), other.get_grad(name), rtol=1e-4, atol=1e-5
            )


@batches
@pytest.mark.parametrize("wrap", [DistinctWords, AllTokens])
def test_gradients_equal_finite_differences(vocab, words, wrap):
    docs = [Doc(vocab, words=of_doc) for of_doc in words]
    model = make_layer(wrap, docs)
    _, weights = run(model, docs)
    check_params(
        model, lambda: weighted_sum([model.predict(docs).dataXd], weights), eps=0.1, rtol=1e-3
    )


def test_each_distinct_word_has_one_row(vocab):
    docs = [Doc(vocab, words=of_doc) for of_doc in BATCHES["repeated words"]]
    embed = MultiHashEmbed(
        width=4, attrs=["NORM", "SHAPE"], rows=[50, 50], include_static_vectors=False
    )
    layer = DistinctWords(embed)
    layer.initialize(X=docs)
    rows, ids, lengths, *_ = layer.predict(docs)
    assert rows.shape == (4, 4)  # in, Paris, Not, paris
    assert lengths.tolist() == [4, 0, 1, 3]
    expected = numpy.vstack(embed.predict(docs))
    numpy.testing.assert_array_equal(rows[ids], expected)


def test_all_tokens_have_rows_of_their_own(vocab):
    docs = [Doc(vocab, words=of_doc) for of_doc in BATCHES["repeated words"]]
    layer = AllTokens(CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH"))
    layer.initialize()
    rows, ids, lengths, *_ = layer.predict(docs)
    assert rows.shape == (8, 4)
    assert ids.tolist() == list(range(8))
    assert lengths.tolist() == [4, 0, 1, 3]


def test_documents_of_two_vocabularies():
    """Each word is looked up in a vocabulary that has it."""
    words_of_docs = [["Hi", "there"], [], ["Xyz", "😀", "Hi"]]
    embed = CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH").initialize()
    rows, ids, *_ = DistinctWords(embed).predict(
        [Doc(spacy.blank("en").vocab, words=words) for words in words_of_docs]
    )
    words = [word for words in words_of_docs for word in words]
    expected = embed.predict([Doc(spacy.blank("en").vocab, words=words)])[0]
    numpy.testing.assert_array_equal(rows[ids], expected)
    assert len(rows) == 4


def test_windows_cross_some_boundaries_in_training(vocab):
    docs = [Doc(vocab, words=["in", "Paris", "now"]) for _ in range(400)] + [Doc(vocab)]
    layer = DistinctWords(CharNgrams(4, 30, min_n=1, max_n=3, attr="ORTH"), boundary_dropout=0.25)
    layer.initialize(X=docs)
    assert layer.predict(docs).stretches is None
    trained, _ = layer(docs, is_train=True)
    assert trained.lengths.tolist() == [3] * 400 + [0]
    assert trained.stretches.sum() == 1200
    assert 250 < len(trained.stretches) < 350
    pad = len(trained.rows)
    crosses = trained.windows(1, pad)[3::3, 0] != pad
    assert crosses[:399].sum() == pytest.approx(100, abs=40)
    set_dropout_rate(layer, 0.0)
    assert layer(docs, is_train=True)[0].stretches is None
