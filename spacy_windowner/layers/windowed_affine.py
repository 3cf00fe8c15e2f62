"""The affine map of a window of words, computed as a sum over the window's positions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy
from thinc.api import Model
from thinc.initializers import glorot_uniform_init, zero_init
from thinc.types import Floats2d, Ragged
from thinc.util import get_width, partial

# The most numbers in a table of products, 64 MB. Only a batch with very many distinct words needs
# more. Then it handles one position at a time.
_MAX_TABLE = 2**24


class WordRows(NamedTuple):
    """The embedded tokens of a batch. Each distinct row is stored once.

    rows (Floats2d): Embeddings, one row per distinct word. Shape (n_rows, nI).
    ids (numpy.ndarray): The row of each token of the batch. Shape (n_tokens,).
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    is_word (Optional[numpy.ndarray]): Which tokens are words, and not whitespace, which windows
        skip. Shape (n_tokens,). None if all are words.
    stretches (Optional[numpy.ndarray]): The number of tokens of each stretch of text that windows
        don't leave. None if these are the documents.
    """

    rows: Floats2d
    ids: numpy.ndarray
    lengths: numpy.ndarray
    is_word: numpy.ndarray | None = None
    stretches: numpy.ndarray | None = None

    def windows(self, window: int, pad_id: int) -> numpy.ndarray:
        """The rows of the words in each token's window, see `window_rows`."""
        lengths = self.lengths if self.stretches is None else self.stretches
        return window_rows(self.ids, lengths, window, pad_id, self.is_word)


def WindowedAffine(
    nO: int | None = None,
    nI: int | None = None,
    *,
    window: int,
    pooling: str = "concat",
    init_W: Callable | None = None,
) -> Model[WordRows, Ragged]:
    """The affine map of a window of words, `z[t] = W x[t] + b`, where `x[t]` consists of the
    embeddings of the words t-window ... t+window.

    With pooling "concat", x is their concatenation, and the product is a sum over positions, `W
    x[t] = sum_j W_j E(w[t+j])`. So each distinct row is multiplied once by each W_j, and tokens
    only gather and add those products. The window matrix is never built. With pooling "average", x
    is their mean, so all positions share one W: `z[t] = W mean_j E(w[t+j]) + b`. Positions outside
    of the document have a learned padding row.

    nO (Optional[int]): Output width.
    nI (Optional[int]): Width of one embedding.
    window (int): Words on either side of the centre. 0 is the centre alone.
    pooling (str): "concat" or "average".
    init_W (Optional[Callable]): Initializer of W, by default uniform Glorot over the whole window.
    RETURNS (Model[WordRows, Ragged]): The layer. Its output has shape (n_tokens, nO).

    Parameters: W (n_positions, nO, nI), b (nO,), pad (1, nI); n_positions is 2 * window + 1 for
    "concat" and 1 for "average". Source: the lecture's word window; Collobert et al. (2011), 3.3.1.
    """
    return Model(
        "windowed_affine",
        forward,
        init=partial(init, init_W or glorot_uniform_init),
        dims={"nO": nO, "nI": nI, "nP": count_positions(window, pooling)},
        params={"W": None, "b": None, "pad": None},
        attrs={"window": window, "pooling": pooling},
    )


def forward(
    model: Model[WordRows, Ragged], X: WordRows, is_train: bool
) -> tuple[Ragged, Callable[[Ragged], Floats2d]]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    rows: Any = ops.xp.vstack([X.rows, model.get_param("pad")])
    Y, backprop_windows = multiply_windows(model, X._replace(rows=rows), is_train)

    def backprop(dY: Ragged) -> Floats2d:
        d_rows: Any = backprop_windows(dY.dataXd)
        model.inc_grad("pad", d_rows[-1:])
        return d_rows[:-1]

    return Ragged(Y, ops.asarray(X.lengths)), backprop


