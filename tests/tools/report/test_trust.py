"""Whether probabilities can be trusted, and what thresholds do."""

import math

import pytest
from spacy.training import Corpus

from spacy_windowner.tools.report.matching import (
    Compared,
    Counts,
    Entity,
    compare,
    count_labels,
    match,
)
from spacy_windowner.tools.report.predict import predict
from spacy_windowner.tools.report.trust import measure_trust

from .util import make_example, trained_nlp


def with_scores(true: list[Entity], found: list[Entity]) -> Compared:
    doc = make_example("....", "....").reference
    return Compared(0, doc, true, found, match(true, found))


def test_by_hand():
    true = [Entity(0, 1, "A"), Entity(1, 2, "A"), Entity(2, 3, "A")]
    found = [Entity(0, 1, "A", 0.9), Entity(1, 2, "B", 0.5), Entity(3, 4, "A", None)]
    trust = measure_trust([with_scores(true, found)])
    assert trust.rated == 2
    assert trust.bins == [(pytest.approx(0.7), 0.5, 2)]
    assert trust.ece == pytest.approx(0.2)
    # The variances are 0.09 and 0.25.
    assert trust.ece_by_chance == pytest.approx((2 / math.pi * 0.34) ** 0.5 / 2)
    curve = dict(trust.curve)
    assert curve[0.0] == curve[0.5] == Counts(1, 2, 2)
    assert curve[0.51] == curve[0.9] == Counts(1, 1, 2)
    assert curve[0.91] == curve[1.0] == Counts(0, 1, 3)  # what has no probability stays
    assert trust.best == (0.51, Counts(1, 1, 2))


def test_without_probabilities():
    assert measure_trust(compare([make_example("A.", "A.")])) is None


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6, 0.9])
def test_the_curve_is_what_the_threshold_does(data, threshold):
    nlp = trained_nlp()
    trust = measure_trust(compare(predict(nlp, list(Corpus(data)(nlp)), "model")))
    nlp.get_pipe("window_ner").cfg["threshold"] = threshold
    labels = count_labels(compare(predict(nlp, list(Corpus(data)(nlp)), "model")))
    total = Counts(*map(sum, zip(*labels.values(), strict=True)))
    assert dict(trust.curve)[threshold] == total
