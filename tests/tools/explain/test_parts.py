"""The parts add up to the margin, and each is what it says."""

import numpy
import pytest

from spacy_windowner import explain

from .util import TEXT, added_up, direction_of, network_of, reference_scores, trained_nlp

EXACT = ["relu", "leaky_relu", "prelu", "hard_tanh"]
NETWORKS = [("relu", 0, "concat"), ("relu", 0, "average"), ("relu", 1, "average")]
NETWORKS += [(name, depth, "concat") for name in EXACT for depth in (1, 2)]


def make(activation, depth, pooling="concat"):
    model = {"activation": activation, "hidden_depth": depth, "pooling": pooling}
    return trained_nlp(model=model)


def tokens_of(explanation):
    tokens = [token for entity in explanation.entities for token in entity.tokens]
    assert tokens  # or there is nothing to test
    return tokens


def windows_of(nlp, explanation):
    doc = nlp.make_doc(TEXT)
    numbers = [token.token for token in tokens_of(explanation)]
    windows = network_of(nlp).windows(doc, numbers)
    return [window.ravel() for window in windows]


@pytest.mark.parametrize("activation, depth, pooling", NETWORKS, ids=str)
def test_piecewise_linear_networks_are_exact(activation, depth, pooling):
    nlp = make(activation, depth, pooling)
    found = explain(nlp, TEXT)
    assert found.method == "exact"
    scores = nlp.get_pipe("window_ner").model.predict([nlp.make_doc(TEXT)])[0]
    for token, x in zip(tokens_of(found), windows_of(nlp, found), strict=True):
        direction = direction_of(nlp, token)
        assert token.margin == pytest.approx(added_up(token), abs=1e-4)
        assert token.margin - token.recall_bias == pytest.approx(
            scores[token.token] @ direction, abs=1e-4
        )
        assert token.remainder == pytest.approx(token.margin - added_up(token), abs=1e-9)
        assert token.steps == 0
        # The constant of the affine map around x, by moving x: m(x) - <g, x>.
        eps = 1e-7
        m = reference_scores(nlp, x) @ direction
        slope = (m - reference_scores(nlp, (1 - eps) * x) @ direction) / eps
        assert token.bias == pytest.approx(m - slope, abs=1e-4)
        # A part is how fast the margin grows with its place, or with its feature in its place.
        for place, part in enumerate(token.parts):
            for name, columns in network_of(nlp).features:
                moved = x.reshape(len(token.parts), -1).copy()
                moved[place, columns] *= 1 - eps
                slope = (m - reference_scores(nlp, moved.ravel()) @ direction) / eps
                assert part.features[name] == pytest.approx(slope, abs=1e-4)
            assert part.contribution == pytest.approx(sum(part.features.values()), abs=1e-9)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_smooth_networks_have_integrated_gradients(activation, depth):
    nlp = make(activation, depth)
    found = explain(nlp, TEXT)
    assert found.method == "integrated gradients"
    for token, x in zip(tokens_of(found), windows_of(nlp, found), strict=True):
        direction = direction_of(nlp, token)
        assert token.steps >= 16
        assert token.margin == pytest.approx(added_up(token), abs=1e-2)
        at_zero = reference_scores(nlp, numpy.zeros_like(x)) @ direction
        assert token.bias == pytest.approx(at_zero, abs=1e-6)
        # The integral by a plain sum of many steps, for the first place.
        width = len(x) // len(token.parts)
        n, total = 2000, 0.0
        for a in (numpy.arange(n) + 0.5) / n:
            ahead, back = a * x, a * x
            ahead[:width] += 1e-4 * x[:width]
            back[:width] -= 1e-4 * x[:width]
            change = (reference_scores(nlp, ahead) - reference_scores(nlp, back)) @ direction
            total += change / 2e-4 / n
        assert token.parts[0].contribution == pytest.approx(total, abs=1e-3)
        break  # the others are alike, and this takes long


