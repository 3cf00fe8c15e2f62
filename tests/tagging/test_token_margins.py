import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.tagging.lattice import Places
from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.tagging.token_margins import token_margins

from .util import Batch, all_spans, batches, may_hold, spell

IMPOSSIBLE = 1e8


@settings(max_examples=250)
@given(batches({1: 6, 2: 5, 3: 4}))
def test_margins_equal_enumeration(batch: Batch):
    found = token_margins(batch.scores.T, batch.places, batch.scheme)
    expected = []
    for doc in batch.docs():
        n, n_tags = doc.scores.shape
        paths = [
            (spell(spans, n, BILUO), doc.total(spell(spans, n, doc.scheme)))
            for spans in all_spans(n, doc.scheme.n_labels(n_tags))
            if may_hold(doc, spans)
        ]
        best, best_total = max(paths, key=lambda path: path[1])
        for t in range(n):
            others = [total for tags, total in paths if tags[t] != best[t]]
            expected.append(best_total - max(others, default=-numpy.inf))
    possible = numpy.isfinite(expected)
    assert found[possible].tolist() == pytest.approx(numpy.array(expected)[possible], abs=1e-4)
    assert (found[~possible] > IMPOSSIBLE).all()


def test_no_tokens():
    places = Places.of_docs(numpy.zeros(1, dtype=int))
    assert token_margins(numpy.zeros((3, 0), dtype="float32"), places, BIO).shape == (0,)
