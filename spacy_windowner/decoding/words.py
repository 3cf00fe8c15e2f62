"""The words of documents: all tokens but whitespace. Layout doesn't change what is found, because
windows and tag sequences are those of words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc


class Words(NamedTuple):
    """The words of a batch, one document after the other.

    lengths (numpy.ndarray): int32, the number of words of each document. Shape (n_docs,).
    orths (numpy.ndarray): uint64, ORTH of each word. Shape (n_words,).
    places (numpy.ndarray): uint8, what its place rules out, see `decoding.places`. Shape
        (n_words,).
    positions (Optional[numpy.ndarray]): int32, the token of its document that it is. Shape
        (n_words,). None if all tokens are words.
    """

    lengths: numpy.ndarray
    orths: numpy.ndarray
    places: numpy.ndarray
    positions: numpy.ndarray | None


def word_mask(docs: Sequence[Doc]) -> numpy.ndarray:
    """Which tokens of a batch are words. Shape (n_tokens,)."""
    return numpy.concatenate([numpy.zeros(0, bool), *(doc.to_array(IS_SPACE) == 0 for doc in docs)])


def of_tokens(docs: Sequence[Doc], values: numpy.ndarray) -> list[numpy.ndarray]:
    """Values of words as values of all tokens, 0 for whitespace.

    docs (Sequence[Doc]): The documents.
    values (numpy.ndarray): A value, or a row of them, for each word. Shape (n_words, ...).
    RETURNS (List[numpy.ndarray]): Those of each document. Shapes (n_tokens, ...).
    """
    is_word = word_mask(docs)
    found = numpy.zeros((len(is_word), *values.shape[1:]), dtype=values.dtype)
    found[is_word] = values
    return numpy.split(found, numpy.cumsum([len(doc) for doc in docs])[:-1])
