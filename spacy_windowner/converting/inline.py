"""Files with a sentence a line, and a tag at each word: Anna|B-PER left|O. As for `spacy convert`
with its converter iob."""

from collections.abc import Iterator

from ..errors import Errors
from .options import Options
from .records import Reading, Record, TokenRecord
from .schemes import is_tag
from .text_file import TextFile

_SEPARATOR = "|"


def is_inline(line: str) -> bool:
    """Whether each word of a line has a tag."""
    pieces = _split(line)
    return bool(pieces) and all(
        _SEPARATOR in piece and is_tag(piece.rpartition(_SEPARATOR)[2]) for piece in pieces
    )


def open_inline(file: TextFile, options: Options) -> Reading:
    """Look at how many parts a word has, two or, with a part of speech, three.

    file (TextFile): The file.
    options (Options): How to read it.
    RETURNS (Reading): How it is read.
    RAISES (ValueError): If it is empty.
    """
    found = next(((number, line) for number, line in file.lines() if _split(line)), None)
    if found is None:
        raise ValueError(Errors.WN188.format(path=file.name, why="The file is empty."))
    n_splits = min(2, *(piece.count(_SEPARATOR) for piece in _split(found[1])))
    if n_splits < 1:
        raise _error(file, *found)
    description = "words with tags, a sentence a line"
    return Reading("iob", description, lambda: _read(file, n_splits))


def _read(file: TextFile, n_splits: int) -> Iterator[Record]:
    for number, line in file.lines():
        parts = [piece.rsplit(_SEPARATOR, n_splits) for piece in _split(line)]
        if any(len(part) <= n_splits or not part[0] for part in parts):
            raise _error(file, number, line)
        if parts:
            yield TokenRecord(number, [part[0] for part in parts], [part[-1] for part in parts])


def _split(line: str) -> list[str]:
    """Its words with their tags. Words may hold other white space than spaces and tabs."""
    return [piece for piece in line.rstrip("\r\n").replace("\t", " ").split(" ") if piece]


def _error(file: TextFile, number: int, line: str) -> ValueError:
    expected = "words with tags, such as Anna|B-PER"
    text = Errors.WN183.format(
        where=file.where(number), expected=expected, found="another line", line=line.rstrip("\r\n")
    )
    return ValueError(text)
