import numpy
from hypothesis import given, settings

from spacy_windowner.decoding.tags import BIO
from spacy_windowner.decoding.words import constrain

from .util import LONG, Batch


@settings(max_examples=60)
@given(LONG)
def test_constraints(batch: Batch):
    before = batch.scores.copy()
    S = constrain(batch.scores, batch.lengths, batch.places, batch.scheme)
    numpy.testing.assert_array_equal(batch.scores, before)
    assert S.dtype == "float64" and S.flags.c_contiguous
    ends = numpy.cumsum(batch.lengths)
    doc_starts = {int(end - n) for end, n in zip(ends, batch.lengths, strict=True) if n}
    labels = "ABC"[: batch.n_labels]
    own_names = batch.scheme.tag_names(labels)
    stands_for = {"L": "I", "U": "B"} if batch.scheme is BIO else {}
    names = ["O", *(f"{kind}-{label}" for kind in "BILU" for label in labels)]
    assert S.shape == (len(batch.scores), len(names))
    for i, row in enumerate(S):
        for name, score in zip(names, row, strict=True):
            own = stands_for.get(name[0], name[0]) + name[1:]
            ruled_out = name != "O" and (
                batch.flag("is_taken")[i]
                or ((batch.flag("is_break")[i] or i in doc_starts) and name[0] in "IL")
            )
            expected = -numpy.inf if ruled_out else batch.scores[i, own_names.index(own)]
            assert score == expected


def test_no_token():
    lengths, places = numpy.array([0, 0]), numpy.zeros(0, dtype="uint8")
    assert constrain(numpy.zeros((0, 3), dtype="float32"), lengths, places, BIO).shape == (0, 5)
