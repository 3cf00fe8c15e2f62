import numpy
import pytest
from spacy.ml.models import build_hash_embed_cnn_tok2vec
from spacy.vocab import Vocab
from thinc.api import Model

from spacy_windowner.layers.vectors import VectorsTable
from spacy_windowner.models.window_classifier import WindowClassifier
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.tools.pretrain import ranking
from spacy_windowner.tools.pretrain.ranking import initialize_network, make_network, ranking_loss

from ...models.util import hash_embed, make_docs, set_vectors
from ...util import FORMULAS, check_params, randomize

SENTENCES = [["Not", "all", "museums", "in", "Paris"], ["Paris"], [], ["in", "Paris", "in", "all"]]
WORDS = ["Not", "all", "museums", "in", "Paris"]
N_TOKENS = sum(map(len, SENTENCES))
WINDOW = 2

activations = pytest.mark.parametrize("activation", list(FORMULAS))
poolings = pytest.mark.parametrize("pooling", ["concat", "average"])
numbers = pytest.mark.parametrize("n_corrupt", [1, 3])


def make_batch(n_corrupt=2, seed=0, **settings):
    """A network over word vectors with random weights, documents, and corrupt centres."""
    vocab = Vocab()
    set_vectors(vocab, WORDS)
    docs = make_docs(vocab, SENTENCES)
    settings = {"window": WINDOW, "hidden_width": 6, **settings}
    network = make_network(WindowClassifier(VectorsTable(), **settings), "ner")
    initialize_network(network, docs)
    for i, layer in enumerate(network):
        if layer.name != "prelu":
            randomize(layer, seed=i, scale=0.6)
    rng = numpy.random.default_rng(seed)
    return network, docs, rng.integers(N_TOKENS, size=(n_corrupt, N_TOKENS))


def plain_loss(network, docs, centres, activation) -> float:
    """J = max(0, 1 - s + s_c), one window at a time, with each of them written out."""
    f, _ = FORMULAS[activation]
    affine = network.affine
    W, b, pad = (affine.get_param(name).astype("float64") for name in ("W", "b", "pad"))
    U = network.score.get_param("U").astype("float64")
    X = network.words.predict(docs)
    E = X.rows.astype("float64")

    def s(window):
        if len(W) == 1:
            return U @ f(W[0] @ numpy.mean(window, axis=0) + b)
        return U @ f(numpy.concatenate(list(W), axis=1) @ numpy.concatenate(window) + b)

    losses = []
    stop = 0
    for length in X.lengths:
        start, stop = stop, stop + length
        for t in range(start, stop):
            places = range(t - WINDOW, t + WINDOW + 1)
            window = [E[X.ids[p]] if start <= p < stop else pad[0] for p in places]
            for c in centres[:, t]:
                corrupt = [*window]
                corrupt[WINDOW] = E[X.ids[c]]
                is_corrupt = X.ids[c] != X.ids[t]
                losses.append(max(0.0, 1.0 - s(window) + s(corrupt)) if is_corrupt else 0.0)
    return float(numpy.mean(losses))


@activations
@poolings
@numbers
def test_loss_equals_the_plain_reference(activation, pooling, n_corrupt):
    network, docs, centres = make_batch(n_corrupt, activation=activation, pooling=pooling)
    expected = plain_loss(network, docs, centres, activation)
    assert expected > 0.1
    assert ranking_loss(network, docs, centres) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@poolings
@numbers
def test_gradients_equal_finite_differences(activation, pooling, n_corrupt):
    network, docs, centres = make_batch(n_corrupt, activation=activation, pooling=pooling)
    ranking_loss(network, docs, centres)
    for layer in (network.words, network.affine, network.score):

        def f():
            return plain_loss(network, docs, centres, activation)

        check_params(layer, f, eps=1e-3, rtol=2e-3)


