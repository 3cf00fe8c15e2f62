import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding.lattice import tag_marginals
from spacy_windowner.decoding.tags import BILUO, BIO

from .util import all_spans, spell, spread

pytestmark = pytest.mark.usefixtures("core")


def by_enumeration(S, lengths, scheme, transitions):
    """Marginals from a list of all valid sequences. In BIO a tag stands for several of BILUO, and
    transitions are between the tags of the scheme."""
    log_total, marginals, end = 0.0, numpy.zeros(S.shape), 0
    pairs = numpy.zeros((S.shape[1],) * 2)
    A = numpy.zeros(pairs.shape) if transitions is None else transitions
    for length in lengths:
        start, end = end, end + length
        paths = [
            spell(spans, length, scheme) for spans in all_spans(length, scheme.n_labels(S.shape[1]))
        ]
        totals = [
            sum(S[start + i, tag] for i, tag in enumerate(path)) + A[path[:-1], path[1:]].sum()
            for path in paths
        ]
        log_sum = max(totals) + math.log(sum(math.exp(total - max(totals)) for total in totals))
        for path, total in zip(paths, totals, strict=True):
            probability = math.exp(total - log_sum)
            for i, tag in enumerate(path):
                marginals[start + i, tag] += probability
            for first, second in zip(path, path[1:], strict=False):
                pairs[first, second] += probability
        log_total += log_sum
    return log_total, marginals, pairs


@settings(max_examples=150)
@given(
    st.sampled_from([BIO, BILUO]),
    st.integers(0, 2),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([0.0, 1.0, 30.0]),
    st.sampled_from([None, 0.0, 1.0, 10.0]),
    st.integers(0, 999),
)
def test_marginals_equal_enumeration(scheme, n_labels, lengths, spread, of_transitions, seed):
    lengths = numpy.array(lengths, dtype="int64")
    rng = numpy.random.default_rng(seed)
    n_tags = scheme.n_tags(n_labels)
    S = spread * rng.normal(size=(int(lengths.sum()), n_tags))
    A = None if of_transitions is None else of_transitions * rng.normal(size=(n_tags, n_tags))
    log_total, marginals, pairs = tag_marginals(S, lengths, scheme, A)
    expected_total, expected, expected_pairs = by_enumeration(S, lengths, scheme, A)
    assert log_total == pytest.approx(expected_total)
    numpy.testing.assert_allclose(marginals, expected, atol=1e-9)
    if A is None:
        assert pairs is None
    else:
        numpy.testing.assert_allclose(pairs, expected_pairs, atol=1e-9)


@pytest.mark.parametrize("with_transitions", [False, True])
@pytest.mark.parametrize("scheme", [BIO, BILUO])
def test_scores_of_any_size_and_long_documents(scheme, with_transitions):
    rng = numpy.random.default_rng(0)
    n_tags = scheme.n_tags(2)
    S = 1e4 * rng.normal(size=(2000, n_tags))
    A = rng.normal(size=(n_tags, n_tags)) if with_transitions else None
    log_total, marginals, pairs = tag_marginals(S, numpy.array([1999, 0, 1]), scheme, A)
    assert math.isfinite(log_total)
    numpy.testing.assert_allclose(marginals.sum(axis=1), 1.0)
    if pairs is not None:
        assert pairs.sum() == pytest.approx(1998)


def test_tags_of_biluo_are_told_apart_by_their_neighbours():
    """`spread` gives the columns, and `spell` the tags."""
    for spans in all_spans(3, 2):
        order = BILUO.spread(BILUO.n_tags(2))
        assert order[spread(spans, 3, 2)].tolist() == spell(spans, 3, BILUO)
