"""Reads binary files of annotated documents: spaCy's .spacy, and Parquet with PyArrow."""

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from spacy.tokens import DocBin
from spacy.vocab import Vocab

from ..errors import Errors
from ..reading import first_line, require_pyarrow
from .json_records import names_of_features, read_fields
from .records import NOT_ANNOTATED, DocRecord, Options, Reading, Record, Skip
from .text_file import TextFile

SUFFIX = ".spacy"
_ZLIB_START = b"\x78\x9c"  # the first bytes of zlib data
_BATCH = 256  # rows read at a time
_COLUMNS = ("text", "tokens", "spans", "entities", "label", "labels", "ner_tags", "tags", "ner",
            "answer")  # fmt: skip


def is_doc_bin(head: bytes) -> bool:
    """Whether a file begins like a .spacy file, which is compressed by zlib."""
    return head.startswith(_ZLIB_START)


def open_doc_bin(file: TextFile, vocab: Vocab) -> Reading:
    """Open a .spacy file.

    file (TextFile): The file.
    vocab (Vocab): The vocabulary of the documents.
    RETURNS (Reading): How to read the file.
    """
    return Reading("spacy", "spaCy's format", lambda: _read_docs(file, vocab))


def _read_docs(file: TextFile, vocab: Vocab) -> Iterator[Record]:
    try:
        data = DocBin().from_disk(file.path)
        size, total = file.path.stat().st_size, max(1, len(data))
        for number, doc in enumerate(data.get_docs(vocab), 1):
            file.position = size * number // total
            if len(doc) and not doc.has_annotation("ENT_IOB"):
                yield Skip(number, NOT_ANNOTATED, repr(doc.text[:60]))
            else:
                yield DocRecord(number, doc)
    except (zlib.error, OSError, ValueError, KeyError, TypeError, IndexError) as error:
        reason = first_line(error)
        raise ValueError(Errors.WN192.format(where=file.name, reason=reason)) from error


def open_parquet(file: TextFile, options: Options) -> Reading:
    """Open a Parquet file and find its columns.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    RAISES (ImportError): If PyArrow isn't installed.
    RAISES (ValueError): If the file can't be read or doesn't have the right columns.
    """
    require_pyarrow()
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    try:
        schema = read_schema(file.path)
    except (ArrowException, OSError) as error:
        reason = first_line(error)
        raise ValueError(Errors.WN180.format(path=file.name, why=reason)) from error
    columns = [name for name in _COLUMNS if schema.names.count(name) == 1]
    if not {"text", "tokens"} & {*columns}:
        why = f"it has no column text or tokens, but {', '.join(schema.names)}"
        raise ValueError(Errors.WN180.format(path=file.name, why=why))
    names = options.tag_names or _names_of_tags(schema)
    return Reading("parquet", "Parquet", lambda: _read_rows(file, columns, names))


def _read_rows(file: TextFile, columns: list[str], names: Sequence[str]) -> Iterator[Record]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(file.path) as table:
            size, total = file.path.stat().st_size, max(1, table.metadata.num_rows)
            for batch in table.iter_batches(batch_size=_BATCH, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    file.position = size * number // total
                    yield from read_fields(row, number, names, f"{file.name}, row {number}")
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        reason = first_line(error)
        where = f"{file.name}, row {number + 1}"
        raise ValueError(Errors.WN192.format(where=where, reason=reason)) from error


def _names_of_tags(schema: Any) -> Sequence[str]:
    """The names of tags that the library `datasets` stores in a file."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])
    except (KeyError, ValueError):
        return ()
    return names_of_features(info.get("info") if isinstance(info, dict) else None)
