import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.tagging.runners_up import near_best_spans

from .util import Batch, all_spans, batches, may_hold, spell


@settings(max_examples=250)
@given(batches({1: 6, 2: 5, 3: 4}), st.sampled_from([0.0, 2.0, 1000.0]))
def test_spans_equal_enumeration(batch: Batch, most_behind: float):
    found = near_best_spans(batch.scores.T, batch.places, batch.scheme, most_behind + 1e-3)
    expected: dict[tuple[int, int, int], float] = {}
    offset = 0
    for doc in batch.docs():
        n, n_tags = doc.scores.shape
        paths = [
            (spans, doc.total(spell(spans, n, doc.scheme)))
            for spans in all_spans(n, doc.scheme.n_labels(n_tags))
            if may_hold(doc, spans)
        ]
        best = max(total for _, total in paths)
        for spans, total in paths:
            for start, end, label in spans:
                key = (start + offset, end - 1 + offset, label)
                if best - total <= most_behind + 1e-3:
                    expected[key] = min(expected.get(key, numpy.inf), best - total)
        offset += n
    keys = list(zip(*(column.tolist() for column in found[:3]), strict=True))
    assert sorted(keys) == sorted(expected)
    assert found.behind.tolist() == pytest.approx([expected[key] for key in keys], abs=1e-4)
