"""Annotated documents as the content of a file."""

from collections.abc import Callable
from json import JSONEncoder  # srsly rounds numbers
from typing import Protocol

from spacy.tokens import Doc, DocBin

from .parquet_files import write_parquet
from .rows import Row, rows_of


class Encoder(Protocol):
    """Collects documents, and makes a file of them."""

    def add(self, doc: Doc, doc_id: str) -> None:
        """Add a document, of which nothing is needed later.

        doc (Doc): The document.
        doc_id (str): Its id.
        """

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The content of the file."""


class RowsEncoder:
    """Makes a file of the rows of documents.

    write (Callable[[List[Row]], bytes]): Makes the content of rows.
    """

    def __init__(self, write: Callable[[list[Row]], bytes]) -> None:
        self._write = write
        self._rows: list[Row] = []

    def add(self, doc: Doc, doc_id: str) -> None:
        self._rows += rows_of(doc, doc_id)

    def to_bytes(self) -> bytes:
        return self._write(self._rows)


def write_jsonl(rows: list[Row]) -> bytes:
    """Rows as lines of JSON.

    rows (List[Row]): The rows.
    RETURNS (bytes): The lines.
    """
    encode = JSONEncoder(ensure_ascii=False).encode  # one for all: `json.dumps` would make one each
    return "".join(f"{encode(row._asdict())}\n" for row in rows).encode("utf8")


class DocsEncoder:
    """Makes a .spacy file of documents, each with its id in `doc.user_data["doc_id"]`."""

    def __init__(self) -> None:
        self._docs = DocBin(store_user_data=True)

    def add(self, doc: Doc, doc_id: str) -> None:
        # What else components leave there can be anything, which no file may be able to hold.
        doc.user_data = {"doc_id": doc_id}
        self._docs.add(doc)

    def to_bytes(self) -> bytes:
        return self._docs.to_bytes()


def _jsonl_encoder() -> Encoder:
    return RowsEncoder(write_jsonl)


def _parquet_encoder() -> Encoder:
    return RowsEncoder(write_parquet)


ENCODERS: dict[str, Callable[[], Encoder]] = {
    "jsonl": _jsonl_encoder,
    "parquet": _parquet_encoder,
    "spacy": DocsEncoder,
}
"""Makes an encoder, by the format."""
