"""How much an entity is worth: what the best tag sequence would lose without it."""

import numpy

from .lattice import Places, make_lattice
from .max_marginals import FORBIDDEN, max_marginals
from .scheme import BILUO, O, Scheme

# Costs are summed up in steps of 1 / _UNIT: sums of integers don't depend on what else is in the
# batch, and so the margins don't, to the last bit.
_UNIT = 2**10
# If the surroundings of a sentence's entities have more than so many times its tokens, the whole
# sentence is gone through once in place of them.
_OVERLAP = 8


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

    All is computed in the scheme BILUO, where a sequence is without e if its tag differs from y at
    some token of e. So both maxima are found from the max-marginals of these tags.

    If y is the best valid sequence of all, they are computed around the entities only, as far as
    it can matter. Let d be what y loses if the tokens of e become O, so that m(e) <= d. The best z
    without e differs from y in every token of one stretch, in which at least a token of e is:
    where both have the same tag, z can be as y from there on. At t it loses at least
    c[t] = S[t, y[t]] - max_{y != y[t]} S[t, y]. So the stretch ends before the sum of the c[t] that
    are above 0 exceeds d and the sum of those below 0.

    scores (numpy.ndarray): S, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    tokens (numpy.ndarray): The tokens in entities, ascending. Shape (n,).
    tags (numpy.ndarray): Their tags. Shape (n,).
    is_best (bool): Whether y is the best valid sequence.
    RETURNS (numpy.ndarray): float64. If y is the best sequence they are at least 0, up to rounding.
        Shape (n_entities,).
    """
    starts, ends, labels = scheme.spans_from_tags(tokens, tags)
    if not len(starts):
        return numpy.zeros(0)
    lengths = ends - starts
    first = numpy.cumsum(lengths) - lengths
    last = first + lengths - 1
    B, I, L, U = (BILUO.tag(labels, kind) for kind in BILUO.kinds)  # noqa: E741
    y = numpy.repeat(I, lengths)
    y[first] = B
    y[last] = numpy.where(lengths == 1, U, L)
    rows = scheme.biluo_rows(len(scores))
    sentences = low, high = _sentences(places, starts)
    if is_best:
        low, high = _reach(scores, rows, tokens, y, starts, ends, low, high)
    low, high, stretch = _share(low, high, *sentences)
    # The surroundings of the entities, one after the other.
    sizes = high - low
    offsets = numpy.cumsum(sizes) - sizes - low
    near = numpy.arange(sizes.sum()) - numpy.repeat(offsets, sizes)
    S = make_lattice(scores[:, near][rows].T, places.segments(near), BILUO).scores
    S = numpy.maximum(S, FORBIDDEN, dtype="float64")
    forward, backward, M = max_marginals(S, sizes)
    at = tokens + numpy.repeat(offsets[stretch], lengths)
    inner = numpy.add.reduceat(S[at, y], first) - S[at[first], y[first]] - S[at[last], y[last]]
    total = forward[at[first], y[first]] + inner + backward[at[last], y[last]]
    rivals = M[at]
    rivals[numpy.arange(len(at)), y] = -numpy.inf
    return total - numpy.maximum.reduceat(rivals.max(axis=1), first)


def _sentences(places: Places, tokens: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The first token of the sentence that each token is in, and the one after its last."""
    borders = numpy.flatnonzero(places.is_doc_start | places.is_sent_start)
    borders = numpy.append(borders, len(places.is_doc_start))
    sentence = numpy.searchsorted(borders, tokens, side="right")
    return borders[sentence - 1], borders[sentence]


def _reach(
    scores: numpy.ndarray,
    rows: numpy.ndarray,
    tokens: numpy.ndarray,
    y: numpy.ndarray,
    starts: numpy.ndarray,
    ends: numpy.ndarray,
    low: numpy.ndarray,
    high: numpy.ndarray,
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The tokens around each entity, within those from `low` to before `high`, in which the best
    sequence and the best one without the entity may differ. They cut no other entity."""
    rivals = scores[:, tokens][rows]
    own = rivals[y, numpy.arange(len(y))]
    drop = own - rivals[O]
    rivals[y, numpy.arange(len(y))] = -numpy.inf
    cost = scores[O] - scores[O + 1 :].max(axis=0)
    cost[tokens] = own - rivals.max(axis=0)
    cost = numpy.floor(cost * _UNIT)
    costs = _cumulative(numpy.maximum(cost, 0.0))
    gains = costs - _cumulative(cost)
    first = numpy.cumsum(ends - starts) - (ends - starts)
    # Rounding is made up for by one for each token.
    drops = numpy.add.reduceat(numpy.ceil(drop * _UNIT).astype("int64"), first) + ends - starts
    # A stretch to the left has the first token in it, one to the right the last one.
    for _ in range(2):  # only what can be gained within reach counts
        budget = drops + gains[high] - gains[low]
        left = numpy.searchsorted(costs, costs[starts + 1] - budget, side="left")
        right = numpy.searchsorted(costs, costs[ends - 1] + budget, side="right") - 1
        low, high = numpy.maximum(left, low), numpy.minimum(right, high)
    # Entities within reach are whole.
    first_within = numpy.searchsorted(ends, low, side="right")
    last_within = numpy.searchsorted(starts, high, side="left") - 1
    return numpy.minimum(low, starts[first_within]), numpy.maximum(high, ends[last_within])


def _share(
    low: numpy.ndarray,
    high: numpy.ndarray,
    sentence_low: numpy.ndarray,
    sentence_high: numpy.ndarray,
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Stretches of tokens, from `low` to before `high`, that have all surroundings in them, and
    the one that each entity is in. What is shared depends on the entity's sentence alone."""
    is_first = numpy.append(True, sentence_low[1:] != sentence_low[:-1])
    sentence = numpy.cumsum(is_first) - 1
    work = numpy.bincount(sentence, weights=high - low)[sentence]
    shared = work > _OVERLAP * (sentence_high - sentence_low)
    # The first entity of a sentence stands for all that share it.
    leads = is_first | ~shared
    low, high = numpy.where(shared, sentence_low, low), numpy.where(shared, sentence_high, high)
    return low[leads], high[leads], numpy.cumsum(leads) - 1


def _cumulative(numbers: numpy.ndarray) -> numpy.ndarray:
    """The sums of the first 0, 1, ... numbers."""
    sums = numpy.zeros(len(numbers) + 1, dtype="int64")
    numpy.cumsum(numbers.astype("int64"), out=sums[1:])
    return sums
