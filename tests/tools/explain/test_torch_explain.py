"""Explanations of the classifier whose network is a torch module."""

import numpy
import pytest
import spacy
from spacy import registry
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_windowner import explain
from spacy_windowner.models.torch_classifier import build_scorer

from ...pipeline.util import SMALL, TRAIN_DATA, copy_of, make_examples, train
from .util import (
    TEXT,
    added_up,
    directions_of,
    make_gradients,
    network_of,
    windows_of,
)

torch = pytest.importorskip("torch", reason="torch is an extra")
nn = torch.nn
# Imports torch at module level.
from spacy_windowner.tools.explain.torch_network import TorchNetwork, read_layers  # noqa: E402

EXACT = ["relu", "leaky_relu", "prelu", "hard_tanh"]


class Gated(nn.Module):
    """No sum of known modules."""

    def __init__(self, n_features, n_tags, width=8):
        super().__init__()
        self.hidden = nn.Linear(n_features, 2 * width)
        self.norm = nn.LayerNorm(width)
        self.scores = nn.Linear(width, n_tags)

    def forward(self, X):
        return self.scores(self.norm(nn.functional.glu(self.hidden(X))))


class Rectified(Gated):
    """Piecewise linear, which nobody knows."""

    def forward(self, X):
        return self.scores(torch.relu(self.hidden(X))[:, :8])


class Detached(Gated):
    """Without a gradient."""

    def forward(self, X):
        return super().forward(X.detach())


MODULES = {"Gated": Gated, "Rectified": Rectified, "Detached": Detached}


@registry.architectures("tests.ExplainedModule.v1")
def make_scorer(name: str):
    """A scorer of one's own, as users register it."""
    return MODULES[name]


def make(scorer, **settings):
    model = {
        "@architectures": "spacy-windowner.TorchWindowClassifier.v1",
        "window": 2,
        "embed": {
            "@architectures": "spacy-windowner.WordEmbed.v1",
            "features": {
                "@architectures": "spacy-windowner.LexicalEmbed.v1",
                "attrs": ["NORM", "SHAPE"],
                **SMALL["model"]["embed"]["features"],
                "rows": [200, 100],
            },
        },
        "scorer": {"@architectures": scorer, **settings},
    }
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner", config={"model": model, "recall_bias": 1.5})
    return nlp


def make_known(activation, depth=1):
    settings = {"hidden_width": 16, "hidden_depth": depth, "activation": activation}
    return make("spacy-windowner.TorchScorer.v1", **settings)


def entities_of(explanation):
    assert explanation.entities
    return explanation.entities


@pytest.mark.parametrize("activation, depth", [("relu", 0), ("relu", 2)] + [(a, 1) for a in EXACT])
def test_known_modules_are_exact(activation, depth):
    nlp = make_known(activation, depth)
    train(nlp, steps=15)
    found = explain(nlp, TEXT)
    assert found.method == "exact"
    doc = nlp.make_doc(TEXT)
    layer = nlp.get_pipe("window_ner").model.get_ref("output_layer")
    module = build_scorer([16] * depth, activation, *(layer.get_dim(dim) for dim in ("nI", "nO")))
    module.load_state_dict(
        {name: torch.tensor(layer.get_param(name)) for name in layer.param_names}
    )
    for entity in entities_of(found):
        assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
        # By autograd, an independent way.
        windows, constant, words = windows_of(nlp, doc, entity), 0.0, {}
        for each, window, direction in zip(
            entity.differences, windows, directions_of(nlp, entity), strict=True
        ):
            x = torch.tensor(window.reshape(1, -1), requires_grad=True)
            m = module.double()(x)[0] @ torch.tensor(direction)
            m.backward()
            places = (x * x.grad).detach().numpy().reshape(window.shape).sum(axis=1)
            constant += float(m.detach()) - places.sum()
            for place, value in enumerate(places):
                token = min(max(each.token + place - 2, -1), len(doc))
                words[token] = words.get(token, 0.0) + value
        numpy.testing.assert_allclose(
            [part.contribution for part in entity.parts],
            [words[token] for token in sorted(words)],
            atol=1e-5,
        )
        assert entity.constant == pytest.approx(constant, abs=1e-5)
        assert list(entity.parts[0].features) == ["word", "shape"]


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_known_smooth_modules_have_integrated_gradients(activation):
    nlp = make_known(activation)
    train(nlp, steps=15)
    found = explain(nlp, TEXT)
    assert found.method == "integrated gradients"
    for entity in entities_of(found):
        assert abs(entity.remainder) < 1e-2 * len(entity.differences)


@pytest.mark.parametrize("name", ["Gated", "Rectified"])
def test_modules_of_ones_own_have_integrated_gradients(name):
    nlp = make("tests.ExplainedModule.v1", name=name)
    train(nlp, steps=15)
    found = explain(nlp, TEXT)
    assert found.method == "integrated gradients"
    assert isinstance(network_of(nlp).network, TorchNetwork)
    for entity in entities_of(found):
        assert abs(entity.remainder) < 1e-2 * len(entity.differences)
        assert entity.margin == pytest.approx(added_up(entity) + entity.remainder, abs=1e-9)
    before = nlp.to_bytes()
    assert explain(copy_of(nlp), TEXT) == found
    assert nlp.to_bytes() == before


def test_modules_without_a_gradient_are_refused():
    nlp = make("tests.ExplainedModule.v1", name="Detached")
    train(nlp, steps=1)
    nlp.get_pipe("window_ner").cfg["recall_bias"] = 10.0
    with pytest.raises(ValueError, match="WN052.*'window_ner'.*Detached"):
        explain(nlp, TEXT)


def test_only_known_modules_are_read():
    class Other(nn.Linear):
        pass

    hooked = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert [type(layer).__name__ for layer in read_layers(hooked)] == ["Affine", "Units"]
    hooked[1].register_forward_hook(lambda *args: None)
    weighted = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    for module in (Other(2, 2), hooked, weighted, nn.Hardtanh(-2, 2), nn.GELU(), nn.LayerNorm(2)):
        assert read_layers(nn.Sequential(module)) is None
    nested = nn.Sequential(nn.Sequential(nn.Identity(), nn.Linear(2, 3, bias=False)), nn.Dropout())
    [affine] = read_layers(nested)
    assert (affine.W.shape, affine.b.tolist()) == ((3, 2), [0.0, 0.0, 0.0])
    [leaky] = read_layers(nn.LeakyReLU(0.3))
    numpy.testing.assert_allclose(leaky.values(numpy.array([-2.0, 2.0])), [-0.6, 2.0])
    numpy.testing.assert_allclose(leaky.slopes(numpy.array([-2.0, 2.0])), [0.3, 1.0])


@pytest.mark.parametrize("name", ["Gated", "TorchScorer"])
def test_a_training_goes_on_as_if_nothing_was_explained(name):
    weights = []
    for explains in (False, True):
        nlp = (
            make_known("relu")
            if name == "TorchScorer"
            else make("tests.ExplainedModule.v1", name=name)
        )
        fix_random_seed(0)
        examples = make_examples(nlp, TRAIN_DATA)
        nlp.initialize(lambda examples=examples: examples)
        sgd = Adam(0.01)
        for _ in range(3):
            nlp.update(examples, sgd=sgd, drop=0.3)
        make_gradients(nlp)
        if explains:
            assert explain(nlp, TEXT).entities
        nlp.update(examples, sgd=sgd, drop=0.3)
        weights.append(nlp.get_pipe("window_ner").model.to_bytes())
    assert weights[0] == weights[1]
