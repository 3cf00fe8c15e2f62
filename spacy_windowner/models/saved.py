"""Loading a saved model, after checking that it fits: its parameters must have the shapes and types
of the layers and be finite, and its settings must be those of the layers."""

from typing import Any

import numpy
from thinc.api import Model, deserialize_attr

from ..files import unpack
from ..layers.clusters import Clusters
from ..layers.lexicon import N_PLACES, Lexicon
from ..layers.torch_module import require_params
from ..layers.word_attributes import check_known
from .output import (
    KNOWN_PACKAGES,
    TRANSITIONS,
    forward_of,
    get_transitions,
    is_transitions_layer,
    n_columns,
)

_PARTS = ("nodes", "attrs", "params", "shims")
_MAX_SIZE = 2**31 - 1
# Settings for training, which don't change the meaning of a layer's parameters.
_TRAINING_SETTINGS = frozenset(["rate", "dropout", "dropout_rate", "is_enabled", "learning"])
_WINDOW = "spacy_windowner.layers.windowed_affine"
_TORCH = "spacy_windowner.layers.torch_module.forward"
_WORD_ATTRIBUTES = "spacy_windowner.layers.word_attributes.forward"
# The shapes of layers' parameters, by the name of the forward function.
_SHAPES: dict[str, dict[str, tuple[str | int, ...]]] = {
    "thinc.layers.linear.forward": {"W": ("nO", "nI"), "b": ("nO",)},
    "thinc.layers.hashembed.forward": {"E": ("nV", "nO")},
    "thinc.layers.layernorm.forward": {"G": ("nI",), "b": ("nI",)},
    "thinc.layers.maxout.forward": {"W": ("nO", "nP", "nI"), "b": ("nO", "nP")},
    "spacy.ml.staticvectors.forward": {"W": ("nO", "nM")},
    "spacy_windowner.layers.lexicon_features.forward": {"E": ("nV", "nO")},
    "spacy_windowner.layers.cluster_features.forward": {"E": ("nV", "nO")},
    f"{_WINDOW}.forward": {"W": ("nP", "nO", "nI"), "b": ("nO",), "pad": (1, "nI")},
    f"{_WINDOW}.multiply_windows": {"W": ("nP", "nO", "nI"), "b": ("nO",)},
    "spacy_windowner.layers.activations.forward_prelu": {"slope": ("nO",)},
    "spacy_windowner.layers.char_ngrams.forward": {"E": ("nV", "nO")},
    "spacy_windowner.layers.vectors.forward_table": {"E": ("nV", "nO")},
}


class NotFinite(ValueError):
    """A parameter has numbers that are NaN or infinite."""


def load_model(model: Model, data: bytes) -> None:
    """Load a model. Everything is checked before anything in the model changes. Its layers keep the
    names and references that they were built with.

    model (Model): The model.
    data (bytes): The result of `to_bytes` of a model with the same layers.
    RAISES (ValueError): If the data is damaged, or comes from other layers. The message is only the
        reason, a part of a sentence.
    RAISES (NotFinite): If a parameter isn't finite.
    """
    saved = unpack(data)
    layers = list(model.walk())
    counts = {len(saved[part]) for part in _PARTS}
    if counts != {len(layers)}:
        found = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"it has {found} layers, and the model {len(layers)}")
    checked: dict[str, list] = {part: [] for part in _PARTS}
    for layer, node, attrs, params, shims in zip(
        layers, *(saved[part] for part in _PARTS), strict=True
    ):
        dims = {**node["dims"]}
        _check_dims(layer, dims)
        _check_params(model, layer, dims, params)
        checked["nodes"].append({"name": layer.name, "dims": dims, "refs": {}})
        checked["attrs"].append(_settings_to_load(layer, attrs))
        checked["params"].append(params)
        checked["shims"].append(shims)
    # Layers of other packages may leave parameters empty.
    is_empty = {
        value is None
        for layer, params in zip(layers, checked["params"], strict=True)
        if forward_of(layer).startswith(KNOWN_PACKAGES)
        for value in params.values()
    }
    if len(is_empty) == 2:
        raise ValueError("some of its parameters are missing")
    model.from_dict(checked)
    for layer in layers:
        if forward_of(layer) == _TORCH and layer.param_names:
            require_params(layer, {name: layer.get_param(name).shape for name in layer.param_names})
        if isinstance(layer.attrs.get("lexicon"), Lexicon) and layer.has_param("E"):
            n_rows, own_rows = N_PLACES * len(layer.attrs["lexicon"].classes), layer.get_dim("nV")
            if n_rows != own_rows:
                raise ValueError(f"its lexicon needs {n_rows} rows, and it has {own_rows}")
        clusters = layer.attrs.get("clusters")
        if isinstance(clusters, Clusters) and layer.has_param("E"):
            if clusters.prefixes != layer.attrs["prefixes"]:
                raise ValueError(f"the prefixes of its word clusters are {clusters.prefixes}")
            if clusters.n_rows != layer.get_dim("nV"):
                n_rows, own_rows = clusters.n_rows, layer.get_dim("nV")
                raise ValueError(f"its word clusters need {n_rows} rows, and it has {own_rows}")
    transitions, columns = get_transitions(model), n_columns(model)
    if transitions is not None and transitions.shape != (columns, columns):
        shape = transitions.shape
        raise ValueError(f"the shape of its transitions is {shape}, and it has {columns} tags")


