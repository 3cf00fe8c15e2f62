"""The dynamic programs over the tags of a document in plain Python. They run where `core.pyx` isn't
compiled, and tests compare the two. They loop over tokens and treat all labels at once."""

import numpy

from .spans import NO_SPANS, Spans, join, sigmoid
from .tags import Scheme
from .words import constrain


def find_spans(
    lengths: numpy.ndarray,
    places: numpy.ndarray,
    scores: numpy.ndarray,
    scheme: Scheme,
    transitions: numpy.ndarray | None,
    margins: bool,
    biases: numpy.ndarray | None,
    curves: numpy.ndarray | None,
    reach: numpy.ndarray | None,
    near_curves: numpy.ndarray | None,
) -> tuple[Spans, Spans]:
    """See `Scored.best_spans` and, with `reach`, `Scored.candidates`."""
    S = constrain(scores if biases is None else scores + biases, lengths, places, scheme)
    tags = _Tags(scheme.n_labels(scores.shape[1]), transitions)
    entities: list[tuple[int, int, int, int, float]] = []
    near: list[tuple[int, int, int, int, float]] = []
    for doc, part in enumerate(numpy.split(S, numpy.cumsum(lengths)[:-1])):
        if not len(part):
            continue
        forward = tags.forward(part)
        spans = tags.spans(tags.trace(forward))
        gaps = [0.0] * len(spans)
        if margins and (spans or reach is not None):
            backward = tags.backward(part)
            M = forward + backward
            total = M[0].max()
            for number, (start, end, tagged, _) in enumerate(spans):
                rivals = M[start:end].copy()
                rivals[numpy.arange(end - start), tagged] = -numpy.inf
                gaps[number] = max(total - rivals.max(), 0.0)
        entities += [
            (doc, start, end, label, gap)
            for (start, end, _, label), gap in zip(spans, gaps, strict=True)
        ]
        if reach is not None:
            found = {span[:4] for span in entities}
            near += [
                (doc, *row)
                for row in tags.near(part, forward, backward, total, reach)
                if (doc, *row[:3]) not in found
            ]
    of_entities, of_near = _to_spans(entities, curves), _to_spans(near, near_curves)
    return of_entities, NO_SPANS if reach is None else join([of_entities, of_near]).ordered()


def _to_spans(rows: list[tuple[int, int, int, int, float]], curves: numpy.ndarray | None) -> Spans:
    docs, starts, ends, labels, ratings = zip(*rows, strict=True) if rows else [()] * 5
    numbers = (numpy.array(column, dtype="int32") for column in (docs, starts, ends, labels))
    found = Spans(*numbers, numpy.array(ratings, dtype="float64"))  # type: ignore[call-arg]
    if curves is None:
        return found
    slopes, offsets = curves[:, found.labels]
    return found._replace(ratings=sigmoid(slopes * found.ratings + offsets))


