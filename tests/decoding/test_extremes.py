"""Decoding gives an answer even for scores that no model should give."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding import lattice, plain
from spacy_windowner.decoding.tags import BILUO

from .util import LONG, Batch, candidates, may_hold, rows_of

pytestmark = pytest.mark.usefixtures("core")

FINITE = [3e38, -3e38, 1e-45, -1e-45, 0.0, 1.0]
ANY = [numpy.nan, numpy.inf, -numpy.inf, *FINITE]


def spoil(batch: Batch, numbers: list[float], share: float, transitions_too: bool) -> Batch:
    """Replace some scores, and possibly transitions, by some of these numbers."""
    rng = numpy.random.default_rng(len(batch.scores))

    def among(array: numpy.ndarray) -> numpy.ndarray:
        chosen = rng.random(array.shape) < share
        return numpy.where(chosen, rng.choice(numbers, array.shape), array).astype(array.dtype)

    if batch.transitions is not None and transitions_too:
        batch = batch._replace(transitions=among(batch.transitions))
    return batch._replace(scores=among(batch.scores))


def check_places(batch: Batch, rows: list) -> None:
    """All spans are inside their documents, and their labels exist."""
    for doc, start, end, label, _ in rows:
        assert 0 <= start < end <= batch.lengths[doc]
        assert 0 <= label < batch.n_labels


@settings(max_examples=100)
@given(LONG, st.sampled_from([0.05, 0.5, 1.0]), st.booleans())
def test_any_numbers(batch: Batch, share: float, transitions_too: bool):
    batch = spoil(batch, ANY, share, transitions_too)
    with numpy.errstate(all="ignore"):
        for margins in (False, True):
            found = rows_of(batch.scored.best_spans(margins))
            check_places(batch, found)
            stops = [(doc, end) for doc, _, end, _, _ in found]
            starts = [(doc, start) for doc, start, *_ in found]
            assert all(stop <= start for stop, start in zip(stops, starts[1:], strict=False))
        check_places(batch, rows_of(candidates(batch, 5.0)))
        assert batch.scored.word_margins().shape == (len(batch.scores),)


@settings(max_examples=100)
@given(LONG, st.sampled_from([0.05, 0.5, 1.0]), st.booleans())
def test_the_largest_and_the_smallest_numbers(batch: Batch, share: float, transitions_too: bool):
    batch = spoil(batch, FINITE, share, transitions_too)
    found = batch.scored.best_spans()
    for doc, entities in zip(batch.docs(), found.by_doc(len(batch.lengths)), strict=True):
        assert may_hold(doc, [row[:3] for row in entities])
    assert (found.ratings >= 0.0).all() and numpy.isfinite(found.ratings).all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "core", plain)
        plains = batch.scored.best_spans()
    assert [row[:4] for row in rows_of(found)] == [row[:4] for row in rows_of(plains)]
    largest = float(numpy.abs(batch.scores).max(initial=1.0))
    numpy.testing.assert_allclose(found.ratings, plains.ratings, rtol=0, atol=1e-12 * largest)


@settings(max_examples=60)
@given(LONG, st.booleans())
def test_sums_of_any_numbers(core, batch: Batch, with_transitions: bool):
    rng = numpy.random.default_rng(len(batch.scores))
    n_tags = BILUO.n_tags(batch.n_labels)
    X = rng.choice(ANY, (len(batch.scores), n_tags))
    A = rng.choice(ANY, (n_tags, n_tags)) if with_transitions else None
    with numpy.errstate(all="ignore"):
        for soft in (False, True):
            forward, backward, scale = core.forward_backward(X, batch.lengths, A, soft)
            assert forward.shape == backward.shape == X.shape and scale.shape == (len(X),)
