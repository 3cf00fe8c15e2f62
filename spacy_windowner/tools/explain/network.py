"""Copies the network of a window classifier into layers that compute scores and gradients in 64
bits, without changing the model.

Around each input x, a network of affine maps and piecewise linear units is itself an affine map.
With the slope d_i = f'(z_i) and the intercept e_i = f(z_i) - d_i z_i of each hidden unit, a network
with one hidden layer is

    s = U (D (W x + b) + e) + c = U D W x + (U (D b + e) + c)

so the constant, the last term, is s minus the gradient times x.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy
from thinc.api import Model
from thinc.util import to_numpy

from ...layers.activations import NONLINEARITIES
from ...models.labels import added_columns

PIECEWISE_LINEAR = frozenset(["relu", "leaky_relu", "prelu", "hard_tanh"])


class Network(Protocol):
    """Maps the features of windows to the scores of tags.

    is_piecewise_linear (bool): Whether the network is known to be affine around each input.
    """

    is_piecewise_linear: bool

    def scores(self, X: numpy.ndarray) -> numpy.ndarray:
        """The scores of shape (n, n_tags) of windows of shape (n, n_features)."""

    def scores_and_gradient(
        self, X: numpy.ndarray, directions: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """The scores of X, and the gradient of `(scores(X) * directions).sum()` with respect to X.
        The directions have the shape (n, n_tags), or (n_tags,) if all are the same."""


class Affine(NamedTuple):
    """W x + b. Shapes (nO, nI), (nO,)."""

    W: numpy.ndarray
    b: numpy.ndarray


class Units(NamedTuple):
    """Hidden units: the name of the activation and, for "prelu", the slopes below zero."""

    activation: str
    slope: numpy.ndarray | None = None

    def values(self, Z: numpy.ndarray) -> numpy.ndarray:
        """f(Z)"""
        if self.slope is not None:
            return numpy.where(Z > 0.0, Z, self.slope * Z)
        return NONLINEARITIES[self.activation].f(numpy, Z)

    def slopes(self, Z: numpy.ndarray) -> numpy.ndarray:
        """f'(Z)"""
        if self.slope is not None:
            return numpy.where(Z > 0.0, 1.0, self.slope)
        return NONLINEARITIES[self.activation].df(numpy, Z, self.values(Z))


