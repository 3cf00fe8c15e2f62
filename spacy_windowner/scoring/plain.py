"""The arithmetic of scoring in plain Python. It runs where `core.pyx` isn't compiled, and tests
compare the two. Documents are multiplied one by one, so their scores don't depend on each other."""

import numpy
from thinc.api import NumpyOps

from ..layers.windowed_affine import table_indices, window_rows


class WordIndex:
    """Maps words to the rows 1, 2, ... of a table, in the order in which they are added. One thread
    adds at a time. Other threads may look up words meanwhile. They may not find the newest words
    yet.

    capacity (int): The most words it can hold.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._rows: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, words: numpy.ndarray) -> numpy.ndarray:
        """Look up words.

        words (numpy.ndarray): uint64 hashes. Shape (n,).
        RETURNS (numpy.ndarray): int32 rows, 0 for unknown words. Shape (n,).
        """
        return numpy.array([self._rows.get(word, 0) for word in words.tolist()], dtype="int32")

    def add(self, words: numpy.ndarray) -> None:
        """Add words.

        words (numpy.ndarray): Distinct uint64 hashes of unknown words. Shape (n,).
        RAISES (ValueError): If there is no room for them.
        """
        if len(self) + len(words) > self.capacity:
            raise ValueError(f"{len(words)} words are too many for {self.capacity - len(self)}")
        for word in words.tolist():
            self._rows[word] = len(self._rows) + 1


class Linear:
    """A linear layer, X W^T + b, in which the output of a row depends on its document only.

    W (numpy.ndarray): Shape (n_out, n_in). It is copied, and so is b.
    b (numpy.ndarray): Shape (n_out,).
    """

    def __init__(self, W: numpy.ndarray, b: numpy.ndarray) -> None:
        self.W = numpy.array(W.T, order="C")
        self.b = numpy.array(b)

    def __call__(self, X: numpy.ndarray, lengths: numpy.ndarray) -> numpy.ndarray:
        """Apply the layer.

        X (numpy.ndarray): float32. Shape (n_tokens, n_in).
        lengths (numpy.ndarray): int32, the number of tokens of each document. Shape (n_docs,).
        RETURNS (numpy.ndarray): Shape (n_tokens, n_out).
        """
        docs = numpy.split(X, numpy.cumsum(lengths)[:-1])
        return numpy.concatenate([doc @ self.W for doc in docs]) + self.b


def add_up(
    table: numpy.ndarray,
    rows: numpy.ndarray,
    lengths: numpy.ndarray,
    window: int,
    relu: bool,
    linear: Linear | None = None,
) -> numpy.ndarray:
    """Sum the products of each token's window, z[t] = sum_j table[rows[t + j], j].

    table (numpy.ndarray): float32, the products of each word with each position of the window, or a
        single one if all positions share it. Row 0 is for the padding. Shape
        (n_words, n_positions, width), with a width that is a multiple of 16.
    rows (numpy.ndarray): int32, the row of each token's word. Shape (n_tokens,).
    lengths (numpy.ndarray): int32, the number of tokens of each document. Shape (n_docs,).
    window (int): Words on either side of the centre.
    relu (bool): Whether to take max(z, 0).
    linear (Optional[Linear]): A layer to apply to z. It reads the first n_in columns.
    RETURNS (numpy.ndarray): z, shape (n_tokens, width), or the output of `linear`.
    """
    n_words, n_positions, width = table.shape
    indices = table_indices(window_rows(rows, lengths, window, 0), slice(None), n_positions)
    sums = numpy.zeros((len(rows), width), dtype="float32")
    if len(rows):
        sums = NumpyOps().gather_add(table.reshape((n_words * n_positions, width)), indices)
    if relu:
        sums = numpy.maximum(sums, 0.0)
    if linear is None:
        return sums
    return linear(numpy.ascontiguousarray(sums[:, : len(linear.W)]), lengths)
