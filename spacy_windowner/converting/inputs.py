"""The files to convert."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .brat import ANN, TXT
from .options import AUTO

SUFFIXES = (".jsonl", ".json", ".conll", ".conll2003", ".iob", ".bio", ".txt", ".tsv", ".csv",
            ".parquet", ".spacy", ".ann")  # fmt: skip
"""Ends of the names of files that are taken of a folder, which may have .gz after them."""
_OTHERS = ("dataset_info.json", "dataset_dict.json", "state.json", "meta.json")
_GZIP = ".gz"


class Input(NamedTuple):
    """A file to convert.

    path (Path): The file. Of brat's two files it is the text.
    format (str): Its format, if it is known by its neighbours, else "auto".
    unit (Path): What is converted to one file: the file or, of brat's pairs, their folder.
    name (str): The name of that, without an end that tells the format.
    """

    path: Path
    format: str
    unit: Path
    name: str


def find_inputs(source: Path) -> tuple[list[Input], int]:
    """The files of a source, always in the same order.

    source (Path): A file or a folder.
    RETURNS (Tuple[List[Input], int]): The files, and how many of a folder were left out, since
        their names end in another way.
    RAISES (ValueError): If there are none.
    """
    try:
        if source.is_dir():
            found = sorted(_walk(source))
            known = [path for path in found if _is_known(path)]
            if not known:
                why = f"the names of files in a folder must end in one of {', '.join(SUFFIXES)}"
                raise ValueError(Errors.WN180.format(path=source, why=why))
            return _pair(known, source), len(found) - len(known)
        if not source.exists():
            why = "there is no such file or folder"
            raise ValueError(Errors.WN180.format(path=source, why=why))
        if not source.is_file():
            why = "it is no file, but a pipe or a device"
            raise ValueError(Errors.WN180.format(path=source, why=why))
    except OSError as error:
        raise ValueError(Errors.WN180.format(path=source, why=error)) from error
    return _pair([source], None), 0


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and path.is_file():
            yield path


def _is_known(path: Path) -> bool:
    return path.name.removesuffix(_GZIP).endswith(SUFFIXES) and path.name not in _OTHERS


def _pair(paths: Sequence[Path], root: Path | None) -> list[Input]:
    """Of brat's two files keep the text. In a folder of them all texts are brat's."""
    folders = {path.parent for path in paths if path.suffix == ANN}
    inputs: dict[Path, Input] = {}
    for path in paths:
        is_brat = path.suffix in (TXT, ANN) and path.parent in folders
        if path.suffix == ANN and path.with_suffix(TXT).is_file():
            path = path.with_suffix(TXT)
        unit = path.parent if is_brat and root is not None else path
        name = _stem(unit, root)
        inputs.setdefault(path, Input(path, "brat" if is_brat else AUTO, unit, name))
    return list(inputs.values())


def _stem(path: Path, root: Path | None) -> str:
    """The name of a file or a folder, without an end that tells the format. In a folder it is a
    path."""
    if path == root:
        return path.resolve().name
    name = path.relative_to(root).as_posix() if root is not None else path.name
    if path.is_dir():
        return name
    name = name.removesuffix(_GZIP)
    end = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(end) or name
