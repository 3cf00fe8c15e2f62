"""Decoding: the best valid tag sequence of each document, for a whole batch at once."""

import numpy

from .lattice import Lattice
from .scheme import O, Scheme
from .segments import Segments


def viterbi(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences of the highest total score: argmax over y of sum_t S[t, y_t], where
    each tag may follow the one before by the rules of the scheme, and an entity doesn't end on a
    token that must continue.

    All documents are searched side by side.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    segments = Segments.of(numpy.arange(len(lattice.scores)), lattice.starts)
    return _search(lattice, segments)


def greedy(lattice: Lattice) -> numpy.ndarray:
    """The valid tag sequences made by taking the best tag of each token from left to right, given
    the tag before. Only tokens whose best tag by itself isn't O are in entities, and no whitespace.
    A tag that an entity can't end on is taken only where the entity can go on.

    lattice (Lattice): The constrained scores.
    RETURNS (numpy.ndarray): int32 tags. Shape (n_tokens,).
    """
    tags = numpy.full(len(lattice.scores), O, dtype="int32")
    wanted = (lattice.scores.argmax(axis=1) != O) & ~lattice.must_continue
    segments = Segments.of(numpy.flatnonzero(wanted), lattice.starts)
    scheme = lattice.scheme
    forbidden = ~scheme.transitions(scheme.n_labels(lattice.scores.shape[1]))
    for step, places, tokens in segments.steps():
        before = tags[tokens - 1] if step else numpy.full(len(places), O)
        scores = numpy.where(forbidden[before], -numpy.inf, lattice.scores[tokens])
        if not scheme.ends_anywhere:
            is_last = segments.lengths[: len(places)] == step + 1
            scores[numpy.ix_(is_last, forbidden[:, O])] = -numpy.inf
        tags[tokens] = scores.argmax(axis=1)
    return tags


def _search(lattice: Lattice, segments: Segments) -> numpy.ndarray:
    """Viterbi search of each segment, between two tokens that are O. Returns the tags of
    segments.tokens."""
    n_segments, n_tokens = len(segments.lengths), len(segments.tokens)
    n_tags, scheme = lattice.scores.shape[1], lattice.scheme
    begin, inside_tags = scheme.go_on
    best = numpy.full((n_segments, n_tags), -numpy.inf)
    # Which tag came before O and the tags that begin an entity, and whether I-l came before those
    # that continue one (or else B-l).
    came_from = numpy.zeros(n_tokens, dtype="int32")
    came_from_inside = numpy.zeros((n_tokens, scheme.n_labels(n_tags)), dtype=bool)
    for step, places, tokens in segments.steps():
        scores = lattice.scores[tokens].astype("float64")
        n = len(tokens)
        if step == 0:
            best[:n] = scores
            for columns in scheme.continuing:
                best[:n, columns] = -numpy.inf
            continue
        closed = _close(best[:n], lattice.must_continue[tokens - 1], scheme)
        came_from[places] = closed.argmax(axis=1)
        outer = closed.max(axis=1)
        inside = best[:n, inside_tags] > best[:n, begin]
        came_from_inside[places] = inside
        inner = numpy.where(inside, best[:n, inside_tags], best[:n, begin])
        for columns in scheme.continuing:
            best[:n, columns] = inner + scores[:, columns]
        best[:n, O] = outer + scores[:, O]
        for columns in scheme.beginning:
            best[:n, columns] = outer[:, None] + scores[:, columns]
    tags = numpy.zeros(n_tokens, dtype="int32")
    all_tags = numpy.arange(n_tags)
    labels, continues = scheme.label_of_tag(all_tags), scheme.continues(all_tags)
    # The rows of `best` stand at each segment's last token, for none was touched after it.
    last_tokens = segments.starts + segments.lengths - 1
    chosen = _close(best, lattice.must_continue[last_tokens], scheme).argmax(axis=1)
    for _, places, _ in reversed(list(segments.steps())):
        n = len(places)
        now = chosen[:n].copy()
        tags[places] = now
        inside = continues[now]
        if inside.any():
            label = labels[now]  # -1 for O, whose result isn't used
            before = scheme.tag(label, "B") + came_from_inside[places, label]
            chosen[:n] = numpy.where(inside, before, came_from[places])
        else:
            chosen[:n] = came_from[places]
    return tags


def _close(best: numpy.ndarray, must_continue: numpy.ndarray, scheme: Scheme) -> numpy.ndarray:
    """The scores of paths after which an entity may begin or none may follow: those that are in
    an entity at a token that must continue, or at a tag it can't end on, are none of them."""
    if scheme.ends_anywhere and not must_continue.any():
        return best
    closed = best.copy()
    closed[must_continue, O + 1 :] = -numpy.inf
    for columns in scheme.open:
        closed[:, columns] = -numpy.inf
    return closed
