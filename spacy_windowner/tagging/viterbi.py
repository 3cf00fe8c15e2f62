"""Decoding: the best valid tag sequence of each document, for a whole batch at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy

from .lattice import Lattice
from .scheme import O, begin_tag, is_inside, label_of_tag


def viterbi(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences of the highest total score: argmax over y of sum_t S[t, y_t], where
    I-l follows only B-l or I-l, and an entity doesn't end on a token that must continue.

    All documents are searched side by side.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    segments = _Segments.of(numpy.arange(len(lattice.scores)), lattice.doc_starts)
    return _search(lattice, segments)


def greedy(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences made by taking the best tag of each token from left to right, given
    the tag before. No entity contains whitespace.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    tags = numpy.full(len(lattice.scores), O, dtype="int32")
    wanted = (lattice.scores.argmax(axis=1) != O) & ~lattice.must_continue
    segments = _Segments.of(numpy.flatnonzero(wanted), lattice.doc_starts)
    n_labels = lattice.scores.shape[1] // 2
    inside_tags = begin_tag(numpy.arange(n_labels)) + 1
    for step, places, tokens in segments.steps():
        scores = lattice.scores[tokens].copy()
        before = tags[tokens - 1] if step else numpy.full(len(places), O)
        # After B-l or I-l, I-l is allowed.
        allowed = begin_tag(label_of_tag(before))[:, None] + 1 == inside_tags
        scores[:, 2::2][~allowed] = -numpy.inf
        tags[tokens] = scores.argmax(axis=1)
    return tags


class _Segments(NamedTuple):
    """Runs of neighbouring tokens, the longest run first.

    tokens (numpy.ndarray): The tokens of all runs, in text order.
    starts (numpy.ndarray): The first token of each run.
    places (numpy.ndarray): The place of each run's first token in `tokens`.
    lengths (numpy.ndarray): The tokens of each run, never increasing.
    """

    tokens: numpy.ndarray
    starts: numpy.ndarray
    places: numpy.ndarray
    lengths: numpy.ndarray

    @classmethod
    def of(cls, tokens: numpy.ndarray, doc_starts: numpy.ndarray) -> "_Segments":
        new = numpy.ones(len(tokens), dtype=bool)
        new[1:] = (numpy.diff(tokens) > 1) | doc_starts[tokens[1:]]
        places = numpy.flatnonzero(new)
        lengths = numpy.diff(numpy.append(places, len(tokens)))
        order = numpy.argsort(-lengths, kind="stable")
        return cls(tokens, tokens[places[order]], places[order], lengths[order])

    def steps(self) -> Iterator[tuple[int, numpy.ndarray, numpy.ndarray]]:
        """Go through all runs side by side: yields the step, and the places and the tokens at
        this step of the runs that are long enough, which are always the first ones."""
        n_steps = int(self.lengths[0]) if len(self.lengths) else 0
        counts = numpy.searchsorted(-self.lengths, -numpy.arange(n_steps), side="left")
        for step in range(n_steps):
            n = counts[step]
            yield step, self.places[:n] + step, self.starts[:n] + step


def _search(lattice: Lattice, segments: _Segments) -> numpy.ndarray:
    """Viterbi search of each segment, between two tokens that are O. Returns the tags of
    segments.tokens."""
    n_segments, n_tokens = len(segments.lengths), len(segments.tokens)
    n_tags = lattice.scores.shape[1]
    n_labels = n_tags // 2
    best = numpy.full((n_segments, n_tags), -numpy.inf)
    # Which tag came before O or B-l, and whether I-l came before I-l (or else B-l).
    came_from = numpy.zeros(n_tokens, dtype="int32")
    came_from_inside = numpy.zeros((n_tokens, n_labels), dtype=bool)
    for step, places, tokens in segments.steps():
        scores = lattice.scores[tokens].astype("float64")
        n = len(tokens)
        if step == 0:
            best[:n] = scores
            best[:n, 2::2] = -numpy.inf
            continue
        closed = _close(best[:n], lattice.must_continue[tokens - 1])
        came_from[places] = closed.argmax(axis=1)
        outer = closed.max(axis=1)
        inside = best[:n, 2::2] > best[:n, 1::2]
        came_from_inside[places] = inside
        best[:n, 2::2] = numpy.where(inside, best[:n, 2::2], best[:n, 1::2]) + scores[:, 2::2]
        best[:n, O] = outer + scores[:, O]
        best[:n, 1::2] = outer[:, None] + scores[:, 1::2]
    tags = numpy.zeros(n_tokens, dtype="int32")
    # The rows of `best` stand at each segment's last token, for none was touched after it.
    last_tokens = segments.starts + segments.lengths - 1
    chosen = _close(best, lattice.must_continue[last_tokens]).argmax(axis=1).astype("int32")
    for _, places, _ in reversed(list(segments.steps())):
        n = len(places)
        now = chosen[:n].copy()
        tags[places] = now
        inside = is_inside(now)
        if inside.any():
            label = numpy.where(inside, label_of_tag(now), 0)
            before = begin_tag(label) + came_from_inside[places, label]
            chosen[:n] = numpy.where(inside, before, came_from[places])
        else:
            chosen[:n] = came_from[places]
    return tags


def _close(best: numpy.ndarray, must_continue: numpy.ndarray) -> numpy.ndarray:
    """The scores of paths after which an entity may begin or none may follow: those that are in
    an entity at a token that must continue are none of them."""
    if not must_continue.any():
        return best
    closed = best.copy()
    closed[must_continue, O + 1 :] = -numpy.inf
    return closed
