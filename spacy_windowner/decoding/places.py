"""What the places of words rule out, as bits of a number for each word. Whitespace tokens are no
words: decoding doesn't see them, and an entity may have them inside."""

import numpy

from .tags import Scheme

BREAK = 1
"""An entity may not go on from the word before: a sentence starts here or in the whitespace before,
or there is a line end or a blocked token in between."""
TAKEN = 2
"""Part of an entity that stays, or blocked: it must be O."""


def ends_line(space: str) -> bool:
    """Whether whitespace has a line end in it, as `str.splitlines` knows them."""
    return space.splitlines() != [space]


def constrain(
    scores: numpy.ndarray, lengths: numpy.ndarray, places: numpy.ndarray, scheme: Scheme
) -> numpy.ndarray:
    """Scores in the scheme BILUO, with minus infinity for tags that a word can't have. O is always
    possible, and so there always is a valid sequence.

    scores (numpy.ndarray): Scores of a scheme's tags. Shape (n_words, n_tags).
    lengths (numpy.ndarray): The number of words of each document. Shape (n_docs,).
    places (numpy.ndarray): What the words' places rule out. Shape (n_words,).
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
