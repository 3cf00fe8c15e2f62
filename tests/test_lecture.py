"""The lecture on window classification, formula by formula, against the code of this package.

Read it next to docs/lecture.md. Each formula is written once more, in plain NumPy and 64-bit
numbers, and compared with what the layers, losses and optimizers compute.
"""

import ast
import re
from pathlib import Path

import numpy
import pytest
from spacy.tokens import Doc
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import SGD, Ragged

from spacy_windowner.decoding.lattice import Scored
from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.layers.vectors import VectorsTable
from spacy_windowner.losses.cross_entropy import CrossEntropy
from spacy_windowner.losses.max_margin import MaxMargin
from spacy_windowner.losses.targets import Targets
from spacy_windowner.models.embed import VectorsEmbed
from spacy_windowner.models.window_classifier import WindowClassifier

from .util import FORMULAS, check_gradient, randomize

SENTENCE = ["Not", "all", "museums", "in", "Paris", "are", "amazing"]
N = len(SENTENCE)
PARIS = SENTENCE.index("Paris")
OTHERS = [t for t in range(N) if t != PARIS]  # the centres of the corrupt windows

WINDOW = 2  # words on either side
D = 4  # numbers in a word vector, so that x = [x1 ... x20]
HIDDEN = 8  # units of the hidden layer

O, B, I = 0, 1, 2  # noqa: E741  the columns of a model of one label
TAGS = numpy.array([O, O, O, O, B, O, O])

activations = pytest.mark.parametrize("activation", list(FORMULAS))


# The network -----------------------------------------------------------------------------------


def make_doc(words=SENTENCE):
    """The sentence, with a random word vector for each of its words."""
    vocab = Vocab()
    data = numpy.random.default_rng(1).normal(size=(N, D)).astype("float32")
    vocab.vectors = Vectors(data=data, keys=[vocab.strings.add(word) for word in SENTENCE])
    return Doc(vocab, words=words)


def make_network(doc, activation="tanh", **settings):
    """The lecture's network: word vectors, one window, one hidden layer, one label. The label's
    column B has random weights U. All other weights of the output layer are 0."""
    settings = {"window": WINDOW, "hidden_width": HIDDEN, "activation": activation, **settings}
    model = WindowClassifier(VectorsTable(), nO=3, **settings).initialize(X=[doc])
    vectors, slopes = embed_layer(model).get_param("E"), numpy.full(HIDDEN, 0.25, dtype="float32")
    # With this seed some corrupt windows are within the margin, and some are not.
    randomize(model, seed=6, scale=0.8)
    embed_layer(model).set_param("E", vectors)
    for node in model.walk():
        if node.name == "prelu":
            node.set_param("slope", slopes.copy())
    output = model.get_ref("output_layer")
    output.get_param("W")[..., [O, I], :] = 0.0
    output.get_param("b")[:] = 0.0
    return model


def embed_layer(model):
    return next(node for node in model.walk() if node.name == "vectors_table")


def window_layer(model):
    return next(node for node in model.walk() if node.name == "windowed_affine")


def as_lecture_matrix(W):
    """The layer keeps one matrix (nO, d) a position. The lecture puts them side by side."""
    return numpy.concatenate(list(W), axis=1)