@activations
@poolings
def test_gradients_equal_autograd(activation, pooling):
    torch = pytest.importorskip("torch")
    network, docs, centres = make_batch(activation=activation, pooling=pooling)
    ranking_loss(network, docs, centres)
    X = network.words.predict(docs)
    names = ("W", "b", "pad")
    arrays = [X.rows, *(network.affine.get_param(name) for name in names)]
    E, W, b, pad, U = (
        torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for array in (*arrays, network.score.get_param("U"))
    )
    f = {"logistic": torch.sigmoid, "tanh": torch.tanh, "hard_tanh": torch.nn.functional.hardtanh,
         "relu": torch.relu, "leaky_relu": torch.nn.functional.leaky_relu,
         "prelu": lambda Z: torch.where(Z > 0, Z, 0.25 * Z)}[activation]  # fmt: skip
    ids = torch.tensor(X.ids)
    outside = torch.full((WINDOW,), len(E))
    windows = torch.cat([
        torch.cat([outside, doc, outside]).unfold(0, 2 * WINDOW + 1, 1)
        for doc in ids.split(X.lengths.tolist()) if len(doc)
    ])  # fmt: skip

    def scores(windows):
        x = torch.cat([E, pad])[windows]
        Z = x.mean(dim=1) @ W[0].T if pooling == "average" else torch.einsum("tji,joi->to", x, W)
        return f(Z + b) @ U

    losses = []
    for others in ids[torch.tensor(centres)]:
        corrupt = windows.clone()
        corrupt[:, WINDOW] = others
        losses.append(torch.relu(1 - scores(windows) + scores(corrupt)) * (others != ids))
    torch.stack(losses).mean().backward()

    close = {"rtol": 1e-4, "atol": 1e-6}
    for name, tensor in zip(names, (W, b, pad), strict=True):
        numpy.testing.assert_allclose(network.affine.get_grad(name), tensor.grad, **close)
    numpy.testing.assert_allclose(network.score.get_grad("U"), U.grad, **close)
    [table] = [node for node in network.words.walk() if node.name == "vectors_table"]
    words = [docs[0].vocab.strings[word] for word in WORDS]
    orths = sorted(words)  # the order of the distinct words' rows
    rows = [words.index(orth) for orth in orths]
    numpy.testing.assert_allclose(table.get_grad("E")[rows], E.grad, **close)


def test_windows_in_chunks_give_the_same_numbers(monkeypatch):
    results = []
    for chunk in (100, 3):
        monkeypatch.setattr(ranking, "_CHUNK", chunk)
        network, docs, centres = make_batch()
        loss = ranking_loss(network, docs, centres)
        results.append([loss, *gradients(network)])
    for value, expected in zip(*results, strict=True):
        numpy.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)


def gradients(network):
    for layer in (network.words, network.affine, network.score):
        for node in layer.walk():
            yield from (node.get_grad(name).copy() for name in node.param_names)


def test_a_word_in_its_own_place_is_no_corrupt_window():
    network, docs, _ = make_batch()
    assert ranking_loss(network, docs, numpy.arange(N_TOKENS)[None]) == 0.0
    assert not any(gradient.any() for gradient in gradients(network))


@poolings
def test_it_learns_to_rank(pooling):
    network, docs, centres = make_batch(activation="tanh", pooling=pooling)
    optimizer = SparseAdam(0.05)
    losses = []
    for _ in range(150):
        losses.append(ranking_loss(network, docs, centres))
        network.finish_update(optimizer)
    assert losses[0] > 0.3
    assert losses[-1] == 0.0


def test_the_layers_are_those_of_the_classifier():
    model = WindowClassifier(hash_embed(), window=WINDOW, hidden_width=6, activation="hard_tanh")
    network = make_network(model, "ner")
    assert network.words.layers == [model.get_ref("embed")]
    assert network.affine is model.get_ref("windowed_affine")
    assert network.activation.name == "hard_tanh"


def contextual() -> Model:
    return build_hash_embed_cnn_tok2vec(
        width=8, depth=1, embed_size=50, window_size=1, maxout_pieces=2, subword_features=True,
        pretrained_vectors=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "make_model, why",
    [
        (lambda: WindowClassifier(hash_embed(), hidden_depth=0), "no hidden layer"),
        (lambda: WindowClassifier(contextual()), "reads more than the word"),
        (hash_embed, "no spacy-windowner.WindowClassifier.v1"),
    ],
)
def test_models_that_cannot_learn_from_raw_text(make_model, why):
    with pytest.raises(ValueError, match=rf"WN042.*'ner'.*{why}"):
        make_network(make_model(), "ner")
