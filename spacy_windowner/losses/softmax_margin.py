import numpy

from ..tagging.marginals import tag_marginals
from .targets import Targets


def softmax_margin(scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]:
    """The margin of whole tag sequences with a soft maximum. The gold sequence y must score above
    all valid sequences z together, and the more so the heavier the tokens are in which they
    differ. With N annotated tokens, of weight a[t]:

        J = 1/N (log sum_z exp(sum_t S[t, z[t]] + log a[t] [z[t] != y[t]]) - sum_t S[t, y[t]])

    With weights of 1 this is the negative log-likelihood of a conditional random field whose
    transitions are the rules of the tag scheme. A weight of a multiplies the odds of each wrong
    tag, so that a = 2 asks for a margin higher by log 2. Tokens that are not annotated score 0
    whatever their tag.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, 1/N (p[t] - onehot(y[t])) with the
        marginals p of the tags among all z, and the loss.

    Source: Gimpel and Smith (2010), softmax-margin; Lafferty et al. (2001).
    """
    gradient = numpy.zeros_like(scores)
    tokens = targets.annotated
    tags = targets.tags[tokens]
    rows = numpy.arange(len(tokens))
    with numpy.errstate(divide="ignore"):  # a weight of 0 rules out all tags but the right one
        margins = numpy.log(targets.weights[tokens].astype("float64"))
    known = scores[tokens] + margins[:, None]
    known[rows, tags] = scores[tokens, tags]
    augmented = numpy.zeros(scores.shape)
    augmented[tokens] = known
    log_total, marginals = tag_marginals(augmented, targets.lengths, targets.scheme)
    delta = marginals[tokens]
    delta[rows, tags] -= 1.0
    gradient[tokens] = delta / targets.n_annotated
    return gradient, (log_total - float(known[rows, tags].sum())) / targets.n_annotated
