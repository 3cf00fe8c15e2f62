import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding.tags import BILUO, BIO

from .util import LONG, SHORT, Batch, random_batch, rows_of

pytestmark = pytest.mark.usefixtures("core")


@settings(max_examples=150)
@given(SHORT, st.sampled_from([0.0, 2.0, 1000.0]))
def test_spans_equal_enumeration(batch: Batch, most_behind: float):
    found = batch.scored.near_spans(most_behind + 1e-3)
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
    assert found.ratings.tolist() == pytest.approx([expected[key] for key in keys], abs=1e-9)


@settings(max_examples=60)
@given(LONG)
def test_documents_are_independent(batch: Batch):
    alone = [
        (number, *row[1:])
        for number, doc in enumerate(batch.docs())
        for row in rows_of(doc.scored.near_spans(3.0))
    ]
    assert rows_of(batch.scored.near_spans(3.0)) == alone


@settings(max_examples=60)
@given(LONG)
def test_entities_are_among_them(batch: Batch):
    best = batch.scored.best_spans(margins=False)
    near = {row[:4]: row[4] for row in rows_of(batch.scored.near_spans(1e-9))}
    assert all(near[row[:4]] == pytest.approx(0.0, abs=1e-9) for row in rows_of(best))


@pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, n_labels, n_tokens):
    found = random_batch(n_tokens, n_labels, scheme).scored.near_spans(2.0)
    assert bool(len(found.docs)) == (n_labels > 0 and n_tokens > 0)
    assert ((found.ratings <= 0.0) & (found.ratings >= -2.0)).all()
