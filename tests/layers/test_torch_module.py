import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy
import pytest
from thinc.api import Adam, Model, fix_random_seed, set_dropout_rate

from spacy_windowner.layers.torch_module import TorchModule

from ..util import check_gradient, check_params, random_like, weighted_sum

torch = pytest.importorskip("torch", reason="torch is an extra")
nn = torch.nn
N_I, N_O = 6, 3


def layers(*kinds):
    """Make a builder of modules with a hidden layer, other layers and an output layer."""
    return partial(build_layers, kinds)


def build_layers(kinds, n_inputs, n_outputs, width=8):
    middle = [make() for make in kinds]
    return nn.Sequential(nn.Linear(n_inputs, width), *middle, nn.Linear(width, n_outputs))


class Unusual(nn.Module):
    """A module with a scalar parameter, a frozen one, and one with two names. It also has buffers
    that aren't saved, that are replaced instead of written to, and that aren't floats."""

    def __init__(self, n_inputs, n_outputs):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.frozen = nn.Parameter(torch.rand(n_inputs), requires_grad=False)
        self.output = nn.Linear(n_inputs, n_outputs)
        self.same_output = self.output
        self.register_buffer("fixed", torch.arange(float(n_outputs)), persistent=False)
        self.register_buffer("mean", torch.zeros(n_inputs))
        self.register_buffer("mask", torch.arange(n_outputs) > 0)
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, X):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * X.detach().mean(dim=0)
            self.steps += 1
        Y = self.scale * self.same_output((X - self.mean) * self.frozen)
        return Y * self.mask + self.fixed


MODULES = {
    "linear": nn.Linear,
    "one hidden layer": layers(nn.Tanh),
    "layer norm": layers(partial(nn.LayerNorm, 8), nn.Tanh),
    "batch norm": layers(partial(nn.BatchNorm1d, 8), nn.Tanh),
    "lazy": layers(partial(nn.LazyLinear, 8), nn.LazyBatchNorm1d, nn.Tanh),
    "dropout": layers(nn.Dropout, nn.Tanh, nn.AlphaDropout),
    "in place": layers(partial(nn.Dropout, inplace=True), partial(nn.ReLU, inplace=True)),
    "parametrized": layers(lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))),
    "64 bits": layers(partial(nn.Linear, 8, 8, dtype=torch.float64)),
    "unusual": Unusual,
}
modules = pytest.mark.parametrize("build", MODULES.values(), ids=MODULES)


def make_layer(build=MODULES["one hidden layer"]):
    fix_random_seed(0)
    return TorchModule(build, nO=N_O, nI=N_I).initialize()


def inputs(n_rows=20):
    return random_like([numpy.zeros((n_rows, N_I))])[0]


def train(layer, steps=3, optimizer=None):
    optimizer = optimizer or Adam(0.05)
    for step in range(steps):
        Y, backprop = layer(inputs(), is_train=True)
        dX = backprop(random_like([Y], seed=step)[0])
        assert dX.shape == (20, N_I)
        layer.finish_update(optimizer)
    return optimizer


def equal(one, other):
    numpy.testing.assert_array_equal(one.predict(inputs()), other.predict(inputs()))


@modules
def test_training_moves_all_parameters_and_what_is_saved_is_the_whole_model(build):
    layer = make_layer(build)
    before = {name: layer.get_param(name).copy() for name in layer.param_names}
    set_dropout_rate(layer, 0.2)
    train(layer)
    changed = {name for name in before if (layer.get_param(name) != before[name]).any()}
    assert changed == before.keys() - {"frozen", "mask"}
    data = layer.to_bytes()
    for same in (
        TorchModule(build).from_bytes(data),
        TorchModule(build, nO=N_O).from_bytes(data),
        make_layer(build).from_bytes(data),
        layer.copy(),
        copy.deepcopy(layer),
    ):
        equal(same, layer)
        assert same.to_bytes() == data
        before = layer.predict(inputs())
        train(same, steps=1)
        assert (same.predict(inputs()) != before).any()
        numpy.testing.assert_array_equal(layer.predict(inputs()), before)


