"""A layer that embeds the clusters of words."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.types import Floats2d

from .clusters import NO_CLUSTERS, Clusters


def ClusterFeatures(
    nO: int, prefixes: Sequence[int], read: Callable[[Vocab], Clusters]
) -> Model[list[Doc], list[Floats2d]]:
    """Embed the path to each word's cluster: the sum of one learned row for each of its prefixes.
    Rows start as zero, so a cluster that training doesn't show has the vector of the larger ones
    around it.

    nO (int): Output width.
    prefixes (Sequence[int]): The lengths of the prefixes.
    read (Callable[[Vocab], Clusters]): Reads clusters with these prefixes at initialization. It is
        called with the vocabulary of the documents.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. Each document's output has shape
        (len(doc), nO). The parameter E has shape (clusters.n_rows, nO).
    """
    return Model(
        "clusters",
        forward,
        init=init,
        dims={"nO": nO, "nV": None},
        params={"E": None},
        attrs={
            "clusters": NO_CLUSTERS,
            "prefixes": list(prefixes),
            "context_free": True,
            "read": read,
        },
    )


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    E: Any = model.get_param("E")
    clusters = model.attrs["clusters"]
    rows = ops.asarray(numpy.concatenate([clusters.find(doc) for doc in docs]))
    flat = E[rows].sum(axis=1)

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        d_flat = ops.flatten(d_docs)
        dE = ops.alloc2f(*E.shape)
        for column in ops.xp.ascontiguousarray(rows.T):  # thinc is slow with others
            ops.scatter_add(dE, column, d_flat)
        model.inc_grad("E", dE)
        return []

    lengths = ops.asarray1i([len(doc) for doc in docs])
    return cast(list[Floats2d], ops.unflatten(flat, lengths)), backprop


def init(model: Model[list[Doc], list[Floats2d]], X: list[Doc] | None = None, Y=None) -> None:
    if X:
        model.attrs["clusters"] = model.attrs["read"](X[0].vocab)
    n_rows = model.attrs["clusters"].n_rows
    model.set_param("E", None)  # other clusters may have had another number of rows
    model.set_dim("nV", n_rows, force=True)
    model.set_param("E", model.ops.alloc2f(n_rows, model.get_dim("nO")))
    if model.has_grad("E"):
        model.set_grad("E", model.ops.alloc2f(n_rows, model.get_dim("nO")))


def cluster_layers(model: Model) -> list[Model]:
    """The layers of a model that are `ClusterFeatures`."""
    return [layer for layer in model.walk() if layer._func is forward]
