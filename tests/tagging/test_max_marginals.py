import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.tagging.max_marginals import FORBIDDEN, max_marginals
from spacy_windowner.decoding.tags import BILUO

from .util import all_spans, spell


@settings(max_examples=200)
@given(st.integers(0, 2), st.lists(st.integers(1, 4), max_size=4), st.integers(0, 999))
def test_max_marginals_equal_enumeration(n_labels, lengths, seed):
    shape = (sum(lengths), BILUO.n_tags(n_labels))
    S = numpy.random.default_rng(seed).normal(scale=3.0, size=shape)
    found = max_marginals(S, numpy.array(lengths, dtype="int64"))
    end = 0
    for length in lengths:
        start, end = end, end + length
        rows = numpy.arange(length)
        forward, backward, best = (numpy.full((length, shape[1]), -numpy.inf) for _ in range(3))
        for spans in all_spans(length, n_labels):
            tags = spell(spans, length, BILUO)
            own = S[start:end][rows, tags]
            before, after = numpy.cumsum(own), numpy.cumsum(own[::-1])[::-1]
            for part, value in ((forward, before), (backward, after), (best, own.sum())):
                part[rows, tags] = numpy.maximum(part[rows, tags], value)
        for part, expected in zip(found, (forward, backward, best), strict=True):
            mine, possible = part[start:end], expected > -numpy.inf
            assert mine[possible] == pytest.approx(expected[possible])
        assert (found.best[start:end][best == -numpy.inf] < FORBIDDEN / 2).all()
