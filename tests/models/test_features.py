"""The columns of an embedding that belong to each feature of a word."""

import pytest
from spacy.ml.models import build_hash_embed_cnn_tok2vec
from thinc.api import Dropout, chain, concatenate

from spacy_windowner.models.embed import CharNgramEmbed, LexicalEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.features import feature_columns, name_features

from .util import hash_embed, make_docs, set_vectors


def lexical(attrs=("NORM", "PREFIX", "IS_TITLE"), width=4):
    return LexicalEmbed(list(attrs), [20] * len(attrs), width)


def cnn(width=8):
    return build_hash_embed_cnn_tok2vec(
        pretrained_vectors=None, width=width, depth=1, embed_size=20, window_size=1,
        maxout_pieces=2, subword_features=True,
    )  # fmt: skip


def columns(embed, vocab):
    docs = make_docs(vocab)
    embed.initialize(X=docs)
    width = embed.predict(docs)[0].shape[1]
    found = feature_columns(embed, width)
    assert [(c.start, c.stop) for _, c in found] == [
        (0 if i == 0 else found[i - 1][1].stop, c.stop) for i, (_, c) in enumerate(found)
    ]
    assert found[-1][1].stop == width
    return [(name, c.stop - c.start) for name, c in found]


@pytest.mark.parametrize(
    "make, expected",
    [
        (lexical, [("word", 4), ("prefix", 4), ("is_title", 4)]),
        (lambda: CharNgramEmbed(6, 20), [("n-grams", 6)]),
        (lambda: VectorsEmbed(5), [("vector", 5)]),
        (lambda: VectorsEmbed(5, update_vectors=True), [("vector", 5)]),
        (hash_embed, [("features", 8)]),
        (cnn, [("tok2vec", 8)]),
        (
            lambda: WordEmbed(hash_embed(), CharNgramEmbed(6, 20), VectorsEmbed(5)),
            [("features", 8), ("n-grams", 6), ("vector", 5)],
        ),
        (lambda: WordEmbed(cnn(), CharNgramEmbed(6, 20)), [("tok2vec", 8), ("n-grams", 6)]),
        (lambda: concatenate(lexical(["SHAPE"]), cnn()), [("shape", 4), ("tok2vec", 8)]),
        (lambda: WordEmbed(lexical(["NORM", "NORM"])), [("word", 4), ("word", 4)]),
    ],
    ids=range(10),
)
def test_columns(vocab, make, expected):
    set_vectors(vocab)
    assert columns(make(), vocab) == expected
    assert columns(chain(make(), Dropout(0.1)), vocab) == expected


def test_columns_that_can_not_be_told_are_one_feature(vocab):
    wrong = name_features(hash_embed(), [("a", 3), ("b", 4)])
    assert columns(wrong, vocab) == [("features", 8)]


def test_features_are_saved_or_built(vocab):
    model = lexical()
    model.initialize(X=make_docs(vocab))
    loaded = lexical().from_bytes(model.to_bytes())
    assert columns(loaded, vocab) == columns(model, vocab)
