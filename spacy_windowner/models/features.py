"""The features in a word's embedding: whether they depend on its context, and which columns belong
to each."""

from collections.abc import Sequence

from spacy.attrs import IDS
from thinc.api import Model

LEXICAL = frozenset(
    """ORTH NORM LOWER SHAPE PREFIX SUFFIX LENGTH LANG IS_ALPHA IS_ASCII IS_BRACKET IS_CURRENCY
    IS_DIGIT IS_LEFT_PUNCT IS_LOWER IS_PUNCT IS_QUOTE IS_RIGHT_PUNCT IS_SPACE IS_STOP IS_TITLE
    IS_UPPER LIKE_EMAIL LIKE_NUM LIKE_URL""".split()
)
"""Attributes that depend only on the word itself, and not on its context."""
# The modules of thinc and spaCy whose layers read each row separately, or only combine layers.
_ROWWISE = frozenset(
    [
        *(
            f"thinc.layers.{name}"
            for name in """add array_getitem cast2array chain clipped_linear
            clone concatenate dish dropout embed gelu hard_swish hard_swish_mobilenet hashembed
            layernorm linear list2array list2ragged logistic maxout mish noop premap_ids
            ragged2list relu remap_ids residual resizable sigmoid softmax swish tuplify with_array
            with_debug with_flatten with_list with_ragged with_reshape""".split()
        ),
        "spacy.ml.staticvectors",
        "spacy.ml._character_embed",  # the characters of the token
    ]
)
_FEATURES = "word_features"


def is_context_free(embed: Model) -> bool:
    """Whether an embedding layer reads only lexical attributes of each word, so that a word has the
    same vector in every sentence. Unknown layers count as contextual, unless they have
    `attrs["context_free"] = True`.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer.
    RETURNS (bool): True if every layer in it is context-free.
    """
    return all(_is_context_free_node(node) for node in embed.walk())


def _is_context_free_node(node: Model) -> bool:
    if "context_free" in node.attrs:
        return bool(node.attrs["context_free"])
    module = node._func.__module__
    if module == "spacy.ml.featureextractor":
        return all(attr_name(column) in LEXICAL for column in node.attrs["columns"])
    return module in _ROWWISE


def attr_name(attr: str | int) -> str:
    """The name of one of spaCy's attributes, in capitals. Empty if there is none."""
    if isinstance(attr, str):
        return attr.upper()
    return next((name for name, value in IDS.items() if value == attr), "")


def name_features(model: Model, features: Sequence[tuple[str, int]]) -> Model:
    """Record which features the columns of an embedding layer's output come from.

    model (Model): The layer.
    features (Sequence[Tuple[str, int]]): The name and the width of each feature, in the order of
        the columns. Names are lower-cased.
    RETURNS (Model): The same layer.
    """
    model.attrs[_FEATURES] = [[name.lower(), width] for name, width in features]
    return model


def feature_columns(embed: Model, width: int) -> list[tuple[str, slice]]:
    """The columns of each feature in the output of an embedding layer. A layer in it that doesn't
    name its features counts as one: "tok2vec" if it reads the word's context, otherwise "features".

    embed (Model[List[Doc], List[Floats2d]]): The layer, initialized.
    width (int): The width of its output.
    RETURNS (List[Tuple[str, slice]]): The name and the columns of each, in order. A name may occur
        twice.
    """
    features = _features(embed)
    unknown = [i for i, (_, columns) in enumerate(features) if columns is None]
    rest = width - sum(columns or 0 for _, columns in features)
    if len(unknown) == 1:
        features[unknown[0]] = (features[unknown[0]][0], rest)
        rest = 0
    if rest != 0 or len(unknown) > 1:  # its parts are unknown
        features = [(_fallback_name(embed), width)]
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
    if _is_from("chain", function) and len(inner) == 1:
        return _features(inner[0])
    if _is_from("concatenate", function):
        return [feature for layer in inner for feature in _features(layer)]
    return [(_fallback_name(node), node.maybe_get_dim("nO"))]


def _is_from(name: str, function: object) -> bool:
    return getattr(function, "__module__", "") == f"thinc.layers.{name}"


def _fallback_name(node: Model) -> str:
    return "features" if is_context_free(node) else "tok2vec"
