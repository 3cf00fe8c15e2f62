import numpy
import pytest

from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.losses.incorrect_spans import incorrect_spans_loss

from ..util import check_gradient
from .util import B0, B1, I0, I1, M, O, make_scores, make_targets

LABEL_0, LABEL_1 = 0, 1


def bad_choices(scheme, start, end, label, n_tokens, n_tags):
    """For each place, the tags of the wrong entity and of what ends it."""
    if scheme is BILUO:
        begin, inside, last, unit = range(1 + 4 * label, 5 + 4 * label)
        tags = [unit] if end == start + 1 else [begin, *[inside] * (end - start - 2), last]
        return {start + i: [tag] for i, tag in enumerate(tags)}
    begin, inside = (B0, I0) if label == LABEL_0 else (B1, I1)
    places = {start: [begin]}
    places |= {i: [inside] for i in range(start + 1, end)}
    if end < n_tokens:
        places[end] = [tag for tag in range(n_tags) if tag != inside]
    return places


def reference(S, tags, spans, scheme):
    """J of one document, place by place."""
    J = 0.0
    for span in spans:
        places = bad_choices(scheme, *span, *S.shape)
        if any(tags[i] != M and tags[i] not in bad for i, bad in places.items()):
            continue  # the annotation says already that the entity is wrong
        gaps = []
        for i, bad in places.items():
            if tags[i] == M:
                best_other = max(S[i, y] for y in range(S.shape[1]) if y not in bad)
                gaps.append(max(S[i, y] for y in bad) - best_other)
        if gaps:
            J += max(0.0, 1.0 + min(gaps)) / len(S)
    return J


CASES = {
    "one token": ([M, M, M], [(1, 2, LABEL_0)]),
    "two tokens at the end": ([M, M, M], [(1, 3, LABEL_1)]),
    "whole document": ([M, M], [(0, 2, LABEL_1)]),
    "two spans": ([M] * 5, [(0, 2, LABEL_0), (1, 2, LABEL_1)]),
    "the same span twice": ([M] * 3, [(0, 1, LABEL_0), (0, 1, LABEL_0)]),
    "annotation agrees at the start": ([B0, M, M], [(0, 2, LABEL_0)]),
    "annotation agrees after the end": ([M, O], [(0, 1, LABEL_0)]),
    "annotation rules it out": ([M, O, M], [(0, 2, LABEL_0)]),
    "annotation is another label": ([B1, M, M], [(0, 2, LABEL_0)]),
    "annotation is longer": ([M, I0], [(0, 1, LABEL_0)]),
    "annotation agrees everywhere": ([B0, I0, O], [(0, 2, LABEL_0)]),
    "no spans": ([M, M], []),
}
BILUO_CASES = {
    "one token": ([M, M, M], [(1, 2, LABEL_0)]),
    "two tokens at the end": ([M, M, M], [(1, 3, LABEL_1)]),
    "three tokens": ([M, M, M, M], [(0, 3, LABEL_1), (0, 3, LABEL_0)]),
    "annotation agrees in part": ([1, M, M], [(0, 3, LABEL_0)]),
    "annotation is longer": ([M, M, 2], [(0, 2, LABEL_0)]),
    "annotation rules it out": ([M, 2, M], [(0, 2, LABEL_0)]),
}
ALL_CASES = {name: (BIO, *case) for name, case in CASES.items()} | {
    f"biluo, {name}": (BILUO, *case) for name, case in BILUO_CASES.items()
}
all_cases = pytest.mark.parametrize(("scheme", "tags", "spans"), ALL_CASES.values(), ids=ALL_CASES)


@all_cases
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_equals_the_plain_reference(scheme, tags, spans, dtype):
    for seed in range(5):
        S = make_scores(len(tags), scheme.n_tags(2), seed).astype(dtype)
        before = S.copy()
        gradient, J = incorrect_spans_loss(S, make_targets(tags, scheme=scheme), spans)
        assert J == pytest.approx(reference(S, tags, spans, scheme), rel=1e-5)
        assert gradient.dtype == S.dtype
        numpy.testing.assert_array_equal(S, before)


