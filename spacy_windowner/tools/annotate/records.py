"""What is read: documents, and what could not be read as one."""

import base64
from typing import Any, NamedTuple

import srsly
from spacy.tokens import Doc

from ...pipeline.ner_score import get_ner_score

KEPT = 10_000
"""Characters or bytes that are kept of what could not be read."""
_REASON = 300  # characters of a reason, which may quote what was read
_MAX_ID = 1000
"""Characters of the longest id. Each row of a document has it."""


class Record(NamedTuple):
    """A document to annotate.

    id (str): What rows name it by.
    text (str): Its text.
    source (str): The file it was read from.
    line (int): Its line there, or its row, from 1.
    """

    id: str
    text: str
    source: str
    line: int


class Reject(NamedTuple):
    """What could not be read as a document.

    source (str): The file.
    line (int): The line, or the row, from 1. 0 if it is about the file as a whole.
    reason (str): Why.
    raw (Optional[Union[str, bytes]]): What was there, if it could be read at all: bytes if it is
        no UTF-8, or was not decoded.
    size (int): If that is only the beginning, how much there was, in characters or bytes. Else 0.
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
        """What could not be read, of which no more than the beginning is kept.

        source (str): The file.
        line (int): The line.
        reason (str): Why.
        raw (Optional[Union[str, bytes]]): What was there, or its beginning.
        size (int): How much there was. 0 if `raw` is all.
        RETURNS (Reject): The same.
        """
        if len(reason) > _REASON:
            reason = f"{reason[:_REASON]}..."
        size = size or len(raw or "")
        if raw is None or size <= KEPT:
            return cls(source, line, reason, raw)
        return cls(source, line, reason, raw[:KEPT], size)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The same as JSON. Bytes are given twice, for people and, as
        "raw_base64", without loss."""
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
    """Where documents have their parts.

    text (str): The key or the column of the text.
    id (str): That of the document's id.
    id_required (bool): Whether a document without an id is rejected. If not, it is named by its
        file and line.
    """

    text: str = "text"
    id: str = "id"
    id_required: bool = False

    @classmethod
    def named(cls, text: str | None, id: str | None) -> "Columns":
        """The columns of these names, or of the usual ones: only an id that was asked for is
        required."""
        return cls(text or "text", id or "id", id is not None)

    def read(
        self, fields: dict[str, Any], source: str, line: int, raw: str | None
    ) -> Record | Reject:
        """A document of its fields.

        fields (Dict[str, Any]): The fields.
        source (str): The file.
        line (int): The line.
        raw (Optional[str]): What to tell of it if it can't be read. If None, the fields.
        RETURNS (Union[Record, Reject]): The document, or why it is none.
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
        """Why a text with this id can't be read, empty if it can."""
        if self.id_required and not isinstance(name, str):
            return f"{self.id!r} is {kind_of(name)}, not a string or a whole number"
        if isinstance(name, str) and len(name) > _MAX_ID:
            return f"{self.id!r} has more than {_MAX_ID:,} characters"
        if not is_unicode(text) or (isinstance(name, str) and not is_unicode(name)):
            return "half of a surrogate pair, which is no character"
        return ""


class Row(NamedTuple):
    """An entity.

    doc_id (str): Its document.
    start (int): Its first character in the document's text, from 0.
    end (int): The character after its last.
    label (str): Its label.
    text (str): Its text.
    score (Optional[float]): How probable it is, None if that is unknown.
    """

    doc_id: str
    start: int
    end: int
    label: str
    text: str
    score: float | None


COLUMNS = Row._fields


def rows_of(doc: Doc, doc_id: str) -> list[Row]:
    """The entities of a document.

    doc (Doc): The document.
    doc_id (str): Its id.
    RETURNS (List[Row]): A row of each entity.
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


def kind_of(value: Any) -> str:
    """What kind of value something is, for messages."""
    return "null" if value is None else type(value).__name__


def is_unicode(text: str) -> bool:
    """Whether it has whole characters alone."""
    try:
        text.encode("utf8")
    except UnicodeEncodeError:
        return False
    return True
