"""Plans and writes the .spacy files, and splits documents at random into train, dev and test."""

import random
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc, DocBin

from ...errors import check_setting
from ...files import write_atomically
from ..errors import Errors
from .binary_files import SUFFIX
from .recognize import Input

PARTS = ("train", "dev", "test")
"""The names of the parts of a split."""
_ATTRS = ("ORTH", "NORM", "ENT_IOB", "ENT_TYPE", "SENT_START")
"""The attributes to store for documents that are made here. spaCy would store three times as
much."""
_DIGITS = {ord(digit): "0" for digit in "123456789"}


class Plan(NamedTuple):
    """The files to write.

    paths (Sequence[Path]): The files.
    targets (Sequence[int]): The index of the file for each input. 0 if the files are the parts of
        a split.
    """

    paths: Sequence[Path]
    targets: Sequence[int]


class Totals(NamedTuple):
    """The contents of one or more files.

    n_docs (int): The number of documents.
    n_tokens (int): The number of tokens.
    n_missing (int): The number of tokens that count as not annotated.
    labels (Counter[str]): The number of entities per label.
    """

    n_docs: int
    n_tokens: int
    n_missing: int
    labels: Counter[str]

    @classmethod
    def of(cls, parts: Sequence["Part"]) -> "Totals":
        """RETURNS (Totals): The contents of several files together."""
        labels = Counter[str]()
        for part in parts:
            labels.update(part.labels)
        n_docs, n_tokens = sum(part.n_docs for part in parts), sum(part.n_tokens for part in parts)
        return cls(n_docs, n_tokens, sum(part.n_missing for part in parts), labels)

    @property
    def n_ents(self) -> int:
        """RETURNS (int): The number of entities."""
        return self.labels.total()


class Part:
    """A .spacy file to write.

    path (Path): The file.
    keeps_all (bool): Whether to store all annotation, not only words, sentences and entities.
    """

    def __init__(self, path: Path, keeps_all: bool) -> None:
        self.path = path
        self.n_docs = 0
        self.n_tokens = 0
        self.n_missing = 0
        """The number of tokens that count as not annotated."""
        self.labels: Counter[str] = Counter()
        """The number of entities per label."""
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
        """Write the file.

        RAISES (ValueError): If it can't be written. An existing file stays as it was.
        """
        try:
            write_atomically(self.path, self._docs.to_bytes())
        except OSError as error:
            fix = "An existing file was not changed."
            raise ValueError(Errors.WN187.format(path=self.path, why=error, fix=fix)) from error


def make_plan(inputs: Sequence[Input], output: Path, n_parts: int) -> Plan:
    """Plan the files to write.

    inputs (Sequence[Input]): The inputs.
    output (Path): A .spacy file, or a folder for the parts of a split or for a file per input.
    n_parts (int): The number of parts of a split, 0 if there is none.
    RETURNS (Plan): The files.
    RAISES (ValueError): If they can't be written, or would overwrite an input or each other.
    """
    if output.suffix == SUFFIX and not output.is_dir():
        if n_parts:
            raise _error(output, "a split has several files", "Name a folder.")
        plan = Plan([output], [0] * len(inputs))
    elif n_parts:
        paths = [output / f"{name}{SUFFIX}" for name in PARTS[:n_parts]]
        plan = Plan(paths, [0] * len(inputs))
    else:
        plan = _plan_units(inputs, output)
    _require_writable(plan.paths, inputs)
    return plan


def _plan_units(inputs: Sequence[Input], output: Path) -> Plan:
    units: dict[str, Path] = {}
    for one in inputs:
        if units.setdefault(one.name, one.unit).resolve() != one.unit.resolve():
            fix = "Name a file, such as all.spacy, to join them, or convert them one by one."
            path = output / f"{one.name}{SUFFIX}"
            raise _error(path, f"{units[one.name]} and {one.unit} would both be there", fix)
    numbers = {name: number for number, name in enumerate(units)}
    paths = [output / f"{name}{SUFFIX}" for name in units]
    return Plan(paths, [numbers[one.name] for one in inputs])


def _require_writable(paths: Sequence[Path], inputs: Sequence[Input]) -> None:
    read = {one.path.resolve() for one in inputs}
    fix = "Name another file or folder."
    for path in paths:
        if path.resolve() in read:
            raise _error(path, "it is read", fix)
        if path.is_dir():
            raise _error(path, "it is a folder", fix)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _error(path, str(error), fix) from error


def _error(path: Path, why: str, fix: str) -> ValueError:
    return ValueError(Errors.WN187.format(path=path, why=why, fix=fix))


def parse_shares(split: str) -> list[int]:
    """Parse the shares of a split.

    split (str): The shares, e.g. "80/10/10", or "90/10" for two parts.
    RETURNS (List[int]): The shares.
    RAISES (ValueError): If the text has another form.
    """
    pieces = [piece.strip() for piece in split.split("/")]
    right = 2 <= len(pieces) <= len(PARTS) and all(
        piece.isdecimal() and 0 < int(piece) < 1_000_000 for piece in pieces
    )
    check_setting(right, "split", split, "Expected two or three numbers, such as 80/10/10.")
    return [int(piece) for piece in pieces]


def assign(keys: Sequence[int], shares: Sequence[int], seed: int) -> list[int]:
    """Assign documents to parts at random. Documents with the same key get the same part.

    keys (Sequence[int]): The key of each document.
    shares (Sequence[int]): The shares of the parts.
    seed (int): The random seed.
    RETURNS (List[int]): The part of each document.
    RAISES (ValueError): If a part would be empty.
    """
    sizes: dict[int, int] = {}
    for key in keys:
        sizes[key] = sizes.get(key, 0) + 1
    if len(sizes) < len(shares):
        text = Errors.WN193.format(n=len(keys), parts=len(shares), n_groups=len(sizes))
        raise ValueError(text)
    groups = list(sizes)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda key: -sizes[key])  # large groups first, while there is room
    wanted = [max(1.0, len(keys) * share / sum(shares)) for share in shares]
    parts: dict[int, int] = {}
    empty = list(range(len(shares)))
    for left, key in zip(range(len(groups), 0, -1), groups, strict=True):
        part = empty[0] if left <= len(empty) else wanted.index(max(wanted))
        parts[key] = part
        wanted[part] -= sizes[key]
        if part in empty:
            empty.remove(part)
    return [parts[key] for key in keys]


def key_of(text: str) -> int:
    """Compute a key that near-duplicates have in common. Case, whitespace and the values of digits
    are ignored.

    text (str): The text.
    RETURNS (int): A hash of eight bytes.
    """
    plain = "".join(text.lower().split()).translate(_DIGITS)
    return int.from_bytes(blake2b(plain.encode("utf8", "replace"), digest_size=8).digest(), "big")
