from typing import NamedTuple, Protocol

import numpy
from thinc.types import Floats2d

from ..errors import Errors
from ..tagging.scheme import MISSING


class Targets(NamedTuple):
    """The gold standard of a batch.

    tags (numpy.ndarray): The tag of each token, MISSING where unknown. Shape (n_tokens,).
    weights (numpy.ndarray): What each token's loss is multiplied by. Shape (n_tokens,).
    lengths (numpy.ndarray): Tokens of each document. Shape (n_docs,).
    """

    tags: numpy.ndarray
    weights: numpy.ndarray
    lengths: numpy.ndarray

    @property
    def annotated(self) -> numpy.ndarray:
        """The tokens whose tag is known."""
        return numpy.flatnonzero(self.tags != MISSING)


class TagLoss(Protocol):
    """A loss of tag scores. Registered functions in `losses` return one.

    scores (Floats2d): Scores, one column a tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    RETURNS (Tuple[Floats2d, float]): The gradient, shaped as the scores, and the loss, a mean over
        the annotated tokens.
    """

    def __call__(self, scores: Floats2d, targets: Targets) -> tuple[Floats2d, float]: ...


def check_at_least(name: str, value: float, minimum: float) -> None:
    """Reject a setting of a loss that is too small."""
    if not value >= minimum:
        why = f"It must be a number of at least {minimum}."
        raise ValueError(Errors.WN004.format(name=name, value=value, why=why))