def require_finite(model: Model) -> None:
    """Reject a model that can't predict.

    model (Model): The model.
    RAISES (NotFinite): If a parameter isn't finite.
    """
    for layer in model.walk():
        for name in layer.param_names:
            if layer.has_param(name):
                _check_finite(layer, name, layer.get_param(name))


def is_finite(array: Any) -> bool:
    """Whether an array has no number that is NaN or infinite.

    array (numpy.ndarray): The array, which may be of another library. It is not copied.
    """
    return not array.size or bool(numpy.isfinite(float(array.min()) + float(array.max())))


def settings_of(layer: Model) -> dict[str, Any]:
    """The settings of a layer that its parameters depend on, as far as they are plain values."""
    return {
        name: _as_list(value)
        for name, value in layer.attrs.items()
        if name not in _TRAINING_SETTINGS and is_plain(value)
    }


def is_plain(value: Any) -> bool:
    """Whether a value is a string, a number, a bool or None, or a list of these."""
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return isinstance(value, str | int | float | bool) or value is None


def _check_dims(layer: Model, dims: dict[str, Any]) -> None:
    for name, size in dims.items():
        if size is None:
            continue
        if type(size) is not int or not 0 <= size <= _MAX_SIZE:
            raise ValueError(f"`{name}` of its layer '{layer.name}' is {size!r:.50}")
        own = layer.maybe_get_dim(name)
        if own is not None and own != size:
            raise ValueError(
                f"`{name}` of its layer '{layer.name}' is {size}, and that of the model {own}"
            )


def _check_params(model: Model, layer: Model, dims: dict[str, Any], params: dict[str, Any]) -> None:
    forward = forward_of(layer)
    is_known = forward.startswith(KNOWN_PACKAGES) and forward != _TORCH
    names, own_names = {*params}, {*layer.param_names}
    if is_transitions_layer(model, layer) and TRANSITIONS not in own_names:
        names.discard(TRANSITIONS)  # the layer gets them from the data
    if is_known and names != own_names:
        found, expected = (", ".join(sorted(each)) or "none" for each in (names, own_names))
        raise ValueError(
            f"the parameters of its layer '{layer.name}' are {found}, and those of the model "
            f"{expected}"
        )
    shapes = _SHAPES.get(forward, {})
    for name, value in params.items():
        if value is None:
            continue
        where = f"`{name}` of its layer '{layer.name}'"
        if not isinstance(value, numpy.ndarray) or value.dtype.kind not in "fiub":
            raise ValueError(f"{where} is no array of numbers")
        if is_known and value.dtype != "float32":
            raise ValueError(f"{where} is of type {value.dtype}, not float32")
        if name in shapes:
            sizes = [
                dims.get(size) or layer.maybe_get_dim(size) if isinstance(size, str) else size
                for size in shapes[name]
            ]
            fits = len(sizes) == value.ndim and all(
                wanted in (None, size) for size, wanted in zip(value.shape, sizes, strict=True)
            )
            if not fits:
                raise ValueError(f"{where} has the shape {value.shape}, not {tuple(sizes)}")
        _check_finite(layer, name, value)


def _check_finite(layer: Model, name: str, value: Any) -> None:
    if value.dtype.kind == "f" and not is_finite(value):
        raise NotFinite(f"the numbers in `{name}` of its layer '{layer.name}'")


def _settings_to_load(layer: Model, attrs: dict[str, Any]) -> dict[str, Any]:
    """The saved settings of a layer. Settings that a known layer has already must be the same, and
    are left out."""
    if not forward_of(layer).startswith(KNOWN_PACKAGES):
        return attrs
    if forward_of(layer) == _WORD_ATTRIBUTES:
        if "known" not in attrs:
            raise ValueError("the known values of its attributes are missing")
        known = deserialize_attr([], attrs["known"], "known", layer)
        check_known(known, len(layer.attrs["attrs"]))
    own = settings_of(layer)
    if own.get("seed") == layer.id:  # thinc's default seed
        del own["seed"]
    for name in {*attrs} & {*own, *(_TRAINING_SETTINGS & {*layer.attrs})}:
        found = _as_list(deserialize_attr(layer.attrs[name], attrs[name], name, layer))
        fits = _is_training_value(found) if name in _TRAINING_SETTINGS else found == own[name]
        if not fits or isinstance(found, bool) != isinstance(layer.attrs[name], bool):
            raise ValueError(
                f"`{name}` of its layer '{layer.name}' is {found!r:.50}, and that of the model "
                f"{layer.attrs[name]!r}"
            )
    return {name: value for name, value in attrs.items() if name not in own}


def _is_training_value(value: Any) -> bool:
    """Whether a value fits a training setting: a rate, a switch, or a list of layers' indices."""
    if isinstance(value, list):
        return all(type(number) is int for number in value)
    is_rate = isinstance(value, int | float) and 0.0 <= value < 1.0
    return value is None or isinstance(value, bool) or is_rate


def _as_list(value: Any) -> Any:
    return [_as_list(item) for item in value] if isinstance(value, list | tuple) else value
