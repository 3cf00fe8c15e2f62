"""Reads text formats: CoNLL's columns, words with tags in running text, and brat's standoff."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ..errors import Errors
from ..reading import is_unicode
from .records import (
    BAD_LINE,
    DISCONTINUOUS,
    NO_ANN,
    NO_UNICODE,
    NO_WORD,
    TOO_LONG,
    Entity,
    Options,
    Reading,
    Record,
    Skip,
    TextRecord,
    TokenRecord,
    quote,
)
from .schemes import MISSING, is_tag
from .text_file import TextFile, check_different

MAX_COLUMNS = 10
_BOUND = "-DOCSTART-"
_COMMENT_BOUND = re.compile(r"#\s*(newdoc|begin document)\b")
_SAMPLE = 200  # lines from which the columns are recognized
_COUNTED = 3  # with this many words 1, 2, 3 the first column is taken for token numbers
_LABEL_STUDIO = ["-X-", "_"]
_SEPARATOR = "|"
ANN, TXT = ".ann", ".txt"
MAX_TEXT = 10_000_000
"""The maximum length of a text, in characters."""
_BRAT_ENTITY = re.compile(r"T\S*\t(.*?) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?$")


class _Columns(NamedTuple):
    """The columns of a CoNLL file.

    width (int): The number of columns.
    word (int): The index of the word column.
    tag (int): The index of the tag column.
    has_tabs (bool): Whether tabs separate the columns.
    is_label_studio (bool): Whether Label Studio exported the file. Then each block is a document.
    """

    width: int
    word: int
    tag: int
    has_tabs: bool
    is_label_studio: bool


def open_conll(file: TextFile, options: Options) -> Reading:
    """Open a CoNLL file and find its columns.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    RAISES (ValueError): If the columns don't have words and tags.
    """
    columns = _find_columns(file, options)
    who = "Label Studio's CoNLL" if columns.is_label_studio else "CoNLL"
    description = f"{who}, {columns.width} columns"
    if options.word_column or options.tag_column:
        description += f" (words in {columns.word + 1}, tags in {columns.tag + 1})"
    return Reading("conll", description, lambda: _read_conll(file, columns))


def _read_conll(file: TextFile, columns: _Columns) -> Iterator[Record]:
    words: list[str] = []
    tags: list[str] = []
    lines: list[int] = []
    document: int | None = None
    n_bounds = 0
    for number, line in file.lines():
        pieces = split_columns(line)
        is_bound = _is_bound(line)
        if pieces and not is_bound and _is_comment(line, pieces, columns):
            continue
        if not pieces or is_bound:
            if words:
                yield TokenRecord(lines[0], words, tags, lines, document)
                words, tags, lines = [], [], []
                if columns.is_label_studio:
                    n_bounds += 1
                    document = n_bounds
            if is_bound:
                n_bounds += 1
                document = n_bounds
            continue
        if len(pieces) == 1 and is_tag(pieces[0]) or _is_blank(pieces, columns):
            yield Skip(number, NO_WORD, repr(line.rstrip("\r\n")))
            continue
        if len(pieces) != columns.width:
            raise _wrong_count(file, number, line, pieces, columns)
        words.append(pieces[columns.word])
        tags.append(pieces[columns.tag])
        lines.append(number)
    if words:
        yield TokenRecord(lines[0], words, tags, lines, document)


def split_columns(line: str) -> list[str]:
    """Split a line at tabs or, if it has none, at spaces. Words may contain other whitespace."""
    line = line.rstrip("\r\n")
    if not line.strip(" \t"):
        return []
    if "\t" in line:
        return line.rstrip("\t").split("\t")
    return [column for column in line.split(" ") if column]


def _is_bound(line: str) -> bool:
    return line.startswith(_BOUND) or bool(line[0] == "#" and _COMMENT_BOUND.match(line))


def _is_comment(line: str, pieces: list[str], columns: _Columns) -> bool:
    """Whether a line is a comment, rather than a word that begins with #."""
    if line[0] != "#":
        return False
    return (
        len(pieces) != columns.width
        or not is_tag(pieces[columns.tag])
        or (columns.has_tabs and "\t" not in line)
    )


def _is_blank(pieces: list[str], columns: _Columns) -> bool:
    return len(pieces) == columns.width and not pieces[columns.word]


