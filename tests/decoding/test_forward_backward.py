import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding import plain
from spacy_windowner.decoding.tags import BILUO

from .util import all_spans, spread


@settings(max_examples=150)
@given(
    st.integers(0, 2), st.lists(st.integers(0, 4), max_size=4), st.booleans(), st.integers(0, 999)
)
def test_the_best_before_and_after_equals_enumeration(
    core, n_labels, lengths, with_transitions, seed
):
    rng = numpy.random.default_rng(seed)
    n_tags = BILUO.n_tags(n_labels)
    S = rng.normal(scale=3.0, size=(sum(lengths), n_tags))
    A = rng.normal(scale=3.0, size=(n_tags, n_tags)) if with_transitions else None
    ends = numpy.cumsum(lengths, dtype=int)
    for end, length in zip(ends, lengths, strict=True):
        S[end - length : end][:1, 1 + n_labels : 1 + 3 * n_labels] = -numpy.inf  # as in `constrain`
    found = core.forward_backward(S, numpy.array(lengths, dtype="int32"), A, False)
    assert not found[2].any()
    end = 0
    for length in lengths:
        start, end = end, end + length
        rows = numpy.arange(length)
        forward, backward, best = (numpy.full((length, n_tags), -numpy.inf) for _ in range(3))
        for spans in all_spans(length, n_labels):
            tags = spread(spans, length, n_labels)
            own = S[start:end][rows, tags]
            steps = numpy.zeros(length) if A is None else numpy.append(0.0, A[tags[:-1], tags[1:]])
            so_far = numpy.cumsum(own + steps)
            total = so_far[-1] if length else 0.0
            for part, value in ((forward, so_far), (backward, total - so_far), (best, total)):
                part[rows, tags] = numpy.maximum(part[rows, tags], value)
        possible = best > -numpy.inf
        F, B = (part[start:end] for part in found[:2])
        for mine, expected in ((F, forward), (B, backward), (F + B, best)):
            assert mine[possible] == pytest.approx(expected[possible])


@pytest.mark.parametrize("n_labels", [0, 1, 2, 9])
@pytest.mark.parametrize("with_transitions", [False, True])
def test_soft_passes_are_scaled(core, n_labels, with_transitions):
    rng = numpy.random.default_rng(0)
    n_tags = BILUO.n_tags(n_labels)
    X = rng.uniform(size=(30, n_tags))
    before = X.copy()
    A = rng.uniform(0.5, 2.0, size=(n_tags, n_tags)) if with_transitions else None
    F, B, scale = core.forward_backward(X, numpy.array([10, 0, 20], dtype="int32"), A, True)
    numpy.testing.assert_allclose(F.sum(axis=1), 1.0)
    assert (scale > 0.0).all() and numpy.isfinite(B).all()
    numpy.testing.assert_array_equal(X, before)


def test_transitions_of_another_size(core):
    if core is plain:
        pytest.skip("only what is compiled checks it")
    with pytest.raises(ValueError, match="The transitions of 5 tags are 9"):
        core.forward_backward(
            numpy.zeros((3, 5)), numpy.array([3], dtype="int32"), numpy.zeros((9, 9)), False
        )
