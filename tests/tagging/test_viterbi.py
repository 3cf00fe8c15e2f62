import time

import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.tagging.viterbi import greedy, viterbi

from .util import Batch, batches, best_by_enumeration, greedy_by_loop, is_valid, random_batch

schemes = pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])

SHORT = batches({1: 6, 2: 5, 3: 4})
LONG = batches({1: 30, 3: 20})


def split(batch: Batch, tags: numpy.ndarray) -> list[numpy.ndarray]:
    """The tags of each document."""
    return numpy.split(tags, numpy.cumsum(batch.lengths)[:-1])


@settings(max_examples=250)
@given(SHORT)
def test_viterbi_finds_the_best_valid_path(batch: Batch):
    for doc, tags in zip(batch.docs(), split(batch, viterbi(batch.lattice)), strict=True):
        assert is_valid(doc, tags)
        assert doc.total(tags) == pytest.approx(best_by_enumeration(doc), abs=1e-4)


@settings(max_examples=250)
@given(LONG)
def test_greedy_equals_the_loop(batch: Batch):
    tags = split(batch, greedy(batch.lattice))
    for doc, doc_tags in zip(batch.docs(), tags, strict=True):
        assert is_valid(doc, doc_tags)
        assert doc_tags.tolist() == greedy_by_loop(doc)


@pytest.mark.parametrize("decode", [viterbi, greedy])
@settings(max_examples=200)
@given(batch=LONG)
def test_documents_are_independent(decode, batch: Batch):
    alone = [decode(doc.lattice).tolist() for doc in batch.docs()]
    assert [tags.tolist() for tags in split(batch, decode(batch.lattice))] == alone


@schemes
@pytest.mark.parametrize("decode", [viterbi, greedy])
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, decode, n_labels, n_tokens):
    batch = random_batch(n_tokens, n_labels, scheme)
    tags = decode(batch.lattice)
    assert tags.shape == (n_tokens,)
    assert is_valid(batch, tags)
    assert bool(tags.any()) == (n_labels == 100 and n_tokens > 0 or n_labels > 0 and n_tokens > 1)


@schemes
@pytest.mark.parametrize("decode", [viterbi, greedy])
def test_50_000_tokens(scheme, decode):
    batch = random_batch(50_000, 1, scheme)
    batch.scores[:, 0] -= 20.0
    start = time.perf_counter()
    tags = decode(batch.lattice)
    assert time.perf_counter() - start < 15.0
    assert is_valid(batch, tags)
    assert tags.all()
    if scheme is not BIO:
        return
    # After a first B the choice between B and I is free at each token.
    better = batch.scores[:, 1:].argmax(axis=1) + 1
    better[0] = 1
    assert tags.tolist() == better.tolist()