def _wrong_count(
    file: TextFile, number: int, line: str, pieces: list[str], columns: _Columns
) -> ValueError:
    plain = line.rstrip("\r\n")
    where = file.where(number)
    expected = f"{columns.width} columns, as in other lines"
    return ValueError(
        Errors.WN183.format(where=where, expected=expected, found=len(pieces), line=plain)
    )


def _find_columns(file: TextFile, options: Options) -> _Columns:
    sample = []
    for number, line in islice(file.lines(), _SAMPLE):
        if not _is_bound(line) and line[0] != "#":
            sample.append((number, line, split_columns(line)))
    rows = [item for item in sample if item[2]]
    if not rows:  # the words may begin with #
        sample = [
            (number, line, split_columns(line)) for number, line in islice(file.lines(), _SAMPLE)
        ]
        rows = [item for item in sample if item[2]]
    if not rows:
        raise ValueError(Errors.WN188.format(path=file.name, why="The file is empty."))
    whole = [row for row in rows if len(row[2]) > 1] or rows
    number, line, first = whole[0]
    count = len(first)
    if not 2 <= count <= MAX_COLUMNS:
        expected = f"2 to {MAX_COLUMNS} columns, with tabs or spaces between"
        text = Errors.WN183.format(
            where=file.where(number), expected=expected, found=len(first), line=line.rstrip("\r\n")
        )
        raise ValueError(text)
    word = _index(options.word_column, count, 0, "word_column", file)
    tag = _index(options.tag_column, count, count - 1, "tag_column", file)
    check_different(word, tag, file)
    alike = [item for item in whole if len(item[2]) == count]
    _check_tags(file, alike, tag)
    if options.word_column is None:
        _check_words(file, sample, word)
    return _Columns(
        count,
        word,
        tag,
        "\t" in line,
        count == 4 and all(p[1:3] == _LABEL_STUDIO for *_, p in alike),
    )


def _index(column: int | None, count: int, default: int, name: str, file: TextFile) -> int:
    if column is None:
        return default
    index = column - 1 if column > 0 else count + column
    if column == 0 or not 0 <= index < count:
        why = f"its lines have {count} columns, and `{name}` is {column}: name one of 1 to {count}"
        raise ValueError(Errors.WN180.format(path=file.name, why=why))
    return index


def _check_tags(file: TextFile, rows: list[tuple[int, str, list[str]]], tag: int) -> None:
    """Check the tag column. If it is wrong, suggest another one. A column of hyphens may mean that
    nothing is annotated, or something else."""
    columns = list(zip(*(pieces for *_, pieces in rows), strict=True))
    if any(is_tag(cell) and cell != MISSING for cell in columns[tag]):
        return
    right = [
        number
        for number, cells in enumerate(columns, 1)
        if all(map(is_tag, cells)) and {*cells} != {MISSING}
    ]
    if not right and any(map(is_tag, columns[tag])):
        return
    fix = "Correct it, or name the column of the tags by `--tag-column` (`tag_column`)."
    if right:
        fix = f"Those of column {right[-1]} are: `--tag-column {right[-1]}` (`tag_column`)."
    first = rows[0]
    text = Errors.WN182.format(where=file.where(first[0]), tag=first[2][tag], fix=fix)
    raise ValueError(text)


def _check_words(file: TextFile, sample: list[tuple[int, str, list[str]]], word: int) -> None:
    first = 0
    for number, line, pieces in sample:
        if not pieces:
            if first:
                break
            continue
        if len(pieces) <= word or pieces[word] != str(first + 1):
            return
        first += 1
        if first == _COUNTED and len(pieces) > 2:
            text = Errors.WN190.format(where=file.where(number), line=line.rstrip("\r\n"))
            raise ValueError(text)


def is_inline(line: str) -> bool:
    """Whether each word in a line has a tag."""
    pieces = _split_words(line)
    return bool(pieces) and all(
        _SEPARATOR in piece and is_tag(piece.rpartition(_SEPARATOR)[2]) for piece in pieces
    )


