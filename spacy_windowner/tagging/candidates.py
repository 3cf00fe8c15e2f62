import numpy

from .scheme import Scheme


def candidates(
    gain: numpy.ndarray, doc_starts: numpy.ndarray, must_continue: numpy.ndarray, scheme: Scheme
) -> numpy.ndarray:
    """Tokens that may be part of an entity. All others are O in some best valid path.

    If an entity may end on any tag, let R[t] = g[t] + max(0, R[t+1]), with R = 0 beyond the
    document's end: the most that an entity can gain from its tokens t, t+1, .... Then t may be in
    an entity if R[t] > 0 or if t - 1 may be and must continue.

    Proof: take a best path with the fewest tokens in entities, and in one of its entities a token
    t that is none of these; before it, go back over tokens that must continue to the last token c
    that may be cut off, because the entity starts there or the token before need not continue. By
    the second condition R[c] <= 0. If c and all that follows in the entity become O, the path
    stays valid and loses nothing. But it has fewer tokens in entities.

    If an entity may end on some tags only, it can't be cut off: the token before c would change its
    tag, and its score. But it can be left out as a whole. So t may be in an entity if the gains of
    some tokens s ... e around it, s <= t <= e, have a sum above 0.

    Proof: take a best path with the fewest tokens in entities, and in it an entity of the tokens
    s ... e. If their gains had a sum of at most 0, all of them could become O, as above.

    gain (numpy.ndarray): g, or numbers above it. Shape (n_tokens,).
    doc_starts (numpy.ndarray): Whether a token is the first of its document. Shape (n_tokens,).
    must_continue (numpy.ndarray): Tokens an entity can't end on. Shape (n_tokens,).
    scheme (Scheme): The scheme of the tags.
    RETURNS (numpy.ndarray): The tokens' numbers, ascending. Shape (n_candidates,).
    """
    best = gain[gain > 0.0].sum(dtype="float64")
    if not best:
        return numpy.zeros(0, dtype="int64")
    # The largest sum of the gains of s ... e for any e is a difference of cumulative sums.
    # Between documents, and in place of minus infinity, lies a barrier no gain can make up for.
    barrier = best + 1.0
    bounded = numpy.maximum(gain, -barrier, dtype="float64")
    sums = numpy.cumsum(bounded) - barrier * numpy.cumsum(doc_starts)
    most = numpy.maximum.accumulate(sums[::-1])[::-1]
    before = sums - bounded
    most -= before if scheme.ends_anywhere else numpy.minimum.accumulate(before)
    # One candidate too many does no harm: rounding must not leave one out.
    rounding = len(sums) * numpy.finfo("float64").eps * numpy.abs(sums).max()
    is_candidate = most > -rounding
    if scheme.ends_anywhere and must_continue.any():
        front = numpy.flatnonzero(is_candidate & must_continue)
        while len(front):
            after = front[front < len(gain) - 1] + 1
            front = after[~is_candidate[after] & ~doc_starts[after]]
            is_candidate[front] = True
            front = front[must_continue[front]]
    return numpy.flatnonzero(is_candidate)