def multiply_windows(
    model: Model, X: WordRows, is_train: bool
) -> tuple[Floats2d, Callable[[Any], Floats2d]]:
    """Compute `W x[t] + b` for all tokens.

    model (Model): A layer with the parameters W and b, and the attributes, of `WindowedAffine`.
    X (WordRows): The embedded tokens. The last row is the padding.
    is_train (bool): In training, results may differ by rounding from batch to batch.
    RETURNS (Tuple[Floats2d, Callable[[Floats2d], Floats2d]]): The output, shape (n_tokens, nO), and
        its backward pass, which returns the gradient of all rows.
    """
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    W: Any = model.get_param("W")
    n_positions, nO, nI = W.shape
    window, rows = model.attrs["window"], X.rows
    scale = 1.0 if n_positions == 2 * window + 1 else 1.0 / (2 * window + 1)
    row_ids = X.windows(window, len(rows) - 1)
    blocks = [
        (W[block].reshape((-1, nI)), ops.asarray(table_indices(row_ids, block, n_positions)), block)
        for block in _position_blocks(n_positions, len(rows) * nO)
    ]
    Y = ops.alloc2f(len(X.ids), nO)
    for W_block, indices, _ in blocks:
        # One row for each (distinct word, position).
        # numpy's product is faster. In predictions thinc's is needed, which gives a row the same
        # numbers in any batch.
        table = rows @ W_block.T if is_train else ops.gemm(rows, W_block, trans2=True)
        table = table.reshape((-1, nO))
        if len(indices):
            Y += ops.gather_add(table, indices)
    if scale != 1.0:
        Y *= scale
    Y += model.get_param("b")

    def backprop(d_out: Any) -> Floats2d:
        model.inc_grad("b", d_out.sum(axis=0))
        d_out = ops.as_contig(d_out * scale if scale != 1.0 else d_out)
        d_W = ops.xp.zeros_like(W)
        d_rows = ops.xp.zeros_like(rows)
        for W_block, indices, block in blocks:
            d_table = ops.alloc2f(len(rows) * (len(W_block) // nO), nO)
            for column in indices.T:
                ops.scatter_add(d_table, ops.as_contig(column), d_out)
            d_products = d_table.reshape((len(rows), -1))
            d_W[block] = (d_products.T @ rows).reshape((-1, nO, nI))
            d_rows += d_products @ W_block
        model.inc_grad("W", d_W)
        return d_rows

    return Y, backprop


def window_rows(
    ids: numpy.ndarray,
    lengths: numpy.ndarray,
    window: int,
    pad_id: int,
    is_word: numpy.ndarray | None = None,
) -> numpy.ndarray:
    """The rows of the words in each token's window.

    ids (numpy.ndarray): The row of each token. Shape (n_tokens,).
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    window (int): Words on either side.
    pad_id (int): The row for positions outside of the document.
    is_word (Optional[numpy.ndarray]): Which tokens are words, see `WordRows`.
    RETURNS (numpy.ndarray): int32 rows. Shape (n_tokens, 2 * window + 1). The window of whitespace
        is all padding, because whitespace has no tag.
    """
    if is_word is not None:
        docs = numpy.repeat(numpy.arange(len(lengths)), lengths)[is_word]
        n_words = numpy.bincount(docs, minlength=len(lengths))
        of_tokens = numpy.full((len(ids), 2 * window + 1), pad_id, dtype="int32")
        of_tokens[is_word] = window_rows(ids[is_word], n_words, window, pad_id)
        return of_tokens
    # Put the documents into one line, each with `window` paddings on both sides.
    doc_of_token = numpy.repeat(numpy.arange(len(lengths)), lengths)
    places = numpy.arange(len(ids)) + window * (2 * doc_of_token + 1)
    line = numpy.full(len(ids) + 2 * window * len(lengths), pad_id, dtype="int32")
    line[places] = ids
    return line[places[:, None] + numpy.arange(-window, window + 1)]


def table_indices(row_ids: numpy.ndarray, block: slice, n_positions: int) -> numpy.ndarray:
    """The rows that each token's window sums from the table of products of a block of positions.

    row_ids (numpy.ndarray): The result of `window_rows`. Shape (n_tokens, width).
    block (slice): The positions in the table.
    n_positions (int): The number of positions with products of their own: width, or 1 if they share
        one, which then is the only block.
    RETURNS (numpy.ndarray): int32 indices, `row * positions in the block + position`. Shape
        (n_tokens, positions in the block), or (n_tokens, width) if they share one.
    """
    if n_positions == 1:
        return row_ids
    row_ids = row_ids[:, block]
    size = row_ids.shape[1]
    return row_ids * numpy.int32(size) + numpy.arange(size, dtype="int32")


def _position_blocks(n_positions: int, products_of_position: int) -> list[slice]:
    """All positions at once or, if a table of their products had more than _MAX_TABLE numbers, one
    by one. Both sum in the same order, and give the same numbers to the last bit."""
    size = n_positions if n_positions * products_of_position <= _MAX_TABLE else 1
    return [slice(start, start + size) for start in range(0, n_positions, size)]


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
    init_window(init_W, model)
    model.set_param("pad", zero_init(model.ops, (1, model.get_dim("nI"))))


def init_window(init_W: Callable, model: Model) -> None:
    """Initialize W and b of a layer.

    init_W (Callable): Initializer of W.
    model (Model): The layer. Its dimensions are set.
    """
    nO, nI, nP = (model.get_dim(name) for name in ("nO", "nI", "nP"))
    # A unit's fan-in is the whole window, not one word.
    W = init_W(model.ops, (nO, nP * nI)).reshape((nO, nP, nI))
    model.set_param("W", model.ops.as_contig(W.transpose((1, 0, 2))))
    model.set_param("b", zero_init(model.ops, (nO,)))


def count_positions(window: int, pooling: str) -> int:
    """The number of positions that have weights of their own. With pooling "average" all share
    one."""
    return 2 * window + 1 if pooling == "concat" else 1
