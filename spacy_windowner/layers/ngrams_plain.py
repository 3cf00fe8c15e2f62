"""Means of table rows over the character n-grams of words, in plain Python and for all array
libraries. `ngrams_core.pyx` does the same, compiled, for NumPy."""

from collections.abc import Iterator
from typing import Any

import numpy
from thinc.backends import get_array_ops

# Odd multipliers of a 64-bit mixing hash. Overflow is intended.
_MULTIPLY = numpy.uint64(0x9E3779B97F4A7C15)
_FINISH = numpy.uint64(0xBF58476D1CE4E5B9)
_SHIFT = numpy.uint64(29)
_HALF = numpy.uint64(32)
_LOW_HALF = numpy.uint64(0xFFFFFFFF)
# The size of the pieces in which words are summed, in characters from the word's start. With fixed
# pieces, a word has the same sum in any batch.
_PIECE = 256
# The number of characters whose n-grams are summed at a time, which limits memory. At least _PIECE.
_CHUNK = 8192


def mean_rows(chars: numpy.ndarray, ends: numpy.ndarray, E: Any, min_n: int, max_n: int) -> Any:
    """Average the rows of each word's n-grams. An n-gram with the characters c has two rows: the
    halves of h, modulo the number of rows of the table. All is modulo 2^64, `>>` is a shift and `^`
    the exclusive or:

        s = s ^ (s >> 29) of s = (s ^ (c + 1)) * _MULTIPLY    for each c, from s = 0
        h = h ^ (h >> 29) of h = s * _FINISH

    chars (numpy.ndarray): The uint32 characters of all words. Shape (n_chars,).
    ends (numpy.ndarray): The int64 offset in `chars` where each word ends. No word is empty. Shape
        (n_words,).
    E (Floats2d): The table.
    min_n (int): Shortest n-gram.
    max_n (int): Longest n-gram.
    RETURNS (Floats2d): Shape (n_words, width of E). A word without n-grams has a zero vector.
    """
    ops: Any = get_array_ops(E)
    sums = [ops.alloc2f(0, E.shape[1])]
    for _, rows, counts in _chunks(chars, ends, len(E), min_n, max_n):
        sums.append(_sum_rows(ops, E[ops.asarray(rows)], counts))
    n_pieces = numpy.bincount(_cut(ends)[0], minlength=len(ends)).astype("int32")
    totals = _sum_rows(ops, ops.xp.vstack(sums), n_pieces)
    return totals / ops.asarray(_divisors(ends, min_n, max_n))


def add_gradient(
    chars: numpy.ndarray, ends: numpy.ndarray, d_words: Any, dE: Any, min_n: int, max_n: int
) -> None:
    """The backward pass of `mean_rows`. It hashes the n-grams again, because keeping the hashes
    would take much more memory than the characters.

    d_words (Floats2d): The gradient of the output of `mean_rows`.
    dE (Floats2d): The gradient of the table. It is added to in place.
    """
    ops: Any = get_array_ops(dE)
    d_rows = d_words / ops.asarray(_divisors(ends, min_n, max_n))
    for words, rows, counts in _chunks(chars, ends, len(dE), min_n, max_n):
        d_pieces = ops.as_contig(d_rows[ops.asarray(words)])
        ops.scatter_add(
            dE, ops.asarray(rows), ops.backprop_reduce_sum(d_pieces, ops.asarray(counts))
        )


def _sum_rows(ops: Any, rows: Any, counts: numpy.ndarray) -> Any:
    """Sum each sequence of rows. Sequences may be empty."""
    if not len(rows):
        return ops.alloc2f(len(counts), rows.shape[1])
    return ops.reduce_sum(rows, ops.asarray(counts))


def _chunks(
    chars: numpy.ndarray, ends: numpy.ndarray, n_rows: int, min_n: int, max_n: int
) -> Iterator[tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]]:
    """Yield a few pieces at a time: the word of each piece, the table rows of all n-grams that
    start in the pieces, one piece after the other, and the number of rows of each."""
    words, starts = _cut(ends)
    stops = numpy.append(starts[1:], len(chars))
    first = 0
    while first < len(words):
        last = int(numpy.searchsorted(stops, starts[first] + _CHUNK, side="right"))
        chunk = slice(first, last)
        lengths = stops[chunk] - starts[chunk]
        piece_of_char = numpy.repeat(numpy.arange(last - first), lengths)
        begin, end = int(starts[first]), int(stops[last - 1])
        to_end = ends[words[chunk]][piece_of_char] - numpy.arange(begin, end)
        hashes, owners = _hash_ngrams(chars[begin : end + max_n - 1], to_end, min_n, max_n)
        pieces = piece_of_char[owners]
        order = numpy.argsort(pieces, kind="stable")
        rows = _table_rows(hashes[order], n_rows)
        counts = 2 * numpy.bincount(pieces, minlength=last - first)
        yield words[chunk], rows, counts.astype("int32")
        first = last


def _cut(ends: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Cut words into pieces. Returns the word of each piece, and where the piece starts."""
    starts = numpy.append(0, ends[:-1])[: len(ends)]
    n_pieces = -(-(ends - starts) // _PIECE)
    words = numpy.repeat(numpy.arange(len(ends)), n_pieces)
    number = numpy.arange(len(words)) - (numpy.cumsum(n_pieces) - n_pieces)[words]
    return words, starts[words] + _PIECE * number


def _hash_ngrams(
    chars: numpy.ndarray, to_end: numpy.ndarray, min_n: int, max_n: int
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The hashes of the n-grams that start at some places, and the place of each, the shortest
    n-grams first. `to_end` is how many characters the word has left from each place."""
    places = numpy.arange(len(to_end))
    state = numpy.zeros(len(to_end), dtype="uint64")
    hashes, owners = [], []
    for n in range(1, max_n + 1):
        # Extend the n-grams by one character, where the word has one.
        fits = to_end[places] >= n
        places = places[fits]
        state = (state[fits] ^ (chars[places + n - 1] + numpy.uint64(1))) * _MULTIPLY
        state ^= state >> _SHIFT
        if n >= min_n:
            hashes.append(state * _FINISH)
            owners.append(places)
    flat = numpy.concatenate(hashes)
    return flat ^ (flat >> _SHIFT), numpy.concatenate(owners)


def _table_rows(hashes: numpy.ndarray, n_rows: int) -> numpy.ndarray:
    """The two int32 rows of each hash, side by side. Shape (2 * n_hashes,)."""
    halves = numpy.stack([hashes & _LOW_HALF, hashes >> _HALF], axis=1)
    return (halves % numpy.uint64(n_rows)).astype("int32").ravel()


def _divisors(ends: numpy.ndarray, min_n: int, max_n: int) -> numpy.ndarray:
    """The number of rows of each word, at least 1. Shape (n_words, 1)."""
    lengths = numpy.diff(ends, prepend=0)[:, None]
    counts = numpy.maximum(lengths - numpy.arange(min_n, max_n + 1) + 1, 0).sum(axis=1)
    return numpy.maximum(2 * counts, 1).astype("float32")[:, None]
