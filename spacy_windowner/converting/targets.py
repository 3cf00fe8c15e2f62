"""What is written, and where."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .doc_bins import SUFFIX
from .inputs import stem

PARTS = ("train", "dev", "test")
"""The names of the parts of a split."""


class Plan(NamedTuple):
    """Files to write.

    paths (Sequence[Path]): The files.
    targets (Sequence[int]): The number of the file that each source goes to. If files are parts of
        a split, 0.
    """

    paths: Sequence[Path]
    targets: Sequence[int]


def make_plan(sources: Sequence[Path], output: Path, n_parts: int) -> Plan:
    """Decide what is written.

    sources (Sequence[Path]): The sources.
    output (Path): A .spacy file or, for parts or a file of each source, a folder.
    n_parts (int): The number of parts of a split, 0 if there is none.
    RETURNS (Plan): What is written.
    RAISES (ValueError): If it can't be written, or would overwrite a source or itself.
    """
    if output.suffix == SUFFIX and not output.is_dir():
        if n_parts:
            why, fix = "a split has several files", "Name a folder."
            raise ValueError(Errors.WN187.format(path=output, why=why, fix=fix))
        plan = Plan([output], [0] * len(sources))
    elif n_parts:
        paths = [output / f"{name}{SUFFIX}" for name in PARTS[:n_parts]]
        plan = Plan(paths, [0] * len(sources))
    else:
        paths = [output / f"{stem(source)}{SUFFIX}" for source in sources]
        plan = Plan(paths, list(range(len(sources))))
        if len(set(paths)) < len(paths):
            double = next(path for path in paths if paths.count(path) > 1)
            fix = "Name a file, such as all.spacy, to join them, or convert them one by one."
            why = "several inputs have that name"
            raise ValueError(Errors.WN187.format(path=double, why=why, fix=fix))
    _require_writable(plan.paths, sources)
    return plan


def _require_writable(paths: Sequence[Path], sources: Sequence[Path]) -> None:
    inputs = {source.resolve() for source in sources}
    for path in paths:
        why = ""
        if path.resolve() in inputs:
            why = "it is read"
        elif path.is_dir():
            why = "it is a folder"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = str(error)
        if why:
            fix = "Name another file or folder."
            raise ValueError(Errors.WN187.format(path=path, why=why, fix=fix))
