"""Small models and documents."""

import numpy
from spacy.ml.models import MultiHashEmbed
from spacy.tokens import Doc
from spacy.vectors import Vectors

from spacy_windowner.models.window_classifier import WindowClassifier

from ..util import randomize

SENTENCES = [
    ["Not", "all", "museums", "in", "Paris", "are", "amazing"],
    [],
    ["Paris"],
    [" ", "\n", "\t "],
    ["😀", "in", "München", "\u200d", "👩\u200d🚀"],
    ["in", "Paris", "in", "Paris"],
]


def make_docs(vocab, sentences=SENTENCES):
    return [Doc(vocab, words=words) for words in sentences]


def hash_embed(attrs=("NORM", "SHAPE"), width=8):
    return MultiHashEmbed(
        width=width, attrs=list(attrs), rows=[50] * len(attrs), include_static_vectors=False
    )


def make_model(docs, *, embed=None, nO=5, **settings):
    """An initialized classifier with random weights in every layer."""
    settings = {"window": 2, "hidden_width": 6, **settings}
    model = WindowClassifier(embed or hash_embed(), nO=nO, **settings)
    model.initialize(X=docs)
    return randomize(model)


def set_vectors(vocab, words=("Paris", "museums", "in"), width=4, seed=0):
    """Give a vocabulary a table of word vectors. Returns a copy of the table."""
    data = numpy.random.default_rng(seed).normal(size=(len(words), width)).astype("float32")
    vocab.vectors = Vectors(data=data, keys=[vocab.strings.add(word) for word in words])
    return data.copy()
