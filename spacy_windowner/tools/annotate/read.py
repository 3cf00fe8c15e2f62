"""Reads documents from files, one after the other. What can't be read is returned as a reject, and
reading continues after it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from json import JSONDecoder
from pathlib import Path
from typing import IO

from ...files import DAMAGE, MAX_LINE, open_lines, read_lines
from ..reading import kind_of
from .parquet_files import read_parquet
from .records import Columns, Record, Reject
from .sources import Source

_decode_json = JSONDecoder(strict=False).decode  # allows control characters in strings


def read_sources(
    sources: Sequence[Source], columns: Columns, max_line: int = MAX_LINE
) -> Iterator[tuple[Record | Reject, int]]:
    """Read files one after the other.

    sources (Sequence[Source]): The files.
    columns (Columns): The keys or columns of the text and the ID.
    max_line (int): The maximum size of a line, or of a text in a Parquet file, in bytes.
    YIELDS (Tuple[Union[Record, Reject], int]): A document or a reject, and how many bytes of all
        files have been read.
    """
    done = 0
    for source in sources:
        number = 0
        try:
            for item, position in _read(source, columns, max_line):
                number = item.line
                yield item, done + min(position, source.size)
        except (*DAMAGE, OSError) as error:
            reason = f"the file can't be read after line {number} ({error})"
            yield Reject(source.name, 0, reason, None), done + source.size
        done += source.size


def _read(source: Source, columns: Columns, max_line: int) -> Iterator[tuple[Record | Reject, int]]:
    if source.path is not None:
        _require_file(source.path)
    if source.format == "parquet":
        yield from read_parquet(source, columns, max_line)
        return
    # Blank lines count as lines but aren't documents.
    with _open(source) as (raw, lines):
        can_tell = source.path is not None
        for number, (line, size) in enumerate(read_lines(lines, max_line), 1):
            if size > len(line):
                reason = f"more than {max_line:,} bytes"
                item: Record | Reject | None = Reject.of(source.name, number, reason, line, size)
            else:
                item = _read_line(line, number, source, columns)
            if item is not None:
                yield item, raw.tell() if can_tell else 0


def _require_file(path: Path) -> None:
    """RAISES (OSError): If the path can't be accessed, or is a pipe or a device."""
    if path.is_dir():
        list(path.iterdir())  # raises the reason
    elif path.exists() and not path.is_file():
        raise OSError("it is a pipe or a device, not a file")


def _open(source: Source) -> AbstractContextManager[tuple[IO[bytes], IO[bytes]]]:
    if source.path is None:
        if sys.stdin is None:
            raise OSError("it is closed")
        return nullcontext((sys.stdin.buffer, sys.stdin.buffer))
    return open_lines(source.path)


def _read_line(
    line: bytes, number: int, source: Source, columns: Columns
) -> Record | Reject | None:
    line = line.rstrip(b"\r\n")
    try:
        text = line.decode("utf8")
    except UnicodeDecodeError as error:
        return Reject.of(source.name, number, f"not UTF-8 ({error.reason})", line)
    if not text or text.isspace():
        return None
    if source.format == "txt":
        return Record(f"{source.name}:{number}", text, source.name, number)
    try:
        fields = _decode_json(text)
    except (ValueError, RecursionError) as error:
        return Reject.of(source.name, number, f"not JSON ({error})", text)
    if not isinstance(fields, dict):
        return Reject.of(source.name, number, f"{kind_of(fields)}, not a JSON object", text)
    return columns.read(fields, source.name, number, text)
