from collections.abc import Callable

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

HIDDEN = "\ue000"
"""The norm of a hidden word: a private-use character, which no text contains."""


def WordDropout(
    embed: Model[list[Doc], list[Floats2d]], rate: float
) -> Model[list[Doc], list[Floats2d]]:
    """Hide the NORM of a share of the words from an embedding layer in training, so that it learns
    to recognize unknown words by their prefix, suffix, shape and characters.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer.
    rate (float): Share of the words to hide, chosen anew in each update.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. It works on copies of the documents.
    """
    return Model("word_dropout", forward, init=init, layers=[embed],
                 attrs={"rate": rate, "context_free": True})  # fmt: skip


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    rate = model.attrs["rate"]
    if is_train and rate > 0.0:
        docs = [hide_norms(doc, rate) for doc in docs]
    return model.layers[0](docs, is_train)


def hide_norms(doc: Doc, rate: float) -> Doc:
    """Copy a document, hiding the NORM of randomly chosen words.

    doc (Doc): The document.
    rate (float): Probability of each word to be hidden.
    RETURNS (Doc): The copy.
    """
    doc = doc.copy()
    for i in numpy.flatnonzero(numpy.random.random(len(doc)) < rate):
        doc[int(i)].norm_ = HIDDEN
    return doc


def init(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    model.layers[0].initialize(X=X)
