"""Batches of scores and tags, and slow and plain versions of each loss.

Every reference returns a number and reads like the formula in the loss's docstring.
"""

import math

import numpy

from spacy_windowner.decoding.tags import BIO, MISSING
from spacy_windowner.losses.max_margin import sample_corrupt_windows
from spacy_windowner.losses.targets import Targets, Transitions

from ..decoding.util import all_spans, spell

O, B0, I0, B1, I1 = range(5)  # noqa: E741
M = MISSING


def make_targets(*docs, weights=None, scheme=BIO):
    """Targets of documents given as lists of tags."""
    tags = numpy.array([tag for doc in docs for tag in doc], dtype="int32")
    if weights is None:
        weights = numpy.ones(len(tags), dtype="float32")
    return Targets(tags, numpy.asarray(weights), numpy.array([len(doc) for doc in docs]), scheme)


def with_transitions(targets, A):
    """The same targets if transitions are learned, and an empty gradient of these."""
    return targets._replace(transitions=Transitions(A, numpy.zeros(A.shape)))


def make_scores(n_tokens, n_tags=5, seed=0):
    return numpy.random.default_rng(seed).normal(size=(n_tokens, n_tags))


def max_margin(
    S,
    targets,
    *,
    corrupt_windows,
    pairwise_weight,
    pool_size=50,
    sequence_weight=0.0,
):
    """The pairs are those of the sampler, so numpy's generator must stand where it stood."""
    y, a = targets.tags, targets.weights
    N = sum(tag != M for tag in y)
    pairwise = 0.0
    if pairwise_weight:
        samples = sample_corrupt_windows(S, y, corrupt_windows, pool_size)
        for tag, true, corrupt in samples:
            for t, cs in zip(true, corrupt, strict=True):
                for c in cs:
                    pairwise += a[t] / len(cs) * max(0, 1 - S[t, tag] + S[c, tag])
    J = pairwise_weight * pairwise
    if sequence_weight and N:
        J += sequence_weight * softmax_margin(S, targets)
    return J / max(1, N)


def softmax_margin(S, targets):
    y, a = targets.tags, targets.weights
    A = numpy.zeros((S.shape[1],) * 2)
    if targets.transitions is not None:
        A = targets.transitions.scores
    J, end = 0.0, 0
    for length in targets.lengths:
        start, end = end, end + length
        known = [t for t in range(start, end) if y[t] != M]
        right, rivals = [], []
        for tags in valid_sequences(length, targets.scheme.n_labels(S.shape[1]), targets.scheme):
            wrong = [t for t in known if tags[t - start] != y[t]]
            score = sum(S[t, tags[t - start]] for t in known)
            score += sum(A[z, z_next] for z, z_next in zip(tags, tags[1:], strict=False))
            if all(a[t] for t in wrong):
                rivals.append(score + sum(math.log(a[t]) for t in wrong))
            if not wrong:
                right.append(score)
        if targets.transitions is None:
            # Without them all sequences that are right have the same score, and one counts.
            right = right[:1]
        J += log_sum(rivals) - log_sum(right)
    return J


def log_sum(numbers):
    return max(numbers) + math.log(sum(math.exp(number - max(numbers)) for number in numbers))


def cross_entropy(S, targets):
    y, a = targets.tags, targets.weights
    annotated = [t for t in range(len(S)) if y[t] != M]
    J = 0.0
    for t in annotated:
        p = math.exp(S[t, y[t]]) / sum(math.exp(score) for score in S[t])
        J -= a[t] * math.log(p) / len(annotated)
    return J


def valid_sequences(length, n_labels, scheme):
    """All tag sequences of a document."""
    for spans in all_spans(length, n_labels):
        yield spell(spans, length, scheme)
