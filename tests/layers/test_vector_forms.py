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


def test_a_vector_of_zeros_is_none():
    vocab = make_vocab("justin", "in")
    docs = [Doc(vocab, words=["Justin", "in"])]
    layers = [layer.initialize(X=docs) for layer in (FixedVectors(3), VectorsTable())]
    fixed, table = (layer.predict(docs) for layer in layers)
    vocab.set_vector("Justin", numpy.zeros(2))  # as where spaCy merges tokens
    again = [Doc(vocab, words=["Justin", "in"])]
    numpy.testing.assert_array_equal(layers[0].predict(again).dataXd, fixed.dataXd)
    numpy.testing.assert_array_equal(layers[1].predict(again)[0], table[0])


def test_a_table_needs_the_words_of_its_rows():
    vocab = make_vocab("a", "b", "c")
    docs = [Doc(vocab, words=["a", "b", "c"])]
    layer = VectorsTable().from_bytes(VectorsTable().initialize(X=docs).to_bytes())
    [before] = layer.predict(docs)
    vocab.vectors = Vectors(strings=vocab.strings, data=vocab.vectors.data, keys=["c", "a", "b"])
    with pytest.raises(ValueError, match="WN006.*3 other word vectors.*has 3 of width 2"):
        layer.predict(docs)
    data = numpy.ones((3, 2), dtype="float32")
    vocab.vectors = Vectors(strings=vocab.strings, data=data, keys=["a", "b", "c"])
    numpy.testing.assert_array_equal(layer.predict(docs)[0], before)
