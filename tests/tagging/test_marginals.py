import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.tagging.marginals import tag_marginals
from spacy_windowner.decoding.tags import BILUO, BIO

from .util import all_spans, spell


def by_enumeration(S, lengths, scheme):
    """The same from the list of all valid sequences."""
    log_total, marginals, end = 0.0, numpy.zeros(S.shape), 0
    for length in lengths:
        start, end = end, end + length
        paths = [
            list(spell(spans, length, scheme))
            for spans in all_spans(length, scheme.n_labels(S.shape[1]))
        ]
        totals = [sum(S[start + i, tag] for i, tag in enumerate(path)) for path in paths]
        log_sum = max(totals) + math.log(sum(math.exp(total - max(totals)) for total in totals))
        for path, total in zip(paths, totals, strict=True):
            for i, tag in enumerate(path):
                marginals[start + i, tag] += math.exp(total - log_sum)
        log_total += log_sum
    return log_total, marginals


@settings(max_examples=150)
@given(
    st.sampled_from([BIO, BILUO]),
    st.integers(0, 2),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([0.0, 1.0, 30.0]),
    st.integers(0, 999),
)
def test_marginals_equal_enumeration(scheme, n_labels, lengths, spread, seed):
    lengths = numpy.array(lengths, dtype="int64")
    shape = (int(lengths.sum()), scheme.n_tags(n_labels))
    S = spread * numpy.random.default_rng(seed).normal(size=shape)
    log_total, marginals = tag_marginals(S, lengths, scheme)
    expected_total, expected = by_enumeration(S, lengths, scheme)
    assert log_total == pytest.approx(expected_total)
    numpy.testing.assert_allclose(marginals, expected, atol=1e-9)


@pytest.mark.parametrize("scheme", [BIO, BILUO])
def test_scores_of_any_size_and_long_documents(scheme):
    S = 1e4 * numpy.random.default_rng(0).normal(size=(2000, scheme.n_tags(2)))
    log_total, marginals = tag_marginals(S, numpy.array([1999, 0, 1]), scheme)
    assert math.isfinite(log_total)
    numpy.testing.assert_allclose(marginals.sum(axis=1), 1.0)
