from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..errors import Errors
from .kinds import NO_WORD
from .records import Record, Skip, TokenRecord
from .text_file import TextFile

if TYPE_CHECKING:
    from .tables import Layout, Row


def read_tokens(
    file: TextFile, rows: Callable[[], Iterator["Row"]], layout: "Layout"
) -> Iterator[Record]:
    """Read a table with a token a row. A sentence ends at an empty row, or where the column of
    sentences says another one; if it says nothing, the sentence goes on.

    file (TextFile): The file.
    rows (Callable[[], Iterator[Row]]): Its rows.
    layout (Layout): Its columns.
    YIELDS (Record): The sentences.
    RAISES (ValueError): If a row lacks cells.
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
    """What a cell says or, if it says nothing, one before it."""
    return (row[index].strip() if index is not None else "") or before
