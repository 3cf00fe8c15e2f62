"""Files of spaCy, .spacy."""

import zlib
from collections.abc import Iterator

from spacy.tokens import DocBin
from spacy.vocab import Vocab

from ...errors import Errors
from .records import NOT_ANNOTATED, DocRecord, Reading, Record, Skip
from .text_file import TextFile

SUFFIX = ".spacy"
_START = b"\x78\x9c"  # of what zlib compresses


def is_doc_bin(head: bytes) -> bool:
    """Whether it begins as compressed data of spaCy does."""
    return head.startswith(_START)


def open_doc_bin(file: TextFile, vocab: Vocab) -> Reading:
    """A file of spaCy.

    file (TextFile): The file.
    vocab (Vocab): The vocabulary of the documents.
    RETURNS (Reading): How it is read.
    """
    return Reading("spacy", "spaCy's format", lambda: _read(file, vocab))


def _read(file: TextFile, vocab: Vocab) -> Iterator[Record]:
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
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(Errors.WN192.format(where=file.name, reason=reason)) from error
