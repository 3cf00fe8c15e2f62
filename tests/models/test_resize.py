import numpy
import pytest

from spacy_windowner.models.labels import BEHIND_O
from spacy_windowner.models.window_classifier import WindowClassifier

from ..util import random_like
from .util import hash_embed, make_model

settings = pytest.mark.parametrize(
    "settings",
    [
        {"hidden_depth": depth, "pooling": pooling}
        for depth in (0, 1, 2)
        for pooling in ("concat", "average")
    ],
    ids=str,
)


@settings
def test_old_columns_stay_and_new_ones_start_behind_outside(docs, settings):
    model = make_model(docs, nO=3, **settings)
    before = numpy.vstack(model.predict(docs))
    assert model.attrs["resize_output"](model, 7) is model
    assert model.get_ref("output_layer").get_dim("nO") == 7
    assert model.maybe_get_dim("nO") in (None, 7)
    after = numpy.vstack(model.predict(docs))
    numpy.testing.assert_array_equal(after[:, :3], before)
    for column in after[:, 3:].T:
        numpy.testing.assert_allclose(column, before[:, 0] - BEHIND_O, rtol=1e-5, atol=1e-5)
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()


@settings
def test_parameters_are_copied(docs, settings):
    model = make_model(docs, nO=3, **settings)
    layer = model.get_ref("output_layer")
    W, b = layer.get_param("W").copy(), layer.get_param("b").copy()
    model.attrs["resize_output"](model, 5)
    new_layer = model.get_ref("output_layer")
    new_W, new_b = new_layer.get_param("W"), new_layer.get_param("b")
    assert new_layer.id != layer.id  # an optimizer must not mix up their moments
    assert new_W.flags.c_contiguous
    numpy.testing.assert_array_equal(new_W[..., :3, :], W)
    numpy.testing.assert_array_equal(new_W[..., 3:, :], numpy.repeat(W[..., :1, :], 2, axis=-2))
    numpy.testing.assert_array_equal(new_b, [*b, b[0] - BEHIND_O, b[0] - BEHIND_O])
    assert new_W.dtype == new_b.dtype == numpy.float32


@settings
def test_resizing_before_initialization_sets_the_width(docs, settings):
    model = WindowClassifier(hash_embed(), nO=3, **settings)
    model.attrs["resize_output"](model, 5)
    model.attrs["resize_output"](model, 7)
    model.initialize(X=docs)
    assert model.predict(docs)[0].shape == (7, 7)


@settings
def test_resizing_without_a_number_of_tags_sets_it(docs, settings):
    model = WindowClassifier(hash_embed(), **settings)
    model.attrs["resize_output"](model, 5)
    model.initialize(X=docs)
    assert model.predict(docs)[0].shape == (7, 5)


@settings
def test_a_resized_model_learns_and_is_saved(docs, settings):
    model = make_model(docs, nO=3, **settings)
    model.attrs["resize_output"](model, 5)
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    assert model.get_ref("output_layer").get_grad("W")[..., 3:, :].any()
    same = WindowClassifier(hash_embed(), window=2, hidden_width=6, nO=5, **settings)
    same.from_bytes(model.to_bytes())
    numpy.testing.assert_array_equal(
        numpy.vstack(same.predict(docs)), numpy.vstack(model.predict(docs))
    )


@settings
def test_the_same_number_of_tags_changes_nothing(docs, settings):
    model = make_model(docs, nO=3, **settings)
    before = model.to_bytes()
    model.attrs["resize_output"](model, 3)
    assert model.to_bytes() == before


@settings
def test_gradients_before_resizing_do_not_break_training(docs, settings):
    """`nlp.update` may leave gradients before `add_label`."""
    model = make_model(docs, nO=3, **settings)
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    model.attrs["resize_output"](model, 5)
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    layer = model.get_ref("output_layer")
    assert layer.get_grad("W").shape == layer.get_param("W").shape
