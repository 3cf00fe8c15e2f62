"""What is read: documents, and what could not be read as one."""

import base64
from typing import Any, NamedTuple


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
        no UTF-8.
    """

    source: str
    line: int
    reason: str
    raw: str | bytes | None

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The same as JSON. Bytes are given twice, for people and, as
        "raw_base64", without loss."""
        fields: dict[str, Any] = {**self._asdict()}
        if isinstance(self.raw, bytes):
            fields["raw"] = self.raw.decode("utf8", errors="backslashreplace")
            fields["raw_base64"] = base64.b64encode(self.raw).decode("ascii")
        return fields

    def __str__(self) -> str:
        where = f"line {self.line} of {self.source}" if self.line else self.source
        return f"{where}: {self.reason}"
