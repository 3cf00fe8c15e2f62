"""The entities of the best tag sequence, and their margins."""

import time

import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.decoding.tags import BILUO, BIO

from .util import (
    LONG,
    SHORT,
    Batch,
    candidates,
    entities_of,
    may_hold,
    random_batch,
    rows_of,
)

pytestmark = pytest.mark.usefixtures("core")

schemes = pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])


def best_entities(batch: Batch) -> list:
    """The entities of each document."""
    return entities_of(batch.scored.best_spans(margins=False), len(batch.lengths))


@settings(max_examples=150)
@given(SHORT)
def test_they_are_those_of_the_best_valid_sequence(batch: Batch):
    for doc, entities in zip(batch.docs(), best_entities(batch), strict=True):
        assert may_hold(doc, entities)
        best = max(total for _, total in doc.paths())
        assert doc.total(entities) == pytest.approx(best, abs=1e-9)


@settings(max_examples=150)
@given(SHORT)
def test_margins_equal_enumeration(batch: Batch):
    found = batch.scored.best_spans()
    expected = []
    for doc, entities in zip(batch.docs(), found.by_doc(len(batch.lengths)), strict=True):
        paths = doc.paths()
        for *entity, _ in entities:
            best_with = max(total for spans, total in paths if tuple(entity) in spans)
            without = max(total for spans, total in paths if tuple(entity) not in spans)
            expected.append(best_with - without)
    numpy.testing.assert_allclose(found.ratings, expected, atol=1e-9)
    assert (found.ratings >= 0.0).all()


@settings(max_examples=100)
@given(LONG)
def test_margins_change_no_entity(batch: Batch):
    with_margins = batch.scored.best_spans()
    without = batch.scored.best_spans(margins=False)
    assert rows_of(with_margins._replace(ratings=without.ratings)) == rows_of(without)
    assert not without.ratings.any()
    assert rows_of(with_margins.ordered()) == rows_of(with_margins)


@settings(max_examples=100)
@given(batch=LONG)
def test_documents_are_independent(batch: Batch):
    alone = [
        (number, *row[1:])
        for number, doc in enumerate(batch.docs())
        for row in rows_of(doc.scored.best_spans())
    ]
    assert rows_of(batch.scored.best_spans()) == alone


@settings(max_examples=60)
@given(LONG)
def test_biases_and_curves(batch: Batch):
    """The same as adding the biases before, and turning margins into probabilities afterwards."""
    rng = numpy.random.default_rng(len(batch.scores))
    biases = rng.normal(size=batch.scores.shape[1]).astype("float32")
    curves = rng.normal(size=(2, batch.n_labels))
    expected = batch._replace(scores=batch.scores + biases).scored.best_spans()
    assert rows_of(batch.scored.best_spans(biases=biases)) == rows_of(expected)
    found = batch.scored.best_spans(biases=biases, curves=curves)
    assert rows_of(found._replace(ratings=expected.ratings)) == rows_of(expected)
    slopes, offsets = curves[:, found.labels]
    probabilities = 1.0 / (1.0 + numpy.exp(-(slopes * expected.ratings + offsets)))
    numpy.testing.assert_allclose(found.ratings, probabilities, rtol=1e-9)


def test_biases_and_curves_of_no_tokens():
    """Without tokens, the scores may have no columns, because no model made them."""
    lengths = numpy.zeros(2, dtype="int32")
    scored = random_batch(0, 0)._replace(lengths=lengths).scored
    found = scored.best_spans(biases=numpy.ones(5, dtype="float32"), curves=numpy.ones((2, 2)))
    assert rows_of(found) == []


def test_nothing_is_changed():
    batch = random_batch(30, 2, with_transitions=True)
    before = batch.scores.copy(), batch.transitions.copy()
    batch.scores.flags.writeable = batch.transitions.flags.writeable = False
    assert len(batch.scored.best_spans().docs)
    numpy.testing.assert_array_equal(batch.scores, before[0])
    numpy.testing.assert_array_equal(batch.transitions, before[1])


