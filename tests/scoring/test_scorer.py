import numpy
import pytest
from thinc.api import Model, NumpyOps
from thinc.compat import has_torch

from spacy_windowner.models.torch_classifier import TorchScorer, TorchWindowClassifier
from spacy_windowner.models.window_classifier import WindowClassifier
from spacy_windowner.scoring.scorer import ModelScorer, TableScorer, make_scorer

from ..models.test_window_classifier import contextual_embed
from ..models.util import hash_embed, make_docs, make_model
from .util import CLOSE, expected_scores, score

pytestmark = pytest.mark.usefixtures("core")

needs_torch = pytest.mark.skipif(not has_torch, reason="torch is an extra")


def custom_model():
    return Model("custom", lambda model, docs, is_train: (docs, list))


@pytest.mark.parametrize("settings", [{}, {"hidden_depth": 0, "pooling": "average"}])
def test_a_table_where_the_model_allows_it(settings):
    model = WindowClassifier(hash_embed(), **settings)
    scorer = make_scorer(model, 99)
    assert isinstance(scorer, TableScorer)
    assert (scorer.model, scorer.table_size) == (model, 99)


class OtherOps(NumpyOps.__base__):
    """Ops for arrays on another device."""

    name = "other"


def test_not_on_another_device(docs):
    model = make_model(docs)
    model._to_ops(OtherOps())
    assert isinstance(make_scorer(model, 99), ModelScorer)


OTHERS = {
    "contextual": lambda: WindowClassifier(contextual_embed()),
    "torch": lambda: TorchWindowClassifier(hash_embed(), TorchScorer()),
    "custom": custom_model,
    "embedding": hash_embed,
}


@pytest.mark.parametrize(
    "name", ["contextual", pytest.param("torch", marks=needs_torch), "custom", "embedding"]
)
def test_otherwise_the_model(name):
    model = OTHERS[name]()
    scorer = make_scorer(model, 99)
    assert isinstance(scorer, ModelScorer) and scorer.model is model


@pytest.mark.parametrize("embed", [hash_embed, contextual_embed])
def test_both_give_one_row_a_token(vocab, embed):
    docs = make_docs(vocab)
    model = make_model(docs, embed=embed())
    scorers = [ModelScorer(model), make_scorer(model, 99)]
    for scorer in scorers:
        scores = score(scorer, docs)
        numpy.testing.assert_allclose(scores, expected_scores(model, docs), **CLOSE)
        scorer.clear()
        numpy.testing.assert_array_equal(score(scorer, docs), scores)
        scores[:] = 7.0  # the caller may change them
        assert abs(score(scorer, docs) - 7.0).min() > 1e-3
