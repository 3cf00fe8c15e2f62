"""Finds the files of a corpus and cuts the documents into shards."""

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .records import Record, Reject

STANDARD_INPUT = "-"
FORMATS = {
    ".txt": "txt",
    ".txt.gz": "txt",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".parquet": "parquet",
}
"""The formats of files, by suffix."""
INPUT_FORMATS = ("jsonl", "txt")
"""The formats of standard input."""
FOLDER = "folder"
"""The format of a folder that can't be listed."""
LOOK_AHEAD = 1000
"""If none of this many first lines can be read, the run stops with an error."""


class Source(NamedTuple):
    """A file to read.

    path (Optional[Path]): The file, None for standard input.
    name (str): The name in rows and messages.
    format (str): "txt", "jsonl" or "parquet", or "folder" for a folder that can't be listed.
    size (int): The size in bytes, 0 for standard input.
    """

    path: Path | None
    name: str
    format: str
    size: int


class Shard(NamedTuple):
    """Documents that are annotated together.

    number (int): The shard's number in the corpus, from 0.
    records (List[Record]): The documents.
    rejects (List[Reject]): The rejects between them.
    digest (str): A hash of the shard's input.
    n_bytes (int): Roughly the number of bytes that it was read from.
    """

    number: int
    records: list[Record]
    rejects: list[Reject]
    digest: str
    n_bytes: int


def find_sources(path: str | Path, input_format: str | None = None) -> tuple[list[Source], int]:
    """Find the files of a corpus, always in the same order.

    path (Union[str, Path]): A file, a folder (searched recursively), or "-" for standard input.
    input_format (Optional[str]): The format of standard input, "jsonl" or "txt". None for "jsonl".
    RETURNS (Tuple[List[Source], int]): The files, and how many files in the folder were skipped
        because they have other formats.
    RAISES (ValueError): If there are none.
    """
    if str(path) == STANDARD_INPUT:
        return [Source(None, "stdin", input_format or "jsonl", 0)], 0
    if input_format is not None:
        why = "`input_format` is for standard input, `-`. Files have it in their names"
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
    # Sorted by name as text, which is the same on all systems.
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
    """Whether a path is a folder.

    RAISES (OSError): If the path doesn't exist or can't be accessed.
    """
    path.stat()
    if path.is_dir():
        os.scandir(path).close()
        return True
    return False


def _walk(folder: Path) -> Iterator[Path]:
    """The files in a folder and its subfolders, without hidden ones. Links are followed, but each
    file is returned only once: by the path with the fewest links or, among those, the first. A
    folder that can't be listed is returned itself, and reading it raises the reason."""
    seen: set[str] = set()
    found = [(0, _name(folder), folder, os.path.realpath(folder))]
    while found:
        n_links, _, path, real = heappop(found)
        if real in seen:
            continue
        seen.add(real)
        if not os.path.isdir(path):  # doesn't raise
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
    """The path as text that can be encoded, whatever bytes it has."""
    return os.fsencode(path.as_posix()).decode("utf8", errors="backslashreplace")


def _size(path: Path) -> int:
    """The size of a file, 0 if it can't be read: reading it raises the reason."""
    return path.stat().st_size if os.path.isfile(path) else 0


def format_of(name: str) -> str | None:
    """The format of a file by its name, None if it isn't supported."""
    return next((kind for end, kind in FORMATS.items() if name.endswith(end)), None)


def require_columns_for(names: Sequence[str | None], sources: Sequence[Source]) -> None:
    """Check that files can have the columns that were given.

    names (Sequence[Optional[str]]): The names of columns, None where none was given.
    sources (Sequence[Source]): The files.
    RAISES (ValueError): If a name was given and all files are plain text.
    """
    given = [name for name in names if name is not None]
    if given and all(source.format == "txt" for source in sources):
        why = f"plain text has no columns, so there is none named {', '.join(given)}"
        raise ValueError(Errors.WN110.format(path=sources[0].name, why=why))


def cut_into_shards(
    items: Iterable[tuple[Record | Reject, int]], shard_size: int
) -> Iterator[Shard]:
    """Cut a corpus into shards.

    items (Iterable[Tuple[Union[Record, Reject], int]]): The input, see `read_sources`.
    shard_size (int): The size of a shard, in characters. A shard ends with the document that
        reaches this size.
    YIELDS (Shard): The shards.
    """
    number = size = position = begin = 0
    records: list[Record] = []
    rejects: list[Reject] = []
    digest = blake2b(digest_size=16)
    for item, position in items:
        content = item.text if isinstance(item, Record) else item.raw or ""
        size += len(content) + 1
        if isinstance(item, Record):
            records.append(item)
        else:
            rejects.append(item)
        data = content if isinstance(content, bytes) else content.encode("utf8", "surrogatepass")
        name, cut = (item.id, 0) if isinstance(item, Record) else ("", item.size)
        # The lengths ensure that different shards give different bytes.
        head = f"{type(item).__name__} {item.source!r} {item.line} {name!r} {len(data)} {cut}\n"
        digest.update(head.encode("utf8", "surrogatepass"))
        digest.update(data)
        if size >= shard_size:
            yield Shard(number, records, rejects, digest.hexdigest(), position - begin)
            number, size, begin = number + 1, 0, position
            records, rejects, digest = [], [], blake2b(digest_size=16)
    if records or rejects:
        yield Shard(number, records, rejects, digest.hexdigest(), position - begin)


def require_readable(
    items: Iterable[tuple[Record | Reject, int]], path: str
) -> Iterator[tuple[Record | Reject, int]]:
    """Check that at least one of the first lines can be read, to report a wrong column name
    immediately rather than after hours.

    items (Iterable[Tuple[Union[Record, Reject], int]]): The input.
    path (str): The path of the input, for errors.
    RETURNS (Iterator[Tuple[Union[Record, Reject], int]]): The same items.
    RAISES (ValueError): If there are lines and none of the first can be read.
    """
    items = iter(items)
    first = []
    for item, position in items:
        first.append((item, position))
        if isinstance(item, Record):
            break
        if len(first) == LOOK_AHEAD:
            break
    if first and not any(isinstance(item, Record) for item, _ in first):
        raise ValueError(Errors.WN113.format(path=path, count=len(first), first=first[0][0]))
    return chain(first, items)