def test_steep_networks_take_more_steps():
    nlp = make("tanh", 1)
    before = max(token.steps for token in tokens_of(explain(nlp, TEXT)))
    model = nlp.get_pipe("window_ner").model
    affine = model.get_ref("windowed_affine")
    affine.set_param("W", 300 * affine.get_param("W"))
    affine.set_param("b", affine.get_param("b") + 1.0)
    nlp.get_pipe("window_ner").cfg["recall_bias"] = 100.0
    tokens = tokens_of(explain(nlp, TEXT))
    assert max(token.steps for token in tokens) > before
    assert max(abs(token.remainder) for token in tokens) < 1e-2


def test_recall_bias_is_a_part_where_the_runner_up_is_o(explained):
    ner = explained.get_pipe("window_ner")
    tokens = tokens_of(explain(explained, TEXT))
    assert {token.recall_bias for token in tokens} <= {0.0, 0.25}
    ner.cfg["recall_bias"] = -0.25
    try:
        found = explain(explained, TEXT)
    finally:
        ner.cfg["recall_bias"] = 0.25
    over_o = [token for token in tokens_of(found) if token.runner_up == "O"]
    assert over_o
    for token in tokens_of(found):
        assert token.recall_bias == (-0.25 if token.runner_up == "O" else 0.0)
        assert token.margin == pytest.approx(added_up(token), abs=1e-4)


def test_the_runner_up_is_the_best_other_tag(explained):
    ner = explained.get_pipe("window_ner")
    names = ner.scheme.tag_names(ner.labels)
    scores = ner.model.predict([explained.make_doc(TEXT)])[0]
    scores[:, 0] -= ner.cfg["recall_bias"]
    for token in tokens_of(explain(explained, TEXT)):
        row = dict(zip(names, scores[token.token].tolist(), strict=True))
        own = row.pop(token.tag)
        assert token.runner_up == max(row, key=row.get)
        assert token.margin == pytest.approx(own - max(row.values()), abs=1e-4)


@pytest.mark.parametrize("depth", [0, 1])
def test_labels_may_be_added_later(depth):
    nlp = trained_nlp(steps=40, recall_bias=0.25, model={"hidden_depth": depth})
    before = explain(nlp, TEXT)
    nlp.get_pipe("window_ner").add_label("NEW")
    for token in tokens_of(explain(nlp, TEXT)):
        assert token.margin == pytest.approx(added_up(token), abs=1e-4)
    assert [e.text for e in explain(nlp, TEXT).entities] == [e.text for e in before.entities]


def test_an_entity_adds_up_its_tokens(explained):
    found = explain(explained, "Who is Shaka Khan?")
    [entity] = found.entities
    assert (entity.text, entity.label, entity.start, entity.end) == ("Shaka Khan", "PERSON", 2, 4)
    assert [part.text for part in entity.parts] == ["Who", "is", "Shaka", "Khan", "?", "<end>"]
    assert entity.parts[-1].token is None
    for name in ("margin", "bias", "recall_bias", "remainder"):
        of_tokens = sum(getattr(token, name) for token in entity.tokens)
        assert getattr(entity, name) == pytest.approx(of_tokens)
    for part in entity.parts:
        same = [
            p
            for t in entity.tokens
            for p in t.parts
            if (p.token, p.text) == (part.token, part.text)
        ]
        assert part.contribution == pytest.approx(sum(p.contribution for p in same))
        for feature, value in part.features.items():
            assert value == pytest.approx(sum(p.features[feature] for p in same))
    assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)


def test_places_are_named(explained):
    [entity] = explain(explained, "London").entities
    [token] = entity.tokens
    assert [part.offset for part in token.parts] == [-2, -1, 0, 1, 2]
    texts = ["<start>", "<start>", "London", "<end>", "<end>"]
    assert [part.text for part in token.parts] == texts
    assert [part.token for part in token.parts] == [None, None, 0, None, None]
    assert list(token.parts[0].features) == ["word", "prefix", "suffix", "shape", "n-grams"]


def test_margins_are_those_of_the_component():
    found = explain(trained_nlp(), TEXT)
    for token in tokens_of(found):
        # Rounding is no part, but is told.
        assert abs(token.remainder) < 1e-4
        assert token.margin == pytest.approx(added_up(token) + token.remainder, abs=1e-9)
