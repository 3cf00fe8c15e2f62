"""The loss that keeps scores as an earlier model had them."""

import numpy

from ..decoding.tags import O

_ROUNDING = 1e-4


def rehearsal_loss(
    scores: numpy.ndarray, tutor: numpy.ndarray, behind: float
) -> tuple[numpy.ndarray, float]:
    """How far the scores have moved from those of an earlier model, the tutor:

        J = 1/(2 N) sum_t sum_y (S[t, y] - S'[t, y])^2

    N is the number of tokens, and S' are the tutor's scores. The sum includes the tags that the
    tutor had learned. It leaves out tags that the tutor did not have, and tags that it had not
    learned yet: on every token these are as far behind O as a new tag is. Differences so small that
    they may come from rounding count as 0, because Adam would take full-sized steps on them.

    scores (numpy.ndarray): S. Shape (n_tokens, n_tags).
    tutor (numpy.ndarray): S'. Shape (n_tokens, n_earlier_tags), with at most as many tags.
    behind (float): How far behind O a new tag is.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, shaped as the scores, and the loss.
    """
    gradient = numpy.zeros_like(scores)
    if not len(scores):
        return gradient, 0.0
    is_known = (numpy.abs(tutor - tutor[:, [O]] + behind) > _ROUNDING).any(axis=0)
    difference = (scores[:, : tutor.shape[1]] - tutor) * is_known
    difference[numpy.abs(difference) < _ROUNDING] = 0.0
    gradient[:, : tutor.shape[1]] = difference / len(scores)
    return gradient, float((difference**2).sum()) / (2 * len(scores))
