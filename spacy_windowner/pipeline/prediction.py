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


def find_entities(
    scored: Scored,
    search: Callable[[Lattice], numpy.ndarray],
    scheme: Scheme,
    recall_bias: float,
) -> list[Entities]:
    """Find the entities of scored documents.

    scored (Scored): The documents.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    recall_bias (float): How much the score of O is lowered.
    RETURNS (List[Entities]): The entities of each document.
    """
    scores = scored.scores
    if recall_bias:
        scores = scores.copy()
        scores[O] -= recall_bias
    tokens, tags = decode(scores, scored.places, search, scheme)
    return scheme.spans_from_tags(tokens, tags, scored.lengths)


def _groups(docs: Sequence[Doc]) -> Iterator[Sequence[Doc]]:
    """Split a batch, so that what is computed of its tokens needs little memory, and that no
    document is embedded with the vocabulary of another."""
    start = size = 0
    for stop, doc in enumerate(docs):
        is_other_vocab = doc.vocab is not docs[start].vocab
        if is_other_vocab or (size and size + len(doc) > _GROUP):
            yield docs[start:stop]
            start, size = stop, 0
        size += len(doc)
    if start < len(docs):
        yield docs[start:]
