import numpy
from spacy.util import registry
from thinc.api import get_array_module
from thinc.types import Floats2d
from thinc.util import to_numpy

from ..tagging.lattice import make_lattice
from ..tagging.viterbi import viterbi
from .targets import TagLoss, Targets


@registry.losses("spacy-windowner.StructuredMargin.v1")
def StructuredMargin() -> TagLoss:
    """The margin of whole tag sequences. The gold sequence y must score above every valid sequence
    z by the number of tokens in which they differ. With N annotated tokens, of weight a[t]:

        J = 1/N max_z sum_t a[t] (S[t, z[t]] - S[t, y[t]] + [z[t] != y[t]])

    The maximum is found by Viterbi search in the scores plus the margin. Tokens that are not
    annotated score 0 whatever their tag.

    RETURNS (TagLoss): The loss.

    Source: Taskar et al. (2003); Tsochantaridis et al. (2005).
    """
    return _StructuredMargin()


class _StructuredMargin:
    def __call__(self, scores: Floats2d, targets: Targets) -> tuple[Floats2d, float]:
        S = to_numpy(scores)
        gradient = numpy.zeros_like(S)
        tokens = targets.annotated
        if not len(tokens):
            return get_array_module(scores).asarray(gradient), 0.0
        tags = targets.tags[tokens]
        weights = (targets.weights[tokens] / len(tokens)).astype(S.dtype)
        augmented = numpy.zeros_like(S)
        augmented[tokens] = S[tokens] + 1.0
        augmented[tokens, tags] -= 1.0
        augmented[tokens] *= weights[:, None]
        rivals = viterbi(make_lattice(augmented, targets.lengths))[tokens]
        margins = augmented[tokens, rivals] - augmented[tokens, tags]
        gradient[tokens, rivals] += weights
        gradient[tokens, tags] -= weights
        return get_array_module(scores).asarray(gradient), float(margins.sum())
