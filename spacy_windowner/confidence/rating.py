"""How sure entities are: their margins, probabilities, and which of them are sure enough."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from ..tagging.lattice import Lattice, Places, make_lattice
from ..tagging.margins import entity_margins
from ..tagging.runners_up import near_best_spans
from ..tagging.scheme import Scheme
from .calibration import Calibration

MOST_BEHIND = 5.0
"""How far behind the best tag sequence those of a candidate may be."""


class Rated(NamedTuple):
    """Spans of a batch, rated. All arrays have shape (n,).

    starts (numpy.ndarray): Their first tokens, ascending.
    ends (numpy.ndarray): The tokens after their last ones.
    labels (numpy.ndarray): The numbers of their labels.
    margins (numpy.ndarray): Their margins.
    probabilities (numpy.ndarray): How probable it is that they are right, NaN if unknown.
    """

    starts: numpy.ndarray
    ends: numpy.ndarray
    labels: numpy.ndarray
    margins: numpy.ndarray
    probabilities: numpy.ndarray

    def select(self, chosen: numpy.ndarray) -> "Rated":
        """Some of the spans.

        chosen (numpy.ndarray): Their places, or a mask.
        """
        return Rated(*(column[chosen] for column in self))
