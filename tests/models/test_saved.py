"""A model is loaded only if it fits the layers."""

from functools import cache

import numpy
import pytest
import spacy
import srsly
from spacy.ml.models.tok2vec import MultiHashEmbed

from spacy_windowner.layers.label_columns import column_layers, grown_layer
from spacy_windowner.models.labels import set_added_labels
from spacy_windowner.models.output import get_transitions, set_n_tags
from spacy_windowner.models.saved import NotFinite, load_model, require_finite
from spacy_windowner.models.window_classifier import WindowClassifier

from .util import hash_embed, make_docs


@cache
def docs_of_words():
    return make_docs(spacy.blank("xx").vocab)


def make_model(n_tags=3, *, added=(), transitions=False, initialize=True, **settings):
    settings = {"window": 2, "hidden_width": 6, "activation": "prelu", "nO": n_tags, **settings}
    model = WindowClassifier(settings.pop("embed", None) or hash_embed(), **settings)
    if initialize:
        model.initialize(X=docs_of_words())
    if added:
        set_added_labels(model, added, 2)
    if transitions:
        set_n_tags(model, n_tags + 2 * len(added))
    return model


def load(data, **settings):
    model = make_model(initialize=False, **settings)
    load_model(model, srsly.msgpack_dumps(data) if isinstance(data, dict) else data)
    return model


def node_of(data, name):
    return next(i for i, node in enumerate(data["nodes"]) if node["name"] == name)


def edited(part, layer, change, **settings):
    data = srsly.msgpack_loads(make_model(**settings).to_bytes())
    change(data[part][node_of(data, layer)])
    return data


@pytest.mark.parametrize(
    "settings",
    [{}, {"added": [4, 0]}, {"hidden_depth": 0}, {"pooling": "average"}, {"transitions": True}],
    ids=str,
)
def test_round_trip(settings):
    model = make_model(**settings)
    settings = {name: value for name, value in settings.items() if name != "transitions"}
    assert load(model.to_bytes(), **settings).to_bytes() == model.to_bytes()


def test_the_default_model_of_spacy_round_trips():
    """Without a seed, HashEmbed uses a default seed."""
    make = lambda: MultiHashEmbed(8, ["NORM"], [50], include_static_vectors=False)  # noqa: E731
    model = make_model(embed=make())
    assert load(model.to_bytes(), embed=make()).to_bytes() == model.to_bytes()


def test_a_model_that_is_not_initialized():
    model = make_model(initialize=False, n_tags=None)
    assert load(model.to_bytes(), n_tags=None).to_bytes() == model.to_bytes()


def put(name, value):
    return lambda values: values.update({name: value})


F = numpy.float32
PARAMS = [
    ("linear", "W", numpy.ones((3, 5), F), r"has the shape \(3, 5\), not \(3, 6\)"),
    ("linear", "W", numpy.ones((6, 3), F), r"has the shape \(6, 3\)"),
    ("linear", "W", numpy.ones((3, 6)), "is of type float64, not float32"),
    ("linear", "W", numpy.ones((3, 6), "int32"), "is of type int32"),
    ("linear", "W", numpy.array([["a"]]), "no array of numbers"),
    ("linear", "W", [1.0], "no array of numbers"),
    ("linear", "W", "W", "no array of numbers"),
    ("linear", "W", None, "some of its parameters are missing"),
    ("linear", "V", numpy.ones(3, F), "are V, W, b, and those of the model W, b"),
    ("linear", "b", numpy.ones(1, F), r"has the shape \(1,\), not \(3,\)"),
    ("prelu", "slope", numpy.ones(1, F), r"has the shape \(1,\), not \(6,\)"),
    ("windowed_affine", "W", numpy.ones((3, 6, 8), F), r"not \(5, 6, 8\)"),
    ("windowed_affine", "pad", numpy.ones((2, 8), F), r"not \(1, 8\)"),
    ("hashembed", "E", numpy.ones((10, 8), F), r"not \(50, 8\)"),
]


@pytest.mark.parametrize(("layer", "name", "value", "message"), PARAMS)
def test_parameters_of_other_layers(layer, name, value, message):
    with pytest.raises(ValueError, match=message):
        load(edited("params", layer, put(name, value)))


def test_a_parameter_is_missing():
    with pytest.raises(ValueError, match="are b, and those of the model W, b"):
        load(edited("params", "linear", lambda params: params.pop("W")))


