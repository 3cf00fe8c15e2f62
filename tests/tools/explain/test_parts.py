"""The parts add up to the margin, and each is what it says."""

import numpy
import pytest

from spacy_windowner import explain

from .util import (
    TEXT,
    added_up,
    directions_of,
    network_of,
    parts_of,
    reference_scores,
    scores_of,
    slopes_of,
    trained_nlp,
    windows_of,
)

EXACT = ["relu", "leaky_relu", "prelu", "hard_tanh"]
NETWORKS = [("relu", 0, "concat"), ("relu", 0, "average"), ("relu", 1, "average")]
NETWORKS += [(name, depth, "concat") for name in EXACT for depth in (1, 2)]


def make(activation, depth, pooling="concat"):
    model = {"activation": activation, "hidden_depth": depth, "pooling": pooling}
    return trained_nlp(model=model)


def entities_of(explanation):
    assert explanation.entities  # or there is nothing to test
    return explanation.entities


@pytest.mark.parametrize("versus", [None, "none", "13:17:LOC"])
@pytest.mark.parametrize("activation, depth, pooling", NETWORKS, ids=str)
def test_piecewise_linear_networks_are_exact(activation, depth, pooling, versus):
    nlp = make(activation, depth, pooling)
    found = explain(nlp, TEXT, versus=versus)
    assert found.method == "exact"
    doc = nlp.make_doc(TEXT)
    for entity in entities_of(found):
        assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
        assert entity.margin - entity.bias == pytest.approx(scores_of(nlp, doc, entity), abs=1e-4)
        assert entity.remainder == pytest.approx(entity.margin - added_up(entity), abs=1e-9)
        assert entity.steps == 0
        # The constant of the affine map around x, by moving x: m(x) - <g, x>, by the formulas.
        constant, eps = 0.0, 1e-7
        directions = directions_of(nlp, entity)
        for x, direction in zip(windows_of(nlp, doc, entity), directions, strict=True):
            m = reference_scores(nlp, x.ravel()) @ direction
            slope = (m - reference_scores(nlp, (1 - eps) * x.ravel()) @ direction) / eps
            constant += m - slope
        assert entity.constant == pytest.approx(constant, abs=1e-4)
        # A part is how fast the margin grows with its word, or with its feature in its word.
        assert parts_of(doc, entity) == pytest.approx(slopes_of(nlp, doc, entity), abs=1e-4)
        for part in entity.parts:
            assert part.contribution == pytest.approx(sum(part.features.values()), abs=1e-9)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_smooth_networks_have_integrated_gradients(activation, depth):
    nlp = make(activation, depth)
    [entity] = entities_of(explain(nlp, "London", versus="none"))
    assert entity.steps >= 16
    assert entity.margin == pytest.approx(added_up(entity), abs=1e-2)
    [window] = windows_of(nlp, nlp.make_doc("London"), entity)
    [direction] = directions_of(nlp, entity)
    x = window.ravel()
    at_zero = reference_scores(nlp, numpy.zeros_like(x)) @ direction
    assert entity.constant == pytest.approx(at_zero, abs=1e-6)
    # The integral by a plain sum of many steps, for the padding at the start.
    places = slice(0, 2 * window.shape[1])
    n, total = 2000, 0.0
    for a in (numpy.arange(n) + 0.5) / n:
        ahead, back = a * x, a * x
        ahead[places] += 1e-4 * x[places]
        back[places] -= 1e-4 * x[places]
        change = (reference_scores(nlp, ahead) - reference_scores(nlp, back)) @ direction
        total += change / 2e-4 / n
    assert entity.parts[0].contribution == pytest.approx(total, abs=1e-3)


