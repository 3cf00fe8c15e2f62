"""What is read of annotated files: documents, and what had to be left out."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from .kinds import Kind


class Entity(NamedTuple):
    """An entity of a text.

    start (int): Its first character.
    end (int): The one after its last character.
    label (str): Its label.
    text (Optional[str]): Its text, if the file gives that as well.
    line (int): Where it stands in the file, 0 if that is the line of the document.
    """

    start: int
    end: int
    label: str
    text: str | None = None
    line: int = 0


class TextRecord(NamedTuple):
    """A document of raw text.

    line (int): Its line in the file, from 1, or its number.
    text (str): The text.
    entities (Sequence[Entity]): Its entities.
    unknown (Sequence[Tuple[int, int]]): Characters of which it isn't known what they are.
    is_partial (bool): Whether it isn't known what all else is, either.
    """

    line: int
    text: str
    entities: Sequence[Entity]
    unknown: Sequence[tuple[int, int]] = ()
    is_partial: bool = False


class TokenRecord(NamedTuple):
    """A sentence, or a document, of words with tags.

    line (int): Its line in the file, from 1, or its number.
    words (Sequence[str]): The words.
    tags (Sequence[str]): Their tags, in any scheme. "-" stands for no annotation.
    lines (Sequence[int]): The line of each word, empty if that is the line of the record.
    document (Optional[int]): The number of the document that it is a part of, if that is known.
    """

    line: int
    words: Sequence[str]
    tags: Sequence[str]
    lines: Sequence[int] = ()
    document: int | None = None


class DocRecord(NamedTuple):
    """A document that is one already.

    line (int): Its number in the file, from 1.
    doc (Doc): The document.
    """

    line: int
    doc: Doc


class Skip(NamedTuple):
    """What was left out.

    line (int): Its line in the file, 0 if it is about the file as a whole.
    kind (Kind): Why.
    what (str): What it is.
    """

    line: int
    kind: Kind
    what: str


Record = TextRecord | TokenRecord | DocRecord | Skip


class Reading(NamedTuple):
    """How a file is to be read.

    format (str): Its format, one of `recognize.FORMATS`.
    description (str): The same in words.
    read (Callable[[], Iterator[Record]]): Reads it, from the beginning, as often as it is called.
    """

    format: str
    description: str
    read: Callable[[], Iterator[Record]]
