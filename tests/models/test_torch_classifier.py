import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy
import pytest
import spacy
from spacy import registry
from spacy.tokens import Doc
from spacy.util import fix_random_seed, load_config, load_model_from_config
from thinc.api import Adam, Config, set_dropout_rate

from spacy_windowner.models.embed import CharNgramEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.labels import BEHIND_O
from spacy_windowner.models.torch_classifier import TorchScorer, TorchWindowClassifier
from spacy_windowner.models.window_classifier import WindowClassifier

from ..layers.util import ngram_rows
from ..pipeline.util import ENTITIES, SMALL, TRAIN_DATA, ents_of, make_examples, make_nlp, train
from ..util import random_like, randomize
from .util import hash_embed, make_docs, make_model, set_vectors

torch = pytest.importorskip("torch", reason="torch is an extra")
nn = torch.nn

ACTIVATIONS = ["logistic", "tanh", "hard_tanh", "relu", "leaky_relu", "prelu"]
networks = pytest.mark.parametrize(
    ("hidden_depth", "activation"),
    [(0, "relu"), *[(depth, name) for depth in (1, 2) for name in ACTIVATIONS]],
)
ROOT = Path(__file__).parents[2]
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def make_torch_model(docs, scorer=None, *, embed=None, nO=5, **settings):
    scorer = scorer or TorchScorer(hidden_width=6)
    settings = {"window": 2, **settings}
    model = TorchWindowClassifier(embed or hash_embed(), scorer, nO=nO, **settings)
    randomize(model.initialize(X=docs))
    layer = model.get_ref("output_layer")
    for name in layer.param_names:
        if name.endswith("running_var"):
            layer.set_param(name, abs(layer.get_param(name)) + 0.1)
    assert numpy.isfinite(numpy.vstack(model.predict(docs))).all()
    return model


def arrays(model, get) -> list[numpy.ndarray]:
    """The parameters of a classifier, or their gradients, in the order of the torch network:
    embedding, padding, then alternately linear layers and slopes."""
    affine = {
        node.id: get(node, "W").transpose((1, 0, 2)).reshape((get(node, "W").shape[1], -1))
        for node in model.walk()
        if node.name == "windowed_affine"
    }
    inside = [node for node in model.layers[0].walk()]
    outside = [node for node in model.walk() if node not in inside]
    of_embed = [get(node, name) for node in inside for name in sorted(node.param_names)]
    pads = [get(node, "pad") for node in outside if node.has_param("pad")]
    of_network = [
        affine[node.id] if node.id in affine and name == "W" else get(node, name)
        for node in outside
        for name in node.param_names
        if name != "pad"
    ]
    return [*of_embed, *pads, *of_network]


def get_param(node, name):
    return node.get_param(name)


def get_grad(node, name):
    return node.get_grad(name)


def twins(docs, hidden_depth=1, activation="relu", hidden_width=6, embed=hash_embed, **settings):
    """Both classifiers, with the same parameters."""
    size = {"hidden_width": hidden_width, "hidden_depth": hidden_depth, "activation": activation}
    model = make_model(docs, embed=embed(), **size, **settings)
    twin = make_torch_model(docs, TorchScorer(**size), embed=embed(), **settings)
    for value, of_twin in zip(arrays(model, get_param), arrays(twin, get_param), strict=True):
        of_twin[...] = value
    return model, twin


@networks
def test_the_network_of_the_thinc_model(docs, hidden_depth, activation):
    """The same scores, and autograd gives the same gradients as the handwritten backward passes: of
    the windowed affine layer, the activations, padding and embedding."""
    model, twin = twins(docs, hidden_depth, activation)
    scores, backprop = model(docs, is_train=True)
    of_twin, backprop_twin = twin(docs, is_train=True)
    for S, S_of_twin, predicted in zip(scores, of_twin, twin.predict(docs), strict=True):
        assert S_of_twin.dtype == numpy.float32
        numpy.testing.assert_allclose(S_of_twin, S, **CLOSE)
        numpy.testing.assert_allclose(predicted, S, **CLOSE)
    weights = random_like(scores)
    backprop(weights)
    backprop_twin(weights)
    gradients = arrays(model, get_grad), arrays(twin, get_grad)
    for gradient, of_twin in zip(*gradients, strict=True):
        assert gradient.any()
        numpy.testing.assert_allclose(of_twin, gradient, rtol=1e-4, atol=1e-4)