class Lecture:
    """The same network as the lecture writes it, with the model's numbers."""

    def __init__(self, model, doc, activation):
        self.f, self.df = FORMULAS[activation]
        layer, output = window_layer(model), model.get_ref("output_layer")
        self.W = as_lecture_matrix(layer.get_param("W")).astype("float64")
        self.b = layer.get_param("b").astype("float64")
        self.U = output.get_param("W")[B].astype("float64")
        # One vector a word of the sentence, and the padding's vector as the last one.
        [vectors] = embed_layer(model).predict([doc])
        self.L = numpy.vstack([vectors, layer.get_param("pad")]).astype("float64")

    def places(self, t):
        """Which vectors the window of word t is made of; -1 is the padding."""
        return [p if 0 <= p < N else -1 for p in range(t - WINDOW, t + WINDOW + 1)]

    def x(self, t):
        return numpy.concatenate([self.L[place] for place in self.places(t)])

    def s(self, t):
        """s = U^T f(W x + b)"""
        return self.U @ self.f(self.W @ self.x(t) + self.b)

    def J(self):
        """J = max(0, 1 - s + s_c), summed over the corrupt windows."""
        return sum(max(0.0, 1.0 - self.s(PARIS) + self.s(c)) for c in OTHERS)

    def add_gradients_of_score(self, t, d_s, gradients):
        """Backpropagation of d_s, the gradient of the score of window t."""
        x = self.x(t)
        z = self.W @ x + self.b
        a = self.f(z)
        delta = d_s * self.U * self.df(z)  # delta = u * f'(z)
        gradients["U"] += d_s * a
        gradients["W"] += numpy.outer(delta, x)  # delta x^T
        gradients["b"] += delta
        d_x = self.W.T @ delta  # W^T delta
        for j, place in enumerate(self.places(t)):
            gradients["L"][place] += d_x[j * D : (j + 1) * D]

    def gradients(self):
        """Of J: a pair within the margin pushes its true window up and its corrupt one down."""
        gradients = {name: numpy.zeros_like(getattr(self, name)) for name in "UWbL"}
        for c in OTHERS:
            if 1.0 - self.s(PARIS) + self.s(c) > 0.0:
                self.add_gradients_of_score(PARIS, -1.0, gradients)
                self.add_gradients_of_score(c, +1.0, gradients)
        return gradients


def run(model, doc, loss=None):
    """The component's path from a sentence to gradients. The losses are means over tokens and
    corrupt windows where the lecture has sums; the weights make up for it."""
    weights = numpy.full(N, N * len(OTHERS), dtype="float64")
    targets = Targets(TAGS, weights, numpy.array([N]))
    [scores], backprop = model([doc], is_train=True)
    loss = loss or MaxMargin(len(OTHERS), pairwise_weight=1.0, sequence_weight=0.0)
    d_scores, J = loss(scores, targets)
    backprop([d_scores])
    return scores, J, d_scores


def model_gradients(model, doc):
    layer, output = window_layer(model), model.get_ref("output_layer")
    rows = doc.vocab.vectors.find(keys=doc.to_array("ORTH"))
    return {
        "U": output.get_grad("W")[B],
        "W": as_lecture_matrix(layer.get_grad("W")),
        "b": layer.get_grad("b"),
        "L": numpy.vstack([embed_layer(model).get_grad("E")[rows], layer.get_grad("pad")]),
    }


def close(found, expected, rtol=1e-4, atol=1e-4):
    numpy.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


# The lecture's binary window classifier --------------------------------------------------------


def test_dimensions():
    doc = make_doc()
    lecture = Lecture(make_network(doc), doc, "tanh")
    assert [SENTENCE[p] for p in lecture.places(PARIS)] == [
        "museums", "in", "Paris", "are", "amazing",
    ]  # fmt: skip
    assert lecture.x(PARIS).shape == (20,)
    assert lecture.W.shape == (8, 20)
    assert lecture.U.shape == (8,)
    # The windows of the first and last two words reach beyond the sentence.
    assert [t for t in range(N) if -1 in lecture.places(t)] == [0, 1, 5, 6]


@activations
def test_score(activation):
    doc = make_doc()
    model = make_network(doc, activation)
    lecture = Lecture(model, doc, activation)
    [scores] = model.predict([doc])
    close(scores[:, B], [lecture.s(t) for t in range(N)])


@activations
def test_max_margin_loss_of_the_network(activation):
    doc = make_doc()
    model = make_network(doc, activation)
    lecture = Lecture(model, doc, activation)
    _, J, d_scores = run(model, doc)
    assert J == pytest.approx(lecture.J(), rel=1e-5)
    # Both cases of max(0, ...) occur.
    violations = numpy.array([1 - lecture.s(PARIS) + lecture.s(c) > 0 for c in OTHERS])
    assert violations.any() and not violations.all()
    close(d_scores[OTHERS, B], violations)
    close(d_scores[PARIS, B], -violations.sum())


