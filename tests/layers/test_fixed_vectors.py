import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vectors import Vectors
from thinc.types import Ragged

from spacy_windowner.layers.vectors import FixedVectors

from ..util import check_params, random_like, weighted_sum


def make_docs(width: int = 4) -> list[Doc]:
    vocab = spacy.blank("en").vocab
    keys = [vocab.strings.add(word) for word in ("museums", "Paris")] if width else []
    data = numpy.random.default_rng(0).normal(size=(len(keys), width)).astype("float32")
    vocab.vectors = Vectors(data=data, keys=keys)
    words = [["museums", "in", "Paris", "in"], [], ["unknown"]]
    return [Doc(vocab, words=of_doc) for of_doc in words]


def test_gradients_equal_finite_differences():
    docs = make_docs()
    layer = FixedVectors(3).initialize(X=docs)
    Y, backprop = layer(docs, is_train=True)
    [weights] = random_like([Y.data])
    assert backprop(Ragged(weights.copy(), Y.lengths)) == []
    check_params(layer, lambda: weighted_sum([layer.predict(docs).data], [weights]))


def test_words_without_a_vector_are_zero():
    docs = make_docs()
    Y = FixedVectors(3).initialize(X=docs).predict(docs)
    assert Y.data.any(axis=1).tolist() == [True, False, True, False, False]


def test_vectors_needed():
    with pytest.raises(ValueError, match="WN005.*has none"):
        FixedVectors(3).initialize(X=make_docs(width=0))


@pytest.mark.parametrize(("width", "got"), [(6, "2 of width 6"), (0, "none")])
def test_other_vectors_than_in_training(width, got):
    layer = FixedVectors(3).initialize(X=make_docs())
    with pytest.raises(ValueError, match=f"WN006.*vectors of width 4, but .* has {got}"):
        layer.predict(make_docs(width))
    # Documents of both vocabularies in one batch.
    with pytest.raises(ValueError, match="WN006"):
        layer.predict(make_docs() + make_docs(width))


def test_vectors_of_the_same_width_may_change():
    layer = FixedVectors(3).initialize(X=make_docs())
    docs = make_docs()
    docs[0].vocab.vectors = Vectors(
        data=numpy.ones((5, 4), dtype="float32"), mode="floret", hash_count=1
    )
    assert layer.predict(docs).data.all()