@networks
def test_the_initialization_of_the_thinc_model(docs, hidden_depth, activation):
    """Every parameter of the network has the same distribution, and scores are zero."""
    fix_random_seed(0)
    size = {"hidden_width": 300, "hidden_depth": hidden_depth, "activation": activation}
    model = WindowClassifier(hash_embed(), nO=5, **size).initialize(X=docs)
    twin = TorchWindowClassifier(hash_embed(), TorchScorer(**size), nO=5).initialize(X=docs)
    n_params = 1 + len(twin.get_ref("output_layer").param_names)  # with the padding
    params = (arrays(either, get_param)[-n_params:] for either in (model, twin))
    for value, of_twin in zip(*params, strict=True):
        assert value.shape == of_twin.shape
        numpy.testing.assert_allclose(abs(of_twin).max(), abs(value).max(), rtol=0.02)
        numpy.testing.assert_allclose(of_twin.std(), value.std(), rtol=0.1)
    assert not numpy.vstack(twin.predict(docs)).any()


def test_embeddings_have_the_gradient_of_autograd(vocab, docs):
    """Character n-grams and updated vectors, with layer normalization of both, a linear map and the
    windows: the whole network again, in PyTorch and 64 bits."""
    set_vectors(vocab)
    words_of_docs = [[token.text for token in doc if not token.is_space] for doc in docs]
    docs = [Doc(vocab, words=words) for words in words_of_docs if words]
    embed = WordEmbed(CharNgramEmbed(4, 30), vectors=VectorsEmbed(3, update_vectors=True))
    model = make_model(docs, embed=embed, window=1, hidden_width=6, activation="tanh")
    scores, backprop = model(docs, is_train=True)
    weights = random_like(scores)
    backprop(weights)

    nodes = {node.name: node for node in model.walk() if node.param_names}
    linears = [node for node in model.walk() if node.name == "linear"]
    tensors = {
        (node.id, name): torch.tensor(node.get_param(name), dtype=torch.float64, requires_grad=True)
        for node in model.walk()
        for name in node.param_names
    }

    def tensor(node, name):
        return tensors[node.id, name]

    words = [token.lower_ for doc in docs for token in doc]
    E = tensor(nodes["char_ngrams"], "E")
    bags = [ngram_rows(word, 2, 5, len(E)) for word in words]
    means = torch.stack([E[bag].mean(dim=0) if bag else 0 * E[0] for bag in bags])
    norms = [node for node in model.walk() if node.name == "layernorm"]

    def normalize(X, norm):
        G, b = tensor(norm, "G"), tensor(norm, "b")
        return nn.functional.layer_norm(X, G.shape, G, b, eps=1e-8)

    chars = normalize(means, norms[0])
    keys = [token.orth for doc in docs for token in doc]
    vectors = tensor(nodes["vectors_table"], "E")[vocab.vectors.find(keys=keys)]
    [to_width] = [node for node in linears if node in embed.walk()]
    vectors = normalize(vectors @ tensor(to_width, "W").T + tensor(to_width, "b"), norms[1])
    rows = torch.cat([chars, vectors], dim=1).split([len(doc) for doc in docs])
    affine, output = nodes["windowed_affine"], model.get_ref("output_layer")
    pad = tensor(affine, "pad")
    lines = [torch.cat([pad, doc, pad]) for doc in rows]
    x = torch.cat([torch.stack([line[:-2], line[1:-1], line[2:]], dim=1) for line in lines])
    z = torch.einsum("tji,joi->to", x, tensor(affine, "W")) + tensor(affine, "b")
    s = torch.tanh(z) @ tensor(output, "W").T + tensor(output, "b")
    numpy.testing.assert_allclose(numpy.vstack(scores), s.detach(), rtol=1e-4, atol=1e-4)
    s.backward(torch.tensor(numpy.vstack(weights), dtype=torch.float64))
    for node in model.walk():
        for name in node.param_names:
            expected = tensor(node, name).grad.numpy()
            assert expected.any()
            numpy.testing.assert_allclose(node.get_grad(name), expected, rtol=1e-3, atol=1e-3)


