"""The loss `CrossEntropy`: each token's tag alone."""

import numpy
from spacy.util import registry

from .targets import TagLoss, Targets


@registry.losses("spacy-windowner.CrossEntropy.v1")
def CrossEntropy() -> TagLoss:
    """The cross-entropy of a softmax over the tags. With N annotated tokens t, their tags y[t] and
    weights a[t]:

        J = -1/N sum_t a[t] log p[t, y[t]],    p[t, y] = exp(S[t, y]) / sum_y' exp(S[t, y'])

    RETURNS (TagLoss): The loss.

    Source: the lecture's softmax window classifier.
    """
    return cross_entropy


def cross_entropy(scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]:
    """See `CrossEntropy`. The gradient of a token's scores is a[t] / N (p[t] - onehot(y[t]))."""
    gradient = numpy.zeros_like(scores)
    tokens = targets.annotated
    tags = targets.tags[tokens]
    rows = numpy.arange(len(tokens))
    shifted = scores[tokens] - scores[tokens].max(axis=1, keepdims=True)
    log_p = shifted - numpy.log(numpy.exp(shifted).sum(axis=1, keepdims=True))
    weights = targets.weights[tokens] / targets.n_annotated
    delta = numpy.exp(log_p)
    delta[rows, tags] -= 1.0
    gradient[tokens] = weights[:, None] * delta
    return gradient, -float((weights * log_p[rows, tags]).sum())
