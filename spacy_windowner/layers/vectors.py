"""Layers that embed words by the vocabulary's word vectors, fixed or trained."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from spacy.ml.staticvectors import StaticVectors
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vectors import Mode, Vectors
from thinc.api import Model
from thinc.initializers import uniform_init
from thinc.types import Floats2d, Ragged

from ..errors import Errors

_DIGIT = re.compile(r"\d")


def FixedVectors(nO: int) -> Model[list[Doc], Ragged]:
    """Map the vocabulary's word vectors linearly to a width. This is spaCy's StaticVectors with
    three changes: it looks up other forms of words without a vector (see `with_vectors`), its
    errors say what is wrong with the vectors, and words without a vector, whose vector is zero,
    have the right gradient.

    nO (int): Output width.
    RETURNS (Model[List[Doc], Ragged]): The layer. Its output has shape (n_tokens, nO).
    RAISES (ValueError): At initialization, if the vocabulary has no vectors; when called, if they
        don't have the width they had in training.
    """
    return Model(
        "fixed_vectors",
        forward_fixed,
        init=init_fixed,
        layers=[StaticVectors(nO)],
        attrs={"context_free": True},
    )


def forward_fixed(
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
        # In its gradient, StaticVectors takes the table's last vector for words without one.
        d_known: Any = dY.dataXd if known is None else dY.dataXd * known[:, None]
        return backprop_static(Ragged(d_known, dY.lengths))

    return Y, backprop


def init_fixed(model: Model[list[Doc], Ragged], X: list[Doc] | None = None, Y: Any = None) -> None:
    if X and not X[0].vocab.vectors.data.size:
        raise ValueError(Errors.WN005.format(that=""))
    model.layers[0].initialize(X=X, Y=Y)


def VectorsTable() -> Model[list[Doc], list[Floats2d]]:
    """A trainable copy of the vocabulary's word vectors, which is what updating the word vectors
    means in the lecture. Words without a vector use another form's, see `with_vectors`. If no form
    has one, they share one learned row.

    RETURNS (Model[List[Doc], List[Floats2d]]): Each document's output has shape (len(doc), nO),
        where nO is the width of the vectors. The parameter E has shape (n_vectors + 1, nO).
    RAISES (ValueError): At initialization, if the vocabulary has no vectors, or has floret vectors,
        in which a word has no row of its own; when called, if the vectors' number or width has
        changed.
    """
    return Model(
        "vectors_table",
        forward_table,
        init=init_table,
        dims={"nO": None},
        params={"E": None},
        attrs={"context_free": True},
    )


def forward_table(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    ops = model.ops
    E = cast(Floats2d, model.get_param("E"))
    keys = []
    for doc in docs:
        vectors = doc.vocab.vectors
        if vectors.shape != (len(E) - 1, E.shape[1]):
            raise ValueError(Errors.WN006.format(
                expected=f"{len(E) - 1} word vectors of width {E.shape[1]}",
                got=describe_vectors(vectors),
            ))  # fmt: skip
        rows = vectors.find(keys=with_vectors(doc).to_array([vectors.attr]).ravel())
        # Unknown words have row -1, the last one of the table.
        keys.append(ops.asarray1i(rows % len(E)))
    Y = [cast(Floats2d, E[rows]) for rows in keys]

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        dE = ops.alloc2f(*E.shape)
        ops.scatter_add(dE, ops.flatten(keys), ops.flatten(d_docs))
        model.inc_grad("E", dE)
        return []

    return Y, backprop


def init_table(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    vectors = X[0].vocab.vectors if X else None
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default or not vectors.data.size:
        that = " with a row for each word, as `update_vectors = true` needs them"
        raise ValueError(Errors.WN005.format(that=that))
    data = model.ops.asarray2f(vectors.data)
    # Not zero, because layer normalization would have a very large gradient there.
    limit = 3**0.5 * float(vectors.data.std())
    unknown = uniform_init(model.ops, (1, data.shape[1]), lo=-limit, hi=limit)
    model.set_dim("nO", data.shape[1])
    model.set_param("E", model.ops.xp.vstack([data, unknown]))


def with_vectors(doc: Doc) -> Doc:
    """Replace words that have no vector by a form that has one, if there is one: the word in lower
    case, with 0 for each digit, or both. Most vectors are of lower-case words, and a word at the
    start of a sentence is the same word.

    doc (Doc): The document.
    RETURNS (Doc): A document with these forms and as many tokens, or the document itself if nothing
        changes.
    """
    vectors = doc.vocab.vectors
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default or not len(doc):
        return doc  # floret makes vectors from parts of words, so every word has one
    without = vectors.find(keys=doc.to_array([vectors.attr]).ravel()) < 0
    if not without.any():
        return doc
    words = [token.text for token in doc]
    for number in without.nonzero()[0].tolist():
        words[number] = next(
            (form for form in _forms(words[number]) if get_string_id(form) in vectors.key2row),
            words[number],
        )
    return Doc(doc.vocab, words=words)


def _forms(word: str) -> Iterator[str]:
    lower = word.lower()
    yield lower
    yield _DIGIT.sub("0", word)
    yield _DIGIT.sub("0", lower)


def describe_vectors(vectors: Any) -> str:
    """Describe a vocabulary's vectors for an error message."""
    n, width = vectors.shape
    return f"{n} of width {width}" if n * width else "none"
