"""Reads CSV and TSV tables in which each row is a token, a document or an entity. A table of tokens
needs no header."""

import ast
import csv
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from itertools import islice
from json import JSONDecoder
from typing import Any, NamedTuple

from ..errors import Errors
from .json_records import text_record
from .records import (
    NO_OFFSETS,
    NO_RECORD,
    NO_WORD,
    NOT_ANNOTATED,
    TOO_LONG,
    Options,
    Reading,
    Record,
    Skip,
    TokenRecord,
    quote,
)
from .schemes import is_tag
from .text_file import MAX_LINE, TextFile, check_different

Row = tuple[int, list[str]]
"""The number of the row's last line, and the cells."""
_WORDS = ("token", "word", "tokens", "words", "form")
_TAGS = ("tag", "ner_tag", "ner", "ner_tags", "iob", "bio", "label", "entity", "tags", "labels")
_TEXTS = ("text", "sentence_text", "document", "content")
_SPANS = ("spans", "entities", "label", "labels", "annotations")
_STARTS = ("start", "start_offset", "begin", "start_char")
_ENDS = ("end", "end_offset", "stop", "end_char")
_LABELS = ("label", "type", "entity_type", "tag", "category")
_PIECES = ("entity", "mention", "span", "entity_text", "span_text", "surface")
_SENTENCES = ("sentence #", "sentence", "sentence_id", "sent_id", "sent", "sentence_number")
_DOCUMENTS = ("document_id", "doc_id", "doc", "document #", "article_id", "text_id")
_IDS = (*_DOCUMENTS, "id")  # "id" isn't in _DOCUMENTS: it may be the number of a token
_DELIMITERS = "\t,;"
_SAMPLE = 20
_NOTHING = ("", "null", "none", "nan")
_MAX_CELL = 1_000_000  # maximum characters of entities: Python literals are slow to parse


class Layout(NamedTuple):
    """The layout of a table.

    delimiter (str): The delimiter.
    rows (str): What a row is: "token", "document" or "entity".
    has_header (bool): Whether the first row names the columns.
    columns (Dict[str, int]): The indices of the columns, by what they contain.
    width (int): The number of columns.
    """

    delimiter: str
    rows: str
    has_header: bool
    columns: dict[str, int]
    width: int


def open_table(file: TextFile, options: Options) -> Reading:
    """Open a table and find its columns.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    RAISES (ValueError): If the columns aren't known.
    """
    layout = find_layout(file, options)
    if layout is None:
        first = next((line for _, line in file.lines() if line.strip()), "")
        if not first:
            raise ValueError(Errors.WN188.format(path=file.name, why="The file is empty."))
        expected = (
            "a first row that names the columns: token and tag; or text, start, end and label; "
            "or text and spans"
        )
        text = Errors.WN183.format(
            where=file.where(1), expected=expected, found="another one", line=first.rstrip("\r\n")
        )
        raise ValueError(text)
    width = layout.width
    for name in ("word_column", "tag_column"):
        column = getattr(options, name)
        if column is not None and not (0 < column <= width or -width <= column < 0):
            why = f"its rows have {width} columns, and `{name}` is {column}"
            raise ValueError(Errors.WN180.format(path=file.name, why=why))
    if layout.rows == "token":
        check_different(layout.columns["word"], layout.columns["tag"], file)
    readers: dict[str, Callable[..., Iterator[Record]]] = {
        "token": read_tokens,
        "document": read_documents,
        "entity": read_entities,
    }
    name = "tsv" if layout.delimiter == "\t" else "csv"
    description = f"{name.upper()}, one {layout.rows} per row"
    read = readers[layout.rows]
    return Reading(name, description, lambda: read(file, partial(_rows, file, layout), layout))


def find_layout(file: TextFile, options: Options) -> Layout | None:
    """Find the layout of a table.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Optional[Layout]): The layout, None if the file isn't a table.
    """
    lines = list(islice((line for _, line in file.lines() if line.strip()), _SAMPLE))
    if not lines:
        return None
    for delimiter in _DELIMITERS:
        if delimiter in lines[0]:
            try:
                header = next(csv.reader(lines, delimiter=delimiter))
            except (csv.Error, StopIteration):
                continue
            names = [name.strip().lower() for name in header]
            if (found := _from_header(names)) is not None:
                kind, columns = found
                columns = _given(columns, options, len(names))
                return Layout(delimiter, kind, True, columns, len(names))
    for delimiter in _DELIMITERS[1:]:  # with tabs it would be CoNLL
        rows = [line.rstrip("\r\n").split(delimiter) for line in lines]
        if (layout := _from_rows(rows, delimiter, options)) is not None:
            return layout
    return None


