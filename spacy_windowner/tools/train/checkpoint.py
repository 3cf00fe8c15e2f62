"""Saves everything that a training needs to go on as if it had never been interrupted."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from thinc.api import Model, Optimizer

from ...files import read_packed, write_packed
from ...layers.word_attributes import attribute_layers, check_known
from ...optimizers.state import get_state, set_state
from ..errors import Errors

_KIND = "spacy-windowner training 2"


class Checkpoint(NamedTuple):
    """A training right after an evaluation.

    step (int): The step.
    results (List[List[float]]): The scores of all evaluations, each with its step.
    settings (Dict[str, Dict[str, Any]]): The settings of each component.
    parameters (List[Dict[str, Any]]): The weights and the optimizer, see `optimizers.state`.
    known (List[List[numpy.ndarray]]): The known values of each layer that reads attributes.
    random (List[Any]): The states of the random generators that updates use.
    """

    step: int
    results: list[list[float]]
    settings: dict[str, dict[str, Any]]
    parameters: list[dict[str, Any]]
    known: list[list[numpy.ndarray]]
    random: list[Any]

    @classmethod
    def of(cls, nlp: Language, optimizer: Optimizer, info: dict[str, Any]) -> "Checkpoint":
        """Make a checkpoint. Arrays aren't copied.

        nlp (Language): The pipeline, not with averaged weights.
        optimizer (Optimizer): The optimizer.
        info (Dict[str, Any]): What spaCy's loop tells about the step.
        RETURNS (Checkpoint): The checkpoint.
        """
        return cls(
            info["step"],
            [list(result) for result in info["checkpoints"]],
            {name: pipe.cfg for name, pipe in _trained(nlp).items()},
            get_state(optimizer, _models(nlp)),
            [reader.attrs["known"] for reader in _readers(nlp)],
            _get_random(),
        )

    def restore(self, nlp: Language, optimizer: Optimizer) -> None:
        """Give a new pipeline and a new optimizer the state of this checkpoint.

        nlp (Language): The pipeline, initialized with the same config.
        optimizer (Optimizer): The optimizer, of the same config. Its schedules don't change.
        """
        for name, pipe in _trained(nlp).items():
            pipe.cfg.update(self.settings[name])
        set_state(optimizer, _models(nlp), self.parameters)
        for reader, known in zip(_readers(nlp), self.known, strict=True):
            reader.attrs["known"] = known
        _set_random(self.random)


def save_checkpoint(path: Path, checkpoint: Checkpoint, origin: dict[str, Any]) -> None:
    """Write a checkpoint. A file that is there is replaced when the new one is complete.

    path (Path): The file.
    checkpoint (Checkpoint): The checkpoint.
    origin (Dict[str, Any]): JSON values that tell what the training is made from.
    """
    write_packed(path, _KIND, {**checkpoint._asdict(), "origin": origin})


def load_checkpoint(path: Path, origin: dict[str, Any]) -> Checkpoint | None:
    """Load a checkpoint.

    path (Path): The file.
    origin (Dict[str, Any]): What the training is made from.
    RETURNS (Optional[Checkpoint]): The checkpoint. None if there is no file, or it is of a training
        that was made from something else.
    RAISES (ValueError): If the file is damaged.
    """
    if not path.exists():
        return None
    try:
        saved = read_packed(path, _KIND)
        for known in saved["known"]:
            check_known(known, len(known))
    except ValueError as error:
        raise ValueError(Errors.WN250.format(path=path, reason=error)) from error
    return Checkpoint(**saved) if saved.pop("origin") == origin else None


def _trained(nlp: Language) -> dict[str, Any]:
    return {name: pipe for name, pipe in nlp.pipeline if hasattr(pipe, "is_trainable")}


def _models(nlp: Language) -> list[Model]:
    return [pipe.model for pipe in _trained(nlp).values()]


def _readers(nlp: Language) -> list[Model]:
    return [layer for model in _models(nlp) for layer in attribute_layers(model)]


def _get_random() -> list[Any]:
    """The states of NumPy's generator and, if it is loaded, of PyTorch's. The order of the batches
    comes from Python's, which updates don't use."""
    torch = sys.modules.get("torch")
    state: Any = numpy.random.get_state()
    return [list(state), None if torch is None else torch.random.get_rng_state().numpy()]


def _set_random(state: list[Any]) -> None:
    for_numpy, for_torch = state
    numpy.random.set_state(tuple(for_numpy))
    torch = sys.modules.get("torch")
    if torch is not None and for_torch is not None:
        torch.random.set_rng_state(torch.from_numpy(for_torch.copy()))
