"""How the component gets scores from its model: the one place that decides on it."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.util import to_numpy

from .kernels import make_kernel
from .table_scorer import TableScorer


class Scorer(Protocol):
    """Scores the tags of tokens."""

    model: Model

    def scores(
        self, docs: Sequence[Doc], words: numpy.ndarray, lengths: numpy.ndarray
    ) -> numpy.ndarray:
        """See `TableScorer.scores`."""

    def clear(self) -> None:
        """Forget what was computed with the model's weights."""


class ModelScorer:
    """Scores the tags of tokens by running the model as it is.

    model (Model[List[Doc], List[Floats2d]]): Any model with one row a token, one column a tag.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def scores(
        self, docs: Sequence[Doc], words: numpy.ndarray, lengths: numpy.ndarray
    ) -> numpy.ndarray:
        """See `TableScorer.scores`."""
        ops: Any = self.model.ops  # thinc's types know no list of arrays
        return numpy.ascontiguousarray(to_numpy(ops.flatten(self.model.predict(docs))).T)

    def clear(self) -> None:
        """Nothing is kept."""


def make_scorer(model: Model, kernel: str, table_size: int) -> Scorer:
    """Choose how to get scores: from a table of words if the model allows it.

    model (Model[List[Doc], List[Floats2d]]): The model.
    kernel (str): The name of a kernel.
    table_size (int): The most words in the table.
    RETURNS (Scorer): The scorer.
    """
    chosen = make_kernel(kernel)
    if TableScorer.can_score(model):
        return TableScorer(model, chosen, table_size)
    return ModelScorer(model)
