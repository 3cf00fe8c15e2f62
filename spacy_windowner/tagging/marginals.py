"""How probable each tag of each token is, among all valid tag sequences."""

import numpy

from .lattice import Places
from .scheme import O, Scheme
from .segments import Segments

# exp of less is taken for this much: sums of products of two still are no zeros.
_LOWEST = -300.0


def tag_marginals(
    scores: numpy.ndarray, lengths: numpy.ndarray, scheme: Scheme
) -> tuple[float, numpy.ndarray]:
    """The forward-backward algorithm, over all documents side by side.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    scheme (Scheme): The tag scheme.
    RETURNS (Tuple[float, numpy.ndarray]): log sum_z exp(sum_t S[t, z[t]]) over all valid sequences
        z, summed over the documents; and the probabilities of the tags of each token,
        proportional to the sum over the z with this tag. Shape (n_tokens, n_tags).

    Source: Rabiner (1989), with scaled forward and backward sums.
    """
    n_labels = scheme.n_labels(scores.shape[1])
    follows = scheme.transitions(n_labels).astype("float64")
    highest = scores.max(axis=1, keepdims=True)
    p = numpy.exp(numpy.maximum(scores - highest, _LOWEST))
    segments = Segments.of(numpy.arange(len(scores)), Places.of_docs(lengths).is_doc_start)
    forward, backward = numpy.empty_like(p), numpy.empty_like(p)
    log_total = float(highest.sum())
    steps = [(step, tokens) for step, _, tokens in segments.steps()]
    for step, tokens in steps:
        before = forward[tokens - 1] @ follows if step else follows[O]
        sums = before * p[tokens]
        scale = sums.sum(axis=1, keepdims=True)
        forward[tokens] = sums / scale
        log_total += float(numpy.log(scale).sum())
    last_tokens = segments.starts + segments.lengths - 1
    backward[last_tokens] = follows[:, O]
    log_total += float(numpy.log(forward[last_tokens] @ follows[:, O]).sum())
    for step, tokens in reversed(steps):
        if step:
            sums = (backward[tokens] * p[tokens]) @ follows.T
            backward[tokens - 1] = sums / sums.max(axis=1, keepdims=True)
    marginals = forward * backward
    return log_total, marginals / marginals.sum(axis=1, keepdims=True)
