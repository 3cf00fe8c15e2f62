"""Files of lines, compressed or not, read as bytes: each line is decoded by itself, so that one
that can't be is known."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

BOM = b"\xef\xbb\xbf"
"""What some programs put before the first line."""
MAX_LINE = 10_000_000
"""Bytes of the longest line, if nothing else is asked for: a million characters, which is what
spaCy takes, have room in it, even if all are escaped in JSON."""
_BLOCK = 2**20  # bytes of the rest of a longer line, read at a time
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading compressed data raises if it is damaged or cut short."""


@contextmanager
def open_lines(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file of lines.

    path (Path): The file. If its name ends in .gz, it is compressed.
    YIELDS (Tuple[IO[bytes], IO[bytes]]): The file, whose position says how much of it is read, and
        the same, decompressed, to read lines from.
    """
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield raw, raw
            return
        with gzip.open(raw) as lines:
            yield raw, cast(IO[bytes], lines)


def read_lines(file: IO[bytes], max_line: int) -> Iterator[tuple[bytes, int]]:
    """Read lines, none of which takes more memory than is allowed.

    file (IO[bytes]): The file.
    max_line (int): Bytes of the longest line, without its end.
    YIELDS (Tuple[bytes, int]): A line and its bytes, both with its end. A longer line is read in
        pieces, and only its beginning is given.
    """
    while line := file.readline(max_line + 1):
        size = len(line)
        if size > max_line and not line.endswith(b"\n"):
            while rest := file.readline(_BLOCK):
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
        yield line, size
