"""The state of a SparseAdam in training, for checkpoints."""

from collections.abc import Sequence
from typing import Any

from thinc.api import Optimizer

from .table_rows import TableRows, copy_array

Key = tuple[int, str]


def get_state(optimizer: Optimizer, keys: Sequence[Key]) -> list[dict[str, Any]]:
    """What an optimizer remembers of parameters.

    optimizer (Optimizer): One that `SparseAdam` returned, without schedules.
    keys (Sequence[Tuple[int, str]]): The parameters' keys, which differ from process to process.
    RETURNS (List[Dict[str, Any]]): For each key numbers and arrays. The arrays are not copied.
    """
    return [_state_of(optimizer, key) for key in keys]


def _state_of(optimizer: Any, key: Key) -> dict[str, Any]:
    state = {
        "updates": optimizer.nr_update.get(key, 0),
        "mom1": optimizer.mom1.get(key),
        "mom2": optimizer.mom2.get(key),
        "average": optimizer.averages.get(key),  # brings a table's average up to date
        "is_decided": key in optimizer._tables,
    }
    table = optimizer._tables.get(key)
    if table is not None:
        state["table"] = table.get_state()
    return state


def set_state(
    optimizer: Any, keys: Sequence[Key], weights: Sequence[Any], states: Sequence[dict[str, Any]]
) -> None:
    """Give an optimizer the memory of another.

    optimizer (Optimizer): A new one with the same settings.
    keys (Sequence[Tuple[int, str]]): The parameters' keys.
    weights (Sequence[numpy.ndarray]): The parameters.
    states (Sequence[Dict[str, Any]]): What `get_state` returned for the other's keys. The arrays
        are copied.
    RAISES (ValueError): If these are others.
    """
    for key, array, state in zip(keys, weights, states, strict=True):
        updates = state["updates"]
        if type(updates) is not int or updates < 0:
            raise ValueError(f"`updates` is {updates!r:.50}")
        if updates:
            optimizer.nr_update[key] = updates
        for name in ("mom1", "mom2"):
            if state[name] is not None:
                getattr(optimizer, name)[key] = copy_array(name, state[name], (array.size,))
        if state["average"] is not None:
            optimizer.averages[key] = copy_array("average", state["average"], array.shape)
        if state["is_decided"]:
            table = TableRows(array) if "table" in state else None
            if table is not None:
                table.set_state(state["table"])
            optimizer._tables[key] = table
