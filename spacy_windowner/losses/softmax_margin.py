import numpy

from ..decoding.lattice import tag_marginals
from .targets import Targets

# So low that a tag is as good as ruled out.
_IMPOSSIBLE = -1e4


def softmax_margin(
    scores: numpy.ndarray, targets: Targets, weight: float = 1.0
) -> tuple[numpy.ndarray, float]:
    """The margin of whole tag sequences with a soft maximum. The gold sequence y must score above
    all valid sequences z together, and the more so the heavier the tokens are in which they
    differ. With N annotated tokens, of weight a[t]:

        J = 1/N (log sum_z exp(s(z) + sum_t log a[t] [z[t] != y[t]]) - s(y))
        s(z) = sum_t S[t, z[t]] + sum_t A[z[t-1], z[t]]

    with learned transitions A, if there are any. With weights of 1 this is the negative
    log-likelihood of a conditional random field. A weight of a multiplies the odds of each wrong
    tag: a = 2 asks for a margin higher by log 2. Tokens that are not annotated score 0 whatever
    their tag. With transitions s(y) is the soft maximum over all tags that these may have.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    weight (float): What the gradients and the loss are multiplied by.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, 1/N (p[t] - onehot(y[t])) with the
        marginals p of the tags among all z, and the loss. The gradient of the transitions, 1/N
        times how often z is expected to have each less how often y is, is added to theirs.

    Source: Gimpel and Smith (2010), softmax-margin; Lafferty et al. (2001); Tsuboi et al. (2008)
    for tokens without annotation.
    """
    scale = weight / targets.n_annotated
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
    A = None if targets.transitions is None else targets.transitions.scores
    log_total, delta, pairs = tag_marginals(augmented, targets.lengths, targets.scheme, A)
    if targets.transitions is None or pairs is None:
        log_gold = float(known[rows, tags].sum())
        delta[tokens, tags] -= 1.0
    else:
        augmented[tokens] = _IMPOSSIBLE
        augmented[tokens, tags] = known[rows, tags]
        found = tag_marginals(augmented, targets.lengths, targets.scheme, A)
        log_gold, delta_gold, pairs_gold = found
        delta -= delta_gold
        targets.transitions.gradient[...] += scale * (pairs - pairs_gold)
    gradient[tokens] = scale * delta[tokens]
    return gradient, scale * (log_total - log_gold)
