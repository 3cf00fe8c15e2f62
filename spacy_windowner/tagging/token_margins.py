import numpy

from .lattice import Places, make_lattice
from .max_marginals import FORBIDDEN, max_marginals
from .scheme import BILUO, Scheme


def token_margins(scores: numpy.ndarray, places: Places, scheme: Scheme) -> numpy.ndarray:
    """How sure the tag of each token is: how much better the best valid sequence of all is than
    the best one in which this token has another tag,

        m[t] = max_y M[t, y] - second_y M[t, y]

    with the max-marginals M of the scheme BILUO, in which another border of an entity is another
    tag, too.

    scores (numpy.ndarray): S, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    RETURNS (numpy.ndarray): float64, at least 0, and very large where only O is possible.
        Shape (n_tokens,).
    """
    lattice = make_lattice(scores[scheme.biluo_rows(len(scores))].T, places, BILUO)
    if not len(lattice.scores):
        return numpy.zeros(0)
    S = numpy.maximum(lattice.scores, FORBIDDEN, dtype="float64")
    borders = numpy.append(numpy.flatnonzero(lattice.starts), len(S))
    second, best = numpy.partition(max_marginals(S, numpy.diff(borders)).best, -2, axis=1).T[-2:]
    return best - second
