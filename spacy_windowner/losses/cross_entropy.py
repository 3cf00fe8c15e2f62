import numpy
from spacy.util import registry
from thinc.api import get_array_module
from thinc.types import Floats2d
from thinc.util import to_numpy

from .targets import TagLoss, Targets


@registry.losses("spacy-windowner.CrossEntropy.v1")
def CrossEntropy() -> TagLoss:
    """The cross-entropy of a softmax over the tags. With N annotated tokens, of tag y[t] and
    weight a[t]:

        J = -1/N sum_t a[t] log p[t, y[t]],    p[t, y] = exp(S[t, y]) / sum_y' exp(S[t, y'])

    RETURNS (TagLoss): The loss.

    Source: the lecture's softmax window classifier.
    """
    return _CrossEntropy()


class _CrossEntropy:
    def __call__(self, scores: Floats2d, targets: Targets) -> tuple[Floats2d, float]:
        S = to_numpy(scores)
        gradient = numpy.zeros_like(S)
        tokens = targets.annotated
        if not len(tokens):
            return get_array_module(scores).asarray(gradient), 0.0
        tags = targets.tags[tokens]
        rows = numpy.arange(len(tokens))
        shifted = S[tokens] - S[tokens].max(axis=1, keepdims=True)
        log_p = shifted - numpy.log(numpy.exp(shifted).sum(axis=1, keepdims=True))
        weights = targets.weights[tokens] / len(tokens)
        delta = numpy.exp(log_p)
        delta[rows, tags] -= 1.0
        gradient[tokens] = weights[:, None] * delta
        loss = -float((weights * log_p[rows, tags]).sum())
        return get_array_module(scores).asarray(gradient), loss
