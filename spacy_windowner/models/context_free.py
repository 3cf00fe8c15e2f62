from spacy.attrs import IDS
from thinc.api import Model

LEXICAL = frozenset(
    """ORTH NORM LOWER SHAPE PREFIX SUFFIX LENGTH LANG IS_ALPHA IS_ASCII IS_BRACKET IS_CURRENCY
    IS_DIGIT IS_LEFT_PUNCT IS_LOWER IS_PUNCT IS_QUOTE IS_RIGHT_PUNCT IS_SPACE IS_STOP IS_TITLE
    IS_UPPER LIKE_EMAIL LIKE_NUM LIKE_URL""".split()
)
"""Attributes that are a function of the word's type."""

# The modules of thinc and spaCy whose layers read each row by itself, or only combine others.
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


def is_context_free(embed: Model) -> bool:
    """Whether an embedding layer reads nothing but lexical attributes of each word, so that a
    word has the same vector in every sentence. A layer this function doesn't know counts as
    contextual, unless it says otherwise by `attrs["context_free"] = True`.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer.
    RETURNS (bool): True if every layer in it is context-free.
    """
    return all(_is_context_free_node(node) for node in embed.walk())


def _is_context_free_node(node: Model) -> bool:
    if "context_free" in node.attrs:
        return bool(node.attrs["context_free"])
    module = node._func.__module__
    if module == "spacy.ml.featureextractor":
        return all(_attr_name(column) in LEXICAL for column in node.attrs["columns"])
    return module in _ROWWISE


def _attr_name(attr: str | int) -> str:
    if isinstance(attr, str):
        return attr.upper()
    return next((name for name, value in IDS.items() if value == attr), "")