@pytest.mark.parametrize("name", ["one hidden layer", "batch norm", "lazy", "unusual"])
def test_pickle(name):
    layer = make_layer(MODULES[name])
    train(layer)
    layer.predict(inputs())
    data = pickle.dumps(layer)
    assert len(data) < 20_000  # the parameters once, and no module
    equal(pickle.loads(data), layer)


def test_saved_data_has_no_pickle():
    layer = make_layer()
    train(layer)
    data = layer.to_bytes()
    assert b"torch" not in data.replace(b"torch_module", b"")
    for start in range(len(data)):
        assert data[start : start + 2] != b"\x80\x02"  # the start of a pickle from torch.save
    assert not data.startswith(b"PK")


def test_forward_and_gradients_equal_those_of_the_module():
    layer, X = make_layer(), inputs()
    module = build_layers([nn.Tanh], N_I, N_O)
    module.load_state_dict(
        {name: torch.tensor(layer.get_param(name)) for name in layer.param_names}
    )
    x = torch.tensor(X, requires_grad=True)
    y = module(x)
    Y, backprop = layer(X, is_train=True)
    [dY] = random_like([Y])
    y.backward(torch.tensor(dY))
    numpy.testing.assert_array_equal(Y, y.detach().numpy())
    numpy.testing.assert_array_equal(layer.predict(X), Y)
    numpy.testing.assert_array_equal(backprop(dY), x.grad.numpy())
    for name, parameter in module.named_parameters():
        numpy.testing.assert_array_equal(layer.get_grad(name), parameter.grad.numpy())


def test_gradients_equal_finite_differences():
    layer, X = make_layer(), inputs()
    Y, backprop = layer(X, is_train=True)
    weights = random_like([Y])
    dX = backprop(weights[0])
    check_gradient(lambda X: weighted_sum([layer.predict(X)], weights), X, dX)
    check_params(layer, lambda: weighted_sum([layer.predict(X)], weights))


def test_gradients_accumulate():
    layer, X = make_layer(), inputs()
    Y, backprop = layer(X, is_train=True)
    backprop(numpy.ones_like(Y))
    once = {name: layer.get_grad(name).copy() for name in layer.param_names}
    layer(X, is_train=True)[1](numpy.ones_like(Y))
    for name, gradient in once.items():
        numpy.testing.assert_allclose(layer.get_grad(name), 2 * gradient, rtol=1e-5)


@modules
def test_averages_reach_the_module(build):
    layer = make_layer(build)
    optimizer = train(layer, optimizer=Adam(0.05, use_averages=True), steps=4)
    plain = layer.predict(inputs())
    with layer.use_params(optimizer.averages):
        averaged = layer.predict(inputs())
        for name in layer.grad_names:
            assert layer.get_param(name) is optimizer.averages[layer.id, name]
    assert (averaged != plain).any()
    numpy.testing.assert_array_equal(layer.predict(inputs()), plain)


@pytest.mark.parametrize("name", ["batch norm", "unusual"])
def test_buffers_have_no_gradient(name):
    layer = make_layer(MODULES[name])
    train(layer)
    buffers = {"1.running_mean", "1.running_var", "1.num_batches_tracked", "frozen", "mean",
               "mask", "steps"}  # fmt: skip
    assert set(layer.param_names) - set(layer.grad_names) == buffers & set(layer.param_names)
    counts = [layer.get_param(name) for name in ("1.num_batches_tracked", "steps")
              if layer.has_param(name)]  # fmt: skip
    assert [count.tolist() for count in counts] == [[3]]


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_dropout_follows_the_training(rate):
    """Whatever rate the modules were made with. Here it is torch's default, 0.5."""
    layer, X = make_layer(MODULES["dropout"]), inputs()
    plain = layer.predict(X)
    set_dropout_rate(layer, rate)
    results = [layer(X, is_train=True)[0] for _ in range(3)]
    assert all((Y != plain).any() == (rate > 0.0) for Y in results)
    assert (results[0] != results[1]).any() == (rate > 0.0)
    numpy.testing.assert_array_equal(layer.predict(X), plain)
    fix_random_seed(0)
    one = layer(X, is_train=True)[0]
    fix_random_seed(0)
    numpy.testing.assert_array_equal(layer(X, is_train=True)[0], one)


