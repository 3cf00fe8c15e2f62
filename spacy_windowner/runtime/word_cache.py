from collections.abc import Callable, Sequence
from threading import Lock

import numpy

from .kernels import Kernel
from .word_table import WordTable


class WordCache:
    """A bounded number of words with their products, made when a word first appears.

    There are two generations. If the young one is full it becomes the old one, from which words
    are copied to a new young one when they appear again. So words that keep appearing stay, and
    the others go. The one thing that changes are words being added to the young generation, under
    a lock; looking up takes none.

    kernel (Kernel): How products are stored and added up.
    size (int): The most words in both generations. With 0, or more words asked for at a time than
        one generation holds, these words get a table that isn't kept.
    pads (Sequence[numpy.ndarray]): The products of the padding, see `WordTable`.
    make_products (Callable[[numpy.ndarray], Sequence[numpy.ndarray]]): Makes the products, of
        shapes (n * n_positions, width of the section), of n words' hashes.
    """

    def __init__(
        self,
        kernel: Kernel,
        size: int,
        pads: Sequence[numpy.ndarray],
        make_products: Callable[[numpy.ndarray], Sequence[numpy.ndarray]],
    ) -> None:
        self._kernel = kernel
        self._capacity = size // 2
        self._pads = pads
        self._make_products = make_products
        self._lock = Lock()
        self._young = self._new_table(self._capacity)
        self._old: WordTable | None = None

    def look_up(self, words: numpy.ndarray) -> tuple[WordTable, numpy.ndarray]:
        """Find words, and add those that are not there yet.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (Tuple[WordTable, numpy.ndarray]): A table that has all the words, and their rows
            in it, int32. Shape (n,).
        """
        table = self._young
        rows = table.rows(words)
        if rows.all():
            return table, rows
        with self._lock:
            table = self._young  # another thread may have been here
            new = numpy.unique(words[table.rows(words) == 0])
            if len(new) <= table.room:
                self._add(table, new, (self._old,))
                return table, table.rows(words)
            new = numpy.unique(words)
            if len(new) <= self._capacity:
                # What is left of the old generation goes.
                table, self._old = self._new_table(self._capacity), table
                self._add(table, new, (self._old,))
                self._young = table
                return table, table.rows(words)
            known = (table, self._old)
        table = self._new_table(len(new))
        self._add(table, new, known)
        return table, table.rows(words)

    def _add(
        self, table: WordTable, words: numpy.ndarray, known: tuple[WordTable | None, ...]
    ) -> None:
        """Add words to a table, from others that have them or else anew."""
        for other in known:
            if other is not None:
                words = words[table.add_from(other, words)]
        if len(words):
            table.add(words, self._make_products(words))

    def _new_table(self, capacity: int) -> WordTable:
        return WordTable(self._kernel, capacity, self._pads)
