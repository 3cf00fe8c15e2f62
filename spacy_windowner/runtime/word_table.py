import numpy

from .kernels import Kernel
from .word_index import WordIndex


class WordTable:
    """The products of words with all positions of the window, `W_j E(word)`. Words are only ever
    added, by one thread at a time, and can be read all the while.

    kernel (Kernel): How products are stored and added up.
    capacity (int): The most words it can hold.
    pad (numpy.ndarray): The products of the padding, which stands for the positions outside of a
        document and has row 0. Shape (n_positions, width).
    """

    def __init__(self, kernel: Kernel, capacity: int, pad: numpy.ndarray) -> None:
        self.n_positions = len(pad)
        self._kernel = kernel
        self._index = WordIndex(capacity)
        packed = kernel.pack(pad)
        # The system lends memory for a row only when it is written.
        self._stored = numpy.empty((capacity + 1, *packed.shape), dtype=packed.dtype)
        self._stored[0] = packed

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

    def add(self, words: numpy.ndarray, products: numpy.ndarray) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes that it doesn't have, and no more than it
            has room for. Shape (n,).
        products (numpy.ndarray): Their products. Shape (n * n_positions, width).
        """
        self._write(words, self._kernel.pack(products))

    def add_from(self, other: "WordTable", words: numpy.ndarray) -> numpy.ndarray:
        """Copy the words that another table has.

        other (WordTable): A table of the same kernel and shape.
        words (numpy.ndarray): As for `add`.
        RETURNS (numpy.ndarray): Which words the other table doesn't have, either. Shape (n,).
        """
        rows = other.rows(words)
        has = rows > 0
        self._write(words[has], other._stored[rows[has]])
        return ~has

    def _write(self, words: numpy.ndarray, packed: numpy.ndarray) -> None:
        start = len(self._index) + 1
        self._stored[start : start + len(words)] = packed.reshape(-1, *self._stored.shape[1:])
        self._index.add(words)  # last, for it is by the index that readers find them

    def add_up(self, indices: numpy.ndarray) -> numpy.ndarray:
        """Sums of products.

        indices (numpy.ndarray): int32, `row * n_positions + position`. Shape (n, m).
        RETURNS (numpy.ndarray): The sum of the products in each row. Shape (n, width).
        """
        stored = self._stored.reshape(-1, self._stored.shape[-1])
        return self._kernel.add_up(stored, indices)
