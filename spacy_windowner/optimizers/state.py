"""The state of parameters in training, as data that can be saved."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy
from thinc.api import Model, Optimizer

from .sparse_adam import tables_of
from .table_rows import TableRows


def get_state(optimizer: Optimizer, models: Iterable[Model]) -> list[dict[str, Any]]:
    """Get the weights of models, and what their optimizer knows about them.

    optimizer (Optimizer): The optimizer.
    models (Iterable[Model]): The models that it trains, not with averaged weights.
    RETURNS (List[Dict[str, Any]]): Numbers and arrays for each parameter, in the order of the
        layers. Arrays aren't copied. The optimizer's schedules aren't included.
    """
    tables = tables_of(optimizer)
    # The averages as they are. Reading them would bring them up to date.
    averages = getattr(optimizer.averages, "data", optimizer.averages) or {}
    arrays = {"mom1": optimizer.mom1, "mom2": optimizer.mom2, "average": averages}
    state = []
    for layer, name in _parameters(models):
        key = (layer.id, name)
        found: dict[str, Any] = {part: of[key] for part, of in arrays.items() if key in of}
        found["weights"] = layer.get_param(name)
        found["nr_update"] = optimizer.nr_update.get(key, 0)
        if key in tables:
            table = tables[key]
            found["table"] = None if table is None else table.get_state()
        state.append(found)
    return state


def set_state(
    optimizer: Optimizer, models: Iterable[Model], state: Sequence[dict[str, Any]]
) -> None:
    """Set the weights of models, and what their optimizer knows about them.

    optimizer (Optimizer): A new optimizer with the same settings.
    models (Iterable[Model]): Initialized models with the same layers.
    state (Sequence[Dict[str, Any]]): The result of `get_state`. Arrays are copied.
    """
    tables = tables_of(optimizer)
    arrays: Any = {"mom1": optimizer.mom1, "mom2": optimizer.mom2, "average": optimizer.averages}
    for (layer, name), saved in zip(_parameters(models), state, strict=True):
        key = (layer.id, name)
        weights: Any = numpy.array(saved["weights"])
        layer.set_param(name, weights)
        optimizer.nr_update[key] = saved["nr_update"]
        for part, of in arrays.items():
            if part in saved:
                of[key] = numpy.array(saved[part])
        if "table" in saved:
            table = saved["table"]
            tables[key] = None if table is None else TableRows.from_state(weights, table)


def _parameters(models: Iterable[Model]) -> Iterator[tuple[Model, str]]:
    """The layer and the name of each parameter, in the same order in each process."""
    for model in models:
        for layer in model.walk():
            yield from ((layer, name) for name in layer.param_names if layer.has_param(name))