def test_steep_networks_take_more_steps():
    nlp = make("tanh", 1)
    before = max(entity.steps for entity in entities_of(explain(nlp, TEXT)))
    model = nlp.get_pipe("window_ner").model
    affine = model.get_ref("windowed_affine")
    affine.set_param("W", 300 * affine.get_param("W"))
    affine.set_param("b", affine.get_param("b") + 1.0)
    nlp.get_pipe("window_ner").cfg["recall_bias"] = 100.0
    found = explain(nlp, TEXT)
    entities = entities_of(found)
    assert found.method == "integrated gradients"
    assert max(entity.steps for entity in entities) > before
    for entity in entities:
        assert abs(entity.remainder) < 1e-2 * len(entity.differences)


@pytest.mark.parametrize("recall_bias", [0.25, -0.25])
def test_biases_are_a_part_of_their_own(explained, recall_bias):
    ner = explained.get_pipe("window_ner")
    try:
        ner.cfg["recall_bias"] = recall_bias
        entities = entities_of(explain(explained, TEXT, versus="none"))
    finally:
        ner.cfg["recall_bias"] = 0.25
    for entity in entities:
        n_words = entity.last_token - entity.first_token + 1
        assert [each.rival for each in entity.differences] == ["O"] * n_words
        assert entity.bias == pytest.approx(n_words * recall_bias)
        assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    [entity] = explain(explained, TEXT, versus="33:39:PERSON").entities
    assert entity.bias == 0.0


@pytest.mark.parametrize("depth", [0, 1])
def test_labels_may_be_added_later(depth):
    nlp = trained_nlp(steps=40, recall_bias=0.25, model={"hidden_depth": depth})
    before = explain(nlp, TEXT)
    nlp.get_pipe("window_ner").add_label("NEW")
    for versus in (None, "NEW"):
        for entity in entities_of(explain(nlp, TEXT, versus=versus)):
            assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    assert [e.text for e in explain(nlp, TEXT).entities] == [e.text for e in before.entities]


def test_the_scheme_bio():
    """In which entities of one word and of several share a tag."""
    nlp = trained_nlp(steps=40, recall_bias=0.25, scheme="bio")
    doc = nlp.make_doc(TEXT)
    for versus in (None, "none", (7, 12, "PERSON"), (13, 17, "PERSON")):
        for entity in entities_of(explain(nlp, TEXT, versus=versus)):
            assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
            assert entity.margin - entity.bias == pytest.approx(
                scores_of(nlp, doc, entity), abs=1e-4
            )
            assert parts_of(doc, entity) == pytest.approx(slopes_of(nlp, doc, entity), abs=1e-4)


def test_words_come_in_the_order_of_the_text(explained):
    [entity] = explain(explained, "Who is Shaka Khan?", versus="none").entities
    assert [part.text for part in entity.parts] == ["Who", "is", "Shaka", "Khan", "?", "<end>"]
    assert [part.token for part in entity.parts] == [0, 1, 2, 3, 4, None]
    assert list(entity.parts[0].features) == ["word", "prefix", "suffix", "shape", "n-grams"]
    [entity] = explain(explained, "London").entities
    assert [part.text for part in entity.parts] == ["<start>", "London", "<end>"]
    assert [part.token for part in entity.parts] == [None, 0, None]


def test_differences_add_up(explained):
    for entity in entities_of(explain(explained, TEXT)):
        assert sum(each.margin for each in entity.differences) == pytest.approx(entity.margin)
        assert all(each.tag != each.rival for each in entity.differences)


def test_long_entities_are_split_in_batches(explained):
    """The sum over many words is that of the same words in short texts."""
    nlp = explained
    n = 300
    text = "Who " * n
    [entity] = explain(nlp, text, versus=(0, len(text) - 1, "LOC")).entities
    assert not entity.found and len(entity.differences) == n
    doc = nlp.make_doc(text.strip())
    assert entity.margin - entity.bias == pytest.approx(scores_of(nlp, doc, entity), rel=1e-4)
    assert entity.margin == pytest.approx(added_up(entity), rel=1e-6)
    assert network_of(nlp).window == 2
    assert len(entity.parts) == n + 2
