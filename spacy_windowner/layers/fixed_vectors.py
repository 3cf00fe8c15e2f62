from collections.abc import Callable
from typing import Any

from spacy.ml.staticvectors import StaticVectors
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ragged

from ..errors import Errors
from .vector_forms import with_vectors


def FixedVectors(nO: int) -> Model[list[Doc], Ragged]:
    """The vocabulary's word vectors, mapped linearly to a width: spaCy's StaticVectors, which looks
    up other forms of words that have none (see `with_vectors`), with errors that say what is wrong
    with the vectors, and with the right gradient for words without a vector, which are zero.

    nO (int): Output width.
    RETURNS (Model[List[Doc], Ragged]): The layer. Its output has shape (n_tokens, nO).
    RAISES (ValueError): At initialization if the vocabulary has no vectors; when called if they
        are of another width than in training.
    """
    return Model(
        "fixed_vectors",
        forward,
        init=init,
        layers=[StaticVectors(nO)],
        attrs={"context_free": True},
    )


def forward(
    model: Model[list[Doc], Ragged], docs: list[Doc], is_train: bool
) -> tuple[Ragged, Callable]:
    static = model.layers[0]
    expected = static.get_dim("nM")
    for vectors in {id(doc.vocab): doc.vocab.vectors for doc in docs}.values():
        if vectors.shape[1] != expected:
            raise ValueError(Errors.WN006.format(
                expected=f"word vectors of width {expected}", got=describe_vectors(vectors)
            ))  # fmt: skip
    Y, backprop_static = static([with_vectors(doc) for doc in docs], is_train)
    known = Y.dataXd.any(axis=1) if is_train else None

    def backprop(dY: Ragged) -> list[Doc]:
        # StaticVectors takes the last vector of the table for that of words without one here.
        d_known: Any = dY.dataXd if known is None else dY.dataXd * known[:, None]
        return backprop_static(Ragged(d_known, dY.lengths))

    return Y, backprop


def describe_vectors(vectors: Any) -> str:
    """What vectors a vocabulary has, for an error message."""
    n, width = vectors.shape
    return f"{n} of width {width}" if n * width else "none"


def init(model: Model[list[Doc], Ragged], X: list[Doc] | None = None, Y: Any = None) -> None:
    if X and not X[0].vocab.vectors.data.size:
        raise ValueError(Errors.WN005.format(that=""))
    model.layers[0].initialize(X=X, Y=Y)
