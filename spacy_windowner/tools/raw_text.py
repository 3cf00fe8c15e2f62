import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import srsly
from spacy.tokens import Doc

from ..errors import Errors, Warnings
from ..files import BOM, DAMAGE, open_lines

SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")


class Position(NamedTuple):
    """A place between two lines of a file, and what could not be read before it.

    offset (int): Bytes before it, after decompression.
    line (int): Lines before it.
    skipped (int): Unreadable ones among them.
    first_skipped (str): The first of these, and why.
    """

    offset: int = 0
    line: int = 0
    skipped: int = 0
    first_skipped: str = ""


class Batch(NamedTuple):
    """Documents to learn from.

    docs (List[Doc]): The documents, with at least one token each.
    n_words (int): Their tokens.
    ends_line (bool): Whether it ends where a line ends.
    share (float): The share of the file that has been read, roughly.
    """

    docs: list[Doc]
    n_words: int
    ends_line: bool
    share: float


class RawText:
    """A file of raw text, read line by line, so that memory doesn't depend on its size: a text a
    line (.txt, UTF-8), or a JSON object a line with the key "text" or, for text in tokens,
    "tokens" (.jsonl); where these are objects, as annotation tools write them, "text" counts.
    Either may be compressed (.gz). Blank lines are left out, and so are unreadable ones, which are
    counted.

    path (Union[str, Path]): The file.
    make_doc (Callable): Turns a string or a list of words into a Doc.
    RAISES (ValueError): If there is no such file, or its name doesn't tell the format.
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
        self.position = Position()  # after the last line that was read
        self.share = 0.0  # of the file that has been read, roughly

    def batches(self, batch_words: int) -> Iterator[Batch]:
        """Read from the position to the end of the file.

        batch_words (int): Words of a batch. It ends with the first line that completes this
            number; a longer line is cut, so that no batch has twice as many.
        YIELDS (Batch): The batches.
        RAISES (ValueError): If compressed data is damaged.
        """
        docs: list[Doc] = []
        n_words = 0
        share = 0.0
        for doc, share in self.docs():
            pieces = _cut(doc, batch_words)
            for i, piece in enumerate(pieces):
                docs.append(piece)
                n_words += len(piece)
                if n_words >= batch_words:
                    yield Batch(docs, n_words, i == len(pieces) - 1, share)
                    docs, n_words = [], 0
        if docs:
            yield Batch(docs, n_words, True, share)

    def docs(self) -> Iterator[tuple[Doc, float]]:
        """Read from the position to the end of the file, document by document.

        YIELDS (Tuple[Doc, float]): A document of at least one token, whose line is the last one
            before `position`, and the share of the file that has been read, roughly.
        RAISES (ValueError): If compressed data is damaged.
        """
        with self._open() as (raw, lines):
            lines.seek(self.position.offset)
            for line in lines:
                offset, number, skipped, first_skipped = self.position
                offset, number = offset + len(line), number + 1
                doc = None
                try:
                    doc = self._read(line.removeprefix(BOM) if number == 1 else line)
                except UnicodeError as error:
                    problem = f"line {number} is not UTF-8 ({error})"
                except ValueError as error:
                    problem = f"line {number}: {error}"
                else:
                    problem = ""
                skipped, first_skipped = skipped + bool(problem), first_skipped or problem
                self.position = Position(offset, number, skipped, first_skipped)
                if doc is not None and len(doc):
                    self.share = raw.tell() / self.size
                    yield doc, self.share

    def report_lines(self, has_words: bool) -> None:
        """After the whole file was read, reject it if it has no words, and warn of its unreadable
        lines.

        has_words (bool): Whether there were any.
        RAISES (ValueError): If there were none.
        """
        _, lines, skipped, first_skipped = self.position
        if not has_words:
            example = f" ({first_skipped})" if skipped else ""
            raise ValueError(Errors.WN041.format(
                path=self.path, lines=lines, skipped=skipped, example=example
            ))  # fmt: skip
        if skipped:
            warnings.warn(Warnings.WW040.format(
                skipped=skipped, lines=lines, path=self.path, example=first_skipped
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
