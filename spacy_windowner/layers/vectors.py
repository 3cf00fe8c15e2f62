"""Layers that embed words by the vocabulary's word vectors, fixed or trained."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy
from spacy.ml.staticvectors import StaticVectors
from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vectors import Mode, Vectors
from thinc.api import Model
from thinc.initializers import uniform_init
from thinc.types import Floats2d, Ragged
from thinc.util import to_numpy

from ..errors import Errors

_DIGIT = re.compile(r"\d")
_SAMPLE = 50


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
        in which a word has no row of its own; when called, if the vocabulary has other vectors. It
        may have more, because spaCy adds vectors when tokens are merged. These aren't used.
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
        if not _are_those_of_training(model, vectors):
            raise ValueError(Errors.WN006.format(
                expected=f"{len(E) - 1} other word vectors of width {E.shape[1]}",
                got=describe_vectors(vectors),
            ))  # fmt: skip
        rows = vectors.find(keys=with_vectors(doc).to_array([vectors.attr]).ravel())
        # Unknown words have row -1. They share the last one of the table.
        rows[(rows < 0) | (rows >= len(E))] = len(E) - 1
        keys.append(ops.asarray1i(rows))
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
    _take_sample(model, vectors)
    model.set_param("E", model.ops.xp.vstack([data, unknown]))


def _take_sample(model: Model, vectors: Vectors) -> None:
    """Note some of the words that have vectors, and their rows, to recognize the vectors."""
    keys = sorted(vectors.key2row)[:: len(vectors.key2row) // _SAMPLE + 1]
    model.attrs["sample_keys"] = numpy.array(keys, dtype="uint64")
    model.attrs["sample_rows"] = vectors.find(keys=model.attrs["sample_keys"])


def _are_those_of_training(model: Model, vectors: Any) -> bool:
    E = cast(Floats2d, model.get_param("E"))
    is_table = isinstance(vectors, Vectors) and vectors.mode == Mode.default
    if not is_table or len(vectors.data) < len(E) - 1 or vectors.data.shape[1] != E.shape[1]:
        return False
    rows = vectors.find(keys=model.attrs["sample_keys"])
    return numpy.array_equal(rows, model.attrs["sample_rows"])


def describe_sample(model: Model) -> str | None:
    """Describe the vectors that a `VectorsTable` has learned with. None for other layers.

    model (Model): The layer.
    RETURNS (Optional[str]): The description.
    """
    if "sample_keys" not in model.attrs:
        return None
    parts = (model.attrs[name].tobytes() for name in ("sample_keys", "sample_rows"))
    return f"those with the checksum {hashlib.sha256(b''.join(parts)).hexdigest()[:8]}"


def with_vectors(doc: Doc) -> Doc:
    """Replace words that have no vector by a form that has one, if there is one: the word in lower
    case, with 0 for each digit, or both. Most vectors are of lower-case words, and a word at the
    start of a sentence is the same word. A vector of zeros is none: where spaCy merges a token
    without a vector, it gives it such a one.

    doc (Doc): The document.
    RETURNS (Doc): A document with these forms and as many tokens, or the document itself if nothing
        changes.
    """
    vectors = doc.vocab.vectors
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default or not len(doc):
        return doc  # floret makes vectors from parts of words, so every word has one
    is_known = have_vectors(vectors, doc.to_array([vectors.attr]).ravel())
    if is_known.all():
        return doc
    words = [token.text for token in doc]
    for number in (~is_known).nonzero()[0].tolist():
        forms = list(_forms(words[number]))
        ids = numpy.array([get_string_id(form) for form in forms], dtype="uint64")
        of_forms = have_vectors(vectors, ids)
        if of_forms.any():
            words[number] = forms[of_forms.argmax()]
    return Doc(doc.vocab, words=words)


def have_vectors(vectors: Vectors, keys: numpy.ndarray) -> numpy.ndarray:
    """Which of some keys have a vector that isn't zero.

    vectors (Vectors): Vectors with a row for each word.
    keys (numpy.ndarray): The keys. Shape (n_keys,).
    RETURNS (numpy.ndarray): bool. Shape (n_keys,).
    """
    rows = vectors.find(keys=keys)
    known: numpy.ndarray = to_numpy(vectors.data[rows]).any(axis=1)
    return known & (rows >= 0)


def _forms(word: str) -> Iterator[str]:
    lower = word.lower()
    yield lower
    yield _DIGIT.sub("0", word)
    yield _DIGIT.sub("0", lower)


def describe_vectors(vectors: Any) -> str:
    """Describe a vocabulary's vectors for an error message."""
    n, width = vectors.shape
    return f"{n} of width {width}" if n * width else "none"
