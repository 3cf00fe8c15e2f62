"""Elementwise activation functions with their derivatives."""

from collections.abc import Callable
from typing import NamedTuple

from thinc.api import Model
from thinc.types import Floats2d

from ..errors import check_setting

LEAK = 0.01
"""The slope of leaky ReLU below zero."""
PRELU_INIT = 0.25
"""The initial slope of parametric ReLU below zero (He et al., 2015)."""


def Activation(name: str) -> Model[Floats2d, Floats2d]:
    """An elementwise nonlinearity, a = f(z), with the gradient d_z = d_a * f'(z).

    name (str): "logistic", "tanh", "hard_tanh", "relu", "leaky_relu" or "prelu". The last has a
        learned slope for each unit (parameter "slope", shape (nO,)).
    RETURNS (Model[Floats2d, Floats2d]): The layer. Its output has the shape of its input.
    RAISES (ValueError): If the name is unknown.
    """
    if name == "prelu":
        return Model("prelu", forward_prelu, init=init_prelu, params={"slope": None},
                     dims={"nO": None})  # fmt: skip
    known = ", ".join(sorted([*NONLINEARITIES, "prelu"]))
    check_setting(name in NONLINEARITIES, "activation", name, f"Choose one of {known}.")
    return Model(name, forward, attrs={"nonlinearity": name})


def forward(model: Model[Floats2d, Floats2d], Z: Floats2d, is_train: bool):
    nonlinearity = NONLINEARITIES[model.attrs["nonlinearity"]]
    Y = nonlinearity.f(model.ops.xp, Z)

    def backprop(dY: Floats2d) -> Floats2d:
        return dY * nonlinearity.df(model.ops.xp, Z, Y)

    return Y, backprop


def forward_prelu(model: Model[Floats2d, Floats2d], Z: Floats2d, is_train: bool):
    """max(z, 0) + slope * min(z, 0), with d slope = sum over rows of d_a * min(z, 0)."""
    xp = model.ops.xp
    slope = model.get_param("slope")
    negative = xp.minimum(Z, 0.0)
    Y = xp.maximum(Z, 0.0) + slope * negative

    def backprop(dY: Floats2d) -> Floats2d:
        model.inc_grad("slope", (dY * negative).sum(axis=0))
        return dY * xp.where(Z > 0.0, xp.ones_like(slope), slope)

    return Y, backprop


def init_prelu(model: Model[Floats2d, Floats2d], X: Floats2d | None = None, Y=None) -> None:
    if X is not None:
        model.set_dim("nO", X.shape[1])
    model.set_param("slope", model.ops.alloc1f(model.get_dim("nO")) + PRELU_INIT)


class Nonlinearity(NamedTuple):
    """An elementwise function and its derivative. The derivative takes the input z and the output
    f(z), and uses whichever is cheaper. Both functions take the array module first."""

    f: Callable
    df: Callable


def _logistic(xp, Z):
    """1 / (1 + exp(-z)), as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    return 0.5 * (1.0 + xp.tanh(0.5 * Z))


def _d_logistic(xp, Z, Y):
    """f(z) (1 - f(z))"""
    return Y * (1.0 - Y)


def _tanh(xp, Z):
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z))"""
    return xp.tanh(Z)


def _d_tanh(xp, Z, Y):
    """1 - f(z)^2"""
    return 1.0 - Y * Y


def _hard_tanh(xp, Z):
    """-1 if z < -1, z if -1 <= z <= 1, 1 if z > 1"""
    return xp.clip(Z, -1.0, 1.0)


def _d_hard_tanh(xp, Z, Y):
    """1 if -1 <= z <= 1, else 0"""
    return xp.abs(Z) <= 1.0


def _relu(xp, Z):
    """max(z, 0)"""
    return xp.maximum(Z, 0.0)


def _d_relu(xp, Z, Y):
    """1 if z > 0, else 0"""
    return Z > 0.0


def _leaky_relu(xp, Z):
    """max(z, 0) + 0.01 min(z, 0)"""
    return xp.where(Z > 0.0, Z, LEAK * Z)


def _d_leaky_relu(xp, Z, Y):
    """1 if z > 0, else 0.01"""
    return xp.where(Z > 0.0, xp.ones_like(Z), LEAK)


NONLINEARITIES = {
    "logistic": Nonlinearity(_logistic, _d_logistic),
    "tanh": Nonlinearity(_tanh, _d_tanh),
    "hard_tanh": Nonlinearity(_hard_tanh, _d_hard_tanh),
    "relu": Nonlinearity(_relu, _d_relu),
    "leaky_relu": Nonlinearity(_leaky_relu, _d_leaky_relu),
}
