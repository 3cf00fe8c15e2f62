"""Which columns of a word's embedding come from which feature of the word."""

from collections.abc import Sequence

from thinc.api import Model

from ..layers import word_dropout
from .context_free import is_context_free

_FEATURES = "word_features"


def name_features(model: Model, features: Sequence[tuple[str, int]]) -> Model:
    """State which features the columns of an embedding layer's output come from.

    model (Model): The layer.
    features (Sequence[Tuple[str, int]]): The name and the width of each feature, in the order of
        the columns. Names are lower-cased.
    RETURNS (Model): The same layer.
    """
    model.attrs[_FEATURES] = [[name.lower(), width] for name, width in features]
    return model


def feature_columns(embed: Model, width: int) -> list[tuple[str, slice]]:
    """The columns of each feature in the output of an embedding layer. Layers in it that state
    no features are one each: "tok2vec" if it reads the context of the word, or else "features".

    embed (Model[List[Doc], List[Floats2d]]): The layer, initialized.
    width (int): The width of its output.
    RETURNS (List[Tuple[str, slice]]): The name and the columns of each, in their order. A name may
        come twice.
    """
    features = _features(embed)
    unknown = [i for i, (_, columns) in enumerate(features) if columns is None]
    rest = width - sum(columns or 0 for _, columns in features)
    if len(unknown) == 1:
        features[unknown[0]] = (features[unknown[0]][0], rest)
        rest = 0
    if rest != 0 or len(unknown) > 1:  # what it is made of can't be told
        features = [(_whole(embed), width)]
    columns, start = [], 0
    for name, size in features:
        columns.append((name, slice(start, start + (size or 0))))
        start += size or 0
    return columns


def _features(node: Model) -> list[tuple[str, int | None]]:
    if _FEATURES in node.attrs:
        return [(name, width) for name, width in node.attrs[_FEATURES]]
    inner = [layer for layer in node.layers if layer.name != "dropout"]
    function = node._func
    if function is word_dropout.forward or _is_from("chain", function) and len(inner) == 1:
        return _features(inner[0])
    if _is_from("concatenate", function):
        return [feature for layer in inner for feature in _features(layer)]
    return [(_whole(node), node.maybe_get_dim("nO"))]


def _is_from(name: str, function: object) -> bool:
    return getattr(function, "__module__", "") == f"thinc.layers.{name}"


def _whole(node: Model) -> str:
    return "features" if is_context_free(node) else "tok2vec"
