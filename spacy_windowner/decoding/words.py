"""The words of documents: all tokens except whitespace. Windows and tag sequences are made of
words, so whitespace doesn't change what is found."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc

from .tags import Scheme

BREAK = 1
"""No entity may continue from the word before: a sentence starts at this
word or in the whitespace before it, or a line end or blocked token lies between them."""
TAKEN = 2
"""The word must be O, because it is blocked, or part of an entity that stays."""


class Words(NamedTuple):
    """The words of a batch, one document after the other.

    lengths (numpy.ndarray): int32, the number of words of each document. Shape (n_docs,).
    orths (numpy.ndarray): uint64, ORTH of each word. Shape (n_words,).
    lowers (numpy.ndarray): uint64, LOWER of each word. Shape (n_words,).
    places (numpy.ndarray): uint8, what each word's place rules out, as the bits `BREAK` and
        `TAKEN`. Shape (n_words,).
    positions (Optional[numpy.ndarray]): int32, the index of each word among the tokens of its
        document. Shape (n_words,). None if all tokens are words.
    """

    lengths: numpy.ndarray
    orths: numpy.ndarray
    lowers: numpy.ndarray
    places: numpy.ndarray
    positions: numpy.ndarray | None


def word_mask(docs: Sequence[Doc]) -> numpy.ndarray:
    """Which tokens of a batch are words. Shape (n_tokens,)."""
    return numpy.concatenate([numpy.zeros(0, bool), *(doc.to_array(IS_SPACE) == 0 for doc in docs)])


def of_tokens(docs: Sequence[Doc], values: numpy.ndarray) -> list[numpy.ndarray]:
    """Convert values of words to values of all tokens, with 0 for whitespace.

    docs (Sequence[Doc]): The documents.
    values (numpy.ndarray): A value, or a row of values, for each word. Shape (n_words, ...).
    RETURNS (List[numpy.ndarray]): The values of each document. Shapes (n_tokens, ...).
    """
    is_word = word_mask(docs)
    found = numpy.zeros((len(is_word), *values.shape[1:]), dtype=values.dtype)
    found[is_word] = values
    return numpy.split(found, numpy.cumsum([len(doc) for doc in docs])[:-1])


def ends_line(space: str) -> bool:
    """Whether whitespace contains a line end, as `str.splitlines` defines it."""
    return space.splitlines() != [space]


def constrain(
    scores: numpy.ndarray, lengths: numpy.ndarray, places: numpy.ndarray, scheme: Scheme
) -> numpy.ndarray:
    """Convert scores to the BILUO scheme, with minus infinity for tags that a word can't have. O is
    always possible, so there always is a valid sequence.

    scores (numpy.ndarray): Scores of a scheme's tags. Shape (n_words, n_tags).
    lengths (numpy.ndarray): The number of words of each document. Shape (n_docs,).
    places (numpy.ndarray): What the words' places rule out, see `Words`. Shape (n_words,).
    scheme (Scheme): The scheme.
    RETURNS (numpy.ndarray): float64, with the columns of `Scheme.spread`. Shape
        (n_words, 1 + 4 * n_labels).
    """
    S = scores[:, scheme.spread(scores.shape[1])].astype("float64", order="C")
    n_labels = scheme.n_labels(scores.shape[1])
    _, I, L, _ = S[:, 1:].reshape(len(S), 4, n_labels).transpose(1, 0, 2)  # noqa: E741
    starts = (places & BREAK) > 0
    starts[(numpy.cumsum(lengths) - lengths)[lengths > 0]] = True
    I[starts] = L[starts] = -numpy.inf
    S[(places & TAKEN) > 0, 1:] = -numpy.inf
    return S