@activations
def test_gradients_of_the_network(activation):
    doc = make_doc()
    model = make_network(doc, activation)
    expected = Lecture(model, doc, activation).gradients()
    run(model, doc)
    for name, gradient in model_gradients(model, doc).items():
        assert expected[name].any()
        close(gradient, expected[name])
    assert expected["L"].any(axis=1).all()  # every word of the sentence learns, and the padding


@activations
def test_formulas_of_the_gradients_equal_finite_differences(activation):
    """The lecture's advice: check a gradient numerically before trusting it."""
    doc = make_doc()
    lecture = Lecture(make_network(doc, activation), doc, activation)
    for name, gradient in lecture.gradients().items():

        def J(value, name=name):
            before = getattr(lecture, name)
            setattr(lecture, name, value)
            out = lecture.J()
            setattr(lecture, name, before)
            return out

        check_gradient(J, getattr(lecture, name), gradient, eps=1e-6, rtol=1e-6)


@activations
def test_gradients_of_the_network_equal_autograd(activation):
    torch = pytest.importorskip("torch")
    functions = {
        "logistic": torch.sigmoid,
        "tanh": torch.tanh,
        "hard_tanh": torch.nn.functional.hardtanh,
        "relu": torch.relu,
        "leaky_relu": torch.nn.functional.leaky_relu,
        "prelu": lambda z: torch.nn.functional.leaky_relu(z, 0.25),
    }
    doc = make_doc()
    model = make_network(doc, activation)
    lecture = Lecture(model, doc, activation)
    names = ("U", "W", "b", "L")
    U, W, b, L = tensors = [
        torch.tensor(getattr(lecture, name), requires_grad=True) for name in names
    ]
    places = torch.tensor([lecture.places(t) for t in range(N)])
    s = functions[activation](L[places].flatten(start_dim=1) @ W.T + b) @ U
    torch.relu(1 - s[PARIS] + s[OTHERS]).sum().backward()
    run(model, doc)
    found = model_gradients(model, doc)
    for name, tensor in zip(names, tensors, strict=True):
        close(found[name], tensor.grad.numpy())


def test_no_loss_once_the_true_window_is_ahead_by_one():
    doc = make_doc()
    model = make_network(doc)
    for _ in range(200):
        run(model, doc)
        model.finish_update(SGD(0.02, grad_clip=0.0))
    scores, J, _ = run(model, doc)
    assert J == 0.0
    assert scores[PARIS, B] >= 1.0 + scores[OTHERS, B].max()
    assert not any(gradient.any() for gradient in model_gradients(model, doc).values())


def test_the_pairwise_term_alone_never_moves_outside():
    """Each pair gives the corrupt window what it takes from the true one, and O has no pairs. So
    the column of O stays exactly 0, and the biases c too, as long as the sums are exact (here all
    gradients of scores are whole numbers). The decision between B and O is then s > 0."""
    doc = make_doc()
    model = make_network(doc)
    output = model.get_ref("output_layer")
    U = output.get_param("W")[B].copy()
    for _ in range(20):
        _, J, _ = run(model, doc)
        model.finish_update(SGD(0.02, grad_clip=0.0))
        assert not output.get_param("W")[[O, I]].any()
        assert not output.get_param("b").any()
    assert (output.get_param("W")[B] != U).all()


def test_the_biases_stay_zero_up_to_rounding_whatever_the_weights():
    doc = make_doc()
    model = make_network(doc)
    targets = Targets(TAGS, numpy.full(N, 0.3), numpy.array([N]))
    for _ in range(20):
        [scores], backprop = model([doc], is_train=True)
        backprop([MaxMargin(5, pairwise_weight=1.0, sequence_weight=0.0)(scores, targets)[0]])
        model.finish_update(SGD(0.1, grad_clip=0.0))
    output = model.get_ref("output_layer")
    assert not output.get_param("W")[[O, I]].any()
    close(output.get_param("b"), 0.0, atol=1e-6)


def best_tags(scores, scheme):
    """The tags of a document's best valid sequence."""
    lengths, places = numpy.array([len(scores)], dtype="int32"), numpy.zeros(len(scores), "uint8")
    scored = Scored(lengths, places, scores.astype("float32"), scheme)
    tags = numpy.zeros(len(scores), dtype=int)
    for _, start, end, label, _ in zip(*scored.best_spans(), strict=True):
        tags[start:end] = scheme.tags_of_span(end - start, label)
    return tags


