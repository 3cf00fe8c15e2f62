import numpy
from hypothesis import given

from spacy_windowner.tagging.lattice import Places, make_lattice
from spacy_windowner.decoding.tags import BIO

from .util import Batch, batches


@given(batches({1: 5, 3: 5}))
def test_constraints(batch: Batch):
    before = batch.scores.copy()
    lattice = batch.lattice
    numpy.testing.assert_array_equal(batch.scores, before)
    starts = numpy.cumsum(batch.lengths) - batch.lengths
    doc_starts = [
        any(start == i for start, n in zip(starts, batch.lengths, strict=True) if n)
        for i in range(len(batch.scores))
    ]
    expected = numpy.array(doc_starts, dtype=bool) | batch.flag("is_sent_start")
    assert lattice.starts.tolist() == expected.tolist()
    assert lattice.must_continue.tolist() == batch.flag("is_space").tolist()
    assert lattice.scheme is batch.scheme
    # The tags that begin an entity, or end one whatever follows.
    edges = {"bio": "B", "biluo": "BLU"}[batch.scheme.name]
    names = batch.scheme.tag_names("ABC"[: batch.scheme.n_labels(batch.scores.shape[1])])
    for i, row in enumerate(lattice.scores):
        for name, score, before in zip(names, row, batch.scores[i], strict=True):
            ruled_out = batch.flag("is_taken")[i] or (
                batch.flag("is_space")[i] and name[0] in edges
            )
            assert score == (-numpy.inf if name != "O" and ruled_out else before)


def test_no_token():
    lattice = make_lattice(
        numpy.zeros((0, 3), dtype="float32"), Places.of_docs(numpy.array([0, 0])), BIO
    )
    assert lattice.scores.shape == (0, 3)
    assert len(lattice.starts) == len(lattice.must_continue) == 0


def test_places_of_segments():
    places = Places.of_docs(
        numpy.array([3, 0, 2]), is_space=numpy.array([False, False, True, False, True])
    )
    assert places.is_doc_start.tolist() == [True, False, False, True, False]
    assert not places.is_taken.any() and not places.is_sent_start.any()
    segments = places.segments(numpy.array([0, 2, 3, 4]))
    assert segments.is_doc_start.tolist() == [True, True, True, False]
    assert segments.is_space.tolist() == [False, True, False, True]
    assert places.segments(numpy.array([4])).is_doc_start.tolist() == [True]
    assert places.segments(numpy.array([], dtype="int64")).is_doc_start.tolist() == []