class LayeredNetwork:
    """A network of affine maps and elementwise activations. See `Network`.

    layers (Sequence[Union[Affine, Units]]): The layers.
    """

    def __init__(self, layers: Sequence[Affine | Units]) -> None:
        self.layers = layers
        activations = {layer.activation for layer in layers if isinstance(layer, Units)}
        self.is_piecewise_linear = activations <= PIECEWISE_LINEAR

    def scores(self, X: numpy.ndarray) -> numpy.ndarray:
        """See `Network.scores`."""
        for layer in self.layers:
            X = X @ layer.W.T + layer.b if isinstance(layer, Affine) else layer.values(X)
        return X

    def scores_and_gradient(
        self, X: numpy.ndarray, directions: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """See `Network.scores_and_gradient`."""
        slopes: list[Any] = []
        for layer in self.layers:
            if isinstance(layer, Affine):
                slopes.append(None)
                X = X @ layer.W.T + layer.b
            else:
                slopes.append(layer.slopes(X))
                X = layer.values(X)
        d_X = numpy.broadcast_to(directions, (len(X), directions.shape[-1]))
        for layer, slope in zip(reversed(self.layers), reversed(slopes), strict=True):
            d_X = d_X @ layer.W if isinstance(layer, Affine) else d_X * slope
        return X, d_X


class Summand(NamedTuple):
    """A network in a sum, and the scores that its outputs are added to.

    network (Any): The network, see `Network`.
    places (numpy.ndarray): The weight of each output in each score. Shape (n_outputs, n_tags).
    """

    network: Any
    places: numpy.ndarray


class SumNetwork:
    """A sum of networks with the same input. See `Network`.

    summands (Sequence[Summand]): The networks.
    """

    def __init__(self, summands: Sequence[Summand]) -> None:
        self.summands = summands
        self.is_piecewise_linear = all(each.network.is_piecewise_linear for each in summands)

    def scores(self, X: numpy.ndarray) -> numpy.ndarray:
        """See `Network.scores`."""
        return sum_of(network.scores(X) @ places for network, places in self.summands)

    def scores_and_gradient(
        self, X: numpy.ndarray, directions: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """See `Network.scores_and_gradient`."""
        both = [
            (network.scores_and_gradient(X, directions @ places.T), places)
            for network, places in self.summands
        ]
        scores = sum_of(outputs @ places for (outputs, _), places in both)
        return scores, sum_of(gradient for (_, gradient), _ in both)


def sum_of(arrays) -> numpy.ndarray:
    """The sum of one or more arrays."""
    return numpy.sum(list(arrays), axis=0)


def read_window_classifier(model: Model) -> LayeredNetwork:
    """Copy the network of a `WindowClassifier`, without added labels.

    model (Model): The initialized classifier.
    RETURNS (LayeredNetwork): The network.
    """
    head = model.get_ref("head").layers if model.has_ref("head") else []
    return LayeredNetwork([read_windows(model.get_ref("windowed_affine")), *read_layers(head)])


def with_added_labels(base: Network, model: Model) -> Network:
    """Add the networks of the added labels to the network of a classifier. The score of an added
    label is the score of O plus the output of the label's own columns.

    base (Network): The network without added labels.
    model (Model): The classifier.
    RETURNS (Network): The complete network.
    """
    columns = added_columns(model)
    if not columns:
        return base
    n_added = sum(label.get_dim("nO") for label in columns)
    n_base = model.get_ref("output_layer").get_dim("nO")
    rows = numpy.eye(n_base + n_added)
    of_base = rows[:n_base].copy()
    of_base[0, n_base:] = 1.0
    summands = [Summand(base, of_base)]
    start = n_base
    for label in columns:
        places = rows[start : start + label.get_dim("nO")]
        start += len(places)
        direct, *own = label.layers
        if model.has_ref("head") and isinstance(base, LayeredNetwork):
            layers = [*base.layers[:-1], *read_layers([direct])]
        else:
            layers = [read_windows(direct)]
        summands.append(Summand(LayeredNetwork(layers), places))
        if own:
            layers = [read_windows(own[0]), *read_layers(own[1].layers)]
            summands.append(Summand(LayeredNetwork(layers), places))
    return SumNetwork(summands)


def read_windows(affine: Model) -> Affine:
    """Copy an affine map of windows.

    affine (Model): A layer with the parameters and attributes of `WindowedAffine`.
    RETURNS (Affine): The map for all features of a window.
    """
    W, b = as_doubles(affine.get_param("W")), as_doubles(affine.get_param("b"))
    n_places = 2 * affine.attrs["window"] + 1
    if len(W) != n_places:  # all positions share W, and the layer takes their mean
        W = numpy.repeat(W, n_places, axis=0) / n_places
    return Affine(W.transpose(1, 0, 2).reshape(len(b), -1), b)


def read_layers(nodes: Sequence[Model]) -> list[Affine | Units]:
    """Copy the layers of a chain, without dropout."""
    layers: list[Affine | Units] = []
    for node in nodes:
        if "nonlinearity" in node.attrs:
            layers.append(Units(node.attrs["nonlinearity"]))
        elif node.name == "prelu":
            layers.append(Units("prelu", as_doubles(node.get_param("slope"))))
        elif node.has_param("W"):
            layers.append(Affine(*(as_doubles(node.get_param(name)) for name in "Wb")))
    return layers


def as_doubles(array: Any) -> numpy.ndarray:
    """Copy an array to the CPU, in 64 bits."""
    return to_numpy(array).astype("float64")
