"""The input and output records of `annotate`: documents, rejects, and rows of entities."""

import base64
from typing import Any, NamedTuple

import srsly
from spacy.tokens import Doc

from ...pipeline.ner_score import get_ner_score
from ..reading import is_unicode, kind_of

KEPT = 10_000
"""Characters or bytes that are kept of a reject."""
_REASON = 300  # characters of a reason, which may quote the input
_MAX_ID = 1000
"""The maximum length of an ID, in characters. Each row of a document repeats it."""


class Record(NamedTuple):
    """A document to annotate.

    id (str): The document's ID in the rows.
    text (str): The text.
    source (str): The file that it was read from.
    line (int): The line or row in the file, from 1.
    """

    id: str
    text: str
    source: str
    line: int


class Reject(NamedTuple):
    """Input that couldn't be read as a document.

    source (str): The file.
    line (int): The line or row, from 1. 0 for the file as a whole.
    reason (str): The reason.
    raw (Optional[Union[str, bytes]]): The input, if it could be read at all: bytes if it isn't
        UTF-8 or wasn't decoded.
    size (int): The full size in characters or bytes if `raw` is only the beginning, otherwise 0.
    """

    source: str
    line: int
    reason: str
    raw: str | bytes | None
    size: int = 0

    @classmethod
    def of(
        cls, source: str, line: int, reason: str, raw: str | bytes | None, size: int = 0
    ) -> "Reject":
        """Make a reject that keeps only the beginning of long input.

        source (str): The file.
        line (int): The line or row.
        reason (str): The reason.
        raw (Optional[Union[str, bytes]]): The input, or its beginning.
        size (int): The full size of the input, 0 if `raw` is complete.
        RETURNS (Reject): The reject.
        """
        if len(reason) > _REASON:
            reason = f"{reason[:_REASON]}..."
        size = size or len(raw or "")
        if raw is None or size <= KEPT:
            return cls(source, line, reason, raw)
        return cls(source, line, reason, raw[:KEPT], size)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The reject as JSON values. Bytes are included as readable text
        and, without loss, as "raw_base64"."""
        fields: dict[str, Any] = {**self._asdict()}
        if not self.size:
            del fields["size"]
        if isinstance(self.raw, bytes):
            fields["raw"] = self.raw.decode("utf8", errors="backslashreplace")
            fields["raw_base64"] = base64.b64encode(self.raw).decode("ascii")
        return fields

    def __str__(self) -> str:
        where = f"line {self.line} of {self.source}" if self.line else self.source
        return f"{where}: {self.reason}"


class Columns(NamedTuple):
    """The keys or columns of a document's fields.

    text (str): The key or column of the text.
    id (str): The key or column of the ID.
    id_required (bool): Whether documents without an ID are rejected. Otherwise their ID is file and
        line.
    """

    text: str = "text"
    id: str = "id"
    id_required: bool = False

    @classmethod
    def named(cls, text: str | None, id: str | None) -> "Columns":
        """RETURNS (Columns): The columns with these names, or the default ones for None. The ID is
        required only if its column was given."""
        return cls(text or "text", id or "id", id is not None)

    def read(
        self, fields: dict[str, Any], source: str, line: int, raw: str | None
    ) -> Record | Reject:
        """Make a document from its fields.

        fields (Dict[str, Any]): The fields.
        source (str): The file.
        line (int): The line or row.
        raw (Optional[str]): The input for a reject. If None, the fields.
        RETURNS (Union[Record, Reject]): The document, or a reject.
        """
        text, name = fields.get(self.text), fields.get(self.id)
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        elif isinstance(name, str) and len(name) > _MAX_ID and not self.id_required:
            name = None
        if isinstance(text, str):
            problem = self._problem(text, name)
            if not problem:
                return Record(
                    name if isinstance(name, str) else f"{source}:{line}", text, source, line
                )
        elif self.text in fields:
            problem = f"{self.text!r} is {kind_of(text)}, not a string"
        else:
            problem = f"no {self.text!r}, but {', '.join(fields) or 'nothing'}"
        if raw is None:
            raw = srsly.json_dumps({key: str(value) for key, value in fields.items()})
        return Reject.of(source, line, problem, raw)

    def _problem(self, text: str, name: Any) -> str:
        """Why a document with this text and ID is rejected, empty if it isn't."""
        if self.id_required and not isinstance(name, str):
            return f"{self.id!r} is {kind_of(name)}, not a string or a whole number"
        if isinstance(name, str) and len(name) > _MAX_ID:
            return f"{self.id!r} has more than {_MAX_ID:,} characters"
        if not is_unicode(text) or (isinstance(name, str) and not is_unicode(name)):
            return "half of a surrogate pair, which isn't a character"
        return ""


class Row(NamedTuple):
    """An entity of an annotated document.

    doc_id (str): The document's ID.
    start (int): The first character in the document's text, from 0.
    end (int): The character after the last one.
    label (str): The label.
    text (str): The text.
    score (Optional[float]): The probability, None if it is unknown.
    """

    doc_id: str
    start: int
    end: int
    label: str
    text: str
    score: float | None


COLUMNS = Row._fields


def rows_of(doc: Doc, doc_id: str) -> list[Row]:
    """Convert the entities of a document to rows.

    doc (Doc): The document.
    doc_id (str): The document's ID.
    RETURNS (List[Row]): A row for each entity.
    """
    return [
        Row(
            doc_id,
            ent.start_char,
            ent.end_char,
            ent.label_,
            ent.text,
            get_ner_score(ent),
        )
        for ent in doc.ents
    ]
