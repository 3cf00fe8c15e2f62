"""Reads text files line by line or in chunks, in bounded memory."""

import codecs
import io
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

from ...files import DAMAGE, open_lines, read_lines
from ..errors import Errors
from .records import at_line

MAX_LINE = 100_000_000
"""The maximum size of a line, in bytes or characters."""
_CHUNK = 2**16
_SAMPLE = 1000  # bytes
_CR_LINE = re.compile(r"[^\r]*\r\n?|[^\r]+")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TextFile:
    """A text file.

    path (Path): The file. If its name ends in .gz, it is decompressed.
    encoding (Optional[str]): The encoding. If None, UTF-8, or UTF-16 if there is its byte order
        mark.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        self.name = str(path)
        self.position = 0  # bytes of the stored file that have been read
        self._encoding = encoding

    def where(self, line: int) -> str:
        """The file and a line, for messages."""
        return at_line(self.name, line)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Read lines. They end in LF or CRLF or, in a file without LF except at its end, in CR.

        YIELDS (Tuple[int, str]): The line number, from 1, and the line with its line break.
        RAISES (ValueError): If the file can't be read or has another encoding, or if a line is too
            long.
        """
        number = 0
        try:
            with open_lines(self.path) as (raw, lines):
                for number, line in enumerate(_split_at_cr(self._decoded(lines)), 1):
                    if not raw.closed:  # as it may be once all has been read
                        self.position = raw.tell()
                    if line:  # empty if there is only a byte order mark
                        yield number, line
        except UnicodeError as error:
            raise self._no_encoding(number + 1, error) from error
        except (*DAMAGE, OSError) as error:
            where = self.where(number + 1)
            raise ValueError(Errors.WN192.format(where=where, reason=error)) from error

    def chunks(self) -> Iterator[str]:
        """Read the text in chunks, for formats that don't consist of lines.

        YIELDS (str): The next characters.
        RAISES (ValueError): If the file can't be read or has another encoding.
        """
        n_lines = 0
        try:
            with open_lines(self.path) as (raw, lines):
                encoding = self._encoding_of(lines)
                encoding = "utf-8-sig" if _is_utf8(encoding) else encoding
                with io.TextIOWrapper(lines, encoding=encoding, newline="") as text:
                    while chunk := text.read(_CHUNK):
                        n_lines += chunk.count("\n")
                        self.position = raw.tell()
                        yield chunk
        except UnicodeError as error:
            raise self._no_encoding(n_lines + 1, error) from error
        except (*DAMAGE, OSError) as error:
            where = self.where(n_lines + 1)
            raise ValueError(Errors.WN192.format(where=where, reason=error)) from error

    def head(self, size: int) -> bytes:
        """Read the first bytes, decompressed.

        size (int): The number of bytes.
        RETURNS (bytes): The bytes.
        RAISES (ValueError): If the file can't be read.
        """
        try:
            with open_lines(self.path) as (_, lines):
                return lines.read(size)
        except (*DAMAGE, OSError) as error:
            raise ValueError(Errors.WN180.format(path=self.name, why=error)) from error

    def _decoded(self, lines: IO[bytes]) -> Iterator[str]:
        encoding = self._encoding_of(lines)
        if _is_utf8(encoding):
            for number, (line, size) in enumerate(read_lines(lines, MAX_LINE), 1):
                if size > len(line):
                    raise self._too_long(number)
                yield line.decode("utf8")
            return
        # In other encodings a line break may not be a single byte.
        with io.TextIOWrapper(lines, encoding=encoding, newline="\n") as text:
            number = 0
            while line_text := text.readline(MAX_LINE):
                number += 1
                if len(line_text) >= MAX_LINE:
                    raise self._too_long(number)
                yield line_text.removeprefix("\ufeff") if number == 1 else line_text

    def _encoding_of(self, lines: IO[bytes]) -> str:
        start = lines.read(2)
        lines.seek(0)
        if self._encoding is not None:
            return self._encoding
        return "utf-16" if start in _UTF16 else "utf-8"

    def _too_long(self, number: int) -> ValueError:
        reason = f"the line has more than {MAX_LINE:,} bytes"
        return ValueError(Errors.WN192.format(where=self.where(number), reason=reason))

    def _no_encoding(self, number: int, error: UnicodeError) -> ValueError:
        # A missing byte order mark of UTF-16 isn't a UnicodeDecodeError, which has the bytes.
        data, reason = self.head(_SAMPLE), str(error)
        if isinstance(error, UnicodeDecodeError):
            data = error.object
            reason = f"{error.reason} 0x{data[error.start]:02x} at byte {error.start}"
        others = "utf-8" if self._encoding and not _is_utf8(self._encoding) else "latin-1"
        fix = "utf-16-le" if b"\0" in data[:_SAMPLE] else others
        text = Errors.WN185.format(
            where=self.where(number),
            encoding=self._encoding or "UTF-8",
            reason=reason,
            fix=f"`--encoding {fix}` (`encoding`)",
        )
        return ValueError(text)


def check_different(word: int, tag: int, file: TextFile) -> None:
    """Check that words and tags aren't in the same column.

    word (int): The column of the words, from 0.
    tag (int): The column of the tags.
    file (TextFile): The file.
    RAISES (ValueError): If they are the same.
    """
    if word == tag:
        raise ValueError(Errors.WN252.format(path=file.name, column=word + 1))


def _split_at_cr(lines: Iterator[str]) -> Iterator[str]:
    """Split the line of a file without LF, except at its end. In others CR may be a word, or in a
    quoted cell."""
    first = next(lines, "")
    start = [first]
    if first.endswith("\n") and "\r" in first[:-2]:
        start += islice(lines, 1)
    split = (match.group() for match in _CR_LINE.finditer(first))
    return chain(split if len(start) == 1 else start, lines)


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
