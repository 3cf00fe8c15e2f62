from typing import NamedTuple

import numpy

from .scheme import O


class Lattice(NamedTuple):
    """Tag scores of a batch together with what each token's place rules out. Forbidden tags score
    minus infinity, O never does, so that a valid path always exists.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    doc_starts (numpy.ndarray): Whether a token is the first of its document. Shape (n_tokens,).
    must_continue (numpy.ndarray): Tokens an entity can't end on. Shape (n_tokens,).
    """

    scores: numpy.ndarray
    doc_starts: numpy.ndarray
    must_continue: numpy.ndarray


def make_lattice(
    scores: numpy.ndarray,
    lengths: numpy.ndarray,
    *,
    is_space: numpy.ndarray | None = None,
    is_sent_start: numpy.ndarray | None = None,
    is_taken: numpy.ndarray | None = None,
) -> Lattice:
    """Rule out tags by a token's place: entities never cross the start of a document or of a
    sentence, never start or end on whitespace, and never cover a token which is taken already.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): Tokens of each document. Shape (n_docs,).
    is_space (Optional[numpy.ndarray]): Tokens of whitespace. Shape (n_tokens,).
    is_sent_start (Optional[numpy.ndarray]): Tokens known to start a sentence. Shape (n_tokens,).
    is_taken (Optional[numpy.ndarray]): Tokens that must be O. Shape (n_tokens,).
    RETURNS (Lattice): The constrained scores.
    """
    scores = scores.copy()
    doc_starts = numpy.zeros(len(scores), dtype=bool)
    firsts = numpy.cumsum(lengths) - lengths
    doc_starts[firsts[lengths > 0]] = True
    scores[doc_starts, 2::2] = -numpy.inf
    if is_sent_start is not None:
        scores[is_sent_start, 2::2] = -numpy.inf
    if is_space is None:
        is_space = numpy.zeros(len(scores), dtype=bool)
    scores[is_space, 1::2] = -numpy.inf
    if is_taken is not None:
        scores[is_taken, O + 1 :] = -numpy.inf
    return Lattice(scores, doc_starts, is_space)
