import numpy
from spacy.util import registry

from ..decoding.lattice import Scored
from ..decoding.tags import O
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
    return structured_margin


def structured_margin(scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]:
    """See `StructuredMargin`. The gradient is a[t] / N at z[t], and its opposite at y[t]."""
    gradient = numpy.zeros_like(scores)
    tokens = targets.annotated
    if not len(tokens):
        return gradient, 0.0
    tags = targets.tags[tokens]
    weights = (targets.weights[tokens] / len(tokens)).astype(scores.dtype)
    augmented = numpy.zeros_like(scores)
    augmented[tokens] = scores[tokens] + 1.0
    augmented[tokens, tags] -= 1.0
    augmented[tokens] *= weights[:, None]
    rivals = numpy.full(len(scores), O)
    places = numpy.zeros(len(scores), dtype="uint8")
    lengths = targets.lengths.astype("int32")
    scored = Scored(lengths, places, augmented.astype("float32", order="C"), targets.scheme)
    offsets = numpy.cumsum(lengths) - lengths
    for doc, start, end, label, _ in zip(*scored.best_spans(margins=False), strict=True):
        span = slice(offsets[doc] + start, offsets[doc] + end)
        rivals[span] = targets.scheme.tags_of_span(end - start, label)
    rivals = rivals[tokens]
    margins = augmented[tokens, rivals] - augmented[tokens, tags]
    gradient[tokens, rivals] += weights
    gradient[tokens, tags] -= weights
    return gradient, float(margins.sum())
