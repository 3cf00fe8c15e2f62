"""Batches of embedded words that several tests share."""

import numpy

from spacy_windowner.layers.windowed_affine import WordRows

N_ROWS, N_I = 5, 3


def make_batch(lengths):
    """A batch in which words repeat, and one row of the table is not used at all."""
    rng = numpy.random.default_rng(0)
    rows = rng.normal(size=(N_ROWS, N_I)).astype("float32")
    ids = rng.integers(N_ROWS - 1, size=sum(lengths))
    return WordRows(rows, ids, numpy.array(lengths, dtype="int32"))