def test_the_decision_is_a_positive_score():
    doc = make_doc()
    decisions = set()
    for seed in range(20):
        model = make_network(doc)
        output = model.get_ref("output_layer")
        output.get_param("W")[B] = numpy.random.default_rng(seed).normal(size=HIDDEN)
        [scores] = model.predict([doc])
        tags = best_tags(scores, BIO)
        numpy.testing.assert_array_equal(tags, numpy.where(scores[:, B] > 0.0, B, O))
        decisions |= set(tags.tolist())
    assert decisions == {O, B}


# Two hidden layers -----------------------------------------------------------------------------


@activations
def test_delta_of_the_lower_layer(activation):
    """s = u^T f(W2 f(W1 x + b1) + b2), and delta1 = (W2^T delta2) * f'(z1)."""
    doc = make_doc()
    model = make_network(doc, activation, hidden_depth=2)
    lower, upper = Lecture(model, doc, activation), window_layer(model)
    f, df = FORMULAS[activation]
    [middle] = [node for node in model.walk() if node.name == "linear"][:1]
    assert middle is not model.get_ref("output_layer")
    W2, b2 = middle.get_param("W").astype("float64"), middle.get_param("b")
    scores, _, d_scores = run(model, doc)

    d_W1, d_b1 = numpy.zeros_like(lower.W), numpy.zeros(HIDDEN)
    d_W2, d_b2 = numpy.zeros_like(W2), numpy.zeros(HIDDEN)
    for t in range(N):
        x = lower.x(t)
        z1 = lower.W @ x + lower.b
        a1 = f(z1)
        z2 = W2 @ a1 + b2
        close(scores[t, B], lower.U @ f(z2))
        delta2 = d_scores[t, B] * lower.U * df(z2)
        delta1 = (W2.T @ delta2) * df(z1)
        d_W2 += numpy.outer(delta2, a1)
        d_b2 += delta2
        d_W1 += numpy.outer(delta1, x)
        d_b1 += delta1
    assert d_W1.any()
    close(middle.get_grad("W"), d_W2, atol=1e-3)
    close(middle.get_grad("b"), d_b2, atol=1e-3)
    close(as_lecture_matrix(upper.get_grad("W")), d_W1, atol=1e-3)
    close(upper.get_grad("b"), d_b1, atol=1e-3)


# Softmax and cross-entropy ---------------------------------------------------------------------


def test_softmax_cross_entropy():
    """J = -log p[y], p = softmax(s), with the gradient p - y of the scores, and delta x^T etc."""
    doc = make_doc()
    model = make_network(doc)
    lecture = Lecture(model, doc, "tanh")
    output = model.get_ref("output_layer")
    output.set_param("W", numpy.random.default_rng(2).normal(size=(3, HIDDEN)).astype("float32"))
    U = output.get_param("W").astype("float64")
    _, J, d_scores = run(model, doc, CrossEntropy())

    weight = len(OTHERS)  # that of `run`, divided by N
    expected_J, d_U, d_W = 0.0, numpy.zeros_like(U), numpy.zeros_like(lecture.W)
    for t in range(N):
        z = lecture.W @ lecture.x(t) + lecture.b
        a = numpy.tanh(z)
        p = numpy.exp(U @ a) / numpy.exp(U @ a).sum()
        y = numpy.eye(3)[TAGS[t]]
        expected_J -= weight * numpy.log(p[TAGS[t]])
        close(d_scores[t], weight * (p - y))
        d_U += weight * numpy.outer(p - y, a)
        delta = weight * (U.T @ (p - y)) * (1 - a**2)
        d_W += numpy.outer(delta, lecture.x(t))
    assert J == pytest.approx(expected_J, rel=1e-5)
    close(output.get_grad("W"), d_U)
    close(as_lecture_matrix(window_layer(model).get_grad("W")), d_W)


