"""Labels can be added to a trained classifier without changing the others."""

import numpy
import pytest

from spacy_windowner.layers.label_columns import grown_layer
from spacy_windowner.models.labels import (
    BEHIND_O,
    added_columns,
    can_grow,
    set_added_labels,
)
from spacy_windowner.models.output import is_initialized, n_columns
from spacy_windowner.models.window_classifier import WindowClassifier

from ..util import check_params, random_like, randomize, weighted_sum
from .util import hash_embed, make_model

settings = pytest.mark.parametrize(
    "settings",
    [
        {"hidden_depth": depth, "pooling": pooling, "activation": "tanh"}
        for depth in (0, 1, 2)
        for pooling in ("concat", "average")
    ],
    ids=str,
)


def scores_of(model, docs):
    return numpy.vstack(model.predict(docs))


def grown_model(docs, units=(4, 0), **settings):
    model = make_model(docs, nO=3, **settings)
    set_added_labels(model, units, 2)
    return randomize(model)


@settings
def test_old_columns_stay_and_new_ones_start_behind_outside(docs, settings):
    model = make_model(docs, nO=3, **settings)
    before = scores_of(model, docs)
    set_added_labels(model, [4], 2)
    set_added_labels(model, [4, 0], 2)
    assert is_initialized(model) and n_columns(model) == 7
    after = scores_of(model, docs)
    numpy.testing.assert_array_equal(after[:, :3], before)
    for column in after[:, 3:].T:
        numpy.testing.assert_allclose(column, before[:, 0] - BEHIND_O, atol=1e-5)


@settings
def test_gradients_if_everything_learns(docs, settings):
    model = grown_model(docs, **settings)
    scores, backprop = model(docs, is_train=True)
    weights = random_like(scores)
    backprop(weights)

    def f():
        return weighted_sum(model(docs, is_train=True)[0], weights)

    check_params(model, f, eps=1e-3, rtol=2e-2)


@settings
@pytest.mark.parametrize("learning", [[0], [1], [0, 1]])
def test_gradients_if_labels_learn_alone(docs, settings, learning):
    model = grown_model(docs, **settings)
    grown_layer(model).attrs["learning"] = learning
    scores, backprop = model(docs, is_train=True)
    weights = random_like(scores)
    assert backprop(weights) == []
    columns = added_columns(model)
    inside = {node.id for number in learning for node in columns[number].walk()}
    for node in model.walk():
        assert all(node.has_grad(name) == (node.id in inside) for name in node.param_names)

    def f():
        return weighted_sum(model(docs, is_train=True)[0], weights)

    for number in learning:
        check_params(columns[number], f, eps=1e-3, rtol=2e-2)


@settings
def test_a_copy_and_a_saved_model_are_the_same(docs, settings):
    model = grown_model(docs, **settings)
    expected = scores_of(model, docs)
    numpy.testing.assert_array_equal(scores_of(model.copy(), docs), expected)
    same = WindowClassifier(hash_embed(), window=2, hidden_width=6, nO=3, **settings)
    set_added_labels(same, [4, 0], 2)
    same.from_bytes(model.to_bytes())
    numpy.testing.assert_array_equal(scores_of(same, docs), expected)


@settings
def test_columns_that_fit_are_kept_and_others_go(docs, settings):
    model = grown_model(docs, units=(4, 5, 6), **settings)
    before, columns = scores_of(model, docs), added_columns(model)
    set_added_labels(model, [4, 7], 2)
    assert added_columns(model)[0] is columns[0]
    after = scores_of(model, docs)
    assert after.shape[1] == 7
    numpy.testing.assert_array_equal(after[:, :5], before[:, :5])
    set_added_labels(model, [], 2)
    assert grown_layer(model) is None and n_columns(model) == 3
    numpy.testing.assert_array_equal(scores_of(model, docs), before[:, :3])
    assert make_model(docs, nO=3, **settings).to_bytes()[:50] == model.to_bytes()[:50]


def test_units_have_the_activation_of_the_others(docs):
    for activation in ("prelu", "logistic"):
        model = make_model(docs, activation=activation)
        set_added_labels(model, [4], 2)
        assert added_columns(model)[0].layers[2].layers[0].name == activation


def test_only_window_classifiers_can_grow(docs):
    assert can_grow(make_model(docs))
    assert not can_grow(hash_embed())
