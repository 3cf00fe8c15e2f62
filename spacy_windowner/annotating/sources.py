"""The files of a corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from spacy.cli._util import walk_directory

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


class Source(NamedTuple):
    """A file to read.

    path (Optional[Path]): The file, None for standard input.
    name (str): What rows and messages name it by.
    format (str): "txt", "jsonl" or "parquet".
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
    if not path.exists():
        why = "there is no such file or folder"
        raise ValueError(Errors.WN110.format(path=path, why=why))
    if path.is_dir():
        # spaCy leaves out what begins with a dot in a folder, but not the folder that is named.
        inside = [one for one in path.iterdir() if not one.name.startswith(".")]
        files, root = [file for one in inside for file in walk_directory(one)], path
    else:
        files, root = [path], path.parent
    # By their names as text, which is the same order on all systems.
    named = sorted((file.relative_to(root).as_posix(), file) for file in files)
    sources = [
        Source(file, name, kind, file.stat().st_size)
        for name, file in named
        if (kind := format_of(name)) is not None
    ]
    if not sources:
        why = f"the names of files must end in one of {known}"
        raise ValueError(Errors.WN110.format(path=path, why=why))
    return sources, len(files) - len(sources)


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
