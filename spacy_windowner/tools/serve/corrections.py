"""Corrections of texts, kept in a file that `convert` reads."""

from pathlib import Path
from threading import Lock
from typing import Any

import srsly

from ...files import BOM, write_atomically
from ..errors import Errors

MAX_CHARS = 200_000
"""The maximum length of all corrected texts together. More take minutes to teach."""
MAX_ENTITIES = 5_000
"""The maximum number of entities in a text."""
_FIELDS = {"start": int, "end": int, "label": str}


class Corrections:
    """Texts with all of their entities, in the JSONL that `convert` reads. A later correction of a
    text replaces the earlier one.

    path (Optional[Path]): The file. It is read again each time, so others can edit it meanwhile.
        Without one, corrections are kept until the server stops.
    RAISES (ValueError): If the file can't be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept: dict[str, list[dict[str, Any]]] = {}
        self._lock = Lock()
        if path is not None:
            self.read()
            if not path.exists():
                self._write({})

    def read(self) -> dict[str, list[dict[str, Any]]]:
        """RETURNS (Dict[str, List[Dict[str, Any]]]): The entities of each corrected text.
        RAISES (ValueError): If the file can't be read.
        """
        if self.path is None:
            return dict(self._kept)
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise ValueError(Errors.WN287.format(path=self.path, why=error)) from error
        found = {}
        for number, line in enumerate(content.removeprefix(BOM).split(b"\n"), 1):
            if line.strip():
                text, spans = self._parse(line, number)
                found[text] = spans
        return found

    def _parse(self, line: bytes, number: int) -> tuple[str, list[dict[str, Any]]]:
        try:
            value = srsly.json_loads(line.decode("utf8"))
        except (ValueError, RecursionError) as error:
            why = f"it isn't JSON in UTF-8 ({error})"
            raise ValueError(Errors.WN286.format(path=self.path, line=number, why=why)) from error
        spans = value.get("spans") if isinstance(value, dict) else None
        if isinstance(spans, list) and isinstance(value.get("text"), str):
            if all(is_entity(span) for span in spans):
                return value["text"], spans
        why = 'expected {"text": "...", "spans": [{"start": 0, "end": 5, "label": "..."}]}'
        raise ValueError(Errors.WN286.format(path=self.path, line=number, why=why))

    def save(self, text: str, spans: list[dict[str, Any]]) -> int:
        """Save a correction.

        text (str): The text.
        spans (List[Dict[str, Any]]): All of its entities.
        RETURNS (int): The number of corrected texts.
        RAISES (ValueError): If there are too many, or the file can't be read or written. Then
            nothing is saved.
        """
        with self._lock:
            everything = {**self.read(), text: spans}
            n = sum(map(len, everything))
            if n > MAX_CHARS:
                path = self.path or "the downloaded file"
                raise ValueError(Errors.WN289.format(n=n, limit=MAX_CHARS, path=path))
            self._write(everything)
            return len(everything)

    def _write(self, everything: dict[str, list[dict[str, Any]]]) -> None:
        if self.path is None:
            self._kept = everything
            return
        lines = [srsly.json_dumps(record) + "\n" for record in records_of(everything)]
        try:
            write_atomically(self.path, "".join(lines).encode())
        except OSError as error:
            raise ValueError(Errors.WN287.format(path=self.path, why=error)) from error


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
