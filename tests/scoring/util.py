"""Words and their products, and scores of documents."""

import numpy

from spacy_windowner.decoding.words import word_mask
from spacy_windowner.pipeline.doc_io import read_words

from ..models.util import SENTENCES

N_POSITIONS, WIDTH = 3, 8
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
MORE_SENTENCES = [*SENTENCES, SENTENCES[0] * 9, [], ["x"] * 70, *SENTENCES[::-1]]


def make_products(words) -> numpy.ndarray:
    """Products that differ for every word. Shape (n, N_POSITIONS, WIDTH)."""
    rows = [numpy.random.default_rng(int(word)).normal(size=(N_POSITIONS, WIDTH)) for word in words]
    return numpy.array(rows, dtype="float32").reshape(-1, N_POSITIONS, WIDTH)


PAD = make_products([2**63])[0]


def uint64(words) -> numpy.ndarray:
    return numpy.array(list(words), dtype="uint64")


def int32(numbers) -> numpy.ndarray:
    return numpy.array(list(numbers), dtype="int32")


def read_products(table, words, section: int = 0) -> numpy.ndarray:
    """The products that a table has for words. Same shape as from `make_products`."""
    return table._sections[section][table.find(words), :, : table._widths[section]]


def score(scorer, docs) -> numpy.ndarray:
    """Scores with one row per word."""
    scores = scorer.scores(docs, read_words(docs, False, False))
    assert scores.dtype == numpy.float32 and scores.flags.c_contiguous
    return scores


def expected_scores(model, docs) -> numpy.ndarray:
    return numpy.vstack(model.predict(docs))[word_mask(docs)]


def in_parts(scorer, docs, n_parts, seed=0) -> numpy.ndarray:
    """The scores of a batch that is split at random. Each part has at least one token."""
    cuts = numpy.random.default_rng(seed).integers(1, len(docs), size=n_parts - 1)
    parts = numpy.split(numpy.arange(len(docs)), numpy.unique(cuts))
    batches = [[docs[n] for n in part] for part in parts]
    return numpy.vstack([score(scorer, batch) for batch in batches if any(map(len, batch))])
