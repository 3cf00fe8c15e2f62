"""What the places of tokens rule out, as bits of a number for each token."""

import numpy

from .tags import Scheme

SPACE = 1
"""Whitespace: an entity may neither start nor end here."""
SENT_START = 2
"""Known to start a sentence: an entity may not go on from the token before."""
TAKEN = 4
"""Part of an entity that stays, or blocked: it must be O."""


def constrain(
    scores: numpy.ndarray, lengths: numpy.ndarray, places: numpy.ndarray, scheme: Scheme
) -> numpy.ndarray:
    """Scores in the scheme BILUO, with minus infinity for tags that a token can't have. O is always
    possible, and so there always is a valid sequence.

    scores (numpy.ndarray): Scores of a scheme's tags. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    places (numpy.ndarray): What the tokens' places rule out. Shape (n_tokens,).
    scheme (Scheme): The scheme.
    RETURNS (numpy.ndarray): float64, with the columns of `Scheme.spread`. Shape
        (n_tokens, 1 + 4 * n_labels).
    """
    S = scores[:, scheme.spread(scores.shape[1])].astype("float64", order="C")
    n_labels = scheme.n_labels(scores.shape[1])
    B, I, L, U = S[:, 1:].reshape(len(S), 4, n_labels).transpose(1, 0, 2)  # noqa: E741
    starts = (places & SENT_START) > 0
    starts[(numpy.cumsum(lengths) - lengths)[lengths > 0]] = True
    I[starts] = L[starts] = -numpy.inf
    is_space = (places & SPACE) > 0
    B[is_space] = L[is_space] = U[is_space] = -numpy.inf
    S[(places & TAKEN) > 0, 1:] = -numpy.inf
    return S
