"""Reading and writing files: atomic writes, locked folders, files of lines, files with a
checksum."""

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

PART = ".part"
"""The suffix of a file while it is being written."""
BOM = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before the first line."""
MAX_LINE = 10_000_000
"""The default limit on a line, in bytes. A million characters, which is spaCy's limit on a text,
fit even if JSON escapes all of them."""
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading raises if compressed data is damaged or truncated."""
_MAX_TEXT_LINE = 100_000  # bytes
_BLOCK = 2**20  # bytes read at a time from the rest of a longer line
_DIGEST = hashlib.sha256
_DIGEST_SIZE = _DIGEST().digest_size


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, then rename it. So no reader ever sees half of it, even
    after a power failure. If writing fails, the old file stays as it was.

    path (Path): The file. An existing one is replaced.
    data (bytes): Its content.
    RAISES (OSError): If it can't be written, e.g. because the disk is full.
    """
    temporary = path.with_name(f"{path.name}{PART}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # including Ctrl+C
        with suppress(OSError):  # the first error is the useful one
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush the list of a folder's files to the disk.

    folder (Path): The folder.
    """
    if os.name != "posix":  # Windows can't open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_files(folder: str | Path, files: Mapping[str, str]) -> list[Path]:
    """Write text files into a folder, all of them or none. The folder is made if necessary. The
    files are written under temporary names first, then renamed.

    folder (Union[str, Path]): The folder.
    files (Mapping[str, str]): The texts by file name.
    RETURNS (List[Path]): The files.
    RAISES (ValueError): If they can't be written. Existing files stay as they were.
    """
    folder = Path(folder)
    places = {folder / name: folder / f".{name}.part" for name in files}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for (place, temporary), text in zip(places.items(), files.values(), strict=True):
            if place.is_dir():
                raise IsADirectoryError(f"{place} is a folder")
            written.append(temporary)
            with temporary.open("w", encoding="utf8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for place, temporary in places.items():
            os.replace(temporary, place)
    except OSError as error:
        raise ValueError(Errors.WN094.format(path=folder, reason=error)) from error
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)
    return list(places)


@contextmanager
def lock_folder(path: Path) -> Iterator[bool]:
    """Lock a folder for this process. Only processes that call this function respect the lock. The
    system releases it when the process ends, however it ends.

    path (Path): The folder.
    YIELDS (bool): Whether no other process holds the lock. True where the system can't tell.
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


@contextmanager
def open_lines(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file of lines.

    path (Path): The file. It is compressed if its name ends in .gz.
    YIELDS (Tuple[IO[bytes], IO[bytes]]): The raw file, whose position tells how much has been read,
        and the decompressed file, to read lines from.
    """
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield raw, raw
            return
        with gzip.open(raw) as lines:
            yield raw, cast(IO[bytes], lines)


def read_lines(file: IO[bytes], max_line: int) -> Iterator[tuple[bytes, int]]:
    """Read lines with a limit on their memory. They are bytes, because each is decoded separately:
    then an error belongs to a known line.

    file (IO[bytes]): The file.
    max_line (int): The most bytes of a line, without its line end.
    YIELDS (Tuple[bytes, int]): A line and its size in bytes, both with the line end, and without a
        byte order mark at the beginning of the file. A longer line is read in pieces, and only its
        beginning is yielded.
    """
    mark = BOM
    while line := file.readline(max_line + 1):
        size = len(line)
        if size > max_line and not line.endswith(b"\n"):
            while rest := file.readline(_BLOCK):
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
        start = len(mark) if line.startswith(mark) else 0
        mark = b""
        yield line[start:], size - start


def read_text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read the lines of a UTF-8 file.

    path (Path): The file. It is compressed if its name ends in .gz.
    YIELDS (Tuple[int, str]): The number of a line, from 1, and its text, without the line end.
    RAISES (UnusableLine): If a line has more than 100,000 bytes or isn't UTF-8.
    """
    with open_lines(path) as (_, lines):
        for number, (line, size) in enumerate(read_lines(lines, _MAX_TEXT_LINE), start=1):
            if size > _MAX_TEXT_LINE:
                raise UnusableLine(number, f"it is longer than {_MAX_TEXT_LINE:,} bytes")
            try:
                yield number, line.decode("utf8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise UnusableLine(number, f"it isn't UTF-8 ({error})") from error


class UnusableLine(ValueError):
    """A line can't be used.

    line (int): Its number, from 1.
    why (str): The reason, a part of a sentence.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


def write_packed(path: Path, kind: str, data: dict[str, Any]) -> None:
    """Write a file for `read_packed`: its kind as a line of text, a checksum, and the data in
    msgpack.

    path (Path): The file. An existing one is replaced.
    kind (str): The kind of the file, with its version.
    data (Dict[str, Any]): JSON values and arrays.
    """
    packed = srsly.msgpack_dumps(data)
    write_atomically(path, _first_line(kind) + _DIGEST(packed).digest() + packed)


def read_packed(path: Path, kind: str) -> dict[str, Any]:
    """Read a file that `write_packed` wrote. Nothing in it is executed.

    path (Path): The file.
    kind (str): The kind that the file must have.
    RETURNS (Dict[str, Any]): The data. Its arrays are read-only.
    RAISES (ValueError): If the file is missing, damaged or of another kind. The message is only the
        reason, a part of a sentence.
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
    """Read a dictionary from msgpack.

    packed (bytes): The data.
    RETURNS (Dict[str, Any]): The dictionary.
    RAISES (ValueError): If the data is damaged, or is no dictionary.
    """
    try:
        with keep_collecting():
            data: Any = srsly.msgpack_loads(packed)
    except Exception as error:  # damaged data can raise anything
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"it holds a {type(data).__name__}, not a dictionary")
    return data


@contextmanager
def keep_collecting() -> Iterator[None]:
    """Restore the state of Python's garbage collection. srsly switches it off while it reads
    msgpack, and doesn't switch it on again if reading fails."""
    collects = gc.isenabled()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _first_line(kind: str) -> bytes:
    return f"{kind}\n".encode()
