import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding.spans import Spans
from spacy_windowner.decoding.tags import BILUO, BIO

from .util import LONG, SHORT, Batch, candidates, random_batch, rows_of

pytestmark = pytest.mark.usefixtures("core")


@settings(max_examples=150)
@given(SHORT, st.sampled_from([0.0, 2.0, 1000.0]))
def test_spans_equal_enumeration(batch: Batch, most_behind: float):
    found = candidates(batch, most_behind + 1e-3)
    expected: dict[tuple[int, int, int, int], float] = {}
    for number, doc in enumerate(batch.docs()):
        paths = doc.paths()
        best = max(total for _, total in paths)
        for spans, total in paths:
            for span in spans:
                if best - total <= most_behind + 1e-3:
                    key = (number, *span)
                    expected[key] = max(expected.get(key, -numpy.inf), total - best)
    keys = [row[:4] for row in rows_of(found)]
    assert keys == sorted(expected)
    margins = {row[:4]: row[4] for row in rows_of(batch.scored.best_spans())}
    wanted = [margins.get(key, expected[key]) for key in keys]
    assert found.ratings.tolist() == pytest.approx(wanted, abs=1e-9)
    behind = batch.scored.behind(found)
    assert behind.tolist() == pytest.approx([-expected[key] for key in keys], abs=1e-9)


@settings(max_examples=60)
@given(LONG)
def test_each_label_has_its_own_reach(batch: Batch):
    reach = numpy.array([1.0 + 1e-3, 0.0, 4.0 + 1e-3])[: batch.n_labels]
    entities, found = batch.scored.candidates(reach)
    known = {row[:4] for row in rows_of(entities)}
    wanted = [
        row
        for row in rows_of(candidates(batch, 5.0))
        if row[:4] in known or -row[4] <= reach[row[3]]
    ]
    assert rows_of(found) == wanted


def test_a_span_that_no_sequence_has_is_infinitely_behind():
    batch = random_batch(4, 2, BIO)._replace(flags={"is_break": numpy.arange(4) == 2})
    columns = numpy.array([[0, 1, 3, 1], [0, 1, 2, 0]], dtype="int32").T
    behind = batch.scored.behind(Spans(*columns, numpy.zeros(2)))
    assert numpy.isinf(behind).tolist() == [True, False]


def test_curves_of_entities_and_of_near_misses():
    batch = random_batch(30, 3, BILUO)
    reach = numpy.full(3, 2.0)
    entities, plain = batch.scored.candidates(reach)
    curves, near_curves = numpy.arange(6.0).reshape(2, 3), numpy.arange(6.0, 12.0).reshape(2, 3)
    rated, found = batch.scored.candidates(reach, None, curves, near_curves)
    assert rows_of(rated) == rows_of(batch.scored.best_spans(curves=curves))
    known = {row[:4] for row in rows_of(entities)}
    for (*span, margin), (*same, p) in zip(rows_of(plain), rows_of(found), strict=True):
        own = curves if tuple(span) in known else near_curves
        assert span == same
        assert p == pytest.approx(1 / (1 + numpy.exp(-own[0, span[3]] * margin - own[1, span[3]])))


@settings(max_examples=60)
@given(LONG)
def test_documents_are_independent(batch: Batch):
    alone = [
        (number, *row[1:])
        for number, doc in enumerate(batch.docs())
        for row in rows_of(candidates(doc, 3.0))
    ]
    assert rows_of(candidates(batch, 3.0)) == alone


@settings(max_examples=60)
@given(LONG)
def test_entities_are_among_them(batch: Batch):
    best, found = batch.scored.candidates(numpy.zeros(batch.n_labels))
    assert set(rows_of(best)) <= set(rows_of(found))
    assert rows_of(best) == rows_of(batch.scored.best_spans())


@pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, n_labels, n_tokens):
    found = candidates(random_batch(n_tokens, n_labels, scheme), 2.0)
    assert bool(len(found.docs)) == (n_labels > 0 and n_tokens > 0)
    assert (found.ratings >= -2.0).all()
