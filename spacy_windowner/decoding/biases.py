from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy

from .tags import O


class Yielding(NamedTuple):
    """A label that was learned after others, which were frozen, and so was told from O alone.

    columns (numpy.ndarray): The numbers of its tags.
    others (numpy.ndarray): The numbers of the tags of these others.
    """

    columns: numpy.ndarray
    others: numpy.ndarray


@dataclass(frozen=True)
class Biases:
    """What decisions make of scores: of the scores s of a token those that it decides by are

        s'[y] = s[y] + b[y] - max(0, max of s'[z] over z in F(y) - s'[O])

    F(y) are the tags that y yields to, none for most. So a label that was learned after others
    takes a token from one of them if it beats O by twice as much as that one does.

    biases (numpy.ndarray): b. Shape (n_tags,).
    yielding (Sequence[Yielding]): The labels that yield to others, after those.
    """

    biases: numpy.ndarray
    yielding: Sequence[Yielding] = ()

    def lean(self, scores: numpy.ndarray) -> numpy.ndarray:
        """The scores that a component decides by.

        scores (numpy.ndarray): The model's scores. Shape (n_tokens, n_tags).
        RETURNS (numpy.ndarray): s', of the same shape and type. If nothing changes, the same array.
        """
        if self.added is not None:
            scores = scores + self.biases.astype(scores.dtype)
        elif self.yielding:
            scores = scores.copy()
        for columns, others in self.yielding if len(scores) else ():
            lead = scores[:, others].max(axis=1) - scores[:, O]
            scores[:, columns] -= numpy.maximum(lead, 0.0)[:, None]
        return scores

    @cached_property
    def added(self) -> numpy.ndarray | None:
        """RETURNS (Optional[numpy.ndarray]): b in float32, None if it is 0. Shape (n_tags,)."""
        return self.biases.astype("float32") if self.biases.any() else None

    def direction(self, leaned: numpy.ndarray, tag: int, other: int) -> numpy.ndarray:
        """The weights w of the tags with which s'[tag] - s'[other] is the sum of w[y] (s[y] + b[y])
        at a token, and around it.

        leaned (numpy.ndarray): s' of the token. Shape (n_tags,).
        tag (int): A tag.
        other (int): Another one.
        RETURNS (numpy.ndarray): The weights. Shape (n_tags,).
        """
        weights = numpy.zeros(len(leaned))
        weights[tag], weights[other] = 1.0, -1.0
        # From the last one, for a label may yield to one that yields itself.
        for columns, others in reversed(self.yielding):
            best = others[leaned[others].argmax()]
            if leaned[best] > leaned[O]:
                weight = weights[columns].sum()
                weights[best] -= weight
                weights[O] += weight
        return weights
