"""Words without a vector use the vector of another form."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.vectors import Vectors

from spacy_windowner.layers.vectors import FixedVectors, VectorsTable, with_vectors


def make_vocab(*words):
    vocab = spacy.blank("en").vocab
    data = numpy.arange(1.0, 1 + 2 * len(words), dtype="float32").reshape(-1, 2)
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=words)
    return vocab


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("paris", "paris"),
        ("Paris", "paris"),
        ("PARIS", "paris"),
        ("US", "US"),  # its own vector comes first
        ("us", "us"),
        ("1984", "0000"),
        ("B52", "b00"),
        ("2019", "2019"),
        ("Xyz", "Xyz"),
        (" ", " "),
    ],
)
def test_forms(word, form):
    vocab = make_vocab("paris", "US", "us", "0000", "b00", "2019")
    doc = Doc(vocab, words=["in", word, word])
    assert [token.text for token in with_vectors(doc)] == ["in", form, form]
    assert [token.text for token in doc] == ["in", word, word]


def test_documents_that_stay():
    vocab = make_vocab("a", "b")
    for words in ([], ["a", "b"]):
        doc = Doc(vocab, words=words)
        assert with_vectors(doc) is doc
    vocab.vectors = Vectors(data=numpy.ones((5, 4), "float32"), mode="floret", hash_count=1)
    doc = Doc(vocab, words=["A"])
    assert with_vectors(doc) is doc


def test_both_layers_use_them():
    vocab = make_vocab("paris", "in")
    docs = [Doc(vocab, words=words) for words in (["Paris", "In", "Xyz"], ["paris", "in", "xyz"])]
    one, same = VectorsTable().initialize(X=docs).predict(docs)
    numpy.testing.assert_array_equal(one, same)
    assert (one[:2] == vocab.vectors.data).all()
    Y = FixedVectors(3).initialize(X=docs).predict(docs)
    numpy.testing.assert_array_equal(Y.dataXd[:3], Y.dataXd[3:])
    assert Y.dataXd.any(axis=1).tolist() == [True, True, False] * 2
