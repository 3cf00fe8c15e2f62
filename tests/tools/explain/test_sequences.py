"""The best sequences with and without an entity, compared with a search through all sequences."""

from itertools import product

import numpy
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_windowner.decoding.biases import Biases
from spacy_windowner.decoding.lattice import Scored, may_follow
from spacy_windowner.decoding.tags import BILUO, SCHEMES
from spacy_windowner.decoding.words import BREAK, TAKEN, constrain
from spacy_windowner.pipeline.prediction import Rating
from spacy_windowner.tools.explain.sequences import Span, read_sequences

N_LABELS = 2
N_WORDS = 4


def make(seed, scheme="biluo", transitions=False, places=(0, 0, 0, 0), rating=None, bias=0.0):
    rng = numpy.random.default_rng(seed)
    scheme = SCHEMES[scheme]
    n_tags = scheme.n_tags(N_LABELS)
    scores = rng.normal(size=(N_WORDS, n_tags)).astype("float32")
    width = 1 + 4 * N_LABELS
    scored = Scored(
        numpy.array([N_WORDS], dtype="int32"),
        numpy.array(places, dtype="uint8"),
        scores,
        scheme,
        rng.normal(size=(width, width)) if transitions else None,
    )
    by_tag = numpy.zeros(n_tags)
    by_tag[0] = bias
    doc = Doc(Vocab(), words=list("abcd"))
    [sequences] = read_sequences([doc], scored, Biases(by_tag), rating)
    return sequences, scored.adjust(Biases(by_tag))


def all_sequences(scored):
    """The score of each valid sequence of tags."""
    S = constrain(scored.scores, scored.lengths, scored.places, scored.scheme)
    follows = may_follow(N_LABELS)
    A = numpy.zeros(follows.shape) if scored.transitions is None else scored.transitions
    closes = {0, *range(1 + 2 * N_LABELS, 1 + 4 * N_LABELS)}
    scores = {}
    for tags in product(range(S.shape[1]), repeat=N_WORDS):
        if tags[-1] in closes and all(map(follows.__getitem__, zip(tags, tags[1:], strict=False))):
            score = S[range(N_WORDS), tags].sum() + A[tags[:-1], tags[1:]].sum()
            if score > -numpy.inf:
                scores[tags] = score
    return scores


def spans_of(tags):
    names = ["O", *(f"{kind}{label}" for kind in "BILU" for label in range(N_LABELS))]
    spans, start = [], 0
    for t, name in enumerate(names[tag] for tag in tags):
        start = t if name[0] in "BU" else start
        if name[0] in "LU":
            spans.append(Span(start, t + 1, int(name[1])))
    return spans


CASES = [("biluo", False), ("biluo", True), ("bio", False), ("bio", True)]


@pytest.mark.parametrize("places", [(0, 0, 0, 0), (0, 0, BREAK, 0), (0, TAKEN, 0, 0)])
@pytest.mark.parametrize("scheme, transitions", CASES)
def test_rivals_are_the_best_of_all_sequences(scheme, transitions, places):
    n_found = 0
    for seed in range(4):
        sequences, scored = make(seed, scheme, transitions, places, bias=-0.5)
        every = all_sequences(scored)
        best = max(every, key=every.get)
        assert sequences.best.score == pytest.approx(every[best])
        assert every[tuple(sequences.best.tags)] == pytest.approx(every[best])
        for start, stop, label in [
            (i, j, k) for i in range(4) for j in range(i + 1, 5) for k in range(N_LABELS)
        ]:
            span = Span(start, stop, label)
            with_it = {tags: s for tags, s in every.items() if span in spans_of(tags)}
            without = {tags: s for tags, s in every.items() if tags not in with_it}
            path = sequences.best_with(start, span.tags(N_LABELS))
            if not with_it:
                assert path.score == -numpy.inf
                continue
            assert path.score == pytest.approx(max(with_it.values()))
            assert every[tuple(path.tags)] == pytest.approx(path.score)
            other = sequences.best_without(span)
            assert other.score == pytest.approx(max(without.values()))
            assert every[tuple(other.tags)] == pytest.approx(other.score)
            lead = max(with_it.values()) - max(without.values())
            assert sequences.lead(span) == pytest.approx(lead)
            for rival in (path, other):
                ours, theirs = sequences.compare(rival)
                assert set(ours) == set(sequences.spans) - set(spans_of(rival.tags))
                assert set(theirs) == set(spans_of(rival.tags)) - set(sequences.spans)
                assert sequences.margin(rival) == pytest.approx(every[best] - rival.score)
            n_found += span in sequences.spans
            nothing = sequences.best_with(start, [0] * (stop - start))
            of_o = [s for tags, s in every.items() if not any(tags[start:stop])]
            assert nothing.score == pytest.approx(max(of_o))
    assert n_found > 4


def test_the_margin_of_an_entity_is_that_of_the_decoder():
    for seed in range(20):
        sequences, scored = make(seed, transitions=seed % 2 == 0)
        for span, margin in zip(sequences.spans, scored.best_spans().ratings, strict=True):
            assert sequences.margin(sequences.best_without(span)) == pytest.approx(margin)


def test_transitions_are_a_part_of_their_own():
    sequences, scored = make(3, transitions=True)
    path = sequences.best_with(0, [0, 0, 0, 0])
    A = scored.transitions
    ours, theirs = (
        sum(A[before, after] for before, after in zip(tags, tags[1:], strict=False))
        for tags in (sequences.best.tags, path.tags)
    )
    assert sequences.of_transitions(path) == pytest.approx(ours - theirs)
    assert make(3)[0].of_transitions(path) == 0.0


def test_probabilities_are_those_of_the_curves():
    entities = numpy.array([[2.0, 1.0], [0.5, 0.0]])
    near_misses = numpy.array([[1.0, 1.0], [-1, 0]])
    rating = Rating(entities, near_misses, None, None)
    seen = set()
    for seed in range(4):
        sequences, scored = make(seed, rating=rating)
        known = scored.best_spans(curves=entities).ratings
        for span, probability in zip(sequences.spans, known, strict=True):
            assert sequences.probability(span) == pytest.approx(probability)
        _, near = scored.candidates(numpy.full(N_LABELS, 50.0))
        for start, stop, label, behind in near.by_doc(1)[0]:
            span = Span(start, stop, label)
            if span not in sequences.spans:
                odds = near_misses[0, label] * behind + near_misses[1, label]
                assert sequences.probability(span) == pytest.approx(1 / (1 + numpy.exp(-odds)))
            seen.add(span in sequences.spans)
    assert seen == {True, False}
    assert make(0)[0].probability(Span(0, 1, 0)) is None


def test_thresholds():
    curves = numpy.zeros((2, N_LABELS))  # all probabilities are 0.5
    for threshold in (0.4, 0.6):
        rating = Rating(curves, curves, numpy.array([threshold, 0.0]), None)
        for seed in range(4):
            sequences, _ = make(seed, rating=rating)
            for span in sequences.spans:
                is_dropped = span.label == 0 and threshold > 0.5
                assert (span in sequences.found) != is_dropped
                assert sequences.threshold(span) == (threshold if is_dropped else None)


def test_tags_of_an_entity():
    for stop in (1, 2, 5):
        columns = BILUO.spread(BILUO.n_tags(N_LABELS))[Span(0, stop, 1).tags(N_LABELS)]
        assert columns.tolist() == BILUO.tags_of_span(stop, 1)