class Residual(nn.Module):
    """A user's own network: normalized layers, a residual connection, shapes that follow from the
    data, and one dropout with its own rate beside one that follows the training."""

    def __init__(self, n_features, n_tags, width):
        super().__init__()
        self.input = nn.LazyLinear(width)
        self.norm = nn.LayerNorm(width)
        self.batch_norm = nn.BatchNorm1d(width)
        self.hidden = nn.Linear(width, width)
        self.dropout = nn.Dropout()
        self.scores = nn.Linear(width, n_tags)

    def forward(self, X):
        A = self.norm(torch.relu(self.input(X)))
        A = A + self.dropout(torch.tanh(self.hidden(self.batch_norm(A))))
        return self.scores(nn.functional.dropout(A, 0.01, self.training))


def conv_scorer(n_features, n_tags):
    """A convolution over the embeddings of five words, of width 8."""
    split = nn.Unflatten(1, (n_features // 8, 8))
    return nn.Sequential(split, nn.Conv1d(5, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, n_tags))


SCORERS = {
    "residual": partial(Residual, width=16),
    "convolution": conv_scorer,
    **{f"depth {depth}": TorchScorer(hidden_depth=depth) for depth in (0, 1, 2)},
}
scorers = pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)


@scorers
def test_predictions_do_not_depend_on_the_batch(vocab, scorer):
    rng = numpy.random.default_rng(0)
    words = [f"w{number}" for number in range(200)]
    sizes = [1, 2, 7, 50, 0, 300, 16, 1]
    docs = make_docs(vocab, [rng.choice(words, size=size).tolist() for size in sizes])
    embed = hash_embed(width=8)
    model = make_torch_model(docs, scorer, embed=embed, nO=9)
    for doc, S in zip(docs, model.predict(docs), strict=True):
        if len(doc):
            numpy.testing.assert_array_equal(model.predict([doc])[0], S)
    assert [S.shape for S in model.predict([docs[4]] * 2)] == [(0, 9)] * 2


@scorers
def test_averages_and_round_trips(docs, scorer):
    model = make_torch_model(docs, scorer)
    set_dropout_rate(model, 0.2)
    optimizer = Adam(0.01, use_averages=True)
    for _ in range(3):
        scores, backprop = model(docs, is_train=True)
        backprop(random_like(scores))
        model.finish_update(optimizer)
    plain = numpy.vstack(model.predict(docs))
    with model.use_params(optimizer.averages):
        assert (numpy.vstack(model.predict(docs)) != plain).all()
        averaged = model.to_bytes()
    numpy.testing.assert_array_equal(numpy.vstack(model.predict(docs)), plain)
    assert averaged != model.to_bytes()
    same = TorchWindowClassifier(hash_embed(), scorer, window=2).from_bytes(model.to_bytes())
    for other in (same, pickle.loads(pickle.dumps(model))):
        numpy.testing.assert_array_equal(numpy.vstack(other.predict(docs)), plain)
        assert other.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("rate", [None, 0.0, 0.5])
def test_dropout(docs, rate):
    model = make_torch_model(docs, dropout=rate)
    assert model.attrs["dropout"] == rate
    plain = numpy.vstack(model.predict(docs))
    assert (numpy.vstack(model(docs, is_train=True)[0]) != plain).any() == bool(rate)
    [layer] = [node for node in model.walk() if node.name == "torch_module"]
    set_dropout_rate(model, 0.0)
    layer.attrs["dropout_rate"] = 0.5
    # Only that of the network, because the embeddings have none now.
    assert (numpy.vstack(model(docs, is_train=True)[0]) != plain).any()
    numpy.testing.assert_array_equal(numpy.vstack(model.predict(docs)), plain)


@scorers
def test_labels_added_later(docs, scorer):
    model = make_torch_model(docs, scorer, nO=3)
    before = numpy.vstack(model.predict(docs))
    layer = model.get_ref("output_layer")
    assert model.attrs["resize_output"](model, 7) is model
    assert (
        model.get_ref("output_layer").id != layer.id
    )  # an optimizer must be able to tell them apart
    assert model.get_ref("output_layer").get_dim("nO") == 7
    after = numpy.vstack(model.predict(docs))
    numpy.testing.assert_allclose(after[:, :3], before, **CLOSE)
    numpy.testing.assert_allclose(after[:, 3:], before[:, [0] * 4] - BEHIND_O, **CLOSE)
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    model.finish_update(Adam(0.01))
    same = TorchWindowClassifier(hash_embed(), scorer, window=2).from_bytes(model.to_bytes())
    numpy.testing.assert_array_equal(
        numpy.vstack(same.predict(docs)), numpy.vstack(model.predict(docs))
    )
    unchanged = model.attrs["resize_output"](model, 7).to_bytes()
    assert unchanged == same.to_bytes()


def test_resizing_before_initialization_sets_the_width(docs):
    model = TorchWindowClassifier(hash_embed(), TorchScorer(), nO=3)
    model.attrs["resize_output"](model, 5)
    model.attrs["resize_output"](model, 7)
    assert model.initialize(X=docs).predict(docs)[0].shape == (7, 7)


@pytest.mark.parametrize(
    "scorer",
    [
        partial(nn.Linear, bias=False),
        lambda n_features, n_tags: nn.Sequential(nn.Linear(n_features, n_tags), nn.Tanh()),
        lambda n_features, n_tags: nn.Sequential(
            nn.Linear(n_features, n_tags), nn.LayerNorm(n_tags)
        ),
        lambda n_features, n_tags: nn.Sequential(
            nn.Linear(n_features, 2 * n_tags), nn.Linear(2 * n_tags, n_tags)
        ),
    ],
)
def test_networks_that_no_label_can_be_added_to(docs, scorer):
    model = make_torch_model(docs, scorer)
    before = model.to_bytes()
    with pytest.raises(ValueError, match="WN022.*a (Linear|Sequential).*nn.Linear with a bias"):
        model.attrs["resize_output"](model, 7)
    assert model.to_bytes() == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": -1}, "WN001.*window = -1.*at least 0 words"),
        ({"dropout": 1.0}, "WN001.*dropout = 1.0.*below 1"),
        ({"hidden_width": 0}, "WN001.*hidden_width = 0.*at least 1 unit"),
        ({"hidden_depth": 3}, "WN001.*hidden_depth = 3.*0, 1 or 2"),
        ({"activation": "gelu"}, "WN001.*'gelu'.*relu"),
        ({"activation": "gelu", "hidden_depth": 0}, "WN001.*'gelu'"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense(settings, message):
    ours = {name: settings[name] for name in settings if name in ("window", "dropout")}
    of_scorer = {name: settings[name] for name in settings if name not in ours}
    with pytest.raises(ValueError, match=message):
        TorchWindowClassifier(hash_embed(), TorchScorer(**of_scorer), **ours)


# The component, with the architecture from a config.

MODEL = {
    "@architectures": "spacy-windowner.TorchWindowClassifier.v1",
    "window": 2,
    "scorer": {"@architectures": "spacy-windowner.TorchScorer.v1", "hidden_width": 32},
    "embed": {
        "@architectures": "spacy-windowner.WordEmbed.v1",
        "features": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": SMALL["model"]["embed"]["features"]["rows"],
            "include_static_vectors": False,
        },
    },
}
TEXTS = [text for text, _ in TRAIN_DATA] + ["", "London", "Who likes Shaka Khan in Berlin?"]


@registry.architectures("test_torch_classifier.Residual.v1")
def make_residual(width: int):
    return partial(Residual, width=width)


def make_pipeline(**scorer):
    nlp = spacy.blank("en")
    model = {**MODEL, "scorer": scorer} if scorer else MODEL
    nlp.add_pipe("window_ner", config={"model": model})
    return nlp


@pytest.fixture(scope="module")
def trained_once():
    nlp = make_pipeline()
    train(nlp)
    return nlp


OURS = {"@architectures": "test_torch_classifier.Residual.v1", "width": 16}


@pytest.mark.parametrize("scorer", [{}, OURS], ids=["default", "custom"])
def test_overfitting_IO(scorer, tmp_path):
    nlp = make_pipeline(**scorer)
    assert train(nlp, steps=120)["window_ner"] < 0.05
    ner = nlp.get_pipe("window_ner")
    expected = [ents_of(nlp(text)) for text in TEXTS]
    assert expected[:2] == ENTITIES
    assert nlp.evaluate(make_examples(nlp))["ents_f"] == 1.0
    assert [ents_of(doc) for doc in nlp.pipe(TEXTS)] == expected
    nlp.to_disk(tmp_path)
    assert sorted(path.name for path in (tmp_path / "window_ner").iterdir()) == ["cfg", "model"]
    from_bytes = load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    for other in (spacy.load(tmp_path), from_bytes, pickle.loads(pickle.dumps(nlp))):
        assert [ents_of(other(text)) for text in TEXTS] == expected
        assert other.get_pipe("window_ner").to_bytes() == ner.to_bytes()
    ner.add_label("ORG")
    assert [ents_of(nlp(text)) for text in TEXTS] == expected
    nlp.to_disk(tmp_path)
    grown = spacy.load(tmp_path)
    assert [ents_of(grown(text)) for text in TEXTS] == expected
    assert grown.get_pipe("window_ner").labels == ("PERSON", "LOC", "ORG")
    optimizer = grown.resume_training()
    for _ in range(3):
        grown.update(make_examples(grown), sgd=optimizer, drop=0.2)


def test_threads_tag_as_one(trained_once):
    texts = [f"{text} {number}" for number in range(20) for text in TEXTS]
    expected = [ents_of(trained_once(text)) for text in texts]
    nlp = load_model_from_config(trained_once.config).from_bytes(trained_once.to_bytes())
    with ThreadPoolExecutor(8) as threads:
        assert [ents_of(doc) for doc in threads.map(nlp, texts)] == expected


def test_the_seed_decides():
    results = []
    for _ in range(2):
        nlp = make_pipeline()
        train(nlp, steps=0)
        for _ in range(3):
            nlp.update(make_examples(nlp), sgd=Adam(0.01), drop=0.3)
        results.append(nlp.get_pipe("window_ner").model.to_bytes())
    assert results[0] == results[1]


def test_parameters_of_another_network(trained_once, tmp_path):
    trained_once.get_pipe("window_ner").to_disk(tmp_path)
    for scorer in ({"hidden_width": 16}, {"hidden_depth": 0}):
        ner = make_pipeline(**{**MODEL["scorer"], **scorer}).get_pipe("window_ner")
        with pytest.raises(ValueError, match="WN023"):
            ner.from_disk(tmp_path)
    with pytest.raises(ValueError, match="WN009"):
        make_nlp().get_pipe("window_ner").from_disk(tmp_path)


def test_example_of_the_docs():
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf8")
    [code] = re.findall("```py\n(.+?)```", page, flags=re.DOTALL)
    block = "components.window_ner.model.scorer"
    [settings] = re.findall(rf"```ini\n\[{block}\]\n(.+?)```", page, flags=re.DOTALL)
    exec(code, {"__name__": "scorer"})
    fix_random_seed(0)
    nlp = make_pipeline(**Config().from_str(f"[scorer]\n{settings}")["scorer"])
    assert train(nlp, steps=40)["window_ner"] < 0.05
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


def test_the_config_is_the_default_but_for_the_network():
    torch_config, config = (
        load_config(ROOT / "configs" / f"{name}.cfg") for name in ("torch", "default")
    )
    [model, expected] = (
        dict(part["components"]["window_ner"].pop("model")) for part in (torch_config, config)
    )
    # Words can't be pretrained for a network in PyTorch.
    assert config["paths"].pop("init_words", "absent") is None
    assert config["initialize"]["components"].pop("window_ner") == {
        "init_words": "${paths.init_words}"
    }
    assert torch_config == config
    scorer = model.pop("scorer")
    shared = {**model, **scorer, "@architectures": expected["@architectures"]}
    assert {**shared, "pooling": "concat"} == expected
