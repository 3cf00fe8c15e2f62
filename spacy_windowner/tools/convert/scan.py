"""Scans all files before anything is written, to find tagging schemes, document boundaries and
near-duplicates."""

from array import array
from collections.abc import Callable, Sequence

from .offsets import CHARACTERS, UNITS, units_of
from .output import assign, key_of
from .records import DocRecord, Reading, Skip, TextRecord, TokenRecord
from .schemes import NAMES, Evidence
from .text_file import TextFile

_NO_UNIT = -1
_UNTAGGED = ("spacy", "brat")  # formats without tags


class Scan:
    """Facts about all files.

    wants_keys (bool): Whether documents will be split.
    """

    def __init__(self, wants_keys: bool) -> None:
        self.n_documents = 0
        """The number of documents with known boundaries."""
        self.units: list[str] = []
        """The unit of the offsets in each file."""
        self.tagged: set[str] = set()
        """The formats of the files with tags."""
        self.has_numbers = False
        """Whether a file has numbers for tags."""
        self._wants_keys = wants_keys
        self._keys = array("Q")  # of each record
        self._documents = array("q")  # the document of each record

    def add(
        self, file: TextFile, reading: Reading, scheme: str, on_record: Callable[[], None]
    ) -> str:
        """Scan a file.

        file (TextFile): The file.
        reading (Reading): How to read it.
        scheme (str): The tagging scheme, or "auto".
        on_record (Callable[[], None]): Called for each record.
        RETURNS (str): A description of the file's format.
        RAISES (ValueError): If the file can't be read or its tags don't fit a scheme.
        """
        if reading.format in _UNTAGGED and not self._wants_keys:
            self.units.append(CHARACTERS)
            return reading.description
        evidence = Evidence(file.name)
        last: int | None = None
        has_tags = False
        units = set(UNITS)
        for record in reading.read():
            on_record()
            if isinstance(record, Skip):
                continue
            document = None
            if isinstance(record, TokenRecord):
                has_tags = True
                self.has_numbers |= record.has_numbers
                evidence.add(record.tags, record.lines, record.line)
                document = record.document
            elif isinstance(record, TextRecord):
                units &= units_of(record.text, record.entities) or units
            if document is not None and document != last:
                self.n_documents += 1
            last = document
            if self._wants_keys:
                self._keys.append(key_of(_text(record)))
                self._documents.append(_NO_UNIT if document is None else self.n_documents)
        self.units.append(next((unit for unit in UNITS if unit in units), CHARACTERS))
        if not has_tags:
            return reading.description
        self.tagged.add(reading.format)
        return f"{reading.description}, tags in {NAMES[evidence.scheme(scheme)]}"

    @property
    def knows_documents(self) -> bool:
        """Whether there are document boundaries, more than the one at the beginning."""
        return self.n_documents > 1

    def assign(self, shares: Sequence[int], seed: int) -> list[int]:
        """Assign records to the parts of a split. The records of a document stay together.

        shares (Sequence[int]): The shares of the parts.
        seed (int): The random seed.
        RETURNS (List[int]): The part of each record.
        RAISES (ValueError): If a part would be empty.
        """
        units: list[int] = []  # the unit of each record
        keys: list[int] = []
        before = _NO_UNIT
        for key, document in zip(self._keys, self._documents, strict=True):
            if self.knows_documents and document != _NO_UNIT and document == before:
                keys[-1] = hash((keys[-1], key))
            else:
                keys.append(key)
            units.append(len(keys) - 1)
            before = document
        parts = assign(keys, shares, seed)
        return [parts[unit] for unit in units]


def _text(record: TextRecord | TokenRecord | DocRecord) -> str:
    if isinstance(record, DocRecord):
        return record.doc.text
    return " ".join(record.words) if isinstance(record, TokenRecord) else record.text
