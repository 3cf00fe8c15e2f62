"""Batches of embedded words, and n-grams, that several tests share."""

import numpy

from spacy_windowner.layers.windowed_affine import WordRows

N_ROWS, N_I = 5, 3
MASK = 2**64 - 1


def make_batch(lengths):
    """A batch in which words repeat, and which doesn't use one row of the table."""
    rng = numpy.random.default_rng(0)
    rows = rng.normal(size=(N_ROWS, N_I)).astype("float32")
    ids = rng.integers(N_ROWS - 1, size=sum(lengths))
    return WordRows(rows, ids, numpy.array(lengths, dtype="int32"))


def hash_ngram(ngram):
    """The hash of one n-gram, one character at a time, in Python integers modulo 2^64."""
    state = 0
    for char in ngram:
        state = ((state ^ (ord(char) + 1)) * 0x9E3779B97F4A7C15) & MASK
        state ^= state >> 29
    state = (state * 0xBF58476D1CE4E5B9) & MASK
    return state ^ (state >> 29)


def ngram_rows(word, min_n, max_n, n_rows):
    """The table rows of all n-grams of a word with its marks. Each n-gram has two."""
    marked = f"<{word}>"
    ngrams = [
        marked[i : i + n] for n in range(min_n, max_n + 1) for i in range(len(marked) - n + 1)
    ]
    hashes = [hash_ngram(ngram) for ngram in ngrams]
    return [half % n_rows for value in hashes for half in (value & 0xFFFFFFFF, value >> 32)]