@pytest.mark.parametrize("shape", [(2, 6), (3,), (3, 3, 3)])
def test_columns_of_added_labels_of_another_shape(shape):
    data = srsly.msgpack_loads(make_model(added=[4]).to_bytes())
    [number] = [i for i, node in enumerate(data["nodes"]) if node["name"] == "window_affine"]
    data["params"][number]["W"] = numpy.ones(shape, F)
    with pytest.raises(ValueError, match=r"`W` of its layer 'window_affine'.*\(5, 4, 8\)"):
        load(data, added=[4])


@pytest.mark.parametrize("shape", [(2, 2), (3,), (3, 2)])
def test_transitions_of_another_shape(shape):
    data = srsly.msgpack_loads(make_model(transitions=True).to_bytes())
    [params] = [params for params in data["params"] if "transitions" in params]
    params["transitions"] = numpy.zeros(shape, F)
    with pytest.raises(ValueError, match="the shape of its transitions is"):
        load(data)
    assert get_transitions(load(make_model(transitions=True).to_bytes())).shape == (3, 3)


@pytest.mark.parametrize("number", [numpy.nan, numpy.inf, -numpy.inf])
@pytest.mark.parametrize("layer", ["linear", "hashembed", "windowed_affine", "prelu"])
def test_numbers_that_are_not_finite(layer, number):
    model = make_model()
    require_finite(model)
    node, *_ = [node for node in model.walk() if node.name == layer]
    name = node.param_names[0]
    node.get_param(name).flat[3] = number
    message = f"the numbers in `{name}` of its layer '{layer}'"
    with pytest.raises(NotFinite, match=message):
        require_finite(model)
    other = make_model()
    before = other.to_bytes()
    with pytest.raises(NotFinite, match=message):
        load_model(other, model.to_bytes())
    assert other.to_bytes() == before


def test_the_largest_numbers_are_finite():
    model = make_model()
    W = model.get_ref("output_layer").get_param("W")
    W[:] = numpy.finfo(F).max
    W[0] *= -1
    require_finite(model)


@pytest.mark.parametrize(
    ("layer", "name", "value", "message"),
    [
        ("windowed_affine", "window", 3, "`window` of its layer 'windowed_affine' is 3.*model 2"),
        ("windowed_affine", "window", "2", "is '2'"),
        ("windowed_affine", "window", None, "is None"),
        ("windowed_affine", "pooling", "average", "is 'average'.*'concat'"),
        ("extract_features", "columns", ["SHAPE"], r"is \['SHAPE'\]"),
        ("dropout", "dropout_rate", 1.0, "is 1.0"),
        ("dropout", "dropout_rate", "high", "is 'high'"),
        ("dropout", "dropout_rate", True, "is True"),
        ("dropout", "is_enabled", 3, "is 3"),
    ],
)
def test_settings_of_other_layers(layer, name, value, message):
    value = srsly.msgpack_dumps(value)
    with pytest.raises(ValueError, match=message):
        load(edited("attrs", layer, put(name, value)))


def test_settings_of_training_may_differ():
    model = make_model(dropout=0.3)
    loaded = load(model.to_bytes(), dropout=0.5)
    assert loaded.attrs["dropout"] == 0.3
    assert loaded.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("size", [4, -1, "3", 3.0, 2**40])
def test_dimensions_of_other_layers(size):
    data = edited("nodes", "linear", lambda node: node["dims"].update(nO=size))
    with pytest.raises(ValueError, match=f"`nO` of its layer 'linear' is {size!r}"):
        load(data)


def test_names_and_references_stay():
    """Names and references determine how a model runs."""
    data = srsly.msgpack_loads(make_model(added=[4]).to_bytes())
    for node in data["nodes"]:
        node.update(name="other", refs=dict.fromkeys(node["refs"], 0))
    model = load(data, added=[4])
    assert model.get_ref("output_layer").name == "linear"
    assert len(column_layers(grown_layer(model))) == 1


@pytest.mark.parametrize("part", ["nodes", "attrs", "params", "shims"])
@pytest.mark.parametrize("value", [None, [], {}, 3, "text", [3]])
def test_parts_of_another_kind(part, value):
    data = srsly.msgpack_loads(make_model().to_bytes())
    data[part] = value
    with pytest.raises((ValueError, TypeError)):
        load(data)
    del data[part]
    with pytest.raises(KeyError, match=part):
        load(data)


def test_models_of_earlier_versions():
    """Some layers used to save fewer dimensions."""
    model = make_model(added=[4])
    data = srsly.msgpack_loads(model.to_bytes())
    for node in data["nodes"]:
        if node["name"] in ("windowed_affine", "window_affine"):
            del node["dims"]["nP"]
    assert load(data, added=[4]).to_bytes() == model.to_bytes()
