import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vectors import Vectors

from spacy_windowner.layers.vectors import VectorsTable

from ..util import check_params, random_like, weighted_sum


@pytest.fixture
def vocab():
    nlp = spacy.blank("en")
    rng = numpy.random.default_rng(0)
    for word in ("museums", "in", "Paris"):
        nlp.vocab.set_vector(word, rng.normal(size=4).astype("float32"))
    return nlp.vocab


def make_docs(vocab):
    words = [["museums", "in", "Paris", "in"], [], ["unknown"], ["Paris", "words"]]
    return [Doc(vocab, words=of_doc) for of_doc in words]


def test_words_have_their_vectors(vocab):
    docs = make_docs(vocab)
    layer = VectorsTable().initialize(X=docs)
    E = layer.get_param("E")
    E[-1] = 7.0
    for doc, Y in zip(docs, layer.predict(docs), strict=True):
        expected = [token.vector if token.has_vector else E[-1] for token in doc]
        numpy.testing.assert_array_equal(Y, numpy.array(expected).reshape(-1, 4))


def test_words_without_a_vector_start_with_the_same_one(vocab):
    """It is as large as others. Near 0, the gradient of the normalization would be very large."""
    docs = make_docs(vocab)
    layer = VectorsTable().initialize(X=docs)
    rows = layer.predict(docs)[2]
    assert (rows == rows[0]).all()
    assert 0.0 < abs(rows).max() <= 2 * abs(vocab.vectors.data).max()


def test_the_table_is_a_copy(vocab):
    docs = make_docs(vocab)
    before = vocab.vectors.data.copy()
    layer = VectorsTable().initialize(X=docs)
    layer.get_param("E")[:] += 1.0
    numpy.testing.assert_array_equal(vocab.vectors.data, before)


def test_gradients_equal_finite_differences(vocab):
    docs = make_docs(vocab)
    layer = VectorsTable().initialize(X=docs)
    Y, backprop = layer(docs, is_train=True)
    weights = random_like(Y)
    assert backprop(weights) == []
    check_params(layer, lambda: weighted_sum(layer.predict(docs), weights), eps=0.5, rtol=1e-4)
    # Both words without a vector share the last row.
    expected = weights[2][0] + weights[3][1]
    numpy.testing.assert_allclose(layer.get_grad("E")[-1], expected, rtol=1e-6)


@pytest.mark.parametrize("vectors", ["none", "floret", "no examples"])
def test_vectors_needed(vocab, vectors):
    if vectors == "none":
        vocab = spacy.blank("en").vocab
    elif vectors == "floret":
        vocab.vectors = Vectors(
            data=numpy.ones((10, 4), dtype="float32"), mode="floret", hash_count=1
        )
    docs = [] if vectors == "no examples" else make_docs(vocab)
    with pytest.raises(ValueError, match="WN005"):
        VectorsTable().initialize(X=docs)


def test_other_vectors_than_in_training(vocab):
    layer = VectorsTable().initialize(X=make_docs(vocab))
    n = len(vocab.vectors.data)
    others = [f"other{number}" for number in range(n + 2)]
    for rows, width in [(n + 2, 4), (n, 6), (n - 1, 4)]:
        data = numpy.ones((rows, width), dtype="float32")
        vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=others[:rows])
        expected, got = (f"{n} other word vectors of width 4", f"{rows} .*of width {width}")
        with pytest.raises(ValueError, match=f"WN006.*with {expected}.* has {got}"):
            layer.predict(make_docs(vocab))


def test_vectors_that_are_added_later(vocab):
    """As by spaCy's retokenizer, which gives the merged token the mean vector of its words."""
    docs = make_docs(vocab)
    layer = VectorsTable().initialize(X=docs)
    layer = VectorsTable().from_bytes(layer.to_bytes())
    before = layer.predict(docs)
    rows = len(vocab.vectors.data)
    for number in range(rows + 1):
        vocab.set_vector(f"in Paris {number}", numpy.ones(4))
    vocab.set_vector("unknown", numpy.zeros(4))
    assert len(vocab.vectors.data) > rows
    for old, new in zip(before, layer.predict(docs), strict=True):
        numpy.testing.assert_array_equal(old, new)
