from typing import Any, NamedTuple

import srsly

from .records import Record, Reject

_MAX_ID = 1000
"""Characters of the longest id. Each row of a document has it."""


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
