"""Reads the JSON values of a file, one per line or in an array, in bounded memory."""

from collections.abc import Iterator
from itertools import islice
from json import JSONDecodeError, JSONDecoder
from typing import Any

from ..errors import Errors
from .records import NO_JSON, Skip, quote
from .text_file import MAX_LINE, TextFile

_decoder = JSONDecoder(strict=False)  # allows control characters in strings
_SAMPLE = 10  # lines that are checked for JSON
_SPACE = " \t\r\n"
_TAIL = 100  # an error in this many last characters may come from a value that is cut


def is_json_lines(file: TextFile) -> bool:
    """Whether more than half of the first lines are JSON. Some may be damaged."""
    lines = islice((line for _, line in file.lines() if line.strip()), _SAMPLE)
    values = [_value(line) for line in lines]
    n_right = sum(isinstance(value, dict | list) for value in values)
    return 2 * n_right > len(values)


def is_json_array(file: TextFile) -> bool:
    """Whether a file begins like an array of objects."""
    try:
        value: Any = next(read_array(file), (0, {}))[1]  # there may be none
    except ValueError:
        return False
    return isinstance(value, dict | list)


def first_value(file: TextFile) -> dict | list | None:
    """The first value of an array, None if there is no array of objects."""
    try:
        value = next(read_array(file), (0, None))[1]
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def read_lines(file: TextFile) -> Iterator[tuple[int, Any]]:
    """Read one value per line.

    file (TextFile): The file.
    YIELDS (Tuple[int, Any]): The line number and the value, or a Skip if the line isn't JSON.
    """
    for number, line in file.lines():
        if line.strip():
            value = _value(line)
            yield number, Skip(number, NO_JSON, quote(line)) if value is None else value


def _value(line: str) -> Any:
    try:
        return _decoder.decode(line.strip())
    except (ValueError, RecursionError):
        return None


def read_array(file: TextFile) -> Iterator[tuple[int, Any]]:
    """Read the values of an array, one after the other.

    file (TextFile): The file.
    YIELDS (Tuple[int, Any]): The line where the value begins, and the value.
    RAISES (ValueError): If the file isn't JSON.
    """
    text = _Text(file)
    text.expect("[")
    mark = ","
    while mark == "," and not (text.peek() == "]" and text.is_first):
        yield text.read_value()
        mark = text.expect(",]")
    if mark == ",":
        text.expect("]")
    if text.peek():
        raise text.damaged("there is more text after the array")


class _Text:
    """The text of a file, with only a part of it in memory."""

    def __init__(self, file: TextFile) -> None:
        self.is_first = True  # no value has been read yet
        self._file = file
        self._chunks = file.chunks()
        self._text, self._at, self._line = "", 0, 1

    def peek(self) -> str:
        """The next character that isn't whitespace, empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(1):
                return ""

    def expect(self, marks: str) -> str:
        """Read the next character, which must be one of some."""
        mark = self.peek()
        if not mark or mark not in marks:
            what = f"{mark!r}" if mark else "the end"
            raise self.damaged(f"not a JSON array: {what} where one of {marks} should be")
        self._at += 1
        return mark

    def read_value(self) -> tuple[int, Any]:
        """Read the next value. Returns the line where it begins, and the value."""
        self.peek()
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except (JSONDecodeError, RecursionError) as error:
                if _is_cut(error, len(self._text)) and self._more(len(self._text) - self._at):
                    continue
                raise self.damaged(f"not JSON: {error}") from error
            line = self._line
            self._line += self._text.count("\n", self._at, end)
            self._at, self.is_first = end, False
            return line, value

    def damaged(self, reason: str) -> ValueError:
        """The error for damaged JSON."""
        return ValueError(Errors.WN192.format(where=self._file.where(self._line), reason=reason))

    def _more(self, size: int) -> bool:
        """Read more characters. Returns whether there were any."""
        pieces, n = [self._text[self._at :]], 0
        for chunk in self._chunks:
            pieces.append(chunk)
            n += len(chunk)
            if n >= size:
                break
        self._text, self._at = "".join(pieces), 0
        if len(self._text) > MAX_LINE:
            raise self.damaged(f"a value has more than {MAX_LINE:,} characters")
        return n > 0


def _is_cut(error: Exception, end: int) -> bool:
    """Whether an error may come from a value that is cut."""
    if not isinstance(error, JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos > end - _TAIL
