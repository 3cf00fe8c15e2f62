"""Dropout of numbers, and of whole words."""

from collections.abc import Callable
from typing import Any

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

HIDDEN = "\ue000"
"""The norm of a hidden word, a private-use character that no text contains."""
# Drawing random numbers of 16 bits takes a fifth of the time of the doubles in thinc's layer. The
# rate is exact to 1 / 2^16.
_BITS = 16


def Dropout(rate: float = 0.0) -> Model[Any, Any]:
    """Set numbers to zero with probability r in training, and divide the others by 1 - r. Like
    thinc's layer of this name, but faster. `thinc.api.set_dropout_rate` sets the rate of both.

    rate (float): r.
    RETURNS (Model): The layer, for an array or a list of arrays.

    Source: Srivastava et al. (2014).
    """
    return Model("dropout", forward, attrs={"dropout_rate": rate, "is_enabled": True})


def forward(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    rate = model.attrs["dropout_rate"]
    if not (is_train and rate and model.attrs["is_enabled"]):
        return X, _return_gradient
    if isinstance(X, list):
        masks = [make_mask(model.ops, each.shape, rate) for each in X]
        Ys = [each * mask for each, mask in zip(X, masks, strict=True)]
        return Ys, lambda dYs: [dY * mask for dY, mask in zip(dYs, masks, strict=True)]
    mask = make_mask(model.ops, X.shape, rate)
    return X * mask, lambda dY: dY * mask


def make_mask(ops: Any, shape: tuple[int, ...], rate: float) -> Any:
    """Make a mask to multiply an array by: 0 with probability `rate`, otherwise 1 / (1 - rate).

    ops (Ops): The array's ops. The random numbers come from their library's global generator.
    shape (Tuple[int, ...]): The array's shape.
    rate (float): A number of at least 0, below 1.
    RETURNS (FloatsXd): float32.
    """
    n = 2**_BITS
    n_dropped = min(round(rate * n), n - 1)
    mask = (ops.xp.random.randint(0, n, shape, dtype="uint16") >= n_dropped).astype("float32")
    mask *= n / (n - n_dropped)
    return mask


def _return_gradient(dY: Any) -> Any:
    return dY


def WordDropout(
    embed: Model[list[Doc], list[Floats2d]], rate: float
) -> Model[list[Doc], list[Floats2d]]:
    """Hide the NORM of a share of the words from an embedding layer in training. So it learns to
    recognize unknown words by their prefix, suffix, shape and characters.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer.
    rate (float): Share of the words to hide, drawn anew in each update. No word is hidden in
        updates whose dropout rate is 0.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. It works on copies of the documents.
    """
    return Model("word_dropout", forward_word_dropout, init=init, layers=[embed],
                 attrs={"rate": rate, "dropout_rate": rate, "context_free": True})  # fmt: skip


def forward_word_dropout(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    rate = model.attrs["rate"]
    # `set_dropout_rate` sets the second one.
    if is_train and rate > 0.0 and model.attrs["dropout_rate"] > 0.0:
        docs = [hide_norms(doc, rate) for doc in docs]
    return model.layers[0](docs, is_train)


def hide_norms(doc: Doc, rate: float) -> Doc:
    """Copy a document, and hide the NORM of randomly chosen words.

    doc (Doc): The document.
    rate (float): The probability that a word is hidden.
    RETURNS (Doc): The copy.
    """
    doc = doc.copy()
    for i in numpy.flatnonzero(numpy.random.random(len(doc)) < rate):
        doc[int(i)].norm_ = HIDDEN
    return doc


def init(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    model.layers[0].initialize(X=X)
