"""The columns of a label that was added to a trained classifier."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from thinc.api import Linear, Model, chain
from thinc.initializers import glorot_uniform_init, zero_init
from thinc.types import Floats2d
from thinc.util import partial

from .activations import Activation
from .dropout import Dropout
from .windowed_affine import WordRows, count_positions, init_window, multiply_windows


class Shared(NamedTuple):
    """What the columns of a label read.

    words (WordRows): The embedded tokens. The last row is the padding.
    hidden (Optional[Floats2d]): The last hidden layer of the classifier, if it is to be read.
        Shape (n_tokens, width).
    """

    words: WordRows
    hidden: Floats2d | None


def LabelColumns(
    nO: int,
    *,
    reads: int | None,
    units: int,
    window: int,
    pooling: str,
    activation: str,
    behind: float,
) -> Model[Shared, Floats2d]:
    """What the tags of one label score more than O, from the layers it shares with others and from
    hidden units of its own:

        z[t] = U h[t] + U' f(W' x[t] + b') + c

    h is the last hidden layer of the classifier. If it has none, x stands in its place, the
    embeddings in the window. U and U' start as zero, c as `-behind`.

    nO (int): Tags of the label.
    reads (Optional[int]): Units in h, None if there is no h.
    units (int): Hidden units of its own, 0 for none.
    window (int): Words on either side of the centre.
    pooling (str): "concat" or "average".
    activation (str): f, see `Activation`.
    behind (float): How far behind O the tags start.
    RETURNS (Model[Shared, Floats2d]): Shape (n_tokens, nO).
    """
    attrs = {"window": window, "pooling": pooling}
    if reads is None:
        direct = _window_affine(nO, attrs, zero_init)
    else:
        direct = cast(Model, Linear(nO, reads, init_W=zero_init))
    layers = [direct]
    if units:
        output = cast(Model, Linear(nO, units, init_W=zero_init))
        head = cast(Any, chain)(Activation(activation), Dropout(), output)
        layers += [_window_affine(units, attrs, glorot_uniform_init), head]
    return Model(
        "label_columns", forward, init=partial(init, behind), layers=layers, dims={"nO": nO}
    )


def forward(
    model: Model[Shared, Floats2d], X: Shared, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], tuple[Any, Any]]]:
    """The gradient is that of the rows and of the hidden layer, None for what isn't read."""
    direct = model.layers[0]
    Y, backprop_direct = direct(X.words if X.hidden is None else X.hidden, is_train)
    backprop_head = backprop_units = None
    if len(model.layers) > 1:
        units, head = model.layers[1:]
        Z, backprop_units = units(X.words, is_train)
        own, backprop_head = head(Z, is_train)
        Y = Y + own

    def backprop(dY: Floats2d) -> tuple[Any, Any]:
        d_rows = d_hidden = None
        if X.hidden is None:
            d_rows = backprop_direct(dY)
        else:
            d_hidden = backprop_direct(dY)
        if backprop_units is not None and backprop_head is not None:
            d_own = backprop_units(backprop_head(dY))
            d_rows = d_own if d_rows is None else d_rows + d_own
        return d_rows, d_hidden

    return Y, backprop


def init(behind: float, model: Model[Shared, Floats2d], X: int | None = None, Y=None) -> None:
    """Give all parameters their first values.

    X (int): The width of an embedding.
    """
    direct = model.layers[0]
    for layer in model.layers[:2]:
        if layer.has_dim("nI") is None:
            layer.set_dim("nI", cast(int, X))
        layer.initialize()
    direct.set_param("b", direct.get_param("b") - behind)
    if len(model.layers) > 1:
        _, units, head = model.layers
        head.initialize(X=model.ops.alloc2f(1, units.get_dim("nO")))


def _window_affine(nO: int, attrs: dict[str, Any], init_W: Callable) -> Model[WordRows, Floats2d]:
    """`WindowedAffine` of rows that end with the padding, which therefore is no parameter."""
    return Model(
        "window_affine",
        multiply_windows,
        init=partial(init_window_affine, init_W),
        dims={"nO": nO, "nI": None, "nP": count_positions(**attrs)},
        params={"W": None, "b": None},
        attrs=dict(attrs),
    )


def init_window_affine(init_W: Callable, model: Model, X=None, Y=None) -> None:
    init_window(init_W, model)
