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
    it can matter. Let d be what y loses if the tokens of e become O, so that m(e) <= d. The best z
    without e differs from y in every token of one stretch, in which at least a token of e is, or
    the one after it: where both have the same tag, z can be as y from there on. At t it loses at
    least c[t] = S[t, y[t]] - max_{y != y[t]} S[t, y]. So the stretch ends before the sum of the
    c[t] that are above 0 exceeds d and the sum of those below 0.

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
        near = _surroundings(scores, places, scheme, tokens, tags, first, last)
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
    scheme: Scheme,
    tokens: numpy.ndarray,
    tags: numpy.ndarray,
    first: numpy.ndarray,
    last: numpy.ndarray,
) -> numpy.ndarray:
    """The tokens in entities, and those around them in which the best sequence and the best one
    without an entity may differ. No entity is cut by their edges."""
    n = scores.shape[1]
    rivals = scores[:, tokens]
    own = rivals[tags, numpy.arange(len(tags))]
    drop = own - rivals[O]
    rivals[tags, numpy.arange(len(tags))] = -numpy.inf
    cost = scores[O] - scores[O + 1 :].max(axis=0)
    cost[tokens] = own - rivals.max(axis=0)
    cost *= _UNIT
    costs = _cumulative(numpy.floor(numpy.maximum(cost, 0.0)))
    gains = _cumulative(numpy.ceil(numpy.maximum(-cost, 0.0)))
    drops = _cumulative(numpy.ceil(drop * _UNIT))
    borders = numpy.append(numpy.flatnonzero(places.is_doc_start | places.is_sent_start), n)
    segment = numpy.searchsorted(borders, tokens[first], side="right")
    low, high = borders[segment - 1], borders[segment]
    drop_of_entity = drops[last + 1] - drops[first] + 1
    # A stretch to the left has the first token in it. One to the right has the last token, or
    # begins after it, as far as an entity may end on any tag.
    right_from = tokens[last] + int(scheme.ends_anywhere)
    for _ in range(2):  # only what can be gained within reach counts
        budget = drop_of_entity + gains[high] - gains[low]
        left = numpy.searchsorted(costs, costs[tokens[first] + 1] - budget, side="left")
        right = numpy.searchsorted(costs, costs[right_from] + budget, side="right") - 1
        low, high = numpy.maximum(left, low), numpy.minimum(right, high)
    covered = numpy.zeros(n + 1, dtype="int32")
    numpy.add.at(covered, numpy.minimum(low, tokens[first]), 1)
    numpy.add.at(covered, numpy.maximum(high, tokens[last] + 1), -1)
    return numpy.flatnonzero(numpy.cumsum(covered[:-1]))


def _cumulative(numbers: numpy.ndarray) -> numpy.ndarray:
    """The sums of the first 0, 1, ... numbers."""
    sums = numpy.zeros(len(numbers) + 1, dtype="int64")
    numpy.cumsum(numbers, out=sums[1:], dtype="int64")
    return sums
