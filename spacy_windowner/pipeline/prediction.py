from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..runtime.scorer import Scorer
from ..tagging.decoding import decode
from ..tagging.lattice import Lattice, Places
from ..tagging.scheme import O, Scheme
from .annotation import Entities, read_tokens

# Tokens that are scored and decoded at a time, unless a single document has more.
_GROUP = 2**14


class Scored(NamedTuple):
    """Documents with scores of their tokens' tags.

    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    places (Places): What constrains the tokens' tags.
    scores (numpy.ndarray): One row a tag. Shape (n_tags, n_tokens).
    """

    lengths: numpy.ndarray
    places: Places
    scores: numpy.ndarray

    def lean(self, recall_bias: float) -> "Scored":
        """The same with the score of O lowered by a number."""
        if not recall_bias:
            return self
        scores = self.scores.copy()
        scores[O] -= recall_bias
        return self._replace(scores=scores)


class Tagged(NamedTuple):
    """The tokens in entities of scored documents.

    tokens (numpy.ndarray): Their ascending numbers. Shape (n,).
    tags (numpy.ndarray): Their tags. Shape (n,).
    """

    tokens: numpy.ndarray
    tags: numpy.ndarray


def score_docs(docs: Sequence[Doc], scorer: Scorer, overwrite: bool) -> Iterator[Scored]:
    """Score the tags of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores their tokens' tags.
    overwrite (bool): Whether entities may be where there are some already.
    YIELDS (Scored): A group of the documents, in their order.
    """
    for group in _groups(docs):
        lengths, words, places = read_tokens(group, overwrite)
        if len(words):
            scores = scorer.scores(group, words, lengths)
        else:
            scores = numpy.zeros((1, 0), dtype="float32")
        yield Scored(lengths, places, scores)
