"""Corrections of texts, kept in a file that `convert` reads."""

from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import srsly

from ...files import BOM, write_atomically
from ..convert.json_records import ENTITIES, TAGS
from ..errors import Errors
from ..reading import is_unicode

MAX_CHARS = 200_000
"""The maximum length of all corrected texts together. More take minutes to teach."""
MAX_ENTITIES = 5_000
"""The maximum number of entities in a text."""
_FIELDS = {"start": int, "end": int, "label": str}
_OTHERS = {*ENTITIES, *TAGS} - {"spans"}
"""Other keys under which `convert` looks for entities."""


class _Line(NamedTuple):
    """A line of the file.

    text (str): The text.
    spans (Optional[List[Dict[str, Any]]]): All of its entities. None if the line doesn't have all
        correct ones, because it was rejected, ignored, or accepted in a binary view.
    raw (bytes): The line as it is in the file, without its end.
    """

    text: str
    spans: list[dict[str, Any]] | None
    raw: bytes


class Corrections:
    """Texts with all of their entities, in the JSONL that `convert` reads. A correction of a text
    replaces all earlier lines with this text. Other lines stay as they are, whoever wrote them.

    path (Optional[Path]): The file. It is read again each time, so others can edit it meanwhile.
        Without one, corrections are kept until the server stops.
    RAISES (ValueError): If the file can't be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept: list[_Line] = []
        self._lock = Lock()
        if path is not None:
            self.read()
            if not path.exists():
                self._write([])

    def read(self) -> dict[str, list[dict[str, Any]]]:
        """RETURNS (Dict[str, List[Dict[str, Any]]]): The entities of each corrected text. If
            several lines have the same text, the last one counts.
        RAISES (ValueError): If the file can't be read.
        """
        return _corrected(self._read_lines())

    def _read_lines(self) -> list[_Line]:
        if self.path is None:
            return list(self._kept)
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise ValueError(Errors.WN287.format(path=self.path, why=error)) from error
        lines = enumerate(content.removeprefix(BOM).split(b"\n"), 1)
        return [self._parse(line, number) for number, line in lines if line.strip()]

    def _parse(self, line: bytes, number: int) -> _Line:
        try:
            value = srsly.json_loads(line.decode("utf8"))
        except (ValueError, RecursionError) as error:
            raise self._unreadable(number, f"it isn't JSON in UTF-8 ({error})") from error
        value = value if isinstance(value, dict) else {}
        text, spans = value.get("text"), _spans_of(value)
        fits = spans is None or (isinstance(spans, list) and all(map(is_entity, spans)))
        if not (isinstance(text, str) and fits):
            why = 'expected {"text": "...", "spans": [{"start": 0, "end": 5, "label": "..."}]}'
            raise self._unreadable(number, why)
        if not all(span["label"] for span in spans or ()):
            raise self._unreadable(number, "it has an entity with an empty label")
        if not all(map(is_unicode, [text, *(span["label"] for span in spans or ())])):
            why = "it has half of a surrogate pair, which isn't a character"
            raise self._unreadable(number, why)
        if spans is not None:
            spans = [{name: span[name] for name in _FIELDS} for span in spans]
        return _Line(text, spans, line)

    def _unreadable(self, number: int, why: str) -> ValueError:
        return ValueError(Errors.WN286.format(path=self.path, line=number, why=why))

    def save(self, text: str, spans: list[dict[str, Any]]) -> int:
        """Save a correction.

        text (str): The text.
        spans (List[Dict[str, Any]]): All of its entities.
        RETURNS (int): The number of corrected texts.
        RAISES (ValueError): If there are too many, or the file can't be read or written. Then
            nothing is saved.
        """
        made = _Line(text, spans, srsly.json_dumps({"text": text, "spans": spans}).encode())
        with self._lock:
            lines = self._read_lines()
            place = next((i for i, line in enumerate(lines) if line.text == text), len(lines))
            lines = [line for line in lines if line.text != text]
            lines.insert(place, made)
            everything = _corrected(lines)
            n = sum(map(len, everything))
            if n > MAX_CHARS:
                path = self.path or "the downloaded file"
                raise ValueError(Errors.WN289.format(n=n, limit=MAX_CHARS, path=path))
            self._write(lines)
            return len(everything)

    def _write(self, lines: list[_Line]) -> None:
        if self.path is None:
            self._kept = lines
            return
        try:
            write_atomically(self.path, b"".join(line.raw + b"\n" for line in lines))
        except OSError as error:
            raise ValueError(Errors.WN287.format(path=self.path, why=error)) from error


def _spans_of(value: dict[str, Any]) -> Any:
    """What should be all entities of a text. None if it was rejected, ignored or judged in part."""
    answer = value.get("answer")
    if answer not in (None, "accept") or value.get("_is_binary") is True:
        return None
    if value.get("spans") is not None:
        return value["spans"]
    says_none = "spans" in value or answer == "accept"  # Prodigy may leave the key out
    has_others = any(isinstance(value.get(key), list) for key in _OTHERS)
    return [] if says_none and not has_others else "missing"


def _corrected(lines: list[_Line]) -> dict[str, list[dict[str, Any]]]:
    return {line.text: line.spans for line in lines if line.spans is not None}


def records_of(everything: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Corrections as the lines of their file."""
    return [{"text": text, "spans": spans} for text, spans in everything.items()]


def is_entity(value: Any) -> bool:
    """Whether a value has the fields of an entity, and perhaps its text."""
    return (
        isinstance(value, dict)
        and all(type(value.get(name)) is kind for name, kind in _FIELDS.items())
        and isinstance(value.get("text", ""), str)
    )
