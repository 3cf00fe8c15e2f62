"""Tables with a header, of which a row is a token, a document or an entity. Without a header a
table of tokens is read as well."""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from ..errors import Errors
from .options import Options
from .records import Reading, Record
from .schemes import is_tag
from .table_rows import read_documents, read_entities
from .table_tokens import read_tokens
from .text_file import MAX_LINE, TextFile

Row = tuple[int, list[str]]
"""The number of its last line, and its cells."""

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
_IDS = (*_DOCUMENTS, "id")  # of tokens it may be their number
_DELIMITERS = "\t,;"
_SAMPLE = 20


class Layout(NamedTuple):
    """What a row is, and where it has what.

    delimiter (str): What is between cells.
    rows (str): "token", "document" or "entity".
    has_header (bool): Whether the first row names the columns.
    columns (Dict[str, int]): The index of each part.
    width (int): How many columns there are.
    """

    delimiter: str
    rows: str
    has_header: bool
    columns: dict[str, int]
    width: int


def find_layout(file: TextFile, options: Options) -> Layout | None:
    """Find out what the rows of a table are.

    file (TextFile): The file.
    options (Options): How to read it.
    RETURNS (Optional[Layout]): The same, None if it is no table.
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


def open_table(file: TextFile, options: Options) -> Reading:
    """Look at the columns of a table.

    file (TextFile): The file.
    options (Options): How to read it.
    RETURNS (Reading): How it is read.
    RAISES (ValueError): If they aren't known.
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
    readers: dict[str, Callable[..., Iterator[Record]]] = {
        "token": read_tokens,
        "document": read_documents,
        "entity": read_entities,
    }
    name = "tsv" if layout.delimiter == "\t" else "csv"
    article = "an" if layout.rows == "entity" else "a"
    description = f"{name.upper()}, {article} {layout.rows} a row"
    read = readers[layout.rows]
    return Reading(name, description, lambda: read(file, partial(_rows, file, layout), layout))


def _rows(file: TextFile, layout: Layout) -> Iterator[Row]:
    """The rows after the header, empty ones as well."""
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
    """A cell of a table that may have been written with quotation marks or without: a word that is
    one itself stays."""
    inner = cell[1:-1].replace('""', "")
    if len(cell) > 2 and cell[0] == cell[-1] == '"' and '"' not in inner:
        return cell[1:-1].replace('""', '"')
    return cell


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
    """A table of tokens by its tags. Its first row may be something else if it was said where tags
    are."""
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
    """The columns, or those that were asked for."""
    asked = {"word": options.word_column, "tag": options.tag_column}
    numbers = {part: number for part, number in asked.items() if number is not None}
    return columns | {part: n - 1 if n > 0 else width + n for part, n in numbers.items()}