def open_inline(file: TextFile, options: Options) -> Reading:
    """Open a file of words with tags. Each word has two parts or, with a part of speech, three.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    RAISES (ValueError): If the file is empty or its first line has a word without a tag.
    """
    found = next(((number, line) for number, line in file.lines() if _split_words(line)), None)
    if found is None:
        raise ValueError(Errors.WN188.format(path=file.name, why="The file is empty."))
    n_splits = min(2, *(piece.count(_SEPARATOR) for piece in _split_words(found[1])))
    if n_splits < 1:
        raise _inline_error(file, *found)
    description = "words with tags, one sentence per line"
    return Reading("iob", description, lambda: _read_inline(file, n_splits))


def _read_inline(file: TextFile, n_splits: int) -> Iterator[Record]:
    for number, line in file.lines():
        parts = [piece.rsplit(_SEPARATOR, n_splits) for piece in _split_words(line)]
        if any(len(part) <= n_splits or not part[0] for part in parts):
            raise _inline_error(file, number, line)
        if parts:
            yield TokenRecord(number, [part[0] for part in parts], [part[-1] for part in parts])


def _split_words(line: str) -> list[str]:
    """Split a line into words with tags. Words may contain whitespace except spaces and tabs."""
    return [piece for piece in line.rstrip("\r\n").replace("\t", " ").split(" ") if piece]


def _inline_error(file: TextFile, number: int, line: str) -> ValueError:
    expected = "words with tags, such as Anna|B-PER"
    text = Errors.WN183.format(
        where=file.where(number), expected=expected, found="another line", line=line.rstrip("\r\n")
    )
    return ValueError(text)


def is_brat(file: TextFile) -> bool:
    """Whether a file is one of a pair of .txt and .ann files."""
    path = file.path
    if path.suffix == ANN:
        return path.with_suffix(TXT).is_file()
    return path.suffix == TXT and path.with_suffix(ANN).is_file()


def open_brat(file: TextFile, options: Options) -> Reading:
    """Open both files of a pair.

    file (TextFile): One of the files.
    options (Options): The options.
    RETURNS (Reading): How to read them.
    RAISES (ValueError): If the text is missing.
    """
    text, ann = (TextFile(file.path.with_suffix(suffix), options.encoding) for suffix in (TXT, ANN))
    if not text.path.is_file():
        raise ValueError(Errors.WN180.format(path=file.name, why=f"there is no {text.name}"))
    if ann.path.is_file():
        file.name = ann.name  # messages about entities name this file
    return Reading("brat", "brat's standoff", lambda: _read_brat(file, text, ann))


def _read_brat(file: TextFile, text: TextFile, ann: TextFile) -> Iterator[Record]:
    content, n = [], 0
    for chunk in text.chunks():
        n += len(chunk)
        if n > MAX_TEXT:
            yield Skip(0, TOO_LONG, f"more than {MAX_TEXT:,} characters")
            return
        content.append(chunk)
    raw = "".join(content)
    if not ann.path.is_file():
        yield Skip(0, NO_ANN, quote(raw))
        return
    entities: list[Entity] = []
    unknown: list[tuple[int, int]] = []
    for number, line in ann.lines():
        line = line.rstrip("\r\n")
        if not line.startswith("T"):  # relations, events, attributes, notes
            continue
        found = _BRAT_ENTITY.match(line)
        if found is None or not is_unicode(line):
            yield Skip(number, BAD_LINE, quote(line))
            return
        label, offsets, piece = found.groups()
        pairs = [tuple(map(int, pair.split(" "))) for pair in offsets.split(";")]
        starts, ends = zip(*pairs, strict=True)
        whole = Entity(min(starts), max(ends), label, piece, number)
        if len(pairs) == 1:
            entities.append(whole)
        elif all(end == start for (_, end), (start, _) in zip(pairs, pairs[1:], strict=False)) or (
            _is_one_piece(raw, pairs)
        ):
            entities.append(whole)  # the pieces are separated only by line breaks
        else:
            unknown += [(start, end) for start, end in pairs]
            yield Skip(number, DISCONTINUOUS, quote(line))
    if is_unicode(raw):
        yield TextRecord(0, raw, entities, unknown)
    else:
        yield Skip(0, NO_UNICODE, quote(ascii(raw)))


def _is_one_piece(text: str, pairs: list[tuple[int, ...]]) -> bool:
    """Whether pieces have only whitespace between them, as in entities with a line break."""
    return all(
        end < start and not text[end:start].strip()
        for (_, end), (start, _) in zip(pairs, pairs[1:], strict=False)
    )
