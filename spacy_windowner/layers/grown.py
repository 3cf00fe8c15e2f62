"""A trained classifier of windows together with the columns of labels that were added to it."""

from collections.abc import Callable, Sequence
from typing import Any

from thinc.api import Model
from thinc.types import Floats2d, Ragged

from .label_columns import Shared
from .windowed_affine import WordRows


def Grown(
    base: Sequence[Model], columns: Sequence[Model], reads_hidden: bool
) -> Model[WordRows, Ragged]:
    """Put the columns of added labels beside those of a classifier. Their scores are relative to
    that of O, column 0. The layers of the classifier are called as they would be without them, so
    that its columns have the same numbers to the last bit.

    base (Sequence[Model]): The layers of the classifier that lead from the embedded words to the
        scores, one after the other. The first one has the parameter "pad".
    columns (Sequence[Model[Shared, Floats2d]]): The columns of each label.
    reads_hidden (bool): Whether the columns read what the last layer of a chain in the last layer
        of the base reads, its head.
    RETURNS (Model[WordRows, Ragged]): The layer. `attrs["learning"]` says which of `columns` learn
        while all else stands still: no other parameter has a gradient, and the words' is None. If
        it is None, everything learns.
    """
    attrs = {"n_base": len(base), "reads_hidden": reads_hidden, "learning": None}
    return Model("grown", forward, layers=[*base, *columns], attrs=attrs)


def base_layers(model: Model) -> list[Model]:
    """The layers of the classifier in a `Grown` layer."""
    return model.layers[: model.attrs["n_base"]]


def column_layers(model: Model) -> list[Model]:
    """The columns of each added label in a `Grown` layer."""
    return model.layers[model.attrs["n_base"] :]


def forward(
    model: Model[WordRows, Ragged], X: WordRows, is_train: bool
) -> tuple[Ragged, Callable[[Ragged], Floats2d | None]]:
    ops: Any = model.ops  # thinc's types know no numpy.ndarray
    base, layers = base_layers(model), column_layers(model)
    scores, hidden, backprop_base = _run_base(model, X, is_train)
    rows = ops.xp.vstack([X.rows, base[0].get_param("pad")])
    shared = Shared(X._replace(rows=rows), hidden)
    ran = [layer(shared, is_train) for layer in layers]
    Y = ops.xp.hstack([scores, *[columns + scores[:, :1] for columns, _ in ran]])
    learning = model.attrs["learning"]

    def backprop(dY: Ragged) -> Floats2d | None:
        d_scores, *d_columns = _split(ops, dY.dataXd, [scores, *[each for each, _ in ran]])
        if learning is not None:
            for number in learning:
                ran[number][1](d_columns[number])
            return None
        d_hidden, d_rows = None, ops.xp.zeros_like(rows)
        for (_, backprop_columns), d_own in zip(ran, d_columns, strict=True):
            d_scores[:, 0] += d_own.sum(axis=1)
            d_own_rows, d_own_hidden = backprop_columns(d_own)
            if d_own_rows is not None:
                d_rows += d_own_rows
            if d_own_hidden is not None:
                d_hidden = d_own_hidden if d_hidden is None else d_hidden + d_own_hidden
        base[0].inc_grad("pad", d_rows[-1:])
        return backprop_base(d_scores, d_hidden) + d_rows[:-1]

    return Ragged(Y, ops.asarray(X.lengths)), backprop


def _split(ops: Any, dY: Any, arrays: Sequence[Any]) -> list[Any]:
    """The gradients of arrays that were put side by side."""
    stops, start = [], 0
    for array in arrays:
        stops.append((start, start + array.shape[1]))
        start = stops[-1][1]
    return [ops.xp.array(dY[:, start:stop], order="C") for start, stop in stops]


def _run_base(model: Model, X: WordRows, is_train: bool) -> tuple[Any, Any, Callable]:
    """The scores of the classifier, its last hidden layer if it is read, and the backward pass:
    from the gradients of both, or None for no hidden one, to that of the words."""
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
