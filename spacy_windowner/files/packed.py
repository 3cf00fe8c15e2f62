"""Files of numbers and arrays that say what they are, and notice when they are damaged."""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import srsly

from .atomic import write_atomically

_DIGEST = hashlib.sha256
_DIGEST_SIZE = _DIGEST().digest_size


def write_packed(path: Path, kind: str, data: dict[str, Any]) -> None:
    """Write a file that `read_packed` reads: its kind as a line of text, a checksum, and the data
    in msgpack.

    path (Path): The file. What was there is replaced.
    kind (str): What the file is, with its version.
    data (Dict[str, Any]): The data: plain JSON values and arrays.
    """
    packed = srsly.msgpack_dumps(data)
    write_atomically(path, _first_line(kind) + _DIGEST(packed).digest() + packed)


def read_packed(path: Path, kind: str) -> dict[str, Any]:
    """Read a file that `write_packed` wrote. Nothing in it is executed.

    path (Path): The file.
    kind (str): What the file must be.
    RETURNS (Dict[str, Any]): The data. Its arrays can't be written to.
    RAISES (ValueError): If there is no such file, or it is another one, or damaged. The message is
        the reason alone, a part of a sentence.
    """
    if not path.is_file():
        raise ValueError("it is a folder" if path.is_dir() else "there is no such file")
    line, content = _first_line(kind), path.read_bytes()
    if not content.startswith(line):
        raise ValueError(f"it doesn't begin with {kind!r}, as such a file does")
    start = len(line) + _DIGEST_SIZE
    digest, packed = content[len(line) : start], content[start:]
    if _DIGEST(packed).digest() != digest:
        raise ValueError("it is damaged or cut short: its checksum differs")
    return unpack(packed)


def unpack(packed: bytes) -> dict[str, Any]:
    """Read msgpack.

    packed (bytes): The data.
    RETURNS (Dict[str, Any]): What it holds.
    RAISES (ValueError): If it is damaged, or holds no dictionary.
    """
    try:
        with keep_collecting():
            data: Any = srsly.msgpack_loads(packed)
    except Exception as error:  # whatever it makes of damaged data
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"it holds a {type(data).__name__}, not a dictionary")
    return data


@contextmanager
def keep_collecting() -> Iterator[None]:
    """Leave Python's garbage collection on or off, as it is: srsly, which switches it off while it
    reads msgpack, leaves it so if that fails."""
    collects = gc.isenabled()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _first_line(kind: str) -> bytes:
    return f"{kind}\n".encode()
