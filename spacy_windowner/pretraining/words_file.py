"""The file of pretrained words: the weights of a classifier's embedding and of its first layer,
with what each of these layers computes, so that they are given to no other."""

from pathlib import Path
from typing import Any

import numpy
import srsly
from thinc.api import Model

from ..errors import Errors
from ..files.atomic import write_atomically

_FORMAT = "spacy-windowner.words.v1"
_PARTS = ("embed", "windowed_affine")
# Settings of training, which do not change what a layer's weights mean.
_OF_TRAINING = frozenset(["rate", "dropout_rate", "is_enabled"])


def describe(model: Model) -> dict[str, list[dict[str, Any]]]:
    """What the pretrained layers of a window classifier are.

    model (Model): The classifier, initialized.
    RETURNS (Dict[str, List[Dict[str, Any]]]): For each of the two parts the layers that have
        parameters, or settings but no layers inside: their names, settings, and parameters, which
        are not copied.
    """
    parts = {}
    for part in _PARTS:
        layers = [_describe(node) for node in _own_layers(model.get_ref(part))]
        parts[part] = [layer for layer in layers if layer["settings"] or layer["params"]]
    return parts


def _own_layers(model: Model) -> list[Model]:
    return [node for node in model.walk() if node.param_names or not node.layers]


def _describe(node: Model) -> dict[str, Any]:
    settings = {
        name: list(value) if isinstance(value, list | tuple) else value
        for name, value in node.attrs.items()
        if name not in _OF_TRAINING and _is_plain(value)
    }
    params = {name: node.get_param(name) for name in node.param_names}
    return {"name": node.name, "settings": settings, "params": params}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return isinstance(value, str | int | float | bool) or value is None


def first_activation(model: Model) -> str | None:
    """The name of the nonlinearity after the first layer of a window classifier, None if it has no
    hidden layer."""
    return model.get_ref("head").layers[0].name if model.has_ref("head") else None


def save_words(model: Model, path: Path) -> None:
    """Save the pretrained layers of a window classifier.

    model (Model): The classifier.
    path (Path): The file.
    """
    data = {"format": _FORMAT, "activation": first_activation(model), **describe(model)}
    write_atomically(path, srsly.msgpack_dumps(data))


def load_words(model: Model, path: Path, name: str) -> None:
    """Load the pretrained layers of a window classifier.

    model (Model): The classifier, initialized.
    path (Path): What `save_words` wrote.
    name (str): The name of its component.
    RAISES (ValueError): If there is no such file, or it is damaged, or its layers are not those
        of the model. The model is as it was then.
    """
    data, activation = _read(path)
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
            ops: Any = node.ops  # thinc's types know no numpy.ndarray
            for param, value in layer["params"].items():
                node.set_param(param, ops.asarray(value))


def _read(path: Path) -> tuple[dict[str, list[dict[str, Any]]], str | None]:
    """What `describe` and `first_activation` returned of the model that was saved."""
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "there is no such file"
        raise ValueError(Errors.WN045.format(path=path, reason=reason))
    try:
        data = srsly.msgpack_loads(path.read_bytes())
        found = data["format"]
        parts = {part: [_read_layer(layer) for layer in data[part]] for part in _PARTS}
        activation = data["activation"]
    except (ValueError, TypeError, KeyError, EOFError) as error:
        reason = f"it is no file of words, or damaged ({type(error).__name__}: {error})"
        raise ValueError(Errors.WN045.format(path=path, reason=reason)) from error
    if found != _FORMAT:
        reason = f"its format is {found!r}, not {_FORMAT!r}"
        raise ValueError(Errors.WN045.format(path=path, reason=reason))
    return parts, activation


def _read_layer(layer: dict[str, Any]) -> dict[str, Any]:
    params = {name: numpy.array(value, dtype="float32") for name, value in layer["params"].items()}
    return {"name": layer["name"], "settings": dict(layer["settings"]), "params": params}


def _first_difference(
    part: str, saved: list[dict[str, Any]], own: list[dict[str, Any]]
) -> tuple[str, Any, Any] | None:
    """Where two descriptions of layers differ, and what both have there."""
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
