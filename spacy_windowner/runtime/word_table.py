from collections.abc import Sequence

import numpy

from .kernels import Kernel
from .word_index import WordIndex


class WordTable:
    """The products of words with all positions of the window, `W_j E(word)`. Words are only ever
    added, by one thread at a time, and can be read all the while.

    Products come in sections, one for each layer that multiplies words. Each is stored by itself,
    so that a kernel which rounds gives a layer the same numbers beside any others.

    kernel (Kernel): How products are stored and added up.
    capacity (int): The most words it can hold.
    pads (Sequence[numpy.ndarray]): The products of the padding, which stands for the positions
        outside of a document and has row 0. Shapes (n_positions, width of the section).
    """

    def __init__(self, kernel: Kernel, capacity: int, pads: Sequence[numpy.ndarray]) -> None:
        self.n_positions = len(pads[0])
        self._kernel = kernel
        self._index = WordIndex(capacity)
        self._stored = []
        for pad in pads:
            packed = kernel.pack(pad)
            # The system lends memory for a row only when it is written.
            stored = numpy.empty((capacity + 1, *packed.shape), dtype=packed.dtype)
            stored[0] = packed
            self._stored.append(stored)

    @property
    def room(self) -> int:
        """RETURNS (int): How many more words it can hold."""
        return self._index.capacity - len(self._index)

    def rows(self, words: numpy.ndarray) -> numpy.ndarray:
        """Look up words.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (numpy.ndarray): int32 rows, 0 for words that it doesn't have. Shape (n,).
        """
        return self._index.find(words) + 1

    def add(self, words: numpy.ndarray, products: Sequence[numpy.ndarray]) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes that it doesn't have, and no more than it
            has room for. Shape (n,).
        products (Sequence[numpy.ndarray]): Their products. Shapes (n * n_positions, width of the
            section).
        """
        self._write(words, [self._kernel.pack(section) for section in products])

    def add_from(self, other: "WordTable", words: numpy.ndarray) -> numpy.ndarray:
        """Copy the words that another table has.

        other (WordTable): A table of the same kernel and shape.
        words (numpy.ndarray): As for `add`.
        RETURNS (numpy.ndarray): Which words the other table doesn't have, either. Shape (n,).
        """
        rows = other.rows(words)
        has = rows > 0
        self._write(words[has], [stored[rows[has]] for stored in other._stored])
        return ~has

    def _write(self, words: numpy.ndarray, packed: Sequence[numpy.ndarray]) -> None:
        start = len(self._index) + 1
        for stored, section in zip(self._stored, packed, strict=True):
            stored[start : start + len(words)] = section.reshape(-1, *stored.shape[1:])
        self._index.add(words)  # last, for it is by the index that readers find them

    def add_up(self, indices: numpy.ndarray) -> list[numpy.ndarray]:
        """Sums of products.

        indices (numpy.ndarray): int32, `row * n_positions + position`. Shape (n, m).
        RETURNS (List[numpy.ndarray]): The sum of the products in each row. Shapes (n, width of the
            section).
        """
        rows = (stored.reshape(-1, stored.shape[-1]) for stored in self._stored)
        return [self._kernel.add_up(section, indices) for section in rows]
