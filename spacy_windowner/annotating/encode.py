"""Annotated documents as the content of a file."""

from collections.abc import Callable
from json.encoder import encode_basestring as quote
from typing import Protocol

from spacy.tokens import Doc, DocBin

from ..pipeline.ner_score import saved_scores
from .parquet_files import write_parquet
from .rows import Row, rows_of


class Encoder(Protocol):
    """Collects documents, and makes a file of them."""

    def add(self, doc: Doc, doc_id: str) -> int:
        """Add a document, of which nothing is needed later.

        doc (Doc): The document.
        doc_id (str): Its id.
        RETURNS (int): How many entities it has.
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

    def add(self, doc: Doc, doc_id: str) -> int:
        rows = rows_of(doc, doc_id)
        self._rows += rows
        return len(rows)

    def to_bytes(self) -> bytes:
        return self._write(self._rows)


def write_jsonl(rows: list[Row]) -> bytes:
    """Rows as lines of JSON.

    rows (List[Row]): The rows.
    RETURNS (bytes): The lines.
    """
    return "".join(map(_line, rows)).encode("utf8")


def _line(row: Row) -> str:
    # `json.dumps` takes three times as long, which is two percent of the speed of `annotate`, and
    # srsly rounds numbers.
    doc_id, start, end, label, text, score = row
    number = "null" if score is None else float.__repr__(score)
    return (
        f'{{"doc_id": {quote(doc_id)}, "start": {start}, "end": {end}, "label": {quote(label)}, '
        f'"text": {quote(text)}, "score": {number}}}\n'
    )


class DocsEncoder:
    """Makes a .spacy file of documents, each with its id in `doc.user_data["doc_id"]` and the
    probabilities of its entities as `span._.ner_score`."""

    def __init__(self) -> None:
        self._docs = DocBin(store_user_data=True)

    def add(self, doc: Doc, doc_id: str) -> int:
        # What else components leave there can be anything, which no file may be able to hold.
        doc.user_data = {"doc_id": doc_id, **saved_scores(doc)}
        self._docs.add(doc)
        return len(doc.ents)

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
