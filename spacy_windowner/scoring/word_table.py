"""A cache of the products of words with all positions of the window."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy

from ..compiled import choose

if TYPE_CHECKING:
    from . import plain as core
else:
    core = choose("scoring.core", "scoring.plain")

LANES = 16
"""The width of sums is a multiple of this."""
_LINE = 64  # bytes


class WordTable:
    """The products of words with all positions of the window, `W_j E(word)`. Words are never
    removed. One thread adds words at a time, and others may read meanwhile.

    Products come in sections, one for each layer that multiplies words.

    capacity (int): The maximum number of words.
    pads (Sequence[numpy.ndarray]): The products of the padding, which has row 0 and stands for
        positions outside of a document. Shapes (n_positions, width of the section).
    """

    def __init__(self, capacity: int, pads: Sequence[numpy.ndarray]) -> None:
        self._index = core.WordIndex(capacity)
        self._widths = [pad.shape[1] for pad in pads]
        self._sections = [_empty_section(capacity + 1, *pad.shape) for pad in pads]
        for section, pad in zip(self._sections, pads, strict=True):
            section[0, :, : pad.shape[1]] = pad

    @property
    def room(self) -> int:
        """RETURNS (int): How many more words it can hold."""
        return self._index.capacity - len(self._index)

    def find(self, words: numpy.ndarray) -> numpy.ndarray:
        """Look up words.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (numpy.ndarray): int32 rows, 0 for unknown words. Shape (n,).
        """
        return self._index.find(words)

    def add(self, words: numpy.ndarray, products: Sequence[numpy.ndarray]) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes of unknown words, no more than there is room
            for. Shape (n,).
        products (Sequence[numpy.ndarray]): Their products. Shapes
            (n, n_positions, width of the section).
        """
        start = len(self._index) + 1
        for section, part in zip(self._sections, products, strict=True):
            section[start : start + len(words), :, : part.shape[2]] = part
        self._index.add(words)  # last, because other threads find the words through the index

    def add_from(self, other: "WordTable", words: numpy.ndarray) -> numpy.ndarray:
        """Copy the words that another table has.

        other (WordTable): A table of the same shape.
        words (numpy.ndarray): As for `add`.
        RETURNS (numpy.ndarray): The words that neither table has.
        """
        rows = other.find(words)
        has = rows > 0
        self.add(words[has], [section[rows[has]] for section in other._sections])
        return words[~has]

    def add_up(self, rows: numpy.ndarray, lengths: numpy.ndarray, window: int) -> list[Any]:
        """Sum the products of each token's window, see `plain.add_up`.

        rows (numpy.ndarray): The row of each token's word. Shape (n_tokens,).
        lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
        window (int): Words on either side of the centre.
        RETURNS (List[numpy.ndarray]): The sums of each section. Shapes (n_tokens, width).
        """
        sums = [core.add_up(each, rows, lengths, window, False) for each in self._sections]
        return [
            numpy.ascontiguousarray(each[:, :width])
            for each, width in zip(sums, self._widths, strict=True)
        ]

    def multiply(
        self, rows: numpy.ndarray, lengths: numpy.ndarray, window: int, linear: Any
    ) -> numpy.ndarray:
        """Sum the products of the first section, take max(z, 0) and apply a linear layer.

        linear (Linear): The layer.
        RETURNS (numpy.ndarray): Shape (n_tokens, width of the layer).
        """
        return core.add_up(self._sections[0], rows, lengths, window, True, linear)


def _empty_section(n_rows: int, n_positions: int, width: int) -> numpy.ndarray:
    """Make an array of zeros. Its width is a multiple of LANES, and its rows start at a line of the
    processor's cache. The system allocates memory for a row only when it is written."""
    shape = (n_rows, n_positions, -(-width // LANES) * LANES)
    size = n_rows * n_positions * shape[2]
    memory = numpy.zeros(size + _LINE // 4, dtype="float32")
    start = -memory.ctypes.data % _LINE // 4
    return memory[start : start + size].reshape(shape)


class WordCache:
    """A limited number of words with their products, which are made when a word first appears.

    There are two generations. When the young one is full, it becomes the old one, and a new young
    one begins. A word that appears again is copied from the old one to the young one. So words that
    keep appearing stay, and the others go. Words are added under a lock. Looking them up takes
    none.

    size (int): The most words in both generations. If it is 0, or if more words are asked for at a
        time than one generation holds, these words get a table that isn't kept.
    pads (Sequence[numpy.ndarray]): The products of the padding, see `WordTable`.
    """

    def __init__(self, size: int, pads: Sequence[numpy.ndarray]) -> None:
        self._capacity = size // 2
        self._pads = pads
        self._lock = Lock()
        self._young = WordTable(self._capacity, pads)
        self._old: WordTable | None = None

    def look_up(
        self,
        words: numpy.ndarray,
        make_products: Callable[[numpy.ndarray], Sequence[numpy.ndarray]],
    ) -> tuple[WordTable, numpy.ndarray]:
        """Look up words, and add those that are missing.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        make_products (Callable[[numpy.ndarray], Sequence[numpy.ndarray]]): Makes the products of n
            of these words from their hashes. Shapes (n, n_positions, width of the section).
        RETURNS (Tuple[WordTable, numpy.ndarray]): A table that has all the words, and their rows in
            it, int32. Shape (n,).
        """
        table = self._young
        rows = table.find(words)
        if rows.all():
            return table, rows
        with self._lock:
            table = self._young  # another thread may have changed it
            new = numpy.unique(words[table.find(words) == 0])
            known = [self._old]
            if len(new) > table.room:
                new = numpy.unique(words)
                known = [table, self._old]
                fits = len(new) <= self._capacity
                table = WordTable(self._capacity if fits else len(new), self._pads)
                if fits:
                    # The rest of the old generation is dropped.
                    self._young, self._old = table, self._young
            for other in known:
                if other is not None:
                    new = table.add_from(other, new)
            if len(new):
                table.add(new, make_products(new))
        return table, table.find(words)