def test_an_entity_never_begins_inside():
    batch = random_batch(100, 2)
    batch.scores[:] = [9.0, 0.0, 0.0, 0.0, 0.0]
    batch.scores[10:12] = [[0.0, 9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0, 0.0]]  # B I
    batch.scores[50:52] = [[2.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 9.0]]  # O I
    assert best_entities(batch) == [[(10, 12, 0), (50, 52, 1)]]


def test_tags_of_biluo_that_leave_an_entity_open():
    """Tags may be best one by one, and still leave an entity open. Then they change, or there is
    none."""
    B, I, L, U = (BILUO.tag(0, kind) for kind in "BILU")  # noqa: E741
    for best, expected, entity in [
        ([B, 0], [U, 0], (50, 51, 0)),
        ([B, I, 0], [B, L, 0], (50, 52, 0)),
        ([0, L], [B, L], (50, 52, 0)),
        ([0, I, L], [B, I, L], (50, 53, 0)),
        ([B, U], [B, L], (50, 52, 0)),
        ([U, L, 0], [B, L, 0], (50, 52, 0)),
        ([B, I, BILUO.tag(1, "L")], [B, I, L], (50, 53, 0)),
    ]:
        batch = random_batch(100, 2, BILUO)
        batch.scores[:] = [9.0, *[0.0] * 8]
        batch.scores[50 : 50 + len(best)] = 0.0
        for i, (tag, other) in enumerate(zip(best, expected, strict=True)):
            batch.scores[50 + i, tag], batch.scores[50 + i, other] = 4.0, 3.0 if tag != other else 4
        assert best_entities(batch) == [[entity]], best


def test_a_transition_can_decide():
    batch = random_batch(3, 2)
    batch.scores[:] = [[0, 2, 0, 2.5, 0], [1, 0, 0, 0, 0], [0, 2, 0, 2.5, 0]]
    assert best_entities(batch) == [[(0, 1, 1), (2, 3, 1)]]
    transitions = numpy.zeros((9, 9))
    U0, U1 = 7, 8
    transitions[U1, 0] = transitions[0, U1] = -1.0
    assert best_entities(batch._replace(transitions=transitions)) == [[(0, 1, 0), (2, 3, 0)]]
    transitions[0, U0] = -9.0
    transitions[U0, 0] = 3.0
    assert best_entities(batch._replace(transitions=transitions)) == [[(0, 1, 0), (2, 3, 1)]]


@schemes
@pytest.mark.parametrize("with_transitions", [False, True])
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, n_labels, n_tokens, with_transitions):
    batch = random_batch(n_tokens, n_labels, scheme, with_transitions=with_transitions)
    found = batch.scored.best_spans()
    [entities] = entities_of(found, 1)
    assert may_hold(batch, entities)
    assert (found.ratings >= 0.0).all()
    assert bool(entities) == (n_labels == 100 and n_tokens > 0 or n_labels > 0 and n_tokens > 1)


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0]])
@pytest.mark.parametrize("margins", [True, False])
def test_no_documents_and_empty_ones(lengths, margins):
    batch = random_batch(0, 2)._replace(lengths=numpy.array(lengths, dtype="int32"))
    found = batch.scored.best_spans(margins)
    assert rows_of(found) == []
    assert [column.dtype for column in found] == ["int32"] * 4 + ["float64"]
    assert batch.scored.word_margins().shape == (0,)
    assert rows_of(candidates(batch, 5.0)) == []


@schemes
def test_50_000_tokens(scheme):
    batch = random_batch(50_000, 1, scheme)
    batch.scores[:, 0] -= 20.0
    start = time.perf_counter()
    found = batch.scored.best_spans()
    assert time.perf_counter() - start < 15.0
    [entities] = entities_of(found, 1)
    assert may_hold(batch, entities)
    assert sum(end - start for start, end, _ in entities) == 50_000
    assert (found.ratings >= 0.0).all()
    if scheme is not BIO:
        return
    # After a first B the choice between B and I is free at each token.
    begins = batch.scores[:, 1] > batch.scores[:, 2]
    begins[0] = True
    assert found.starts.tolist() == numpy.flatnonzero(begins).tolist()
