"""The types that all readers share: options, records, and reasons why something is left out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from ..errors import Warnings

AUTO = "auto"
"""The option value for recognizing something from the content."""


class Kind(NamedTuple):
    """A reason why something is left out.

    what (str): A sentence without its capital and its full stop.
    fix (str): What the user can do about it, empty if nothing is wrong.
    """

    what: str
    fix: str = ""


_OFFSETS = "Correct their offsets, which count characters from 0, or their texts."
REJECTED = Kind('documents that were rejected or ignored in annotation are left out ("answer")')
NOT_ANNOTATED = Kind(
    "documents without annotation are left out",
    "A document without entities has an empty list of spans; annotate the others.",
)
OTHER_ANNOTATIONS = Kind(
    "further annotations of a document that has one already are left out",
    "Choose one of them, as `ground_truth` in Label Studio.",
)
NO_JSON = Kind("lines that aren't JSON are left out", "Fix them: one JSON value per line.")
NO_RECORD = Kind(
    "documents that can't be read are left out",
    'A document has "text" and "spans", or "tokens" and "ner_tags": see docs/convert.md.',
)
NO_UNICODE = Kind(
    "documents with half of a surrogate pair, which isn't a character, are left out",
    "Export them again, with complete characters.",
)
EMPTY = Kind("documents without words are left out", "Remove them.")
TOO_LONG = Kind(
    "documents that are longer than spaCy's limit are left out", "Split them into shorter ones."
)
TAGS_AND_ENTITIES = Kind(
    "documents have tags as well as entities; only the tags are used",
    "Leave out the tags, or the entities.",
)
OTHER_TOKENS = Kind(
    "documents have tokens that don't fit their text, which the tokenizer splits instead",
    "Correct the offsets of the tokens, which count characters from 0, or leave them out.",
)
NO_WORD = Kind("lines with a tag but no word are left out", "Remove them, or add the word.")
NO_ANN = Kind(
    "texts without an .ann file beside them are left out",
    "A text without entities has an empty .ann file.",
)
BAD_LINE = Kind("lines that can't be read are left out", "Correct them: see docs/convert.md.")
UNTOLD = "; the words there count as not annotated"
MISALIGNED = Kind(
    f"entities don't begin and end at word boundaries{UNTOLD}",
    "Correct their offsets, or name the language by `--lang` if it isn't English.",
)
OVERLAPPING = Kind(
    f"entities that overlap longer ones are left out{UNTOLD}",
    "Entities can't overlap: keep one of them.",
)
OUTSIDE = Kind(
    "entities that are outside their texts, or end where they begin, are left out", _OFFSETS
)
BLANK = Kind("entities that are only whitespace are left out", "Remove them.")
OTHER_TEXT = Kind(f"entities have a different text at their offsets{UNTOLD}", _OFFSETS)
NO_OFFSETS = Kind(
    "documents are left out because an entity has no start, end or label",
    'An entity has a "start", an "end" and one "label".',
)
DISCONTINUOUS = Kind(
    f"entities of several pieces are left out{UNTOLD}",
    "An entity is one piece of text. Annotate it as a whole, or annotate each piece.",
)


class Entity(NamedTuple):
    """An entity of a text.

    start (int): The first character.
    end (int): The character after the last one.
    label (str): The label.
    text (Optional[str]): The entity's text, if the file has it.
    line (int): The line in the file, 0 if it is the line of the document.
    """

    start: int
    end: int
    label: str
    text: str | None = None
    line: int = 0


class TextRecord(NamedTuple):
    """A document of raw text.

    line (int): The line in the file, from 1, or the document's number.
    text (str): The text.
    entities (Sequence[Entity]): The entities.
    unknown (Sequence[Tuple[int, int]]): Ranges of characters that count as not annotated.
    is_partial (bool): Whether everything outside the entities counts as not annotated.
    tokens (Sequence[Tuple[int, int]]): The ranges of characters of the file's own tokens. Between
        them is only whitespace. Empty if the tokenizer splits the text.
    """

    line: int
    text: str
    entities: Sequence[Entity]
    unknown: Sequence[tuple[int, int]] = ()
    is_partial: bool = False
    tokens: Sequence[tuple[int, int]] = ()


class TokenRecord(NamedTuple):
    """A sentence or document of words with tags.

    line (int): The line in the file, from 1, or the record's number.
    words (Sequence[str]): The words.
    tags (Sequence[str]): The tag of each word, in any scheme. "-" means not annotated.
    lines (Sequence[int]): The line of each word, empty if it is the line of the record.
    document (Optional[int]): The number of the document that the sentence is in, if it is known.
    has_numbers (bool): Whether the file has numbers for tags.
    """

    line: int
    words: Sequence[str]
    tags: Sequence[str]
    lines: Sequence[int] = ()
    document: int | None = None
    has_numbers: bool = False


class DocRecord(NamedTuple):
    """A document of a .spacy file.

    line (int): The document's number in the file, from 1.
    doc (Doc): The document.
    """

    line: int
    doc: Doc


class Skip(NamedTuple):
    """Something that was left out.

    line (int): The line in the file, 0 for the file as a whole.
    kind (Kind): The reason.
    what (str): A description.
    """

    line: int
    kind: Kind
    what: str


Record = TextRecord | TokenRecord | DocRecord | Skip


class Reading(NamedTuple):
    """How to read a file.

    format (str): The format, one of `recognize.FORMATS`.
    description (str): The format in words.
    read (Callable[[], Iterator[Record]]): Reads the file from the beginning, on each call.
    """

    format: str
    description: str
    read: Callable[[], Iterator[Record]]


class Options(NamedTuple):
    """The options for reading files, see `convert`.

    format (str): The format, one of `recognize.FORMATS`, or "auto".
    encoding (Optional[str]): The encoding. If None, UTF-8, or UTF-16 if there is its byte order
        mark.
    scheme (str): The tagging scheme, one of `schemes.SCHEMES`, or "auto".
    word_column (Optional[int]): The column of the words, counted from 1, or from -1 at the end.
    tag_column (Optional[int]): The column of the tags, counted in the same way.
    tag_names (Sequence[str]): The names of tags that are given as numbers.
    rename (Mapping[str, str]): New names for labels.
    """

    format: str = AUTO
    encoding: str | None = None
    scheme: str = AUTO
    word_column: int | None = None
    tag_column: int | None = None
    tag_names: Sequence[str] = ()
    rename: Mapping[str, str] = {}


class Count(NamedTuple):
    """How often something was left out for one reason.

    kind (Kind): The reason.
    n (int): The number of times.
    first (str): The first instance, with its file and line.
    """

    kind: Kind
    n: int
    first: str

    def __str__(self) -> str:
        what = f"{self.kind.what[:1].upper()}{self.kind.what[1:]}"
        return Warnings.WW180.format(
            n=self.n, what=what, first=self.first, fix=self.kind.fix
        ).rstrip()


class Skips:
    """Counts what is left out, and keeps the first instance of each kind."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Count] = {}

    def add(self, kind: Kind, where: str, what: str) -> None:
        """Count something.

        kind (Kind): The reason why it is left out.
        where (str): The file and line.
        what (str): A description.
        """
        shown = f"{where}: {what}".encode("utf8", "backslashreplace").decode("utf8")
        count = self._counts.get(kind) or Count(kind, 0, shown)
        self._counts[kind] = count._replace(n=count.n + 1)

    def counts(self) -> list[Count]:
        """RETURNS (List[Count]): What was left out, in the order of the first instances."""
        return list(self._counts.values())


def quote(text: str, size: int = 60) -> str:
    """The beginning of a text, for messages."""
    text = text.strip()
    return repr(text if len(text) <= size else f"{text[:size]}...")


def at_line(name: str, line: int) -> str:
    """A position in a file, for messages: file and line, or only the file for line 0."""
    return f"{name}, line {line}" if line else name
