import numpy

from spacy_windowner.losses.targets import collapse

from ..util import check_gradient
from .util import make_scores


def test_all_other_tags_are_one():
    S = make_scores(4)
    found = collapse(S, [3, 4])
    for t in range(4):
        expected = numpy.log(numpy.exp(S[t, 0]) + numpy.exp(S[t, 1]) + numpy.exp(S[t, 2]))
        numpy.testing.assert_allclose(found.scores[t], [expected, S[t, 3], S[t, 4]])


def test_probabilities_add_up():
    S = make_scores(4)
    p = numpy.exp(S) / numpy.exp(S).sum(axis=1, keepdims=True)
    collapsed = numpy.exp(collapse(S, [1, 4]).scores)
    collapsed /= collapsed.sum(axis=1, keepdims=True)
    numpy.testing.assert_allclose(collapsed[:, 0], p[:, [0, 2, 3]].sum(axis=1))
    numpy.testing.assert_allclose(collapsed[:, 1:], p[:, [1, 4]])


def test_gradient():
    S, weights = make_scores(4), make_scores(4, 3, seed=1)

    def f(scores):
        return float((collapse(scores, [2, 3]).scores * weights).sum())

    gradient = collapse(S, [2, 3]).expand(weights)
    check_gradient(f, S, gradient, eps=1e-4, rtol=1e-4)


def test_large_scores_do_not_overflow():
    found = collapse(numpy.array([[1000.0, 1001.0, -1000.0]]), [2])
    numpy.testing.assert_allclose(found.scores, [[1001.3132616875182, -1000.0]])
