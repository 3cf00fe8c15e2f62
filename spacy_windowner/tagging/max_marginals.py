from typing import NamedTuple

import numpy

from .lattice import Lattice
from .scheme import O
from .segments import Segments


class MaxMarginals(NamedTuple):
    """The best that each tag of each token allows for, in float64. Minus infinity stands for tags
    that no valid sequence has. Shapes (n_tokens, n_tags).

    forward (numpy.ndarray): The best score of the tokens up to t, when t has the tag.
    backward (numpy.ndarray): The best score of the tokens after t, when t has the tag.
    """

    forward: numpy.ndarray
    backward: numpy.ndarray

    @property
    def best(self) -> numpy.ndarray:
        """M, the best score of all tokens of a segment when t has the tag."""
        return self.forward + self.backward


def max_marginals(lattice: Lattice) -> MaxMarginals:
    """The best that each tag of each token allows for,

        M[t, y] = max over valid z with z[t] = y of sum_t' S[t', z[t']]

    where a sequence z is as long as the segment of t, between two of `lattice.starts`. All segments
    are gone through side by side, forward and backward.

    lattice (Lattice): The constrained scores.
    RETURNS (MaxMarginals): Both parts of M.
    """
    scheme = lattice.scheme
    n_tokens, n_tags = lattice.scores.shape
    n_labels = scheme.n_labels(n_tags)
    segments = Segments.of(numpy.arange(n_tokens), lattice.starts)
    steps = [tokens for _, _, tokens in segments.steps()]
    # Tokens in the order of the steps and tags by their kind, so that each step has slices to do
    # with: first the tags that an entity ends on, then those that begin one overlap with these.
    kinds = [kind for kind in "LUBI" if kind in scheme.kinds]
    labels = numpy.arange(n_labels)
    tags = numpy.concatenate([[O], *(scheme.tag(labels, kind) for kind in kinds)])
    rows = {kind: slice(1 + i * n_labels, 1 + (i + 1) * n_labels) for i, kind in enumerate(kinds)}
    ends = slice(0, 1 + n_labels * len(scheme.ends))
    begins = slice(rows["U" if "U" in rows else "B"].start, rows["B"].stop)
    goes_on = [rows[kind] for kind in kinds if kind in "BI"]
    continues = [rows[kind] for kind in kinds if kind in "IL"]
    tokens = numpy.concatenate(steps) if steps else numpy.zeros(0, dtype="int64")
    S = lattice.scores[tokens][:, tags].T.astype("float64", order="C")
    stops = numpy.cumsum([len(step) for step in steps])
    here = [slice(stop - len(step), stop) for stop, step in zip(stops, steps, strict=True)]
    # The tokens before those of a step.
    before = [slice(a.start, a.start + len(step)) for a, step in zip(here, steps[1:], strict=False)]
    # No entity ends on whitespace. A tag that ends one on all tokens is ruled out there already.
    open_ended = scheme.ends_anywhere and lattice.must_continue.any()
    must_continue = lattice.must_continue[tokens]

    F = S.copy()  # the best up to a token, and with its tag
    if steps:
        for columns in continues:
            F[columns, here[0]] = -numpy.inf
    for past, now in zip(before, here[1:], strict=True):
        outer = F[ends, past].max(axis=0)
        if open_ended:
            outer = numpy.where(must_continue[past], F[O, past], outer)
        inner = numpy.maximum(F[goes_on[0], past], F[goes_on[1], past])
        F[O, now] += outer
        F[begins, now] += outer
        for columns in continues:
            F[columns, now] += inner

    B = numpy.zeros(S.shape)  # the best after a token with its tag
    B[ends.stop :] = -numpy.inf
    if open_ended:
        B[O + 1 :, must_continue] = -numpy.inf
    for past, now in zip(reversed(before), reversed(here[1:]), strict=True):
        after = S[:, now] + B[:, now]
        outer = numpy.maximum(after[O], after[begins].max(axis=0, initial=-numpy.inf))
        inner = after[continues[0]]
        for columns in continues[1:]:
            inner = numpy.maximum(inner, after[columns])
        B[ends, past] += outer
        for columns in goes_on:
            B[columns, past] = numpy.maximum(B[columns, past], inner)
    forward, backward = numpy.empty((2, n_tokens, n_tags))
    forward[tokens[:, None], tags] = F.T
    backward[tokens[:, None], tags] = B.T
    return MaxMarginals(forward, backward)
