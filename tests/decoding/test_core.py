"""The compiled dynamic programs give the same results as their twin in plain Python."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding import lattice, plain
from spacy_windowner.decoding.lattice import tag_marginals
from spacy_windowner.decoding.tags import SCHEMES

from ..util import compiled_module
from .util import Batch, batches, candidates, random_batch, rows_of

WIDE = batches({0: 9, 1: 60, 2: 40, 5: 40, 9: 30, 17: 20}, max_docs=6)


@pytest.fixture(scope="module")
def core():
    module = compiled_module("decoding.core")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "core", module)
        yield module


def both(core, compute):
    """The results of the core and of its twin."""
    found = compute()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "core", plain)
        return found, compute()


@settings(max_examples=150)
@given(WIDE)
def test_best_spans(core, batch: Batch):
    mine, plains = both(core, batch.scored.best_spans)
    assert [row[:4] for row in rows_of(mine)] == [row[:4] for row in rows_of(plains)]
    numpy.testing.assert_allclose(mine.ratings, plains.ratings, rtol=0, atol=1e-9)
    assert [column.dtype for column in mine] == [column.dtype for column in plains]


@settings(max_examples=60)
@given(WIDE)
def test_candidates_and_word_margins(core, batch: Batch):
    # Sums of small integers are exact. No other span is exactly that far behind.
    mine, plains = both(core, lambda: candidates(batch, 3.0 + 1e-6))
    assert [row[:4] for row in rows_of(mine)] == [row[:4] for row in rows_of(plains)]
    numpy.testing.assert_allclose(mine.ratings, plains.ratings, rtol=0, atol=1e-9)
    numpy.testing.assert_allclose(*both(core, batch.scored.word_margins), rtol=0, atol=1e-9)


@settings(max_examples=60)
@given(WIDE, st.booleans())
def test_marginals(core, batch: Batch, with_transitions: bool):
    n_tags = batch.scores.shape[1]
    A = None
    if with_transitions:
        A = numpy.random.default_rng(len(batch.scores)).normal(size=(n_tags, n_tags))
    mine, plains = both(core, lambda: tag_marginals(batch.scores, batch.lengths, batch.scheme, A))
    assert mine.log_total == pytest.approx(plains.log_total)
    numpy.testing.assert_allclose(mine.tags, plains.tags, atol=1e-9)
    if A is not None:
        numpy.testing.assert_allclose(mine.pairs, plains.pairs, atol=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("with_transitions", [False, True])
def test_a_hundred_labels(core, scheme, with_transitions):
    batch = random_batch(300, 100, scheme, with_transitions=with_transitions)
    mine, plains = both(core, batch.scored.best_spans)
    assert len(mine.docs) > 50
    assert [row[:4] for row in rows_of(mine)] == [row[:4] for row in rows_of(plains)]
    numpy.testing.assert_allclose(mine.ratings, plains.ratings, rtol=0, atol=1e-9)
