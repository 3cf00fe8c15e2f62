"""What each number of a window adds to the difference of two tags' scores.

The margin of a window x is `m(x) = <direction, s(x)>`, with +1 for the tag and -1 for the runner-up
in `direction`. If the network is piecewise linear, then around x

    m(x) = <g, x> + m_0        g = dm/dx,  m_0 the constant of the local affine map

and the parts are `g_i x_i`, the bias m_0: nothing is left, nothing is approximated. Otherwise they
are integrated gradients from the zero embedding,

    part_i = x_i * integral of dm/dx_i (a x) over a from 0 to 1,  bias = m(0)

which add up to m(x) as well, but for the error of the sum in place of the integral. Source: the
design's identity W x = sum_j W_j E(w[t+j]); Sundararajan et al. (2017), "Axiomatic Attribution for
Deep Networks".
"""

from functools import lru_cache
from typing import NamedTuple

import numpy

from .network import HasConstant, Network

TOLERANCE = 1e-3
"""The error of the integral at which no more steps are taken."""
_STEPS = (16, 32, 64, 128, 256, 512, 1024)

EXACT = "exact"
INTEGRATED = "integrated gradients"


class InputParts(NamedTuple):
    """What the numbers of a window add to a margin.

    inputs (numpy.ndarray): The part of each. Shape (n_features,).
    bias (float): What none of them adds.
    steps (int): Steps of the integral, 0 if there is none.
    """

    inputs: numpy.ndarray
    bias: float
    steps: int


def method_of(network: Network) -> str:
    """How the parts of a network are found: "exact" or "integrated gradients"."""
    return EXACT if network.is_piecewise_linear else INTEGRATED


def input_parts(network: Network, x: numpy.ndarray, direction: numpy.ndarray) -> InputParts:
    """The parts of a margin.

    network (Network): The network.
    x (numpy.ndarray): The features of a window. Shape (n_features,).
    direction (numpy.ndarray): The weight of each tag's score. Shape (n_tags,).
    RETURNS (InputParts): The parts.
    """
    if network.is_piecewise_linear and isinstance(network, HasConstant):
        gradient = network.gradient(x[None], direction)[0]
        return InputParts(gradient * x, float(network.constant(x) @ direction), 0)
    return _integrate(network, x, direction)


def _integrate(network: Network, x: numpy.ndarray, direction: numpy.ndarray) -> InputParts:
    at_zero, at_x = (network.scores(numpy.stack([numpy.zeros_like(x), x])) @ direction).tolist()
    for steps in _STEPS:
        places, weights = _quadrature(steps)
        gradients = network.gradient(places[:, None] * x, direction)
        inputs = x * (weights @ gradients)
        if abs(at_x - at_zero - inputs.sum()) <= TOLERANCE:
            break
    return InputParts(inputs, at_zero, steps)


@lru_cache(maxsize=len(_STEPS))
def _quadrature(steps: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Places between 0 and 1, and their weights in an integral (Gauss-Legendre)."""
    places, weights = numpy.polynomial.legendre.leggauss(steps)
    return (places + 1.0) / 2.0, weights / 2.0