def _from_header(names: list[str]) -> tuple[str, dict[str, int]] | None:
    def find(**parts: tuple[str, ...]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part, known in parts.items():
            index = next((names.index(name) for name in known if name in names), None)
            if index is not None and index not in found.values():
                found[part] = index
        return found

    entity = find(text=_TEXTS, start=_STARTS, end=_ENDS, label=_LABELS, piece=_PIECES, id=_IDS)
    if {"text", "start", "end", "label"} <= set(entity):
        return "entity", entity
    token = find(word=_WORDS, tag=_TAGS, sentence=_SENTENCES, document=_DOCUMENTS)
    if {"word", "tag"} <= set(token):
        return "token", token
    document = find(text=_TEXTS, spans=_SPANS)
    return ("document", document) if len(document) == 2 else None


def _from_rows(rows: list[list[str]], delimiter: str, options: Options) -> Layout | None:
    """Recognize a table of tokens by its tags. The first row may be a header if the tag column was
    given."""
    width = len(rows[0])
    columns = _given({"word": 0, "tag": width - 1}, options, width)
    word, tag = columns["word"], columns["tag"]
    if width < 2 or not all(0 <= min(word, tag) and max(word, tag) < len(row) for row in rows):
        return None
    has_header = options.tag_column is not None and not is_tag(rows[0][tag])
    if not all(is_tag(row[tag].strip()) for row in rows[has_header:]):
        return None
    return Layout(delimiter, "token", has_header, columns, width)


def _given(columns: dict[str, int], options: Options, width: int) -> dict[str, int]:
    """Replace the columns with those that the options name."""
    asked = {"word": options.word_column, "tag": options.tag_column}
    numbers = {part: number for part, number in asked.items() if number is not None}
    return columns | {part: n - 1 if n > 0 else width + n for part, n in numbers.items()}


def _rows(file: TextFile, layout: Layout) -> Iterator[Row]:
    """The rows after the header, including empty ones."""
    has_quotes = layout.delimiter != "\t" or layout.rows != "token"
    quoting: Any = csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE
    lines = (line for _, line in file.lines())
    limit = csv.field_size_limit(MAX_LINE)
    reader = csv.reader(lines, delimiter=layout.delimiter, quoting=quoting, strict=True)
    skips_header = layout.has_header
    try:
        for row in reader:
            if skips_header:
                skips_header = not row
            else:
                yield reader.line_num, row if has_quotes else [_unquoted(cell) for cell in row]
    except csv.Error as error:
        where = file.where(reader.line_num)
        raise ValueError(Errors.WN192.format(where=where, reason=error)) from error
    finally:
        csv.field_size_limit(limit)


def _unquoted(cell: str) -> str:
    """Remove the quotation marks around a cell, for tables with or without quoting. A word that is
    itself a quotation mark stays."""
    inner = cell[1:-1].replace('""', "")
    if len(cell) > 2 and cell[0] == cell[-1] == '"' and '"' not in inner:
        return cell[1:-1].replace('""', '"')
    return cell


def read_tokens(
    file: TextFile, rows: Callable[[], Iterator[Row]], layout: Layout
) -> Iterator[Record]:
    """Read a table with one token per row. A sentence ends at an empty row, or where the value in
    the sentence column changes. Empty values continue the sentence.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Returns the rows.
    layout (Layout): The layout.
    YIELDS (Record): The sentences.
    RAISES (ValueError): If a row has too few cells.
    """
    columns = layout.columns
    word_at, tag_at = columns["word"], columns["tag"]
    sentence_at, document_at = columns.get("sentence"), columns.get("document")
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    here: tuple[str, str] = ("", "")
    number = None if document_at is None or sentence_at is None else 0  # of the document
    for line, row in rows():
        is_empty = not any(cell.strip() for cell in row)
        if not is_empty and len(row) <= max(columns.values()):
            text = Errors.WN183.format(
                where=file.where(line),
                expected=f"{max(columns.values()) + 1} cells",
                found=len(row),
                line=layout.delimiter.join(row),
            )
            raise ValueError(text)
        ids = (
            here
            if is_empty
            else (_cell(row, document_at, here[0]), _cell(row, sentence_at, here[1]))
        )
        if (is_empty or ids != here) and words:
            yield TokenRecord(lines[0], words, tags, lines, number)
            words, tags, lines = [], [], []
        if ids[0] != here[0] and number is not None:
            number += 1
        here = ids
        if is_empty:
            continue
        if not row[word_at]:
            yield Skip(line, NO_WORD, repr(layout.delimiter.join(row)))
            continue
        words.append(row[word_at])
        tags.append(row[tag_at].strip())
        lines.append(line)
    if words:
        yield TokenRecord(lines[0], words, tags, lines, number)


def _cell(row: list[str], index: int | None, before: str) -> str:
    """The value of a cell, or the previous value if it is empty."""
    return (row[index].strip() if index is not None else "") or before


def read_documents(
    file: TextFile, rows: Callable[[], Iterator[Row]], layout: Layout
) -> Iterator[Record]:
    """Read a table with one document per row and its entities in one cell, as JSON.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Returns the rows.
    layout (Layout): The layout.
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


def _parse(cell: str) -> list[Any] | None:
    """Parse a list of entities as JSON or, as pandas writes it, as a Python literal."""
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


def read_entities(
    file: TextFile, rows: Callable[[], Iterator[Row]], layout: Layout
) -> Iterator[Record]:
    """Read a table with one entity per row and the document's text in each row. A row without
    offsets and label is a text without entities.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Returns the rows.
    layout (Layout): The layout.
    YIELDS (Record): The documents.
    RAISES (ValueError): If the rows of a text aren't consecutive.
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
    text = text.removesuffix(".0").removeprefix("-")  # pandas writes .0 beside missing values
    return text.isdecimal() and len(text) < 16
