"""A file that is written, and what is in it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc, DocBin

from ..errors import Errors
from ..files.atomic import write_atomically

_ATTRS = ("ORTH", "NORM", "ENT_IOB", "ENT_TYPE", "SENT_START")
"""What there is to keep of a document that is made here: a third of what spaCy would keep."""


class Totals(NamedTuple):
    """What is in files.

    n_docs (int): Documents.
    n_tokens (int): Tokens.
    n_missing (int): Tokens that count as not annotated.
    labels (Counter[str]): Entities of each label.
    """

    n_docs: int
    n_tokens: int
    n_missing: int
    labels: Counter[str]

    @classmethod
    def of(cls, parts: Sequence["Part"]) -> "Totals":
        """What is in some files together."""
        labels = Counter[str]()
        for part in parts:
            labels.update(part.labels)
        n_docs, n_tokens = sum(part.n_docs for part in parts), sum(part.n_tokens for part in parts)
        return cls(n_docs, n_tokens, sum(part.n_missing for part in parts), labels)

    @property
    def n_ents(self) -> int:
        """Entities."""
        return self.labels.total()


class Part:
    """A .spacy file.

    path (Path): The file.
    keeps_all (bool): Whether documents have more to keep than words, sentences and entities.
    """

    def __init__(self, path: Path, keeps_all: bool) -> None:
        self.path = path
        self.n_docs = 0
        self.n_tokens = 0
        self.n_missing = 0
        """Tokens that count as not annotated."""
        self.labels: Counter[str] = Counter()
        """Entities of each label."""
        self._docs = DocBin(store_user_data=True) if keeps_all else DocBin(attrs=_ATTRS)

    def add(self, doc: Doc) -> None:
        """Add a document.

        doc (Doc): The document.
        """
        self.n_docs += 1
        self.n_tokens += len(doc)
        if not doc.has_annotation("ENT_IOB", require_complete=True):
            self.n_missing += sum(token.ent_iob == 0 for token in doc)
        self.labels.update(ent.label_ for ent in doc.ents)
        self._docs.add(doc)

    def write(self) -> None:
        """Write the file, or leave what was there before.

        RAISES (ValueError): If it can't be written.
        """
        try:
            write_atomically(self.path, self._docs.to_bytes())
        except OSError as error:
            fix = "What was there before is as it was."
            raise ValueError(Errors.WN187.format(path=self.path, why=error, fix=fix)) from error
