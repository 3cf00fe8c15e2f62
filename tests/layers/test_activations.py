import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.layers.activations import NONLINEARITIES, PRELU_INIT, Activation

from ..util import FORMULAS, check_gradient, check_params, random_like, weighted_sum

TORCH = {
    "logistic": "sigmoid",
    "tanh": "tanh",
    "hard_tanh": "hardtanh",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "prelu": "prelu",
}
names = pytest.mark.parametrize("name", list(FORMULAS))


def make_layer(name, width):
    return Activation(name).initialize(X=numpy.zeros((1, width), dtype="float32"))


def inputs():
    """Values on both sides of each kink (-1, 0, 1), at least 0.1 away from it."""
    Z = numpy.random.default_rng(0).uniform(0.1, 0.9, size=(6, 5))
    return (Z + numpy.array([-2, -1, 0, 1, 2])).astype("float32")


def test_every_nonlinearity_is_checked():
    assert set(FORMULAS) == {*NONLINEARITIES, "prelu"}


@names
def test_values_and_derivatives_equal_the_formula(name):
    f, df = FORMULAS[name]
    Z = inputs()
    layer = make_layer(name, Z.shape[1])
    Y, backprop = layer(Z, is_train=True)
    dZ = backprop(numpy.ones_like(Y))
    assert Y.dtype == dZ.dtype == numpy.float32
    numpy.testing.assert_allclose(Y, f(Z), rtol=1e-5)
    numpy.testing.assert_allclose(dZ, df(Z), rtol=1e-4, atol=1e-6)


@names
def test_derivatives_at_the_kinks_are_finite(name):
    _, df = FORMULAS[name]
    Z = numpy.array([[-1.0, 0.0, 1.0]], dtype="float32")
    _, backprop = make_layer(name, 3)(Z, is_train=True)
    dZ = backprop(numpy.ones_like(Z))
    numpy.testing.assert_allclose(dZ, df(Z), rtol=1e-5)


@names
def test_gradients_equal_finite_differences(name):
    Z = inputs()
    layer = make_layer(name, Z.shape[1])
    Y, backprop = layer(Z, is_train=True)
    weights = random_like([Y])
    dZ = backprop(weights[0])

    def f(Z=Z):
        return weighted_sum([layer.predict(Z)], weights)

    check_gradient(f, Z, dZ, rtol=1e-3)
    check_params(layer, f, rtol=1e-3)


@names
def test_gradients_equal_autograd(name):
    torch = pytest.importorskip("torch")
    Z = inputs()
    layer = make_layer(name, Z.shape[1])
    Y, backprop = layer(Z, is_train=True)
    [dY] = random_like([Y])
    dZ = backprop(dY)

    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    arguments = [z]
    if name == "prelu":
        slope = torch.tensor(layer.get_param("slope"), dtype=torch.float64, requires_grad=True)
        arguments.append(slope)
    function = getattr(torch.nn.functional, TORCH[name], None) or getattr(torch, TORCH[name])
    y = function(*arguments)
    y.backward(torch.tensor(dY, dtype=torch.float64))
    numpy.testing.assert_allclose(Y, y.detach().numpy(), rtol=1e-5)
    numpy.testing.assert_allclose(dZ, z.grad.numpy(), rtol=1e-4, atol=1e-6)
    if name == "prelu":
        numpy.testing.assert_allclose(layer.get_grad("slope"), slope.grad.numpy(), rtol=1e-5)


@names
@given(value=st.floats(-(2.0**100), 2.0**100, width=32))
def test_no_value_overflows(name, value):
    Z = numpy.full((1, 2), value, dtype="float32")
    Y, backprop = make_layer(name, 2)(Z, is_train=True)
    assert numpy.isfinite(Y).all()
    assert numpy.isfinite(backprop(numpy.ones_like(Y))).all()


def test_prelu_has_one_slope_a_unit():
    layer = make_layer("prelu", 4)
    numpy.testing.assert_array_equal(layer.get_param("slope"), numpy.full(4, PRELU_INIT))
    layer.set_param("slope", numpy.array([0.0, 0.5, 1.0, 2.0], dtype="float32"))
    Y = layer.predict(numpy.full((1, 4), -2.0, dtype="float32"))
    assert Y.tolist() == [[0.0, -1.0, -2.0, -4.0]]


def test_unknown_name():
    with pytest.raises(ValueError, match=r"WN001.*'swish'.*hard_tanh, leaky_relu.*prelu"):
        Activation("swish")
