"""The operating point: how much the decision leans to entities, chosen on held-out documents."""

from collections.abc import Callable, Sequence

import numpy

from ..tagging.lattice import Lattice
from ..tagging.scheme import Scheme
from .annotation import Entities
from .held_out import HeldOut
from .prediction import find_entities

_BIASES = numpy.arange(-2.0, 4.01, 0.25)


def best_recall_bias(
    held_out: HeldOut, search: Callable[[Lattice], numpy.ndarray], scheme: Scheme
) -> float:
    """The bias with the best F1. The scores of neighbouring biases count in, so that chance has
    less of a say, and of equally good ones the one nearest to zero is taken.

    held_out (HeldOut): Held-out documents.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    RETURNS (float): The bias, between -2 and 4.
    """
    f1 = numpy.zeros(len(_BIASES))
    for i, bias in enumerate(_BIASES.tolist()):
        leaning = (group.lean(bias) for group in held_out.groups)
        found = [ents for group in leaning for ents in find_entities(group, search, scheme)]
        f1[i] = _f1(held_out, found)
    padded = numpy.pad(f1, 1, mode="edge")
    smooth = numpy.round((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 6)
    best = numpy.flatnonzero(smooth == smooth.max())
    return float(_BIASES[best[numpy.abs(_BIASES[best]).argmin()]])


def _f1(held_out: HeldOut, found: Sequence[Entities]) -> float:
    judged = [is_right for rows in held_out.judge(found) for _, is_right in rows]
    total = len(judged) + sum(map(len, held_out.gold))
    return 2 * sum(judged) / total if total else 0.0