def test_dropout_has_its_own_rate_until_one_is_set():
    layer, X = make_layer(MODULES["dropout"]), inputs()
    assert (layer(X, is_train=True)[0] != layer.predict(X)).any()


def test_the_seed_decides():
    one, same = make_layer(), make_layer()
    equal(one, same)
    assert (TorchModule(MODULES["one hidden layer"], N_O, N_I).initialize().predict(inputs())
            != one.predict(inputs())).any()  # fmt: skip


def test_loading_draws_no_random_numbers():
    data = make_layer().to_bytes()
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    TorchModule(MODULES["one hidden layer"]).from_bytes(data).predict(inputs())
    assert torch.rand(1) == expected


@pytest.mark.parametrize("name", ["dropout", "batch norm", "unusual"])
def test_threads_predict_as_one(name):
    """Even while the layer is in training, and right after its parameters were replaced."""
    layer = make_layer(MODULES[name])
    train(layer)
    batches = [random_like([numpy.zeros((5, N_I))], seed=seed)[0] for seed in range(50)]
    expected = [layer.predict(X) for X in batches]
    layer = TorchModule(MODULES[name]).from_bytes(layer.to_bytes())
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(layer.predict, X) for X in batches * 4]
        if name == "dropout":  # the others have statistics that change with every batch
            for X in batches:
                layer(X, is_train=True)
        for future, Y in zip(futures, expected * 4, strict=True):
            numpy.testing.assert_array_equal(future.result(), Y)


@modules
@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_short_batches(build, n_rows):
    layer = make_layer(build)
    Y, backprop = layer(inputs(n_rows), is_train=True)
    assert Y.shape == layer.predict(inputs(n_rows)).shape == (n_rows, N_O)
    assert backprop(Y.copy()).shape == (n_rows, N_I)


def test_widths_follow_from_the_data():
    X, Y = numpy.zeros((2, 4), dtype="float32"), numpy.zeros((2, 5), dtype="float32")
    layer = TorchModule(nn.Linear).initialize(X=X, Y=Y)
    assert layer.get_param("weight").shape == (5, 4)


class Wrong(nn.Module):
    def __init__(self, result):
        super().__init__()
        self.result = result

    def forward(self, X):
        return self.result(X)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda nI, nO: "tagger", "a str in place of a module"),
        (lambda nI, nO: nn.Linear, "a type in place of a module"),
        (nn.Linear(N_I, N_O), "the error TypeError: .*forward.*It must return a callable"),
        (lambda nI, nO: nn.Linear(nI, nO + 1), r"shape \(2, 3\). Found scores of shape \(2, 4\)"),
        (lambda nI, nO: nn.Linear(nI + 1, nO), "the error RuntimeError: mat1 and mat2"),
        (lambda nI, nO: Wrong(lambda X: (X, None)), "a tuple in place of scores"),
        (lambda nI, nO: Wrong(lambda X: X[:, :nO].double()), "torch.float64"),
        (lambda nI, nO: Wrong(lambda X: X[:1, :nO]), r"shape \(1, 3\)"),
        (lambda nI, nO: Wrong(lambda X: X.missing), "the error AttributeError"),
    ],
)
def test_a_function_that_builds_no_scorer(build, message):
    with pytest.raises(ValueError, match=f"WN021.*{message}"):
        make_layer(build)


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (nn.Linear, "0.bias, 0.weight, 2.bias, 2.weight, bias, weight"),
        (layers(nn.Tanh, partial(nn.Linear, 8, 8)), "2.bias, 2.weight, 3.bias, 3.weight"),
        (partial(build_layers, [nn.Tanh], width=9), "0.bias, 0.weight, 2.weight"),
    ],
)
def test_parameters_of_another_module(build, names):
    data = make_layer().to_bytes()
    layer: Model = TorchModule(build)
    with pytest.raises(ValueError, match=f"WN023.*differ in {names}\\."):
        layer.from_bytes(data)


def test_a_prediction_has_no_gradient():
    Y, backprop = make_layer()(inputs(), is_train=False)
    with pytest.raises(ValueError, match="WN024"):
        backprop(Y)
