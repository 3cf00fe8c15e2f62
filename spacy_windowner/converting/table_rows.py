"""Tables with a document or an entity a row."""

import ast
from collections.abc import Callable, Iterator
from hashlib import blake2b
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

from ..errors import Errors
from .fields import text_record
from .json_values import quote
from .kinds import NO_OFFSETS, NO_RECORD, NOT_ANNOTATED, TOO_LONG
from .records import Record, Skip
from .text_file import TextFile

if TYPE_CHECKING:
    from .tables import Layout, Row

_NOTHING = ("", "null", "none", "nan")
_MAX_CELL = 1_000_000  # characters of entities that are no JSON: Python parses them slowly


def read_documents(
    file: TextFile, rows: Callable[[], Iterator["Row"]], layout: "Layout"
) -> Iterator[Record]:
    """Read a table with a document a row, which has its entities in one cell, as JSON.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Its rows.
    layout (Layout): Its columns.
    YIELDS (Record): The documents.
    """
    text_at, spans_at = layout.columns["text"], layout.columns["spans"]
    for line, row in rows():
        if not any(row):
            continue
        if len(row) <= max(text_at, spans_at):
            yield Skip(line, NO_RECORD, f"{len(row)} cells: {quote(layout.delimiter.join(row))}")
        elif row[spans_at].strip().lower() in _NOTHING:
            yield Skip(line, NOT_ANNOTATED, quote(row[text_at]))
        elif len(row[spans_at]) > _MAX_CELL:
            yield Skip(line, TOO_LONG, quote(row[text_at]))
        else:
            items = _parse(row[spans_at])
            if items is None:
                yield Skip(line, NO_RECORD, f"no list of entities: {quote(row[spans_at])}")
            else:
                yield text_record(row[text_at], items, line)


def read_entities(
    file: TextFile, rows: Callable[[], Iterator["Row"]], layout: "Layout"
) -> Iterator[Record]:
    """Read a table with an entity a row, and its text in each. A row without offsets and label is
    a text without entities.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Its rows.
    layout (Layout): Its columns.
    YIELDS (Record): The documents.
    RAISES (ValueError): If rows of the same text are apart.
    """
    columns = layout.columns
    seen: set[bytes] = set()
    key: tuple[str, str] | None = None
    items: list[Any] = []
    first, problem = 0, ""
    for line, row in rows():
        if not any(row):
            continue
        row += [""] * (max(columns.values()) + 1 - len(row))
        text = row[columns["text"]]
        name = row[columns["id"]] if "id" in columns else ""
        if key != (name, text):
            if key is not None:
                yield _document(key[1], items, first, problem)
            key, items, first, problem = (name, text), [], line, ""
            digest = blake2b(repr(key).encode("utf8", "replace"), digest_size=8).digest()
            if digest in seen:
                raise ValueError(Errors.WN191.format(where=file.where(line), text=text))
            seen.add(digest)
        start, end, label = (row[columns[part]].strip() for part in ("start", "end", "label"))
        if not start and not end and not label:
            continue
        if not (_is_number(start) and _is_number(end) and label):
            problem = problem or f"{start!r}, {end!r}, {label!r} in line {line}"
            continue
        item: dict[str, Any] = {"start": int(float(start)), "end": int(float(end)), "label": label}
        if "piece" in columns:
            item["text"] = row[columns["piece"]]
        items.append(item)
    if key is not None:
        yield _document(key[1], items, first, problem)


def _document(text: str, items: list[Any], line: int, problem: str) -> Record:
    return Skip(line, NO_OFFSETS, problem) if problem else text_record(text, items, line)


def _is_number(text: str) -> bool:
    text = text.removesuffix(".0").removeprefix("-")  # as pandas writes whole numbers beside none
    return text.isdecimal() and len(text) < 16


def _parse(cell: str) -> list[Any] | None:
    """A list of entities, of JSON or, as pandas writes it, of Python."""
    try:
        value = JSONDecoder(strict=False).decode(cell.strip())
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(cell.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
    if isinstance(value, dict):
        value = value.get("entities", value.get("spans"))
    return value if isinstance(value, list) else None
