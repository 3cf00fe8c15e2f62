"""How much an entity is worth: what the best tag sequence would lose without it."""

from typing import Literal

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
    low, high = _sentences(places, tokens[first])
    if is_best:
        low, high = _reach(scores, scheme, tokens, tags, first, last, low, high)
    # The surroundings of each entity, one after the other, as if they were sentences.
    lengths = high - low
    starts = numpy.cumsum(lengths) - lengths
    near = numpy.arange(lengths.sum()) + numpy.repeat(low - starts, lengths)
    lattice = make_lattice(scores[:, near].T, places.segments(near), scheme)
    lattice.starts[starts] = True
    forward, backward = marginals = max_marginals(lattice)
    at = tokens + numpy.repeat(starts - low, last - first + 1)
    own = lattice.scores[at, tags].astype("float64")
    inner = numpy.add.reduceat(own, first) - own[first]
    # What may follow an entity is what may follow O.
    total = forward[at[first], tags[first]] + inner + backward[at[last], O]
    M = marginals.best[at]
    M[numpy.arange(len(at)), tags] = -numpy.inf
    without = numpy.maximum.reduceat(M.max(axis=1), first)
    if scheme.ends_anywhere:
        some = numpy.flatnonzero(tokens[last] + 1 < high)
        after, goes_on = at[last[some]] + 1, scheme.tag(scheme.label_of_tag(tags[last[some]]), "I")
        rivals = forward[after, goes_on] + backward[after, goes_on]
        without[some] = numpy.maximum(without[some], rivals)
    return total - without


def _sentences(places: Places, tokens: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The first token of the sentence that each token is in, and the one after its last."""
    borders = numpy.flatnonzero(places.is_doc_start | places.is_sent_start)
    borders = numpy.append(borders, len(places.is_doc_start))
    sentence = numpy.searchsorted(borders, tokens, side="right")
    return borders[sentence - 1], borders[sentence]


def _reach(
    scores: numpy.ndarray,
    scheme: Scheme,
    tokens: numpy.ndarray,
    tags: numpy.ndarray,
    first: numpy.ndarray,
    last: numpy.ndarray,
    low: numpy.ndarray,
    high: numpy.ndarray,
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The tokens around each entity, within those from `low` to before `high`, in which the best
    sequence and the best one without the entity may differ. They cut no other entity."""
    own = scores[tags, tokens]
    rivals = scores[:, tokens]
    drops = _cumulative((own - rivals[O]) * _UNIT)
    rivals[tags, numpy.arange(len(tags))] = -numpy.inf
    cost = scores[O] - scores[O + 1 :].max(axis=0)
    cost[tokens] = own - rivals.max(axis=0)
    cost = numpy.floor(cost * _UNIT)
    costs = _cumulative(numpy.maximum(cost, 0.0))
    gains = costs - _cumulative(cost)
    # Rounding is made up for by one for each token.
    drop = drops[last + 1] - drops[first] + 2 * (last - first + 1)
    # A stretch to the left has the first token in it. One to the right has the last token, or
    # begins after it, as far as an entity may end on any tag.
    left_from, right_from = tokens[first] + 1, tokens[last] + int(scheme.ends_anywhere)
    sentence = low
    for _ in range(2):  # only what can be gained within reach counts
        budget = drop + gains[high] - gains[low]
        left = numpy.searchsorted(costs, costs[left_from] - budget, side="left")
        right = numpy.searchsorted(costs, costs[right_from] + budget, side="right") - 1
        low, high = numpy.maximum(left, low), numpy.minimum(right, high)
    # Entities within reach are whole, and so is one before it that could go on.
    starts, ends = tokens[first], tokens[last] + 1
    goes_on: Literal["left", "right"] = "left" if scheme.ends_anywhere else "right"
    first_within = numpy.searchsorted(ends, low, side=goes_on)
    last_within = numpy.searchsorted(starts, high, side="left") - 1
    low = numpy.maximum(numpy.minimum(low, starts[first_within]), sentence)
    return low, numpy.maximum(high, ends[last_within])


def _cumulative(numbers: numpy.ndarray) -> numpy.ndarray:
    """The sums of the first 0, 1, ... numbers."""
    sums = numpy.zeros(len(numbers) + 1, dtype="int64")
    numpy.cumsum(numbers.astype("int64"), out=sums[1:])
    return sums
