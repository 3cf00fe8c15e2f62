"""Checks that several tests share."""

import math
import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy
import pytest
from thinc.api import Model

from spacy_windowner.compiled import PLAIN_VARIABLE
from spacy_windowner.layers.activations import LEAK, PRELU_INIT

elementwise = partial(numpy.vectorize, otypes="d")

# Each nonlinearity f and its derivative f', as the lecture writes them.
FORMULAS = {
    "logistic": (
        elementwise(lambda z: 1 / (1 + math.exp(-z))),
        elementwise(lambda z: 1 / (1 + math.exp(-z)) * (1 - 1 / (1 + math.exp(-z)))),
    ),
    "tanh": (
        elementwise(lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z))),
        elementwise(lambda z: 1 - math.tanh(z) ** 2),
    ),
    "hard_tanh": (
        elementwise(lambda z: -1 if z < -1 else 1 if z > 1 else z),
        elementwise(lambda z: 1 if -1 <= z <= 1 else 0),
    ),
    "relu": (elementwise(lambda z: max(z, 0)), elementwise(lambda z: 1 if z > 0 else 0)),
    "leaky_relu": (
        elementwise(lambda z: max(z, 0) + LEAK * min(z, 0)),
        elementwise(lambda z: 1 if z > 0 else LEAK),
    ),
    "prelu": (
        elementwise(lambda z: max(z, 0) + PRELU_INIT * min(z, 0)),
        elementwise(lambda z: 1 if z > 0 else PRELU_INIT),
    ),
}


def compiled_module(name: str) -> Any:
    """A compiled module by its name within the package. Without it the test is skipped."""
    if os.environ.get(PLAIN_VARIABLE):
        pytest.skip(f"{PLAIN_VARIABLE} is set")
    return pytest.importorskip(f"spacy_windowner.{name}", reason=f"{name} isn't built")


def both_versions(argument: str, compiled: str, plain: str) -> Any:
    """Run a test with a compiled module, if it was built, and with its twin in plain Python.

    argument (str): The test's argument that takes the module.
    compiled (str): The compiled module's name within the package.
    plain (str): The name of its twin.
    """
    names = [f"spacy_windowner.{name}" for name in (compiled, plain)]
    modules: list[ModuleType] = [import_module(name) for name in names if find_spec(name)]
    ids = [module.__name__.rpartition(".")[2] for module in modules]
    return pytest.mark.parametrize(argument, modules, ids=ids)


def check_gradient(
    f: Callable[[numpy.ndarray], float],
    x: numpy.ndarray,
    gradient: numpy.ndarray,
    *,
    eps: float = 1e-2,
    rtol: float = 1e-2,
    directions: int = 4,
) -> None:
    """Compare a gradient with central differences along random directions d:

        <gradient, d> = (f(x + eps d) - f(x - eps d)) / (2 eps)

    f (Callable): A function of an array, into numbers.
    x (numpy.ndarray): Where to differentiate it.
    gradient (numpy.ndarray): The gradient to check, shaped as x.
    eps (float): The length of a step. In float32, 1e-2 suits smooth functions; a linear one has
        the same differences at any step.
    rtol (float): Allowed error, relative to the largest slope |gradient| allows.
    """
    assert gradient.shape == x.shape
    rng = numpy.random.default_rng(0)
    scale = max(1.0, float(numpy.linalg.norm(gradient)))
    for _ in range(directions):
        d = rng.normal(size=x.shape)
        d = (d / max(1e-12, numpy.linalg.norm(d))).astype(x.dtype)
        found = (f(x + eps * d) - f(x - eps * d)) / (2 * eps)
        expected = float((gradient.astype("float64") * d).sum())
        assert abs(found - expected) <= rtol * scale, (found, expected)


def check_params(model: Model, f: Callable[[], float], **settings) -> None:
    """Compare the gradient of every parameter in a model, accumulated before, with central
    differences. `settings` are those of `check_gradient`.

    model (Model): The model, after backpropagation of the gradient of f.
    f (Callable): Runs the model and returns a number.
    """
    for node in model.walk():
        for name in node.param_names:

            def f_of_param(value, node=node, name=name):
                node.set_param(name, value)
                return f()

            value = node.get_param(name).copy()
            check_gradient(f_of_param, value, node.get_grad(name), **settings)
            node.set_param(name, value)


def weighted_sum(arrays: list[numpy.ndarray], weights: list[numpy.ndarray]) -> float:
    """A number whose gradient with respect to the arrays is `weights`."""
    return sum(
        float((array.astype("float64") * weight).sum())
        for array, weight in zip(arrays, weights, strict=True)
    )


def random_like(arrays: list[numpy.ndarray], seed: int = 0) -> list[numpy.ndarray]:
    """Normally distributed float32 arrays of the same shapes."""
    rng = numpy.random.default_rng(seed)
    return [rng.normal(size=array.shape).astype("float32") for array in arrays]


def randomize(model: Model, seed: int = 0, scale: float = 0.5) -> Model:
    """Give every parameter random values, those that start as zero as well."""
    rng = numpy.random.default_rng(seed)
    for node in model.walk():
        for name in node.param_names:
            value = node.get_param(name)
            node.set_param(name, rng.normal(scale=scale, size=value.shape).astype("float32"))
    return model
