import numpy
import pytest
from hypothesis import given, settings

from .util import LONG, SHORT, Batch, random_batch, spread

pytestmark = pytest.mark.usefixtures("core")


@settings(max_examples=150)
@given(SHORT)
def test_margins_equal_enumeration(batch: Batch):
    found = batch.scored.word_margins()
    expected = []
    for doc in batch.docs():
        n = len(doc.scores)
        paths = [(spread(spans, n, doc.n_labels), total) for spans, total in doc.paths()]
        best, best_total = max(paths, key=lambda path: path[1])
        for t in range(n):
            others = [total for tags, total in paths if tags[t] != best[t]]
            expected.append(best_total - max(others, default=-numpy.inf))
    possible = numpy.isfinite(expected)
    assert found[possible].tolist() == pytest.approx(numpy.array(expected)[possible], abs=1e-9)
    assert numpy.isposinf(found[~possible]).all()
    assert (found >= 0.0).all()


@settings(max_examples=60)
@given(LONG)
def test_documents_are_independent(batch: Batch):
    alone = [margin for doc in batch.docs() for margin in doc.scored.word_margins().tolist()]
    assert batch.scored.word_margins().tolist() == alone


def test_no_tokens_and_no_labels():
    assert random_batch(0, 1).scored.word_margins().shape == (0,)
    assert random_batch(3, 0).scored.word_margins().tolist() == [numpy.inf] * 3
