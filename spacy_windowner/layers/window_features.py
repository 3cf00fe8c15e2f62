"""A layer that applies another layer to the concatenated embeddings of each token's window."""

from collections.abc import Callable
from typing import Any

import numpy
from thinc.api import Model
from thinc.initializers import zero_init
from thinc.types import Floats2d, Ragged

from ..errors import Errors
from .windowed_affine import WordRows

BLOCK = 128
"""The number of tokens that are scored at once in prediction. All blocks have the same shape,
because libraries choose by shape how to multiply matrices, which changes the last bits of the
product. So a token's scores don't depend on the batch. Small blocks also need little memory."""


def with_windows(layer: Model[Floats2d, Floats2d], window: int) -> Model[WordRows, Ragged]:
    """Apply a layer to the window of each token, the concatenated embeddings of the words t-window
    ... t+window: `x[t] = [E(w[t-k]) ... E(w[t]) ... E(w[t+k])]`. Positions outside of the document
    have a learned padding row.

    Unlike `WindowedAffine`, this builds the matrix of windows. Layers that aren't a sum over
    positions need it.

    layer (Model[Floats2d, Floats2d]): Maps each row by itself, from width (2 * window + 1) * nI.
    window (int): Words on either side of the centre. 0 is the centre alone.
    RETURNS (Model[WordRows, Ragged]): The layer. Its output has shape (n_tokens, nO).

    Parameters: pad (1, nI). Source: the lecture's word window.
    """
    return Model(
        f"with_windows({layer.name})",
        forward,
        init=init,
        dims={"nI": None},
        params={"pad": None},
        attrs={"window": window},
        layers=[layer],
    )


def forward(
    model: Model[WordRows, Ragged], X: WordRows, is_train: bool
) -> tuple[Ragged, Callable[[Ragged], Floats2d]]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    layer = model.layers[0]
    rows = ops.xp.vstack([X.rows, model.get_param("pad")])
    places = X.windows(model.attrs["window"], len(X.rows))
    lengths = ops.asarray(X.lengths)
    if not is_train:
        return Ragged(_in_blocks(layer, rows, places), lengths), reject_gradient
    Y, backprop_layer = layer(_features(rows, ops.asarray(places)), is_train)

    def backprop(dY: Ragged) -> Floats2d:
        d_features = ops.as_contig(backprop_layer(dY.dataXd)).reshape((-1, rows.shape[1]))
        d_rows = ops.xp.zeros_like(rows)
        if len(places):
            # A word occurs in several windows, and their gradients add up.
            ops.scatter_add(d_rows, ops.asarray(places.ravel()), d_features)
        model.inc_grad("pad", d_rows[-1:])
        return d_rows[:-1]

    return Ragged(Y, lengths), backprop


def _features(rows: Any, places: Any) -> Any:
    return rows[places].reshape((len(places), places.shape[1] * rows.shape[1]))


def _in_blocks(layer: Model, rows: Any, places: numpy.ndarray) -> Any:
    ops: Any = layer.ops
    n_tokens, width = places.shape
    if not n_tokens:
        return ops.alloc2f(0, layer.get_dim("nO"))
    # Windows of padding fill up the last block.
    filling = numpy.full((-n_tokens % BLOCK, width), len(rows) - 1, dtype=places.dtype)
    blocks = numpy.vstack([places, filling]).reshape((-1, BLOCK, width))
    scores = [layer.predict(_features(rows, ops.asarray(block))) for block in blocks]
    return ops.xp.vstack(scores)[:n_tokens]


def reject_gradient(dY: Any) -> Any:
    """The backward pass of a prediction.

    RAISES (ValueError): Always.
    """
    raise ValueError(Errors.WN024)


def init(
    model: Model[WordRows, Ragged], X: WordRows | None = None, Y: Ragged | None = None
) -> None:
    if X is not None:
        model.set_dim("nI", X.rows.shape[1])
    nI = model.get_dim("nI")
    model.set_param("pad", zero_init(model.ops, (1, nI)))
    n_features = (2 * model.attrs["window"] + 1) * nI
    model.layers[0].initialize(
        X=model.ops.alloc2f(1, n_features), Y=None if Y is None else Y.dataXd
    )
