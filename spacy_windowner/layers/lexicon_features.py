"""A layer that embeds what a lexicon says about words."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.initializers import uniform_init
from thinc.types import Floats2d

from .lexicon import N_PLACES, NO_LEXICON, Lexicon

MARKS = "spacy_windowner.lexicon"
"""The key in `doc.user_data` of the marks of a document that consists of distinct words."""


def LexiconFeatures(
    nO: int, dropout: float, read: Callable[..., Lexicon]
) -> Model[list[Doc], list[Floats2d]]:
    """Embed the place of each word in the phrases of a lexicon: the sum of one learned row for each
    class and place (beginning, inside, last, the only word). A word in no phrase has a zero vector.

    nO (int): Output width.
    dropout (float): The probability that a match is hidden in training, drawn anew for each.
    read (Callable[..., Lexicon]): Reads the lexicon at initialization, unless there is one. It
        is called with the vocabulary of the documents.
    RETURNS (Model[List[Doc], List[Floats2d]]): Each document's output has shape (len(doc), nO). The
        parameter E has shape (4 * n_classes, nO).
    """
    return Model(
        "lexicon",
        forward,
        init=init,
        dims={"nO": nO, "nV": None},
        params={"E": None},
        # A word is looked up together with its marks, which are all that is read of its context.
        attrs={"lexicon": NO_LEXICON, "rate": dropout, "context_free": True, "read": read},
    )


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    E: Any = model.get_param("E")
    marks = numpy.concatenate([_marks_of(model, doc, is_train) for doc in docs])
    marked = numpy.flatnonzero(marks)
    bits = (marks[marked, None] >> numpy.arange(len(E), dtype="uint64")) & numpy.uint64(1)
    rows, bits = ops.asarray(marked), ops.asarray(bits.astype("float32"))
    flat = ops.alloc2f(len(marks), E.shape[1])
    if len(marked):
        # thinc's product gives a row the same numbers in any batch.
        flat[rows] = ops.gemm(bits, E)

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        model.inc_grad("E", bits.T @ ops.flatten(d_docs)[rows])
        return []

    lengths = ops.asarray1i([len(doc) for doc in docs])
    return cast(list[Floats2d], ops.unflatten(flat, lengths)), backprop


def init(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    if not model.attrs["lexicon"].classes and X:
        model.attrs["lexicon"] = model.attrs["read"](X[0].vocab)
    n_rows = N_PLACES * len(model.attrs["lexicon"].classes)
    model.set_param("E", None)  # another lexicon may have had another number of classes
    model.set_dim("nV", n_rows, force=True)
    # As large as the other features, which are normalized.
    shape = (n_rows, model.get_dim("nO"))
    model.set_param("E", uniform_init(model.ops, shape, lo=-1.0, hi=1.0))
    if model.has_grad("E"):
        model.set_grad("E", model.ops.alloc2f(*shape))


def find_lexicon(model: Model) -> Model | None:
    """The layer of a model that has a lexicon, if there is one.

    model (Model): The model.
    """
    return next((node for node in model.walk() if node._func is forward), None)


def find_marks(layer: Model, docs: Sequence[Doc], is_train: bool) -> numpy.ndarray:
    """Mark the tokens of the phrases in documents.

    layer (Model): A layer with a lexicon.
    docs (Sequence[Doc]): The documents.
    is_train (bool): Whether to hide matches.
    RETURNS (numpy.ndarray): uint64, 0 for tokens in no phrase. Shape (n_tokens,).
    """
    return layer.attrs["lexicon"].find(docs, layer.attrs["rate"] if is_train else 0.0)


def distinct_words(vocab: Vocab, words: list[str], marks: numpy.ndarray) -> Doc:
    """A document for embedding layers, of words that were found elsewhere.

    vocab (Vocab): The vocabulary.
    words (List[str]): The words.
    marks (numpy.ndarray): The marks that they had there. Shape (n_words,).
    RETURNS (Doc): The document.
    """
    doc = Doc(vocab, words=words)
    doc.user_data[MARKS] = marks
    return doc


def _marks_of(model: Model, doc: Doc, is_train: bool) -> numpy.ndarray:
    marks = doc.user_data.get(MARKS)
    return find_marks(model, [doc], is_train) if marks is None else marks
