import numpy

from ..decoding.tags import O

_ROUNDING = 1e-4


def rehearsal_loss(
    scores: numpy.ndarray, tutor: numpy.ndarray, behind: float
) -> tuple[numpy.ndarray, float]:
    """How far scores have moved from those that an earlier model, the tutor, had of the first tags:

        J = 1/(2 N) sum_t sum_y (S[t, y] - S'[t, y])^2

    with N tokens, and S' the tutor's scores. Left out are tags y that the tutor had not learned
    yet, as much behind O on each token as all tags are at first, and those that it had not.
    Differences that may come from rounding count as none, for Adam would take steps as large as
    ever by them.

    scores (numpy.ndarray): S. Shape (n_tokens, n_tags).
    tutor (numpy.ndarray): S'. Shape (n_tokens, n_earlier_tags), at most as many tags.
    behind (float): How far behind O a tag is at first.
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
