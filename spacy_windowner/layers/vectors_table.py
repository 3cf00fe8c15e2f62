from collections.abc import Callable
from typing import cast

from spacy.tokens import Doc
from spacy.vectors import Mode, Vectors
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import Errors
from .fixed_vectors import describe_vectors
from .vector_forms import with_vectors


def VectorsTable() -> Model[list[Doc], list[Floats2d]]:
    """A trainable copy of the vocabulary's word vectors: what updating the word vectors means in
    the lecture. Words without a vector have that of another form, see `with_vectors`. Those without
    any share one learned row.

    RETURNS (Model[List[Doc], List[Floats2d]]): Each document's output has shape (len(doc), nO),
        where nO is the width of the vectors. The parameter E has shape (n_vectors + 1, nO).
    RAISES (ValueError): At initialization if the vocabulary has no vectors, or has floret vectors,
        in which a word has no row of its own; when called if the vectors' number or width
        has changed.
    """
    return Model(
        "vectors_table",
        forward,
        init=init,
        dims={"nO": None},
        params={"E": None},
        attrs={"context_free": True},
    )


def forward(
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
        # Unknown words have row -1, which is the last one of the table.
        keys.append(ops.asarray1i(rows % len(E)))
    Y = [cast(Floats2d, E[rows]) for rows in keys]

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        dE = ops.alloc2f(*E.shape)
        ops.scatter_add(dE, ops.flatten(keys), ops.flatten(d_docs))
        model.inc_grad("E", dE)
        return []

    return Y, backprop


def init(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    vectors = X[0].vocab.vectors if X else None
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default or not vectors.data.size:
        that = " with a row for each word, as `update_vectors = true` needs them"
        raise ValueError(Errors.WN005.format(that=that))
    data = model.ops.asarray2f(vectors.data)
    unknown = model.ops.alloc2f(1, data.shape[1])
    model.set_dim("nO", data.shape[1])
    model.set_param("E", model.ops.xp.vstack([data, unknown]))