# Updates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight_decay", [False, True])
def test_l2_term(weight_decay):
    """J + L2/2 |theta|^2 has the gradient dJ + L2 theta, for every parameter of the model: biases,
    word vectors and padding as well. With L2_is_weight_decay = true, thinc's default, the decay
    follows the step on J instead, which is the same up to the square of the learning rate."""
    doc = make_doc()
    model = make_network(doc)
    rate, L2 = 0.01, 0.1
    run(model, doc)
    expected = {}
    for node in model.walk():
        for name in node.param_names:
            theta, d_theta = node.get_param(name).copy(), node.get_grad(name).copy()
            if weight_decay:
                expected[node.id, name] = (theta - rate * d_theta) * (1 - rate * L2)
            else:
                expected[node.id, name] = theta - rate * (d_theta + L2 * theta)
    model.finish_update(SGD(rate, L2=L2, L2_is_weight_decay=weight_decay, grad_clip=0.0))
    for node in model.walk():
        for name in node.param_names:
            close(node.get_param(name), expected[node.id, name], rtol=1e-5, atol=1e-6)


def test_updated_word_vectors_take_the_step_of_their_windows():
    """x := x - rate * W^T delta, summed over the windows in which a word stands. The vectors of
    the vocabulary itself stay."""
    doc = make_doc()
    fixed = doc.vocab.vectors.data.copy()
    model = make_network(doc)
    lecture = Lecture(model, doc, "tanh")
    run(model, doc)
    model.finish_update(SGD(0.01, grad_clip=0.0))
    after = Lecture(model, doc, "tanh").L
    close(after, lecture.L - 0.01 * lecture.gradients()["L"])
    assert (after != lecture.L).any(axis=1).all()
    numpy.testing.assert_array_equal(doc.vocab.vectors.data, fixed)


def test_fixed_word_vectors_take_no_step():
    doc = make_doc()
    fixed = doc.vocab.vectors.data.copy()
    model = WindowClassifier(VectorsEmbed(D), window=WINDOW, hidden_width=HIDDEN, nO=3)
    randomize(model.initialize(X=[doc]))
    before = {
        (node.id, name): node.get_param(name).copy()
        for node in model.walk()
        for name in node.param_names
    }
    assert not any(value.shape == fixed.shape for value in before.values())
    run(model, doc)
    model.finish_update(SGD(0.01, grad_clip=0.0))
    numpy.testing.assert_array_equal(doc.vocab.vectors.data, fixed)
    # What the vectors feed, a linear map to the network's input, does learn.
    static = next(node for node in model.walk() if node.name == "static_vectors")
    assert (static.get_param("W") != before[static.id, "W"]).any()


@pytest.mark.parametrize(
    "loss",
    [
        MaxMargin(len(OTHERS), pairwise_weight=1.0, sequence_weight=0.0),
        MaxMargin(len(OTHERS)),
        CrossEntropy(),
    ],
    ids=["pairwise", "max_margin", "cross_entropy"],
)
@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
@pytest.mark.parametrize("pooling", ["concat", "average"])
def test_a_step_against_the_gradient_lowers_the_loss(loss, hidden_depth, pooling):
    doc = make_doc()
    model = make_network(doc, hidden_depth=hidden_depth, pooling=pooling)
    _, before, _ = run(model, doc, loss)
    model.finish_update(SGD(1e-5, grad_clip=0.0))
    _, after, _ = run(model, doc, loss)
    assert after < before


# The window ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pooling", "keeps_order"), [("concat", True), ("average", False)])
def test_average_loses_the_order_of_the_words(pooling, keeps_order):
    """The centre of "museums in Paris are amazing" and that of a permutation of its words."""
    words = SENTENCE[2:]
    permuted = [words[i] for i in (3, 4, 2, 0, 1)]
    doc = make_doc(words)
    model = make_network(doc, pooling=pooling)
    [score, other_score] = (
        model.predict([Doc(doc.vocab, words=of_doc)])[0][2, B] for of_doc in (words, permuted)
    )
    assert (abs(score - other_score) > 0.1) == keeps_order
    if not keeps_order:
        assert score == pytest.approx(other_score, abs=1e-5)


