"""The file of pretrained words: the weights of a classifier's embedding and of its first layer. The
file also describes these layers, so the weights can't be loaded into different ones."""

from pathlib import Path
from typing import Any

import numpy
from thinc.api import Model

from ..errors import Errors
from ..files import read_packed, write_packed
from ..layers.clusters import Clusters
from ..layers.vectors import describe_sample
from ..layers.word_attributes import attribute_layers, check_known
from .saved import is_plain, settings_of

_KIND = "spacy-windowner.words.v3"
_PARTS = ("embed", "windowed_affine")


def save_words(model: Model, path: Path) -> None:
    """Save the pretrained layers of a window classifier.

    model (Model): The classifier.
    path (Path): The file.
    """
    known = [layer.attrs["known"] for layer in attribute_layers(model.get_ref("embed"))]
    data = {"activation": first_activation(model), "known": known, **describe(model)}
    write_packed(path, _KIND, data)


def load_words(model: Model, path: Path, name: str) -> None:
    """Load the pretrained layers of a window classifier.

    model (Model): The classifier, initialized.
    path (Path): A file that `save_words` wrote.
    name (str): The name of its component.
    RAISES (ValueError): If the file is missing or damaged, or its layers are not those of the
        model. Then the model stays as it was.
    """
    data, activation, known = _read(path)
    if not all(model.has_ref(part) for part in _PARTS):
        found, expected = " and ".join(_PARTS), "none: it is no spacy-windowner.WindowClassifier.v1"
        raise ValueError(Errors.WN046.format(
            path=path, name=name, where="Layers", found=found, expected=expected
        ))  # fmt: skip
    own = describe(model)
    differences = [_first_difference(part, data[part], own[part]) for part in _PARTS]
    if activation != first_activation(model):
        differences.append(("`activation`", activation, first_activation(model)))
    for difference in differences:
        if difference is not None:
            where, found, expected = difference
            raise ValueError(Errors.WN046.format(
                path=path, name=name, where=where, found=found, expected=expected
            ))  # fmt: skip
    for part in _PARTS:
        nodes = [node for node in _own_layers(model.get_ref(part)) if node.param_names]
        layers = [layer for layer in data[part] if layer["params"]]
        for node, layer in zip(nodes, layers, strict=True):
            ops: Any = node.ops  # thinc's types don't know numpy.ndarray
            for param, value in layer["params"].items():
                node.set_param(param, ops.asarray(value))
    for reader, values in zip(attribute_layers(model.get_ref("embed")), known, strict=True):
        reader.attrs["known"] = values


def describe(model: Model) -> dict[str, list[dict[str, Any]]]:
    """Describe the pretrained layers of a window classifier.

    model (Model): The classifier, initialized.
    RETURNS (Dict[str, List[Dict[str, Any]]]): For each of the two parts, the layers that have
        parameters, or that have settings and no inner layers: their names, settings and parameters,
        which are not copied.
    """
    parts = {}
    for part in _PARTS:
        layers = [_describe(node) for node in _own_layers(model.get_ref(part))]
        parts[part] = [layer for layer in layers if layer["settings"] or layer["params"]]
    return parts


def first_activation(model: Model) -> str | None:
    """The name of the activation after the first layer of a window classifier, None if it has no
    hidden layer."""
    return model.get_ref("head").layers[0].name if model.has_ref("head") else None


def _own_layers(model: Model) -> list[Model]:
    return [node for node in model.walk() if node.param_names or not node.layers]


def _describe(node: Model) -> dict[str, Any]:
    params = {name: node.get_param(name) for name in node.param_names}
    settings = settings_of(node)
    if isinstance(clusters := node.attrs.get("clusters"), Clusters):
        settings["clusters"] = clusters.describe()  # the rows of the layer belong to them
    if vectors := describe_sample(node):
        settings["vectors"] = vectors
    return {"name": node.name, "settings": settings, "params": params}


def _copy_array(name: str, value: Any) -> numpy.ndarray:
    if not isinstance(value, numpy.ndarray) or value.dtype != "float32":
        raise ValueError(f"`{name}` is no array of float32")
    if not numpy.isfinite(value).all():
        raise ValueError(f"`{name}` has numbers that are NaN or infinite")
    return numpy.array(value)


def _first_difference(
    part: str, saved: list[dict[str, Any]], own: list[dict[str, Any]]
) -> tuple[str, Any, Any] | None:
    """The first difference between two descriptions of layers, and both values."""
    names, own_names = ([layer["name"] for layer in layers] for layers in (saved, own))
    if names != own_names:
        return f"Layers of `{part}`", ", ".join(names), ", ".join(own_names)
    for layer, other in zip(saved, own, strict=True):
        found, expected = ({
            **one["settings"],
            **{name: f"shape {value.shape}" for name, value in one["params"].items()},
        } for one in (layer, other))  # fmt: skip
        for key in {**expected, **found}:
            if found.get(key) != expected.get(key):
                where = f"`{key}` of the layer '{layer['name']}' in `{part}`"
                return where, found.get(key), expected.get(key)
    return None


def _read(path: Path) -> tuple[dict[str, list[dict[str, Any]]], str | None, list]:
    """Read the results of `describe` and `first_activation` for the saved model, and the known
    values of its layers that read attributes."""
    try:
        data = read_packed(path, _KIND)
        parts = {part: [_read_layer(layer) for layer in data[part]] for part in _PARTS}
        activation = data["activation"]
        if not is_plain([activation, *(list(each.values()) for each in _settings(parts))]):
            raise ValueError("its settings are no plain values")
        readers = [layer for layer in parts["embed"] if layer["name"] == "word_attributes"]
        for layer, values in zip(readers, data["known"], strict=True):
            check_known(values, len(layer["settings"]["attrs"]))
        return parts, activation, data["known"]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(Errors.WN045.format(path=path, reason=reason)) from error


def _read_layer(layer: dict[str, Any]) -> dict[str, Any]:
    params = {
        f"{name}": _copy_array(f"{name} of the layer {layer['name']}", value)
        for name, value in layer["params"].items()
    }
    return {"name": f"{layer['name']}", "settings": {**layer["settings"]}, "params": params}


def _settings(parts: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [layer["settings"] for layers in parts.values() for layer in layers]
