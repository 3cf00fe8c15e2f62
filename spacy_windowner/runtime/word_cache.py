from collections.abc import Callable
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
    pad (numpy.ndarray): The products of the padding. Shape (n_positions, width).
    make_products (Callable[[List[str]], numpy.ndarray]): Makes the products of n words, shape
        (n * n_positions, width).
    """

    def __init__(
        self,
        kernel: Kernel,
        size: int,
        pad: numpy.ndarray,
        make_products: Callable[[list[str]], numpy.ndarray],
    ) -> None:
        self._kernel = kernel
        self._capacity = size // 2
        self._pad = pad
        self._make_products = make_products
        self._lock = Lock()
        self._young = self._new_table(self._capacity)
        self._old: WordTable | None = None

    def look_up(
        self, words: numpy.ndarray, spell: Callable[[numpy.ndarray, numpy.ndarray], list[str]]
    ) -> tuple[WordTable, numpy.ndarray]:
        """Find words, and add those that are not there yet.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        spell (Callable[[numpy.ndarray, numpy.ndarray], List[str]]): Spells words, given the words
            and a place of each in `words`.
        RETURNS (Tuple[WordTable, numpy.ndarray]): A table that has all the words, and their rows
            in it, int32. Shape (n,).
        """
        table = self._young
        rows = table.rows(words)
        if rows.all():
            return table, rows
        with self._lock:
            table = self._young  # another thread may have been here
            rows = table.rows(words)
            places = numpy.flatnonzero(rows == 0)
            new, firsts = numpy.unique(words[places], return_index=True)
            if len(new) <= table.room:
                self._add(table, new, places[firsts], spell)
                return table, table.rows(words)
            new, places = numpy.unique(words, return_index=True)
            if len(new) <= self._capacity:
                table, self._old = self._new_table(self._capacity), table
                self._add(table, new, places, spell)
                self._young = table
                return table, table.rows(words)
        table = self._new_table(len(new))
        self._add(table, new, places, spell)
        return table, table.rows(words)

    def _add(
        self,
        table: WordTable,
        words: numpy.ndarray,
        places: numpy.ndarray,
        spell: Callable[[numpy.ndarray, numpy.ndarray], list[str]],
    ) -> None:
        """Add words to a table, from the old one or else anew."""
        old = self._old
        if old is not None:
            is_new = table.add_from(old, words)
            words, places = words[is_new], places[is_new]
        if len(words):
            table.add(words, self._make_products(spell(words, places)))

    def _new_table(self, capacity: int) -> WordTable:
        return WordTable(self._kernel, capacity, self._pad)
