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
