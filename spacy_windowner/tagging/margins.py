"""How much an entity is worth: what the best tag sequence would lose without it."""

import numpy

from .lattice import Places, make_lattice
from .max_marginals import max_marginals
from .scheme import O, Scheme

# Costs are summed up in steps of 1 / _UNIT: sums of integers don't depend on what else is in the
# batch, and so the margins don't, to the last bit.
_UNIT = 2**10


def entity_margins(
    scores: numpy.ndarray,
    places: Places,
    scheme: Scheme,
    tokens: numpy.ndarray,
    tags: numpy.ndarray,
    *,
    is_best: bool,
) -> numpy.ndarray:
    """The margin of each entity e of a valid tag sequence y: how much better the best valid
    sequence with e is, with exactly its tokens and its label, than the best one without it,

        m(e) = max_{z with e} sum_t S[t, z[t]] - max_{z without e} sum_t S[t, z[t]]

    A sequence is without e if its tag differs from y at some token of e or, where an entity may
    end on any tag, if it goes on with e after its last token. So both maxima are found from the
    max-marginals of these tags.

    If y is the best valid sequence of all, they are computed around the entities only, as far as
    it can matter. Let d be what y loses if the tokens of e become O, so that m(e) <= d. A better z
    differs from y in one stretch of tokens around e, and in it gives up O for each token that is O
    in y. So the stretch ends where the tokens that are O in y have cost more than d, and what y
    has left to gain elsewhere.

    scores (numpy.ndarray): S, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    tokens (numpy.ndarray): The tokens in entities, ascending. Shape (n,).
    tags (numpy.ndarray): Their tags. Shape (n,).
    is_best (bool): Whether y is the best valid sequence.
    RETURNS (numpy.ndarray): float64. If y is the best sequence they are at least 0, up to rounding.
        Shape (n_entities,).
    """
    first = numpy.flatnonzero(scheme.begins(tags))
    if not len(first):
        return numpy.zeros(0)
    last = numpy.append(first[1:], len(tokens)) - 1
    if is_best:
        near = _surroundings(scores, places, tokens, tags, tokens[first], tokens[last])
    else:
        near = numpy.arange(scores.shape[1])
    lattice = make_lattice(scores[:, near].T, places.segments(near), scheme)
    forward, backward = marginals = max_marginals(lattice)
    at = numpy.searchsorted(near, tokens)
    own = lattice.scores[at, tags].astype("float64")
    inner = numpy.add.reduceat(own, first) - own[first]
    # What may follow an entity is what may follow O.
    total = forward[at[first], tags[first]] + inner + backward[at[last], O]
    M = marginals.best
    M[at, tags] = -numpy.inf
    without = numpy.maximum.reduceat(M[at].max(axis=1), first)
    if scheme.ends_anywhere:
        goes_on = scheme.tag(scheme.label_of_tag(tags[last]), "I")
        after = at[last] + 1
        some = numpy.flatnonzero(after < len(near))
        some = some[~lattice.starts[after[some]]]
        without[some] = numpy.maximum(without[some], M[after[some], goes_on[some]])
    return total - without


def _surroundings(
    scores: numpy.ndarray,
    places: Places,
    tokens: numpy.ndarray,
    tags: numpy.ndarray,
    starts: numpy.ndarray,
    ends: numpy.ndarray,
) -> numpy.ndarray:
    """The tokens in which the best sequence and the best one without an entity may differ, for all
    entities, from their first tokens `starts` to their last ones `ends`."""
    n = scores.shape[1]
    gain = scores[O + 1 :].max(axis=0) - scores[O]
    chosen = scores[tags, tokens] - scores[O, tokens]
    cost = numpy.maximum(-gain, 0.0)
    cost[tokens] = 0.0
    to_gain = numpy.maximum(gain, 0.0)
    to_gain[tokens] -= chosen
    costs = _cumulative(numpy.floor(cost * _UNIT))
    gains = _cumulative(numpy.ceil(to_gain * _UNIT))
    worth = numpy.zeros(n)
    worth[tokens] = numpy.ceil(chosen * _UNIT)
    worths = _cumulative(worth)
    borders = numpy.append(numpy.flatnonzero(places.is_doc_start | places.is_sent_start), n)
    segment = numpy.searchsorted(borders, starts, side="right")
    low, high = borders[segment - 1], borders[segment]
    budget = worths[ends + 1] - worths[starts] + gains[high] - gains[low] + 1
    left = numpy.searchsorted(costs, costs[starts] - budget, side="left")
    right = numpy.searchsorted(costs, costs[ends + 1] + budget, side="right") - 1
    covered = numpy.zeros(n + 1, dtype="int64")
    numpy.add.at(covered, numpy.maximum(left, low), 1)
    numpy.add.at(covered, numpy.minimum(right, high), -1)
    return numpy.flatnonzero(numpy.cumsum(covered[:-1]) > 0)


def _cumulative(numbers: numpy.ndarray) -> numpy.ndarray:
    """The sums of the first 0, 1, ... numbers."""
    sums = numpy.zeros(len(numbers) + 1, dtype="int64")
    numpy.cumsum(numbers, out=sums[1:], dtype="int64")
    return sums