def test_average_is_the_mean_of_the_window():
    doc = make_doc()
    model = make_network(doc, pooling="average")
    layer = window_layer(model)
    lecture = Lecture(model, doc, "tanh")
    assert lecture.W.shape == (HIDDEN, D)
    [scores] = model.predict([doc])
    for t in range(N):
        mean = lecture.x(t).reshape(-1, D).mean(axis=0)
        close(scores[t, B], lecture.U @ numpy.tanh(lecture.W @ mean + layer.get_param("b")))


def test_the_window_matrix_is_never_built():
    """W x = sum_j W_j x_j: the sum over positions that the layer gathers from products of
    distinct words gives the same z as the product with the 20 numbers of a window."""
    doc = make_doc(["in", "Paris", "in", "Paris", "in", "Paris", "Paris"])
    model = make_network(doc)
    lecture = Lecture(model, doc, "tanh")
    rows, backprop = model.layers[0]([doc], is_train=False)
    assert rows.rows.shape == (2, D)  # two distinct words
    Z = window_layer(model).predict(rows)
    assert isinstance(Z, Ragged)
    for t in range(N):
        close(Z.dataXd[t], lecture.W @ lecture.x(t) + lecture.b)


# Tags ------------------------------------------------------------------------------------------


def test_bio_tags():
    """B begins an entity, I continues it, O is outside of all. Two entities of one type may be
    neighbours, which the lecture's plain types can't tell."""
    assert BIO.tag_names(["LOC", "PER"]) == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    tags = numpy.array([1, 2, 1, 0, 3, 4])  # New York, Paris and Foo Bar
    assert BIO.spans_from_tags(tags) == [(0, 2, 0), (2, 3, 0), (4, 6, 1)]


@pytest.mark.parametrize("before", [O, B, I])
def test_inside_follows_begin_or_inside(before):
    scores = numpy.full((3, 3), -9.0)
    scores[0, B if before == I else O] = 0.0
    scores[1, before] = 0.0
    scores[2, I] = 1.0  # the best tag by itself
    scores[2, O] = 0.0
    tags = best_tags(scores, BIO)
    assert tags[2] == (O if before == O else I)


def test_biluo_tags():
    """L ends an entity of several words, U is an entity of one. The tags before and after say the
    same as in BIO, once more."""
    assert BILUO.tag_names(["LOC"]) == ["O", "B-LOC", "I-LOC", "L-LOC", "U-LOC"]
    tags = numpy.array([1, 2, 3, 4, 0, 1, 3])  # New York City, Paris and Los Angeles
    assert BILUO.spans_from_tags(tags) == [(0, 3, 0), (3, 4, 0), (5, 7, 0)]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4])
def test_last_or_inside_follows_begin(after):
    scores = numpy.full((3, 5), -9.0)
    scores[0, 1] = 9.0  # B
    scores[1, after] = 0.0  # the best tag by itself
    scores[2, 0], scores[2, 3] = 0.0, -1.0
    tags = best_tags(scores, BILUO)
    names = "".join("OBILU"[tag] for tag in tags)
    assert names == ("BIL" if after == 2 else "BLO")


# docs/lecture.md -------------------------------------------------------------------------------

ROOT = Path(__file__).parent.parent
MENTIONS = re.compile(r"`([\w/.]+)::(\w+)`")


def test_everything_named_in_the_document_exists():
    mentions = set(MENTIONS.findall((ROOT / "docs" / "lecture.md").read_text(encoding="utf8")))
    assert len(mentions) > 20
    for path in sorted({path for path, _ in mentions}):
        tree = ast.parse((ROOT / path).read_text(encoding="utf8"))
        defined = {
            node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        missing = {name for other, name in mentions if other == path} - defined
        assert not missing, f"{path} has no {', '.join(sorted(missing))}"


def test_every_test_of_the_lecture_is_in_the_document():
    text = (ROOT / "docs" / "lecture.md").read_text(encoding="utf8")
    tree = ast.parse(Path(__file__).read_text(encoding="utf8"))
    tests = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    about_the_document = tests[-2:]
    absent = [name for name in tests if name not in about_the_document and f"::{name}`" not in text]
    assert not absent
