import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.tagging import decoding
from spacy_windowner.tagging.decoding import decode, gain_of_entities
from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.tagging.viterbi import greedy, viterbi

from .util import Batch, batches, is_valid, random_batch

LONG = batches({1: 30, 3: 20})


def all_tags(batch: Batch, search) -> numpy.ndarray:
    """The decoded tags of all tokens."""
    tags = numpy.zeros(len(batch.scores), dtype="int64")
    tokens, found = decode(batch.scores.T, batch.places, search, batch.scheme)
    assert (found > 0).all() and (numpy.diff(tokens) > 0).all()
    tags[tokens] = found
    return tags


def test_gain():
    scores = numpy.array([[1.0, 0.0, 3.0], [1.0, 0.5, 0.0]]).T
    assert gain_of_entities(scores).tolist() == [2.0, -0.5]
    assert gain_of_entities(scores[:1]).tolist() == [-numpy.inf] * 2


@settings(max_examples=250)
@given(LONG)
def test_viterbi_loses_nothing(batch: Batch):
    tags, searched = all_tags(batch, viterbi), viterbi(batch.lattice)
    ends = numpy.cumsum(batch.lengths)[:-1]
    for doc, a, b in zip(
        batch.docs(), numpy.split(tags, ends), numpy.split(searched, ends), strict=True
    ):
        assert is_valid(doc, a)
        assert doc.total(a) == pytest.approx(doc.total(b), abs=1e-4)


@settings(max_examples=250)
@given(LONG)
def test_greedy_is_the_same(batch: Batch):
    assert all_tags(batch, greedy).tolist() == greedy(batch.lattice).tolist()


@pytest.mark.parametrize("search", [viterbi, greedy])
@settings(max_examples=200)
@given(batch=LONG)
def test_documents_are_independent(search, batch: Batch):
    alone = [tag for doc in batch.docs() for tag in all_tags(doc, search).tolist()]
    assert all_tags(batch, search).tolist() == alone


def test_only_segments_with_a_broken_rule_are_searched(monkeypatch):
    batch = random_batch(100, 2)
    batch.scores[:] = [9.0, 0.0, 0.0, 0.0, 0.0]
    batch.scores[10:12] = [[0.0, 9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0, 0.0]]  # B I
    batch.scores[50:52] = [[2.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 9.0]]  # O I
    seen = []

    def search(lattice):
        seen.append(len(lattice.scores))
        return viterbi(lattice)

    tags = all_tags(batch, search)
    assert seen == [2]
    assert {int(i): int(tags[i]) for i in numpy.flatnonzero(tags)} == {10: 1, 11: 2, 50: 3, 51: 4}
    monkeypatch.setattr(decoding, "candidates", None)
    batch.scores[50, 3] = 3.0  # B I: nothing to search
    assert numpy.flatnonzero(all_tags(batch, search)).tolist() == [10, 11, 50, 51]
    assert len(seen) == 1


def test_a_segment_of_biluo_is_searched_as_a_whole():
    """Tags that are best one by one, and leave an entity open, go on with none, or change it."""
    B, I, L, U = (BILUO.tag(0, kind) for kind in "BILU")  # noqa: E741
    for best, expected in [
        ([B, 0], [U, 0]),
        ([B, I, 0], [B, L, 0]),
        ([0, L], [B, L]),
        ([0, I, L], [B, I, L]),
        ([B, U], [B, L]),
        ([U, L, 0], [B, L, 0]),
        ([B, I, BILUO.tag(1, "L")], [B, I, L]),
    ]:
        batch = random_batch(100, 2, BILUO)
        batch.scores[:] = [9.0, *[0.0] * 8]
        batch.scores[50 : 50 + len(best)] = 0.0
        for i, (tag, other) in enumerate(zip(best, expected, strict=True)):
            batch.scores[50 + i, tag], batch.scores[50 + i, other] = 4.0, 3.0 if tag != other else 4
        seen = []

        def search(lattice, seen=seen):
            seen.append(len(lattice.scores))
            return viterbi(lattice)

        tags = all_tags(batch, search)
        assert tags[50 : 50 + len(best)].tolist() == expected, best
        assert seen and seen[0] <= 5
        assert tags.astype(bool).sum() == sum(map(bool, expected))


@pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, n_labels, n_tokens):
    batch = random_batch(n_tokens, n_labels, scheme)
    tags = all_tags(batch, viterbi)
    assert is_valid(batch, tags)
    assert bool(tags.any()) == (n_labels == 100 and n_tokens > 0 or n_labels > 0 and n_tokens > 1)
