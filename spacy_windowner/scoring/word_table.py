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
"""Sums have a width that is a multiple of this."""
_LINE = 64  # bytes


class WordTable:
    """The products of words with all positions of the window, `W_j E(word)`. Words are only ever
    added, by one thread at a time, and can be read all the while.

    Products come in sections, one for each layer that multiplies words.

    capacity (int): The most words it can hold.
    pads (Sequence[numpy.ndarray]): The products of the padding, which stands for the positions
        outside of a document and has row 0. Shapes (n_positions, width of the section).
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
        RETURNS (numpy.ndarray): int32 rows, 0 for words that it doesn't have. Shape (n,).
        """
        return self._index.find(words)

    def add(self, words: numpy.ndarray, products: Sequence[numpy.ndarray]) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes that it doesn't have, and no more than it
            has room for. Shape (n,).
        products (Sequence[numpy.ndarray]): Their products. Shapes (n, n_positions, width of the
            section).
        """
        start = len(self._index) + 1
        for section, part in zip(self._sections, products, strict=True):
            section[start : start + len(words), :, : part.shape[2]] = part
        self._index.add(words)  # last: by the index others find them

    def add_from(self, other: "WordTable", words: numpy.ndarray) -> numpy.ndarray:
        """Copy the words that another table has.

        other (WordTable): A table of the same shape.
        words (numpy.ndarray): As for `add`.
        RETURNS (numpy.ndarray): The words that the other table doesn't have, either.
        """
        rows = other.find(words)
        has = rows > 0
        self.add(words[has], [section[rows[has]] for section in other._sections])
        return words[~has]

    def add_up(self, rows: numpy.ndarray, lengths: numpy.ndarray, window: int) -> list[Any]:
        """Add up the products of each token's window, see `plain.add_up`.

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
        """The output of a linear layer of the rectified sums, max(z, 0), of the first section.

        linear (Linear): The layer.
        RETURNS (numpy.ndarray): Shape (n_tokens, width of the layer).
        """
        return core.add_up(self._sections[0], rows, lengths, window, True, linear)


def _empty_section(n_rows: int, n_positions: int, width: int) -> numpy.ndarray:
    """Zeros, of a width that is a multiple of what is added at a time, whose rows start with a line
    of the processor's cache. The system lends memory for a row only when it is written."""
    shape = (n_rows, n_positions, -(-width // LANES) * LANES)
    size = n_rows * n_positions * shape[2]
    memory = numpy.zeros(size + _LINE // 4, dtype="float32")
    start = -memory.ctypes.data % _LINE // 4
    return memory[start : start + size].reshape(shape)


class WordCache:
    """A bounded number of words with their products, made when a word first appears.

    There are two generations. If the young one is full it becomes the old one, from which words
    are copied to a new young one when they appear again: words that keep appearing stay, and the
    others go. Words are added under a lock. Looking up takes none.

    size (int): The most words in both generations. With 0, or more words asked for at a time than
        one generation holds, these words get a table that isn't kept.
    pads (Sequence[numpy.ndarray]): The products of the padding, see `WordTable`.
    make_products (Callable[[numpy.ndarray], Sequence[numpy.ndarray]]): Makes the products, of
        shapes (n, n_positions, width of the section), of n words' hashes.
    """

    def __init__(
        self,
        size: int,
        pads: Sequence[numpy.ndarray],
        make_products: Callable[[numpy.ndarray], Sequence[numpy.ndarray]],
    ) -> None:
        self._capacity = size // 2
        self._pads = pads
        self._make_products = make_products
        self._lock = Lock()
        self._young = WordTable(self._capacity, pads)
        self._old: WordTable | None = None

    def look_up(self, words: numpy.ndarray) -> tuple[WordTable, numpy.ndarray]:
        """Find words, and add those that are not there yet.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (Tuple[WordTable, numpy.ndarray]): A table that has all the words, and their rows
            in it, int32. Shape (n,).
        """
        table = self._young
        rows = table.find(words)
        if rows.all():
            return table, rows
        with self._lock:
            table = self._young  # another thread may have been here
            new = numpy.unique(words[table.find(words) == 0])
            known = [self._old]
            if len(new) > table.room:
                new = numpy.unique(words)
                known = [table, self._old]
                fits = len(new) <= self._capacity
                table = WordTable(self._capacity if fits else len(new), self._pads)
                if fits:
                    # What is left of the old generation goes.
                    self._young, self._old = table, self._young
            for other in known:
                if other is not None:
                    new = table.add_from(other, new)
            if len(new):
                table.add(new, self._make_products(new))
        return table, table.find(words)
