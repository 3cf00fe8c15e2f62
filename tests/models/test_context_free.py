import pytest
import spacy
from spacy.attrs import IDS
from spacy.ml.models import CharacterEmbed, MultiHashEmbed, build_Tok2Vec_model
from spacy.ml.models.tok2vec import (
    MaxoutWindowEncoder,
    build_hash_embed_cnn_tok2vec,
    tok2vec_listener_v1,
)
from spacy.tokens import Doc
from thinc.api import Model, chain

from spacy_windowner.models.embed import CharNgramEmbed, LexicalEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.features import LEXICAL, is_context_free

from .util import hash_embed


def multi_hash_embed(attrs, vectors=False):
    return MultiHashEmbed(
        width=4, attrs=attrs, rows=[10] * len(attrs), include_static_vectors=vectors
    )


def hash_embed_cnn(depth):
    return build_hash_embed_cnn_tok2vec(
        width=4, depth=depth, embed_size=10, window_size=1, maxout_pieces=2, subword_features=True,
        pretrained_vectors=False,
    )  # fmt: skip


def tok2vec():
    encode = MaxoutWindowEncoder(width=4, window_size=1, maxout_pieces=2, depth=1)
    return build_Tok2Vec_model(hash_embed(width=4), encode)


def unknown(**attrs):
    return Model("unknown", lambda model, docs, is_train: (docs, list), attrs=attrs)


def word_embed():
    return WordEmbed(
        features=hash_embed(),
        ngrams=CharNgramEmbed(4, 10),
        vectors=VectorsEmbed(4, update_vectors=True),
    )


EMBEDS = {
    "characters": (lambda: CharacterEmbed(4, 10, 4, 2, include_static_vectors=False), True),
    "hash features": (lambda: multi_hash_embed(["NORM", "PREFIX", "SUFFIX", "SHAPE"]), True),
    "one feature": (lambda: multi_hash_embed(["LOWER"]), True),
    "number of an attribute": (lambda: multi_hash_embed([spacy.attrs.ORTH]), True),
    "lower case name": (lambda: multi_hash_embed(["norm", "is_alpha"]), True),
    "part of speech": (lambda: multi_hash_embed(["NORM", "POS"]), False),
    "entity type": (lambda: multi_hash_embed(["NORM", "ENT_TYPE"]), False),
    "number of a contextual attribute": (lambda: multi_hash_embed([spacy.attrs.TAG]), False),
    "space after": (lambda: multi_hash_embed(["NORM", "SPACY"]), False),
    "static vectors": (lambda: multi_hash_embed(["NORM"], vectors=True), True),
    "convolutions": (lambda: hash_embed_cnn(2), False),
    "tok2vec": (tok2vec, False),
    "listener": (lambda: tok2vec_listener_v1(width=4), False),
    "CharNgramEmbed": (lambda: CharNgramEmbed(4, 10), True),
    "LexicalEmbed": (lambda: LexicalEmbed(["NORM", "SHAPE"], [10, 10]), True),
    "LexicalEmbed of part of speech": (lambda: LexicalEmbed(["NORM", "POS"], [10, 10]), False),
    "VectorsEmbed": (lambda: VectorsEmbed(4), True),
    "VectorsEmbed, updated": (lambda: VectorsEmbed(4, update_vectors=True), True),
    "WordEmbed": (word_embed, True),
    "WordEmbed of part of speech": (lambda: WordEmbed(multi_hash_embed(["POS"])), False),
    "WordEmbed of a listener": (lambda: WordEmbed(tok2vec_listener_v1(width=4)), False),
    "unknown layer": (unknown, False),
    "layer that says it is": (lambda: unknown(context_free=True), True),
    "layer that says it is not": (lambda: unknown(context_free=False), False),
    "one contextual layer among others": (lambda: chain(hash_embed(), unknown()), False),
}


@pytest.mark.parametrize(("make_embed", "expected"), EMBEDS.values(), ids=EMBEDS)
def test_is_context_free(make_embed, expected):
    assert is_context_free(make_embed()) == expected


CONTEXTUAL = ["POS", "TAG", "MORPH", "LEMMA", "DEP", "HEAD", "ENT_TYPE", "ENT_IOB", "SENT_START"]


@pytest.mark.parametrize("attr", sorted(LEXICAL & set(IDS)) + CONTEXTUAL)
def test_lexical_attributes_are_the_same_in_every_annotation(vocab, attr):
    """Two documents have the same words, and differ in all annotations of tokens."""
    words = ["Paris", "1st", "(", "a@b.org", "don", "n't", "“", "$"]
    n = len(words)
    one = Doc(vocab, words=words)
    other = Doc(
        vocab,
        words=words,
        spaces=[False] * n,
        pos=["NOUN"] * n,
        tags=["NN"] * n,
        morphs=["Number=Sing"] * n,
        lemmas=["lemma"] * n,
        deps=["dep"] * n,
        heads=[0] * n,
        ents=["B-LOC"] * n,
    )
    same = one.to_array([attr]).tolist() == other.to_array([attr]).tolist()
    assert same == (attr in LEXICAL)
