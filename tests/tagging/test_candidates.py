import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.tagging.candidates import candidates
from spacy_windowner.tagging.decoding import gain_of_entities
from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.tagging.viterbi import viterbi

from .util import Batch, batches, random_batch

schemes = pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])


def found(gain, doc_starts=(0,), must_continue=(), scheme=BIO) -> list[int]:
    """The candidates among tokens of these gains."""
    flags = numpy.zeros((2, len(gain)), dtype=bool)
    flags[0, list(doc_starts)] = True
    flags[1, list(must_continue)] = True
    return candidates(numpy.array(gain, dtype="float32"), *flags, scheme).tolist()


def test_tokens_without_gain_are_none():
    assert found([-1.0, 0.0, -3.0]) == []


def test_an_entity_may_begin_where_its_later_tokens_pay_for_it():
    assert found([-9.0, -1.0, 3.0, -1.0]) == [1, 2]
    assert found([-1.0, -1.0, -1.0, 2.5, -1.0, 0.5]) == [1, 2, 3, 5]
    # What token 1 costs is paid by 2 and 4 together, though not by 2 alone.
    assert found([-9.0, -3.0, 2.0, -1.0, 3.0]) == [1, 2, 3, 4]


def test_documents_are_apart():
    assert found([-1.0, 3.0], doc_starts=[0, 1]) == [1]
    assert found([3.0, -1.0], doc_starts=[0, 1], must_continue=[0]) == [0]


def test_what_must_continue_takes_the_next_token_with_it():
    assert found([2.0, 1.0, -5.0, 1.0], must_continue=[1]) == [0, 1, 2, 3]
    assert found([2.0, 1.0, -5.0, -5.0, -5.0], must_continue=[1, 2]) == [0, 1, 2, 3]
    assert found([2.0, 1.0], must_continue=[1]) == [0, 1]


def test_an_entity_with_a_last_tag_is_left_out_as_a_whole():
    assert found([-9.0, -1.0, 3.0, -1.0, -2.5, -0.1], scheme=BILUO) == [1, 2, 3]
    # BIO may end it on token 2, which is worth more.
    assert found([-9.0, -1.0, 3.0, -1.0, -2.5, -0.1], scheme=BIO) == [1, 2]
    assert found([-1.0, 0.0, -3.0], scheme=BILUO) == []
    assert found([-1.0, 3.0, -1.0], doc_starts=[0, 1, 2], scheme=BILUO) == [1]
    assert found([3.0, -4.0, 2.0, -1.0], must_continue=[0], scheme=BILUO) == [0, 1, 2, 3]
    assert found([3.0, -6.0, 2.0], must_continue=[0], scheme=BILUO) == [0, 2]


@settings(max_examples=250)
@given(batches({1: 30, 3: 20}))
def test_all_entities_of_the_best_path_are_candidates(batch: Batch):
    lattice = batch.lattice
    # Gains before anything was ruled out are above those after it.
    gain, places = gain_of_entities(batch.scores.T), batch.places
    tokens = candidates(gain, places.is_doc_start, places.is_space, batch.scheme)
    best = viterbi(lattice)
    assert set(numpy.flatnonzero(best)) <= set(tokens)


@schemes
def test_few_are_left(scheme):
    batch = random_batch(1000, 2, scheme)
    batch.scores[:, 0] += 10.0
    batch.scores[500:502, 0] = 0.0
    gain, places = gain_of_entities(batch.scores.T), batch.places
    found = candidates(gain, places.is_doc_start, places.is_space, batch.scheme)
    assert found.tolist() == [500, 501]


@schemes
def test_a_million_tokens_in_an_entity(scheme):
    gain = numpy.ones(1_000_000, dtype="float32")
    doc_starts = numpy.arange(len(gain)) % 500_000 == 0
    assert len(candidates(gain, doc_starts, numpy.zeros_like(doc_starts), scheme)) == len(gain)
    assert len(candidates(-gain, doc_starts, numpy.zeros_like(doc_starts), scheme)) == 0
