"""Scores from the table of words with a lexicon: those of the model, in any batch."""

from pathlib import Path

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_windowner.layers.lexicon_features import find_lexicon
from spacy_windowner.models.embed import CharNgramEmbed, LexiconEmbed, WordEmbed
from spacy_windowner.scoring.scorer import TableScorer, make_scorer

from ..layers.test_lexicon import PHRASES, SENTENCE, make_lexicon
from ..models.util import hash_embed, make_docs, make_model
from .util import CLOSE, MORE_SENTENCES, expected_scores, in_parts, score

pytestmark = pytest.mark.usefixtures("core")
WORDS = ["York", "new", "New", "City", "Los", "Angeles", "Miller", "x", " ", "\n"]


def with_lexicon(docs, **settings):
    embed = WordEmbed(hash_embed(), CharNgramEmbed(3, 20), lexicon=LexiconEmbed(Path("none")))
    find_lexicon(embed).attrs["lexicon"] = make_lexicon(*PHRASES)
    return make_model(docs, embed=embed, **settings)


@pytest.fixture
def docs(vocab):
    rng = numpy.random.default_rng(0)
    random = [rng.choice(WORDS, size=size).tolist() for size in (1, 7, 0, 50, 2, 300)]
    return make_docs(vocab, [SENTENCE, *MORE_SENTENCES, *random, SENTENCE[::-1]])


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
@pytest.mark.parametrize("pooling", ["concat", "average"])
def test_scores_equal_those_of_the_model(docs, hidden_depth, pooling):
    model = with_lexicon(docs, hidden_depth=hidden_depth, pooling=pooling)
    expected = expected_scores(model, docs)
    scorer = make_scorer(model, 1000)
    assert isinstance(scorer, TableScorer)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected, **CLOSE)
    for table_size in (0, 1, 30, 1000):
        other = TableScorer(model, table_size)
        for n_parts in (3, len(docs)):
            numpy.testing.assert_array_equal(in_parts(other, docs, n_parts), together)


def test_the_lexicon_matters(docs):
    """So do words of the same spelling in different places."""
    model = with_lexicon(docs)
    before = score(TableScorer(model, 1000), docs)
    find_lexicon(model).attrs["lexicon"] = make_lexicon()
    after = score(TableScorer(model, 1000), docs)
    assert abs(after - before).max() > 0.1
    numpy.testing.assert_allclose(after, expected_scores(model, docs), **CLOSE)


def test_another_lexicon_in_use(docs):
    """The table keeps what it has of words, and it stays right."""
    model = with_lexicon(docs)
    scorer = TableScorer(model, 1000)
    score(scorer, docs)
    for phrases in (PHRASES[:2], [("DRUG", "York"), ("NAME", "x")], [], PHRASES):
        find_lexicon(model).attrs["lexicon"] = make_lexicon(*phrases)
        found = score(scorer, docs)
        numpy.testing.assert_array_equal(found, score(TableScorer(model, 0), docs))
        numpy.testing.assert_allclose(found, expected_scores(model, docs), **CLOSE)


def test_documents_of_another_vocabulary(docs):
    model = with_lexicon(docs)
    scorer = TableScorer(model, 100)
    expected = score(scorer, docs)
    vocab = spacy.blank("en").vocab
    others = [Doc(vocab, words=[token.text for token in doc]) for doc in docs]
    numpy.testing.assert_array_equal(score(scorer, others), expected)