@all_cases
def test_gradient_equals_finite_differences(scheme, tags, spans):
    S, targets = make_scores(len(tags), scheme.n_tags(2)), make_targets(tags, scheme=scheme)
    gradient, _ = incorrect_spans_loss(S, targets, spans)
    check_gradient(
        lambda S: incorrect_spans_loss(S, targets, spans)[1], S, gradient, eps=1e-6, rtol=1e-6
    )


@pytest.mark.parametrize(
    "name",
    [
        "annotation rules it out",
        "annotation is another label",
        "annotation is longer",
        "annotation agrees everywhere",
        "no spans",
    ],
)
def test_nothing_to_learn(name):
    tags, spans = CASES[name]
    S = numpy.zeros((len(tags), 5))
    gradient, J = incorrect_spans_loss(S, make_targets(tags), spans)
    assert J == 0.0
    assert not gradient.any()


def test_the_easiest_place_moves():
    # The wrong entity is (0, 2): B-0 I-0, then no I-0. It leads by 2, 0.5 and 3.
    S = numpy.array([[0, 2.0, 0], [0, 0, 0.5], [3.0, 0, 0]])
    gradient, J = incorrect_spans_loss(S, make_targets([M, M, M]), [(0, 2, LABEL_0)])
    assert J == pytest.approx(1.5 / 3)
    expected = numpy.zeros((3, 3))
    expected[1, I0], expected[1, O] = 1 / 3, -1 / 3
    numpy.testing.assert_allclose(gradient, expected)


def test_a_place_whose_annotation_agrees_does_not_move():
    # The same, but the easiest place is known to be I-0.
    S = numpy.array([[0, 2.0, 0], [0, 0, 0.5], [3.0, 0, 0]])
    gradient, J = incorrect_spans_loss(S, make_targets([M, I0, M]), [(0, 2, LABEL_0)])
    assert J == pytest.approx(3.0 / 3)
    assert not gradient[1:].any()
    assert gradient[0, B0] > 0 > gradient[0, O]


@pytest.mark.parametrize(("lead", "expected"), [(0.0, 1.0), (-0.5, 0.5), (-1.0, 0.0), (-2.0, 0.0)])
def test_no_loss_once_the_entity_is_beaten_by_the_margin(lead, expected):
    S = numpy.array([[0.0, lead, -9.0]])
    gradient, J = incorrect_spans_loss(S, make_targets([M]), [(0, 1, LABEL_0)])
    assert J == pytest.approx(expected)
    assert gradient.any() == (expected > 0.0)


def test_an_entity_ends_at_the_end_of_its_document():
    # The next document's first token can't continue the entity, so it doesn't move.
    S = numpy.array([[0, 1.0, 0], [0, 0, -9.0]])
    for docs, place in (([M], [M]), 0), (([M, M],), 0):
        gradient, J = incorrect_spans_loss(S, make_targets(*docs), [(0, 1, LABEL_0)])
        assert J == pytest.approx(2.0 / 2)
        assert numpy.flatnonzero(gradient.any(axis=1)).tolist() == [place]
    # Unless it does: continuing the entity by I-0 is then the easiest way out of it.
    S[1, I0] = 0.5
    gradient, J = incorrect_spans_loss(S, make_targets([M, M]), [(0, 1, LABEL_0)])
    assert J == pytest.approx(0.5 / 2)
    assert numpy.flatnonzero(gradient.any(axis=1)).tolist() == [1]
    gradient, _ = incorrect_spans_loss(S, make_targets([M], [M]), [(0, 1, LABEL_0)])
    assert numpy.flatnonzero(gradient.any(axis=1)).tolist() == [0]
