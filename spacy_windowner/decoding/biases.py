"""Adjusts the model's scores before decoding."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy

from .tags import O


class Yielding(NamedTuple):
    """A label that was learned after others, while those were frozen. Its training compared it with
    O only.

    columns (numpy.ndarray): The columns of its tags.
    others (numpy.ndarray): The columns of the tags of the frozen labels.
    """

    columns: numpy.ndarray
    others: numpy.ndarray


@dataclass(frozen=True)
class Biases:
    """Adjusts a model's scores. Tags are chosen by the adjusted scores s' of a token, which follow
    from its scores s:

        s'[y] = s[y] + b[y] - max(0, max of s'[z] over z in F(y) - s'[O])

    F(y) are the tags that y yields to. For most tags there are none. A label that was learned after
    others takes a token from one of them only if it beats O by twice as much as that one does.

    by_tag (numpy.ndarray): b. Shape (n_tags,).
    yielding (Sequence[Yielding]): The labels that yield, each one after the labels it yields to.
    """

    by_tag: numpy.ndarray
    yielding: Sequence[Yielding] = ()

    def adjust(self, scores: numpy.ndarray) -> numpy.ndarray:
        """Adjust scores.

        scores (numpy.ndarray): The model's scores. Shape (n_tokens, n_tags).
        RETURNS (numpy.ndarray): s', of the same shape and type. If nothing changes, the same array.
        """
        if self.as_float32 is not None:
            scores = scores + self.by_tag.astype(scores.dtype)
        elif self.yielding:
            scores = scores.copy()
        for columns, others in self.yielding if len(scores) else ():
            lead = scores[:, others].max(axis=1) - scores[:, O]
            scores[:, columns] -= numpy.maximum(lead, 0.0)[:, None]
        return scores

    @cached_property
    def as_float32(self) -> numpy.ndarray | None:
        """RETURNS (Optional[numpy.ndarray]): b in float32, None if it is 0. Shape (n_tags,)."""
        return self.by_tag.astype("float32") if self.by_tag.any() else None
