import numpy
import pytest

from spacy_windowner.decoding.tags import MISSING
from spacy_windowner.losses.targets import Targets
from spacy_windowner.training.progress_logger import Violations


def targets(*tags):
    return Targets(numpy.array(tags, dtype=int), numpy.ones(len(tags)), numpy.array([len(tags)]))


def test_counts_tokens_within_the_margin():
    scores = numpy.array(
        [[2.0, 1.0, 0.0], [2.0, 1.5, 0.0], [0.0, 0.0, 5.0], [0.0, 9.0, 0.0]], dtype="float32"
    )
    before = scores.copy()
    violations = Violations()
    violations(scores, targets(0, 0, 0, MISSING))  # by 1, by 0.5, by -5; the last has no tag
    assert violations.take() == pytest.approx(2 / 3)
    assert (scores == before).all()


def test_adds_up_batches_and_begins_anew():
    violations = Violations()
    assert violations.take() is None
    violations(numpy.array([[5.0, 0.0]]), targets(0))
    violations(numpy.array([[5.0, 0.0]]), targets(1))
    violations(numpy.zeros((0, 2)), targets())
    assert violations.take() == 0.5
    assert violations.take() is None
    violations(numpy.array([[5.0, 0.0]]), targets(MISSING))
    assert violations.take() is None


def test_a_single_tag_has_no_rival():
    violations = Violations()
    violations(numpy.array([[0.0]]), targets(0))
    assert violations.take() == 0.0
