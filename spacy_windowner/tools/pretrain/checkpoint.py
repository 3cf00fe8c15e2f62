"""The folder that pretraining writes, from which it can go on."""

from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy
from thinc.api import Optimizer

from ...errors import Errors
from ...files import read_packed, write_packed
from ...optimizers.state import get_state, set_state
from ...optimizers.table_rows import copy_array
from ..raw_text import Position
from .ranking import RankingNetwork

CHECKPOINT = "checkpoint.bin"
_KIND = "spacy-windowner.checkpoint.v2"


class Progress(NamedTuple):
    """How far a pretraining is.

    epochs (int): Epochs done.
    position (Position): The place in the text, in the present epoch.
    steps (int): Updates of the weights.
    words (int): Words learned from, in all epochs.
    """

    epochs: int = 0
    position: Position = Position()
    steps: int = 0
    words: int = 0


def save_checkpoint(
    folder: Path,
    network: RankingNetwork,
    optimizer: Optimizer,
    progress: Progress,
    settings: dict[str, Any],
) -> None:
    """Save what a pretraining needs to go on.

    folder (Path): The folder.
    network (RankingNetwork): The network.
    optimizer (Optimizer): The optimizer.
    progress (Progress): How far it is.
    settings (Dict[str, Any]): The settings it must go on with. Plain JSON values.
    """
    keys, weights = _parameters(network)
    state = {
        "settings": settings,
        "progress": progress._asdict(),
        "weights": weights,
        "optimizer": get_state(optimizer, keys),
    }
    write_packed(folder / CHECKPOINT, _KIND, state)


def load_checkpoint(
    folder: Path, network: RankingNetwork, optimizer: Optimizer, settings: dict[str, Any]
) -> Progress:
    """Go on from a checkpoint, if there is one.

    folder (Path): The folder.
    network (RankingNetwork): The network, initialized, which gets the checkpoint's weights.
    optimizer (Optimizer): A new optimizer, which gets its state.
    settings (Dict[str, Any]): The present settings.
    RETURNS (Progress): How far it is: at the beginning, if there is no checkpoint.
    RAISES (ValueError): If the checkpoint was made with other settings, or is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return Progress()
    try:
        state = read_packed(path, _KIND)
        saved = dict(state["settings"])
        differing = [key for key in {**saved, **settings} if saved.get(key) != settings.get(key)]
        if not differing:
            return _restore(state, network, optimizer)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(Errors.WN047.format(path=path, reason=reason)) from error
    differences = ", ".join(
        f"{name} was {saved.get(name)!r} and is {settings.get(name)!r}" for name in differing
    )
    raise ValueError(Errors.WN044.format(path=folder, differences=differences))


def _restore(state: dict[str, Any], network: RankingNetwork, optimizer: Optimizer) -> Progress:
    """Give a network and its optimizer what a checkpoint holds of them."""
    keys, weights = _parameters(network)
    for (_, name), value, saved in zip(keys, weights, state["weights"], strict=True):
        value[...] = copy_array(name, saved, value.shape)
    set_state(optimizer, keys, weights, state["optimizer"])
    epochs, position, steps, words = (state["progress"][name] for name in Progress._fields)
    offset, line, skipped, first_skipped = position
    for number in (epochs, steps, words, offset, line, skipped):
        if type(number) is not int or number < 0:
            raise ValueError(f"its progress is {state['progress']!r:.200}")
    return Progress(epochs, Position(offset, line, skipped, first_skipped), steps, words)


def _parameters(network: RankingNetwork) -> tuple[list[tuple[int, str]], list[numpy.ndarray]]:
    """The keys and the values of a network's parameters, in their order in the network."""
    keys, weights = [], []
    for layer in network:
        for node in layer.walk():
            for name in node.param_names:
                keys.append((node.id, name))
                weights.append(cast(numpy.ndarray, node.get_param(name)))
    return keys, weights
