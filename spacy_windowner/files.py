"""Files of lines, compressed or not, read as bytes: each line is decoded by itself, so that one
that can't be is known."""

import gc
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import srsly

from .errors import Errors


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file beside its place, then move it there, so that no reader ever sees half of it,
    even after a loss of power. If that fails, the place is as it was before.

    path (Path): The file. What was there is replaced.
    data (bytes): Its content.
    RAISES (OSError): If it can't be written, e.g. since the disk is full.
    """
    beside = path.with_name(f"{path.name}{PART}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:  # Ctrl+C, too
        with suppress(OSError):  # the first error says more than that it can't be removed, either
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the system note on the disk which files a folder holds.

    folder (Path): The folder.
    """
    if os.name != "posix":  # elsewhere folders can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


PART = ".part"
"""The end of the name of a file that is being written."""


def write_files(folder: str | Path, files: Mapping[str, str]) -> list[Path]:
    """Write files of text into a folder, which is made if necessary: all of them, whole, or none.
    They are written beside their places first, and then moved there.

    folder (Union[str, Path]): The folder.
    files (Mapping[str, str]): Their texts, by their names.
    RETURNS (List[Path]): The files.
    RAISES (ValueError): If they can't be written. What was there before stays as it was.
    """
    folder = Path(folder)
    places = {folder / name: folder / f".{name}.part" for name in files}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for (place, beside), text in zip(places.items(), files.values(), strict=True):
            if place.is_dir():
                raise IsADirectoryError(f"{place} is a folder")
            written.append(beside)
            with beside.open("w", encoding="utf8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for place, beside in places.items():
            os.replace(beside, place)
    except OSError as error:
        raise ValueError(Errors.WN094.format(path=folder, reason=error)) from error
    finally:
        for beside in written:
            beside.unlink(missing_ok=True)
    return list(places)


@contextmanager
def lock_folder(path: Path) -> Iterator[bool]:
    """Have a folder for this process alone, as far as others ask by this function, too. The system
    ends it with the process, however that ends.

    path (Path): The folder.
    YIELDS (bool): Whether nobody else has it. True where the system can't tell.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield True
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_free = True
    except BlockingIOError:
        is_free = False
    except OSError:  # a file system without locks
        is_free = True
    try:
        yield is_free
    finally:
        os.close(descriptor)


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
