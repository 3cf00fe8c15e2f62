"""What is written, and where."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .doc_bins import SUFFIX
from .inputs import Input

PARTS = ("train", "dev", "test")
"""The names of the parts of a split."""


class Plan(NamedTuple):
    """Files to write.

    paths (Sequence[Path]): The files.
    targets (Sequence[int]): The number of the file that each input goes to. If files are parts of
        a split, 0.
    """

    paths: Sequence[Path]
    targets: Sequence[int]


def make_plan(inputs: Sequence[Input], output: Path, n_parts: int) -> Plan:
    """Decide what is written.

    inputs (Sequence[Input]): What is converted.
    output (Path): A .spacy file or, for parts or a file of each input, a folder.
    n_parts (int): The number of parts of a split, 0 if there is none.
    RETURNS (Plan): What is written.
    RAISES (ValueError): If it can't be written, or would overwrite an input or itself.
    """
    if output.suffix == SUFFIX and not output.is_dir():
        if n_parts:
            raise _error(output, "a split has several files", "Name a folder.")
        plan = Plan([output], [0] * len(inputs))
    elif n_parts:
        paths = [output / f"{name}{SUFFIX}" for name in PARTS[:n_parts]]
        plan = Plan(paths, [0] * len(inputs))
    else:
        plan = _plan_units(inputs, output)
    _require_writable(plan.paths, inputs)
    return plan


def _plan_units(inputs: Sequence[Input], output: Path) -> Plan:
    units: dict[str, Path] = {}
    for one in inputs:
        if units.setdefault(one.name, one.unit).resolve() != one.unit.resolve():
            fix = "Name a file, such as all.spacy, to join them, or convert them one by one."
            path = output / f"{one.name}{SUFFIX}"
            raise _error(path, f"{units[one.name]} and {one.unit} would both be there", fix)
    numbers = {name: number for number, name in enumerate(units)}
    paths = [output / f"{name}{SUFFIX}" for name in units]
    return Plan(paths, [numbers[one.name] for one in inputs])


def _require_writable(paths: Sequence[Path], inputs: Sequence[Input]) -> None:
    read = {one.path.resolve() for one in inputs}
    fix = "Name another file or folder."
    for path in paths:
        if path.resolve() in read:
            raise _error(path, "it is read", fix)
        if path.is_dir():
            raise _error(path, "it is a folder", fix)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _error(path, str(error), fix) from error


def _error(path: Path, why: str, fix: str) -> ValueError:
    return ValueError(Errors.WN187.format(path=path, why=why, fix=fix))
