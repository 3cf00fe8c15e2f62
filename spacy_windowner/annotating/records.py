"""What is read: documents, and what could not be read as one."""

import base64
from typing import Any, NamedTuple

KEPT = 10_000
"""Characters or bytes that are kept of what could not be read."""
_REASON = 300  # characters of a reason, which may quote what was read


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
