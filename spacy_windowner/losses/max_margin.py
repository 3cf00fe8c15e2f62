"""The loss `MaxMargin`, with a term for windows and one for tag sequences."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy
from spacy.util import registry

from ..decoding.lattice import tag_marginals
from ..decoding.tags import MISSING, O
from ..errors import check_setting
from .targets import TagLoss, Targets


@registry.losses("spacy-windowner.MaxMargin.v1")
def MaxMargin(
    corrupt_windows: int = 5,
    pairwise_weight: float = 0.1,
    pool_size: int = 100,
    sequence_weight: float = 1.0,
    transitions: bool = False,
) -> TagLoss:
    """The max-margin loss. It has two terms. With N annotated tokens t, their tags y[t] and weights
    a[t]:

        pairwise  1/N sum_t a[t] 1/C sum_c max(0, 1 - S[t, y[t]] + S[c, y[t]])
        sequence  see `softmax_margin`

    In the pairwise term, the centre of a true window t carries the tag of a label, and the centre
    of each of the C corrupt windows c does not. The true window should score at least 1 above the
    corrupt ones. The term sums over the tokens in entities. In the sequence term, the right tags
    of a document should score above all other valid tag sequences.

    corrupt_windows (int): C, the corrupt windows for each true one.
    pairwise_weight (float): Weight of the pairwise term. 0 switches it off.
    pool_size (int): How many windows of the batch to draw at random. The corrupt windows are the
        hardest of these: the ones that score best. Without a limit, larger batches would have
        harder corrupt windows, and in the end only outliers. If `pool_size` equals
        `corrupt_windows`, all windows drawn are used. The sample is then uniform, without
        replacement: the plain sampling of the lecture.
    sequence_weight (float): Weight of the sequence term. 0 switches it off.
    transitions (bool): Whether the sequence term also learns how well one tag follows another.
        Decoding adds this matrix to the scores. Documents that are annotated for some labels only
        don't train it.
    RETURNS (TagLoss): The loss.
    RAISES (ValueError): If a setting is invalid.

    Source: the lecture's J = max(0, 1 - s + s_c), after Collobert and Weston (2008). The sequence
    term is the softmax-margin of Gimpel and Smith (2010).
    """
    check_setting(
        corrupt_windows >= 1, "corrupt_windows", corrupt_windows, "It must be at least 1."
    )
    check_setting(
        pool_size >= corrupt_windows,
        "pool_size",
        pool_size,
        f"It must be at least `corrupt_windows`, which is {corrupt_windows}.",
    )
    weights = {"pairwise_weight": pairwise_weight, "sequence_weight": sequence_weight}
    for name, weight in weights.items():
        is_number = 0.0 <= weight < math.inf
        check_setting(is_number, name, weight, "It must be a number of at least 0.")
    check_setting(
        any(weights.values()),
        "sequence_weight",
        sequence_weight,
        "Both terms can't be off: nothing would be learned.",
    )
    check_setting(
        sequence_weight > 0.0 or not transitions,
        "transitions",
        transitions,
        "The sequence term learns them: its `sequence_weight` must be above 0.",
    )
    return _MaxMargin(corrupt_windows, pairwise_weight, pool_size, sequence_weight, transitions)


@dataclass(frozen=True)
class _MaxMargin:
    corrupt_windows: int
    pairwise_weight: float
    pool_size: int
    sequence_weight: float
    transitions: bool

    def __call__(self, scores: numpy.ndarray, targets: Targets) -> tuple[numpy.ndarray, float]:
        gradient = numpy.zeros_like(scores)
        loss = 0.0
        n = len(targets.annotated)
        if n and self.pairwise_weight:
            weight = self.pairwise_weight / n
            samples = sample_corrupt_windows(
                scores, targets.tags, self.corrupt_windows, self.pool_size
            )
            loss += add_pairwise(scores, targets, gradient, weight, samples)
        if n and self.sequence_weight:
            d_sequence, sequence = softmax_margin(scores, targets, self.sequence_weight)
            gradient += d_sequence
            loss += sequence
        return gradient, loss


def add_pairwise(
    S: numpy.ndarray,
    targets: Targets,
    gradient: numpy.ndarray,
    weight: float,
    samples: Iterable[tuple[int, numpy.ndarray, numpy.ndarray]],
) -> float:
    """Add the gradient of the pairwise term, times a weight, to `gradient`.

    samples (Iterable[Tuple[int, numpy.ndarray, numpy.ndarray]]): Windows to compare, see
        `sample_corrupt_windows`.
    RETURNS (float): The term times the weight.
    """
    loss = 0.0
    for tag, true, corrupt in samples:
        margins = 1.0 - S[true, tag][:, None] + S[corrupt, tag]
        pair_weights = targets.weights[true][:, None] * (weight / corrupt.shape[1])
        loss += float((pair_weights * numpy.maximum(margins, 0.0)).sum())
        violations = pair_weights * (margins > 0.0)
        gradient[true, tag] -= violations.sum(axis=1)
        gradient[:, tag] += numpy.bincount(
            corrupt.ravel(), weights=violations.ravel(), minlength=len(S)
        )
    return loss


def sample_corrupt_windows(
    scores: numpy.ndarray, tags: numpy.ndarray, n: int, pool_size: int
) -> Iterator[tuple[int, numpy.ndarray, numpy.ndarray]]:
    """Pair the true windows of each tag with corrupt windows: windows of the batch whose centre is
    known to carry another tag. Of a random pool of these, the ones that score best in the tag's
    column are taken, the same for all true windows of the tag. The pool is drawn by numpy's global
    generator. O is no label, so it has no true windows.

    scores (numpy.ndarray): Scores, one column per tag. Shape (n_windows, n_tags).
    tags (numpy.ndarray): The tag of each window's centre, MISSING where unknown.
    n (int): Corrupt windows for each true one, or fewer if the pool has fewer.
    pool_size (int): Windows in the pool, or fewer if the batch has fewer.
    YIELDS (Tuple[int, numpy.ndarray, numpy.ndarray]): A tag, its true windows, shape (n_true,),
        and the corrupt windows of each, shape (n_true, n).
    """
    for tag in numpy.unique(tags[tags > O]).tolist():
        true = numpy.flatnonzero(tags == tag)
        pool = numpy.flatnonzero((tags != tag) & (tags != MISSING))
        if len(pool) > pool_size:
            pool = numpy.random.choice(pool, pool_size, replace=False)
        size = min(n, len(pool))
        if size == 0:
            continue
        hardest = numpy.argpartition(-scores[pool, tag], size - 1)[:size]
        yield tag, true, numpy.broadcast_to(pool[hardest], (len(true), size))


# A score so low that it rules a tag out.
_IMPOSSIBLE = -1e4


def softmax_margin(
    scores: numpy.ndarray, targets: Targets, weight: float = 1.0
) -> tuple[numpy.ndarray, float]:
    """The margin of whole tag sequences with a soft maximum. The gold sequence y should score above
    all valid sequences z together. The margin is larger if the tokens in which they differ have
    large weights. With N annotated tokens t of weights a[t]:

        J = 1/N (log sum_z exp(s(z) + sum_t log a[t] [z[t] != y[t]]) - s(y))
        s(z) = sum_t S[t, z[t]] + sum_t A[z[t-1], z[t]]

    A are learned transitions, if there are any. With weights of 1 this is the negative
    log-likelihood of a conditional random field. A weight a multiplies the odds of each wrong tag:
    a = 2 asks for a margin larger by log 2. Tokens that are not annotated score 0 whatever their
    tag. With transitions, s(y) is the soft maximum over all tags that these tokens may have.

    scores (numpy.ndarray): Scores, one column per tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    weight (float): A factor on the gradients and the loss.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, 1/N (p[t] - onehot(y[t])) with the
        marginals p of the tags over all z, and the loss. The gradient of the transitions is added
        to `targets.transitions`: 1/N times the expected count of each in z minus that in y.

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
