"""The network of a window classifier to which labels were added."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
from thinc.api import Model

from ..models.growth import added_columns
from .network import LayeredNetwork, Network, read_layers, read_windows


class Summand(NamedTuple):
    """A network, and where its outputs go.

    network (Any): The network, see `Network`.
    places (numpy.ndarray): What an output adds to each score. Shape (n_outputs, n_tags).
    """

    network: Any
    places: numpy.ndarray


class SumNetwork:
    """A sum of networks that read the same features. See `Network`.

    summands (Sequence[Summand]): The networks.
    """

    def __init__(self, summands: Sequence[Summand]) -> None:
        self.summands = summands
        self.is_piecewise_linear = all(each.network.is_piecewise_linear for each in summands)

    def scores(self, X: numpy.ndarray) -> numpy.ndarray:
        """See `Network.scores`."""
        return sum_of(network.scores(X) @ places for network, places in self.summands)

    def gradient(self, X: numpy.ndarray, direction: numpy.ndarray) -> numpy.ndarray:
        """See `Network.gradient`."""
        return sum_of(network.gradient(X, places @ direction) for network, places in self.summands)

    def constant(self, x: numpy.ndarray) -> numpy.ndarray:
        """See `HasConstant.constant`."""
        return sum_of(network.constant(x) @ places for network, places in self.summands)


def sum_of(arrays) -> numpy.ndarray:
    """The sum of arrays, at least one."""
    return numpy.sum(list(arrays), axis=0)


def with_added_labels(base: Network, model: Model) -> Network:
    """Complete the network of a classifier by those of its added labels, whose scores are what O
    scores and, added to it, what their columns give.

    base (Network): The network without added labels.
    model (Model): The classifier.
    RETURNS (Network): The whole network.
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
