"""Reads raw text, line by line."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import srsly
from spacy.language import Language
from spacy.tokens import Doc

from ..files import BOM, DAMAGE, open_lines
from .errors import Errors, Warnings

SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")


class Batch(NamedTuple):
    """Documents to learn from.

    docs (List[Doc]): The documents, with at least one token each.
    n_words (int): How many tokens they have.
    share (float): The share of the file that has been read, roughly.
    """

    docs: list[Doc]
    n_words: int
    share: float


class RawText:
    """A file of raw text. It is read line by line, so memory doesn't depend on its size. A line of
    a .txt file is a text in UTF-8. A line of a .jsonl file is a JSON object with the key "text" or,
    if the text is already tokenized, "tokens". If the tokens are objects, as annotation tools write
    them, "text" is used. Both kinds of files may be compressed (.gz). Blank lines are skipped.
    Unreadable lines are skipped and counted.

    path (Union[str, Path]): The file.
    make_doc (Callable): Turns a string or a list of words into a Doc.
    RAISES (ValueError): If there is no such file, or its name doesn't tell the format.

    Attributes, of the reading that is in progress or was the last one:

    line (int): How many lines have been read.
    skipped (int): How many of them were unreadable.
    first_skipped (str): Which of them was the first, and why it couldn't be read.
    share (float): The share of the file that has been read, roughly.
    """

    def __init__(self, path: str | Path, make_doc: Callable[[str | list[str]], Doc]) -> None:
        self.path = Path(path)
        self.make_doc = make_doc
        if not self.path.name.endswith(SUFFIXES):
            why = f"its name must end in one of {', '.join(SUFFIXES)}, which tells the format"
            raise ValueError(Errors.WN040.format(path=path, why=why))
        if not self.path.is_file():
            raise ValueError(Errors.WN040.format(path=path, why="there is no such file"))
        self.size = self.path.stat().st_size
        self._is_json = self.path.name.removesuffix(".gz").endswith(".jsonl")
        self._begin()

    def _begin(self) -> None:
        self.line = self.skipped = 0
        self.first_skipped = ""
        self.share = 0.0

    @classmethod
    def of(cls, path: str | Path, nlp: Language) -> "RawText":
        """A file of raw text, whose texts a pipeline's tokenizer splits.

        path (Union[str, Path]): The file.
        nlp (Language): The pipeline.
        RETURNS (RawText): The file.
        RAISES (ValueError): If there is no such file, or its name doesn't tell the format.
        """
        return cls(
            path, lambda text: nlp.make_doc(text) if isinstance(text, str) else Doc(nlp.vocab, text)
        )

    def batches(self, batch_words: int) -> Iterator[Batch]:
        """Read the file from the beginning to the end.

        batch_words (int): Words in a batch. A batch ends after the line that completes this
            number. Longer lines are cut, so no batch has twice as many words.
        YIELDS (Batch): The batches.
        RAISES (ValueError): If compressed data is damaged.
        """
        docs: list[Doc] = []
        n_words = 0
        share = 0.0
        for doc, share in self.docs():
            for piece in _cut(doc, batch_words):
                docs.append(piece)
                n_words += len(piece)
                if n_words >= batch_words:
                    yield Batch(docs, n_words, share)
                    docs, n_words = [], 0
        if docs:
            yield Batch(docs, n_words, share)

    def docs(self) -> Iterator[tuple[Doc, float]]:
        """Read the file from the beginning to the end, document by document.

        YIELDS (Tuple[Doc, float]): A document of at least one token, from line `line`, and the
            share of the file that has been read, roughly.
        RAISES (ValueError): If compressed data is damaged.
        """
        self._begin()
        with self._open() as (raw, lines):
            for line in lines:
                self.line += 1
                doc, problem = None, ""
                try:
                    doc = self._read(line.removeprefix(BOM) if self.line == 1 else line)
                except UnicodeError as error:
                    problem = f"line {self.line} is not UTF-8 ({error})"
                except ValueError as error:
                    problem = f"line {self.line}: {error}"
                if problem:
                    self.skipped += 1
                    self.first_skipped = self.first_skipped or problem
                if doc is not None and len(doc):
                    self.share = raw.tell() / self.size
                    yield doc, self.share

    def report_lines(self, has_words: bool) -> None:
        """Call this once the file has been read, or as much of it as is needed. A file without
        words is an error, and unreadable lines are a warning.

        has_words (bool): Whether the file has words.
        RAISES (ValueError): If it has none.
        """
        if not has_words:
            example = f" ({self.first_skipped})" if self.skipped else ""
            raise ValueError(Errors.WN041.format(
                path=self.path, lines=self.line, skipped=self.skipped, example=example
            ))  # fmt: skip
        if self.skipped:
            warnings.warn(Warnings.WW040.format(
                skipped=self.skipped, lines=self.line, path=self.path, example=self.first_skipped
            ), stacklevel=3)  # fmt: skip

    def _read(self, line: bytes) -> Doc | None:
        text = line.decode("utf8").strip()
        if not text:
            return None
        return self.make_doc(_text_of(srsly.json_loads(text)) if self._is_json else text)

    @contextmanager
    def _open(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        try:
            with open_lines(self.path) as opened:
                yield opened
        except DAMAGE as error:
            why = f"its compressed data is damaged ({error})"
            raise ValueError(Errors.WN040.format(path=self.path, why=why)) from error


def _text_of(entry: Any) -> str | list[str]:
    """The text of a line of JSON, in spaCy's format for pretraining."""
    if isinstance(entry, dict):
        words, text = entry.get("tokens"), entry.get("text")
        if isinstance(words, list) and all(isinstance(word, str) and word for word in words):
            return words
        # Annotation tools write their tokens as objects, beside the text.
        is_task = isinstance(words, list) and all(isinstance(word, dict) for word in words)
        if (words is None or is_task) and isinstance(text, str):
            return text.strip()
    raise ValueError('expected {"text": "..."} or {"tokens": ["...", ...]}')


def _cut(doc: Doc, size: int) -> list[Doc]:
    if len(doc) <= size:
        return [doc]
    return [doc[start : start + size].as_doc() for start in range(0, len(doc), size)]
