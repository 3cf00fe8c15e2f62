"""The operating point: how much the decision leans to entities, chosen on held-out documents."""

from collections.abc import Iterable
from dataclasses import replace

import numpy

from ..decoding.leaning import Leaning
from ..decoding.spans import Spans
from ..decoding.tags import O, Scheme
from .held_out import HeldOut

_BIASES = numpy.arange(-2.0, 4.01, 0.25)
_ENOUGH = 0.95
"""The share of the best F1 that is enough for a label that was added."""


def best_recall_bias(held_out: HeldOut, leaning: Leaning) -> float:
    """The bias with the best F1. Of equally good ones the one nearest to zero is taken.

    held_out (HeldOut): Held-out documents.
    leaning (Leaning): What decisions make of scores. The bias of O is left out of account.
    RETURNS (float): The bias, between -2 and 4.
    """
    is_O = numpy.arange(len(leaning.biases)) == O
    f1 = _f1_of_biases(held_out, leaning, -1.0 * is_O, None)
    best = numpy.flatnonzero(f1 == f1.max())
    return float(_BIASES[best[numpy.abs(_BIASES[best]).argmin()]])


def least_label_bias(held_out: HeldOut, leaning: Leaning, scheme: Scheme, label: int) -> float:
    """The lowest bias with which a label's F1 is nearly the best, 95 % of it. The higher it is, the
    more words the label takes from others, of which the documents may say nothing.

    held_out (HeldOut): Held-out documents.
    leaning (Leaning): What decisions make of scores. The bias of the label is left out of account.
    scheme (Scheme): The scheme of the tags.
    label (int): The label's number.
    RETURNS (float): The bias, between -2 and 4.
    """
    is_label = scheme.label_of_tag(numpy.arange(len(leaning.biases))) == label
    f1 = _f1_of_biases(held_out, leaning, 1.0 * is_label, label)
    return float(_BIASES[(f1 >= _ENOUGH * f1.max()).argmax()]) if f1.any() else 0.0


def _f1_of_biases(
    held_out: HeldOut, leaning: Leaning, direction: numpy.ndarray, label: int | None
) -> numpy.ndarray:
    """F1, of all labels or of one, for each bias, which takes the place of those of the tags in a
    direction. The scores of neighbouring biases count in, so that chance has less of a say."""
    f1 = numpy.zeros(len(_BIASES))
    others = numpy.where(direction != 0.0, 0.0, leaning.biases)
    for i, bias in enumerate(_BIASES.tolist()):
        tried = replace(leaning, biases=others + bias * direction)
        leaned = (group.lean(tried) for group in held_out.groups)
        f1[i] = _f1(held_out, (group.best_spans(margins=False) for group in leaned), label)
    padded = numpy.pad(f1, 1, mode="edge")
    return numpy.round((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 6)


def _f1(held_out: HeldOut, found: Iterable[Spans], label: int | None) -> float:
    judged = [
        is_right for row, is_right in held_out.judge(found) if label is None or row[2] == label
    ]
    gold = [row for rows in held_out.gold for row in rows if label is None or row[2] == label]
    total = len(judged) + len(gold)
    return 2 * sum(judged) / total if total else 0.0
