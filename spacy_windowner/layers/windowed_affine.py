from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
from thinc.api import Model
from thinc.initializers import glorot_uniform_init, zero_init
from thinc.types import Floats2d, Ragged
from thinc.util import get_width, partial


class WordRows(NamedTuple):
    """The embedded tokens of a batch, each distinct row stored once.

    rows (Floats2d): Embeddings, one row a distinct word. Shape (n_rows, nI).
    ids (numpy.ndarray): The row of every token of the batch. Shape (n_tokens,).
    lengths (numpy.ndarray): The number of tokens of every document. Shape (n_docs,).
    """

    rows: Floats2d
    ids: numpy.ndarray
    lengths: numpy.ndarray


def WindowedAffine(
    nO: int | None = None,
    nI: int | None = None,
    *,
    window: int,
    pooling: str = "concat",
    init_W: Callable | None = None,
) -> Model[WordRows, Ragged]:
    """The affine map of a window of words, `z[t] = W x[t] + b`, where `x[t]` is made of the
    embeddings of the words t-window ... t+window.

    With pooling "concat", x is their concatenation, and the product is a sum over positions,
    `W x[t] = sum_j W_j E(w[t+j])`. Each distinct row is therefore multiplied once by every W_j,
    and tokens only gather and add those products: the window matrix is never built. With pooling
    "average", x is their mean, so all positions share one W: `z[t] = W mean_j E(w[t+j]) + b`.
    Positions beyond the document's edges hold a learned padding row.

    nO (Optional[int]): Output width.
    nI (Optional[int]): Width of one embedding.
    window (int): Words on either side of the centre. 0 is the centre alone.
    pooling (str): "concat" or "average".
    init_W (Optional[Callable]): Initializer of W, by default uniform Glorot over the whole window.
    RETURNS (Model[WordRows, Ragged]): Its output has shape (n_tokens, nO).

    Parameters: W (n_positions, nO, nI), b (nO,), pad (1, nI); n_positions is 2 * window + 1 for
    "concat" and 1 for "average". Source: the lecture's word window; Collobert et al. (2011), 3.3.1.
    """
    return Model(
        "windowed_affine",
        forward,
        init=partial(init, init_W or glorot_uniform_init),
        dims={"nO": nO, "nI": nI},
        params={"W": None, "b": None, "pad": None},
        attrs={"window": window, "pooling": pooling},
    )


def forward(
    model: Model[WordRows, Ragged], X: WordRows, is_train: bool
) -> tuple[Ragged, Callable[[Ragged], Floats2d]]:
    ops: Any = model.ops  # thinc's types know no numpy.ndarray
    W: Any = model.get_param("W")
    n_positions, nO, nI = W.shape
    width = 2 * model.attrs["window"] + 1
    scale = 1.0 if n_positions == width else 1.0 / width
    rows = ops.xp.vstack([X.rows, model.get_param("pad")])
    W2 = W.reshape((n_positions * nO, nI))
    # One row for each (distinct word, position): shape (n_rows * n_positions, nO).
    table = ops.gemm(rows, W2, trans2=True).reshape((-1, nO))
    indices = ops.asarray(
        window_indices(X.ids, X.lengths, model.attrs["window"], len(X.rows), n_positions)
    )
    Y = ops.gather_add(table, indices) if len(indices) else ops.alloc2f(0, nO)
    if scale != 1.0:
        Y *= scale
    Y += model.get_param("b")

    def backprop(dY: Ragged) -> Floats2d:
        d_out: Any = dY.dataXd
        model.inc_grad("b", d_out.sum(axis=0))
        if scale != 1.0:
            d_out = d_out * scale
        d_out = ops.as_contig(d_out)
        d_table = ops.alloc2f(*table.shape)
        for j in range(width):
            ops.scatter_add(d_table, ops.as_contig(indices[:, j]), d_out)
        d_products = d_table.reshape((-1, n_positions * nO))
        d_W = ops.gemm(d_products, rows, trans1=True)
        model.inc_grad("W", d_W.reshape(W.shape))
        d_rows = ops.gemm(d_products, W2)
        model.inc_grad("pad", d_rows[-1:])
        return d_rows[:-1]

    return Ragged(Y, ops.asarray(X.lengths)), backprop


def window_indices(
    ids: numpy.ndarray, lengths: numpy.ndarray, window: int, pad_id: int, n_positions: int
) -> numpy.ndarray:
    """The rows of the product table that each token's window adds up.

    ids (numpy.ndarray): The row of every token. Shape (n_tokens,).
    lengths (numpy.ndarray): Tokens of every document. Shape (n_docs,).
    window (int): Words on either side.
    pad_id (int): The row that stands for positions outside of the document.
    n_positions (int): Products stored for each row, 2 * window + 1, or 1 if positions share one.
    RETURNS (numpy.ndarray): int32 indices `id * n_positions + position`.
        Shape (n_tokens, 2 * window + 1).
    """
    # Lay the documents out in one line, with `window` paddings around each of them.
    doc_of_token = numpy.repeat(numpy.arange(len(lengths)), lengths)
    places = numpy.arange(len(ids)) + window * (2 * doc_of_token + 1)
    line = numpy.full(len(ids) + 2 * window * len(lengths), pad_id, dtype="int64")
    line[places] = ids
    offsets = numpy.arange(-window, window + 1)
    indices = line[places[:, None] + offsets] * n_positions
    if n_positions > 1:
        indices += offsets + window
    return indices.astype("int32")


def init(
    init_W: Callable,
    model: Model[WordRows, Ragged],
    X: WordRows | None = None,
    Y: Ragged | None = None,
) -> None:
    if X is not None:
        model.set_dim("nI", X.rows.shape[1])
    if Y is not None:
        model.set_dim("nO", get_width(Y.dataXd))
    nO, nI = model.get_dim("nO"), model.get_dim("nI")
    n_positions = 2 * model.attrs["window"] + 1 if model.attrs["pooling"] == "concat" else 1
    # The fan-in of a unit is the whole window, not one word of it.
    W = init_W(model.ops, (nO, n_positions * nI)).reshape((nO, n_positions, nI))
    model.set_param("W", model.ops.as_contig(W.transpose((1, 0, 2))))
    model.set_param("b", zero_init(model.ops, (nO,)))
    model.set_param("pad", zero_init(model.ops, (1, nI)))
