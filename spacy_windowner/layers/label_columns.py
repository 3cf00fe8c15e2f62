"""Layers that add labels to a trained classifier, in tag columns of their own."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from thinc.api import Linear, Model, chain
from thinc.initializers import glorot_uniform_init, zero_init
from thinc.types import Floats2d, Ragged
from thinc.util import partial

from .activations import Activation
from .dropout import Dropout
from .windowed_affine import WordRows, count_positions, init_window, multiply_windows

_GROWN = "grown"


class Shared(NamedTuple):
    """The input of a label's columns.

    words (WordRows): The embedded tokens. The last row is the padding.
    hidden (Optional[Floats2d]): The classifier's last hidden layer, if the columns read it. Shape
        (n_tokens, width).
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
    """Score the tags of one label relative to O, from layers shared with other labels and from
    hidden units of its own:

        z[t] = U h[t] + U' f(W' x[t] + b') + c

    h is the last hidden layer of the classifier. If there is none, x takes its place, the
    embeddings in the window. U and U' start as zero, c as `-behind`.

    nO (int): The number of the label's tags.
    reads (Optional[int]): Units in h, None if there is no h.
    units (int): The label's own hidden units, 0 for none.
    window (int): Words on either side of the centre.
    pooling (str): "concat" or "average".
    activation (str): f, see `Activation`.
    behind (float): How far below O the tags start.
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
    """The backward pass returns the gradients of the rows and of the hidden layer, None for what
    isn't read."""
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
    """Initialize all parameters.

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
    """A `WindowedAffine` whose padding is the last row of its input, and not a parameter."""
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


def Grown(
    base: Sequence[Model], columns: Sequence[Model], reads_hidden: bool
) -> Model[WordRows, Ragged]:
    """Put the columns of added labels beside those of a classifier. Their scores are relative to
    the score of O, column 0. The classifier's layers run as they would without them, so its columns
    stay the same to the last bit.

    base (Sequence[Model]): The layers of the classifier from the embedded words to the scores, one
        after the other. The first one has the parameter "pad".
    columns (Sequence[Model[Shared, Floats2d]]): The columns of each label.
    reads_hidden (bool): Whether the columns read the classifier's last hidden layer. Then the last
        layer of the base contains a chain, the head, and the columns read the input of its last
        layer.
    RETURNS (Model[WordRows, Ragged]): The layer. `attrs["learning"]` lists which of `columns` are
        trained while the rest is frozen. Then no other parameter has a gradient or changes, and the
        gradient of the words is None. If it is None, everything is trained.
    """
    attrs = {"n_base": len(base), "reads_hidden": reads_hidden, "learning": None}
    return Model(_GROWN, forward_grown, layers=[*base, *columns], attrs=attrs)


def grown_layer(model: Model) -> Model | None:
    """The layer with all columns of a model that has grown, otherwise None."""
    return next((layer for layer in model.layers if layer.name == _GROWN), None)


def base_layers(model: Model) -> list[Model]:
    """The classifier's layers in a `Grown` layer."""
    return model.layers[: model.attrs["n_base"]]


def column_layers(model: Model) -> list[Model]:
    """The columns of each added label in a `Grown` layer."""
    return model.layers[model.attrs["n_base"] :]


def forward_grown(
    model: Model[WordRows, Ragged], X: WordRows, is_train: bool
) -> tuple[Ragged, Callable[[Ragged], Floats2d | None]]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    base, layers = base_layers(model), column_layers(model)
    learning = model.attrs["learning"]
    # A frozen module in torch would still change its own buffers in training mode, such as the
    # statistics of batch normalization. Columns that read the hidden layer need its dropout.
    trains_base = is_train and (learning is None or model.attrs["reads_hidden"])
    scores, hidden, backprop_base = _run_base(model, X, trains_base)
    rows = ops.xp.vstack([X.rows, base[0].get_param("pad")])
    shared = Shared(X._replace(rows=rows), hidden)
    outputs = [layer(shared, is_train) for layer in layers]
    Y = ops.xp.hstack([scores, *[columns + scores[:, :1] for columns, _ in outputs]])

    def backprop(dY: Ragged) -> Floats2d | None:
        d_scores, *d_columns = _split(ops, dY.dataXd, [scores, *[each for each, _ in outputs]])
        if learning is not None:
            for number in learning:
                outputs[number][1](d_columns[number])
            return None
        d_hidden, d_rows = None, ops.xp.zeros_like(rows)
        for (_, backprop_columns), d_own in zip(outputs, d_columns, strict=True):
            d_scores[:, 0] += d_own.sum(axis=1)
            d_own_rows, d_own_hidden = backprop_columns(d_own)
            if d_own_rows is not None:
                d_rows += d_own_rows
            if d_own_hidden is not None:
                d_hidden = d_own_hidden if d_hidden is None else d_hidden + d_own_hidden
        base[0].inc_grad("pad", d_rows[-1:])
        return backprop_base(d_scores, d_hidden) + d_rows[:-1]

    return Ragged(Y, ops.asarray(X.lengths)), backprop


def _run_base(model: Model, X: WordRows, is_train: bool) -> tuple[Any, Any, Callable]:
    """Run the classifier. Returns its scores, its last hidden layer if that is read, and the
    backward pass, which maps the gradients of both (None for no hidden one) to that of the
    words."""
    base = base_layers(model)
    last = base[-1].layers[0].layers if model.attrs["reads_hidden"] else []
    Y: Any = X
    backprops = []
    for layer in base[: len(base) - bool(last)]:
        Y, backprop_layer = layer(Y, is_train)
        backprops.append(backprop_layer)
    lengths = Y.lengths
    hidden: Any = None
    Y = Y.dataXd
    inner = []
    for layer in last:
        hidden = Y
        Y, backprop_layer = layer(Y, is_train)
        inner.append(backprop_layer)

    def backprop(d_scores: Any, d_hidden: Any) -> Any:
        dY = d_scores
        for number, backprop_layer in enumerate(reversed(inner)):
            dY = backprop_layer(dY)
            if number == 0 and d_hidden is not None:
                dY = dY + d_hidden
        dY = Ragged(dY, lengths)
        for backprop_layer in reversed(backprops):
            dY = backprop_layer(dY)
        return dY

    return Y, hidden, backprop


def _split(ops: Any, dY: Any, arrays: Sequence[Any]) -> list[Any]:
    """Split the gradient of arrays that were put side by side."""
    stops, start = [], 0
    for array in arrays:
        stops.append((start, start + array.shape[1]))
        start = stops[-1][1]
    return [ops.xp.array(dY[:, start:stop], order="C") for start, stop in stops]
