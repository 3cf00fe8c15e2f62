import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.decoding.spans import Spans, join

from .util import rows_of

rows = st.lists(
    st.tuples(*(st.integers(0, high) for high in (4, 9, 9, 2)), st.floats(-9, 9)), max_size=20
)


def make_spans(rows) -> Spans:
    docs, starts, ends, labels, ratings = zip(*rows, strict=True) if rows else [()] * 5
    numbers = (numpy.array(column, dtype="int32") for column in (docs, starts, ends, labels))
    return Spans(*numbers, numpy.array(ratings, dtype="float64"))


@given(rows)
def test_by_doc(rows):
    ordered = sorted(rows, key=lambda row: row[0])
    expected = [[row[1:] for row in ordered if row[0] == doc] for doc in range(6)]
    found = make_spans(ordered).by_doc(6)
    assert [list(spans) for spans in found] == expected


def test_documents_without_spans_share_one_object():
    assert make_spans([]).by_doc(0) == []
    found = make_spans([(1, 0, 1, 0, 0.5)]).by_doc(4)
    assert found == [(), [(0, 1, 0, 0.5)], (), ()]
    assert found[0] is found[2]


def test_many_entities_in_a_document():
    n = 300_000
    starts = numpy.arange(n, dtype="int32")
    zeros = numpy.zeros(n, dtype="int32")
    [spans] = Spans(zeros, starts, starts + 1, zeros, numpy.zeros(n)).by_doc(1)
    assert len(spans) == n and spans[-1] == (n - 1, n, 0, 0.0)


@given(rows, rows)
def test_without_and_ordered(rows, others):
    spans = make_spans(rows)
    theirs = {row[:4] for row in others}
    expected = [row for row in rows if row[:4] not in theirs]
    assert rows_of(spans.without(make_spans(others))) == expected
    assert [row[:4] for row in rows_of(spans.ordered())] == sorted(row[:4] for row in rows)


@given(st.lists(rows, max_size=4))
def test_join(parts):
    joined = join([make_spans(part) for part in parts])
    assert rows_of(joined) == [row for part in parts for row in part]
    assert [column.dtype for column in joined] == ["int32"] * 4 + ["float64"]


@pytest.mark.parametrize("n_docs", [0, 3])
def test_after(n_docs):
    moved = make_spans([(0, 1, 2, 0, 0.5), (2, 0, 1, 1, 1.0)]).after(n_docs)
    assert rows_of(moved) == [(n_docs, 1, 2, 0, 0.5), (n_docs + 2, 0, 1, 1, 1.0)]
    assert moved.docs.dtype == "int32"


def test_select():
    spans = make_spans([(0, 1, 2, 0, 0.5), (2, 0, 1, 1, 1.0)])
    assert rows_of(spans.select(numpy.array([False, True]))) == [(2, 0, 1, 1, 1.0)]
    assert rows_of(spans.select(numpy.array([1, 0]))) == rows_of(spans)[::-1]


def test_among_does_not_overflow():
    """The numbers of documents, tokens and labels don't fit into 64 bits together."""
    big = 2**31 - 2
    spans = make_spans([(1, 0, big, big, 0.0), (0, big, big, big, 0.0), (5, big, big, 0, 0.0)])
    others = make_spans([(1, 0, big, big, 1.0), (5, big, big, 1, 0.0)])
    assert spans.among(others).tolist() == [True, False, False]
    assert spans.among(make_spans([])).tolist() == [False] * 3
