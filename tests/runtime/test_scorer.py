import numpy
import pytest
import spacy
from spacy.attrs import ORTH
from spacy_windowner.runtime import kernels
from spacy_windowner.runtime.kernels import ThincKernel
from spacy_windowner.runtime.scorer import ModelScorer, make_scorer
from spacy_windowner.runtime.table_scorer import TableScorer
from thinc.api import Model
from thinc.compat import has_torch

from spacy_windowner.models.torch_classifier import TorchWindowClassifier
from spacy_windowner.models.torch_scorer import TorchScorer
from spacy_windowner.models.window_classifier import WindowClassifier

from ..models.test_window_classifier import contextual_embed
from ..models.util import hash_embed, make_docs, make_model
from .util import needs_torch


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("en").vocab


def custom_model():
    return Model("custom", lambda model, docs, is_train: (docs, list))


def test_a_table_where_the_model_allows_it():
    model = WindowClassifier(hash_embed())
    scorer = make_scorer(model, "thinc", 99)
    assert isinstance(scorer, TableScorer)
    assert isinstance(scorer.kernel, ThincKernel)
    assert (scorer.model, scorer.table_size) == (model, 99)


OTHERS = {
    "contextual": lambda: WindowClassifier(contextual_embed()),
    "torch": lambda: TorchWindowClassifier(hash_embed(), TorchScorer()),
    "custom": custom_model,
}


@pytest.mark.parametrize("name", ["contextual", pytest.param("torch", marks=needs_torch), "custom"])
def test_otherwise_the_model(vocab, name):
    model = OTHERS[name]()
    scorer = make_scorer(model, "auto", 99)
    assert isinstance(scorer, ModelScorer) and scorer.model is model


@pytest.mark.parametrize("embed", [hash_embed, contextual_embed])
def test_both_give_one_row_a_tag(vocab, embed):
    docs = make_docs(vocab)
    model = make_model(docs, embed=embed())
    scorers = [ModelScorer(model), make_scorer(model, "auto", 99)]
    words = numpy.concatenate([doc.to_array(ORTH) for doc in docs])
    lengths = numpy.array([len(doc) for doc in docs])
    for scorer in scorers:
        scores = scorer.scores(docs, words, lengths)
        assert scores.shape == (5, len(words)) and scores.dtype == numpy.float32
        expected = numpy.vstack(model.predict(docs)).T
        numpy.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)
        scorer.clear()
        numpy.testing.assert_array_equal(scorer.scores(docs, words, lengths), scores)


@pytest.mark.parametrize("embed", [hash_embed, contextual_embed])
def test_the_kernel_is_checked_for_any_model(vocab, monkeypatch, embed):
    """So that a config doesn't fail later, with another model."""
    model = WindowClassifier(embed())
    with pytest.raises(ValueError, match="WN001.*kernel = 'fast'"):
        make_scorer(model, "fast", 99)
    monkeypatch.setattr(kernels, "has_torch", False)
    with pytest.raises(ValueError, match="WN014"):
        make_scorer(model, "torch", 99)


def test_auto(vocab):
    scorer = make_scorer(WindowClassifier(hash_embed()), "auto", 99)
    assert isinstance(scorer.kernel, ThincKernel) != has_torch
