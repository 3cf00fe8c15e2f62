"""The files of a corpus."""

import os
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors

STANDARD_INPUT = "-"
FORMATS = {
    ".txt": "txt",
    ".txt.gz": "txt",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".parquet": "parquet",
}
"""Formats of files by the ends of their names."""
INPUT_FORMATS = ("jsonl", "txt")
"""Formats of standard input."""
FOLDER = "folder"
"""The format of a folder whose files can't be listed."""


class Source(NamedTuple):
    """A file to read.

    path (Optional[Path]): The file, None for standard input.
    name (str): What rows and messages name it by.
    format (str): "txt", "jsonl" or "parquet", or "folder" for one whose files can't be listed.
    size (int): Its bytes, 0 for standard input.
    """

    path: Path | None
    name: str
    format: str
    size: int


def find_sources(path: str | Path, input_format: str | None = None) -> tuple[list[Source], int]:
    """The files of a corpus, always in the same order.

    path (Union[str, Path]): A file, a folder of files and folders, or "-" for standard input.
    input_format (Optional[str]): The format of standard input, "txt" or "jsonl", the default.
    RETURNS (Tuple[List[Source], int]): The files, and how many of the folder's were left out, for
        they are of other formats.
    RAISES (ValueError): If there are none.
    """
    if str(path) == STANDARD_INPUT:
        return [Source(None, "stdin", input_format or "jsonl", 0)], 0
    if input_format is not None:
        why = "`input_format` is for standard input, `-`; files tell their format by their names"
        raise ValueError(Errors.WN110.format(path=path, why=why))
    path = Path(path)
    known = ", ".join(FORMATS)
    try:
        files, root = (list(_walk(path)), path) if _is_folder(path) else ([path], path.parent)
    except FileNotFoundError:
        why = "there is no such file or folder"
        raise ValueError(Errors.WN110.format(path=path, why=why)) from None
    except OSError as error:
        raise ValueError(Errors.WN110.format(path=path, why=error)) from error
    # By their names as text, which is the same order on all systems.
    named = sorted((_name(file.relative_to(root)), file) for file in files)
    sources = [
        Source(file, name, kind, _size(file))
        for name, file in named
        if (kind := FOLDER if os.path.isdir(file) else format_of(name)) is not None
    ]
    if not sources:
        why = f"the names of files must end in one of {known}"
        raise ValueError(Errors.WN110.format(path=path, why=why))
    return sources, len(files) - len(sources)


def _is_folder(path: Path) -> bool:
    """RAISES (OSError): If there is nothing, or it can't be looked at or listed."""
    path.stat()
    if path.is_dir():
        os.scandir(path).close()
        return True
    return False


def _walk(folder: Path) -> Iterator[Path]:
    """The files of a folder and of its folders, also those that are links, but each only once: by
    the name with the fewest links in it and, of several, the first. Left out is what is hidden. A
    folder that can't be listed is given itself, for whoever reads it to say why."""
    seen: set[str] = set()
    found = [(0, _name(folder), folder, os.path.realpath(folder))]
    while found:
        n_links, _, path, real = heappop(found)
        if real in seen:
            continue
        seen.add(real)
        if not os.path.isdir(path):  # which raises nothing
            yield path
            continue
        try:
            inside = list(path.iterdir())
        except OSError:
            yield path
            continue
        for one in inside:
            if not one.name.startswith("."):
                is_link = one.is_symlink()
                target = os.path.realpath(one) if is_link else os.path.join(real, one.name)
                heappush(found, (n_links + is_link, _name(one), one, target))


def _name(path: Path) -> str:
    """A name that can be written, whatever bytes are in it."""
    return os.fsencode(path.as_posix()).decode("utf8", errors="backslashreplace")


def _size(path: Path) -> int:
    """Its bytes, 0 if it can't be read: its reader will say why."""
    return path.stat().st_size if os.path.isfile(path) else 0


def format_of(name: str) -> str | None:
    """The format of a file by its name, None if it is none of ours."""
    return next((kind for end, kind in FORMATS.items() if name.endswith(end)), None)


def require_columns_for(names: Sequence[str | None], sources: Sequence[Source]) -> None:
    """Reject names of columns where no file has columns.

    names (Sequence[Optional[str]]): The names that were given.
    sources (Sequence[Source]): The files.
    RAISES (ValueError): If there is a name, and all files are plain text.
    """
    given = [name for name in names if name is not None]
    if given and all(source.format == "txt" for source in sources):
        why = f"plain text has no columns, and so none named {', '.join(given)}"
        raise ValueError(Errors.WN110.format(path=sources[0].name, why=why))