def forward_backward(
    X: numpy.ndarray, lengths: numpy.ndarray, transitions: numpy.ndarray | None, soft: bool
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """The passes of the forward-backward algorithm over each document:

        F[t, y] = X[t, y] + max over z before y of F[t-1, z] + A[z, y]
        B[t, z] = max over y after z of A[z, y] + X[t+1, y] + B[t+1, y],  0 at the end

    With `soft`, products take the place of sums, and sums the place of maxima. Then F and B are
    scaled, and each row of F has the sum 1.

    X (numpy.ndarray): float64, with the columns of `Scheme.spread`: scores or, with `soft`, their
        exponentials. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): int32, the number of tokens of each document. Shape (n_docs,).
    transitions (Optional[numpy.ndarray]): A or, with `soft`, its exponential. Shape
        (n_tags, n_tags).
    RETURNS (Tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]): F, B, and what each row of F was
        divided by, 0 without `soft`. Shapes (n_tokens, n_tags) twice, (n_tokens,).
    """
    tags = _Tags((X.shape[1] - 1) // 4, transitions, soft)
    scale = numpy.zeros(len(X))
    F, B = numpy.empty_like(X), numpy.empty_like(X)
    stop = 0
    for length in lengths.tolist():
        start, stop = stop, stop + length
        F[start:stop] = tags.forward(X[start:stop], scale[start:stop])
        B[start:stop] = tags.backward(X[start:stop])
    return F, B, scale


class _Tags:
    """The tags of n labels: O, then B of every label, every I, L and U."""

    def __init__(
        self, n_labels: int, transitions: numpy.ndarray | None, soft: bool = False
    ) -> None:
        self.n = n_labels
        self.width = 1 + 4 * n_labels
        self.A = transitions
        self.soft = soft
        self.B, self.I, self.L, self.U = (
            slice(1 + kind * n_labels, 1 + (kind + 1) * n_labels) for kind in range(4)
        )
        self._kinds = self.B, self.I, self.L, self.U
        tags = numpy.arange(self.width)
        self.opens = tags[(tags <= n_labels) | (tags >= self.U.start)]
        self.closes = tags[(tags == 0) | (tags >= self.L.start)]

    def forward(self, X: numpy.ndarray, scale: numpy.ndarray | None = None) -> numpy.ndarray:
        """F of a document."""
        F = X.copy()
        for t in range(len(F)):
            if t:
                before = self._step(F[t - 1], self.B, self.L, self.closes, self.A)
                F[t] = F[t] * before if self.soft else F[t] + before
            if self.soft and scale is not None:
                scale[t] = F[t].sum()
                F[t] /= scale[t]
        return F

    def backward(self, X: numpy.ndarray) -> numpy.ndarray:
        """B of a document."""
        B = numpy.full_like(X, 0.0 if self.soft else -numpy.inf)
        B[-1:, self.closes] = 1.0 if self.soft else 0.0
        A = None if self.A is None else self.A.T
        for t in range(len(B) - 2, -1, -1):
            q = X[t + 1] * B[t + 1] if self.soft else X[t + 1] + B[t + 1]
            if self.soft:
                q /= q.max()
            # A valid sequence that is read backward is valid, too, with B and L swapped.
            B[t] = self._step(q, self.L, self.B, self.opens, A)
        return B

    def _step(
        self,
        p: numpy.ndarray,
        first: slice,
        last: slice,
        closes: numpy.ndarray,
        A: numpy.ndarray | None,
    ) -> numpy.ndarray:
        """For each tag, the sum or the maximum of p over the tags that it may follow."""
        if A is not None:
            return self._step_by_transitions(p, first, last, closes, A)
        found = numpy.empty(self.width)
        found[:] = p[closes].sum() if self.soft else p[closes].max()
        inner = p[first] + p[self.I] if self.soft else numpy.maximum(p[first], p[self.I])
        found[self.I] = found[last] = inner
        return found

    def _step_by_transitions(self, p, first, last, closes, A) -> numpy.ndarray:
        paths = p[:, None] * A if self.soft else p[:, None] + A
        found = paths[closes].sum(axis=0) if self.soft else paths[closes].max(axis=0)
        for label in range(self.n):
            goes_on = [first.start + label, self.I.start + label]
            inner = paths[goes_on].sum(axis=0) if self.soft else paths[goes_on].max(axis=0)
            for tag in (self.I.start + label, last.start + label):
                found[tag] = inner[tag]
        return found

    def trace(self, F: numpy.ndarray) -> list[int]:
        """The tags of the best sequence. Ties prefer O to L, L to U, and B to I."""
        tags = [self._best_before(F[-1], None)]
        for p in F[-2::-1]:
            tags.append(self._best_before(p, tags[-1]))
        return tags[::-1]

    def _best_before(self, p: numpy.ndarray, tag: int | None) -> int:
        scores = p if self.A is None or tag is None else p + self.A[:, tag]
        if tag is not None and self.I.start <= tag < self.U.start:
            label = (tag - 1) % self.n
            begin, inside = self.B.start + label, self.I.start + label
            return inside if scores[inside] > scores[begin] else begin
        return int(self.closes[scores[self.closes].argmax()])

    def spans(self, tags: list[int]) -> list[tuple[int, int, list[int], int]]:
        """The entities of a sequence of tags: (start, end, tags, label number)."""
        spans, start = [], 0
        for t, tag in enumerate(tags):
            if tag and tag in self.opens:
                start = t
            if tag and tag in self.closes:
                spans.append((start, t + 1, tags[start : t + 1], (tag - 1) % self.n))
        return spans

    def near(
        self,
        X: numpy.ndarray,
        F: numpy.ndarray,
        B: numpy.ndarray,
        total: float,
        reach: numpy.ndarray,
    ) -> list[tuple[int, int, int, float]]:
        """The spans of a document within reach: (start, end, label number, margin)."""
        A = numpy.zeros((self.width, self.width)) if self.A is None else self.A
        found = []
        for start in range(len(X)):
            for label, far in enumerate(reach.tolist()):
                tag, inside, last, only = (kind.start + label for kind in self._kinds)
                ended, so_far = F[start, only] + B[start, only], F[start, tag]
                for end in range(start + 1, len(X) + 1):
                    if ended >= total - far:
                        found.append((start, end, label, min(float(ended - total), 0.0)))
                    if end == len(X) or so_far + B[end - 1, tag] < total - far:
                        break
                    ended = so_far + A[tag, last] + X[end, last] + B[end, last]
                    so_far += A[tag, inside] + X[end, inside]
                    tag = inside
        return found
