"""Standoff files of brat: a text, and beside it an .ann file with its entities."""

import re
from collections.abc import Iterator

from ...errors import Errors
from .json_records import is_unicode
from .json_values import quote
from .records import (
    BAD_LINE,
    DISCONTINUOUS,
    NO_ANN,
    NO_UNICODE,
    TOO_LONG,
    Entity,
    Options,
    Reading,
    Record,
    Skip,
    TextRecord,
)
from .text_file import TextFile

ANN, TXT = ".ann", ".txt"
MAX_TEXT = 10_000_000
"""Characters of the longest text."""
_ENTITY = re.compile(r"T\S*\t(.*?) (\d+ \d+(?:;\d+ \d+)*)(?:\t(.*))?$")


def is_brat(file: TextFile) -> bool:
    """Whether it is one of a pair of files."""
    path = file.path
    if path.suffix == ANN:
        return path.with_suffix(TXT).is_file()
    return path.suffix == TXT and path.with_suffix(ANN).is_file()


def open_brat(file: TextFile, options: Options) -> Reading:
    """Look for both files of a pair.

    file (TextFile): One of them.
    options (Options): How to read it.
    RETURNS (Reading): How they are read.
    RAISES (ValueError): If the text is missing.
    """
    text, ann = (TextFile(file.path.with_suffix(suffix), options.encoding) for suffix in (TXT, ANN))
    if not text.path.is_file():
        raise ValueError(Errors.WN180.format(path=file.name, why=f"there is no {text.name}"))
    if ann.path.is_file():
        file.name = ann.name  # where entities are
    return Reading("brat", "brat's standoff", lambda: _read(file, text, ann))


def _read(file: TextFile, text: TextFile, ann: TextFile) -> Iterator[Record]:
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
        found = _ENTITY.match(line)
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
            _is_one(raw, pairs)
        ):
            entities.append(whole)  # in pieces at a line break alone
        else:
            unknown += [(start, end) for start, end in pairs]
            yield Skip(number, DISCONTINUOUS, quote(line))
    if is_unicode(raw):
        yield TextRecord(0, raw, entities, unknown)
    else:
        yield Skip(0, NO_UNICODE, quote(ascii(raw)))


def _is_one(text: str, pairs: list[tuple[int, ...]]) -> bool:
    """Whether pieces have only white space between them, as where brat breaks lines."""
    return all(
        end < start and not text[end:start].strip()
        for (_, end), (start, _) in zip(pairs, pairs[1:], strict=False)
    )
