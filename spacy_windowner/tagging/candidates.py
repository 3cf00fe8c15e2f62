import numpy


def candidates(
    gain: numpy.ndarray, doc_starts: numpy.ndarray, must_continue: numpy.ndarray
) -> numpy.ndarray:
    """Tokens that may be part of an entity. All others are O in some best valid path.

    Let R[t] = g[t] + max(0, R[t+1]), with R = 0 beyond the document's end: the most that an entity
    can gain from its tokens t, t+1, .... Then t may be in an entity if R[t] > 0 or if t - 1 may be
    and must continue.

    Proof: take a best path with the fewest tokens in entities, and in one of its entities a token
    t that is none of these; before it, go back over tokens that must continue to the last token c
    that may be cut off, because the entity starts there or the token before need not continue. By
    the second condition R[c] <= 0. If c and all that follows in the entity become O, the path
    stays valid and loses nothing. But it has fewer tokens in entities.

    gain (numpy.ndarray): g, or numbers above it. Shape (n_tokens,).
    doc_starts (numpy.ndarray): Whether a token is the first of its document. Shape (n_tokens,).
    must_continue (numpy.ndarray): Tokens an entity can't end on. Shape (n_tokens,).
    RETURNS (numpy.ndarray): The tokens' numbers, ascending. Shape (n_candidates,).
    """
    best = gain[gain > 0.0].sum(dtype="float64")
    if not best:
        return numpy.zeros(0, dtype="int64")
    # R[t] is the largest sum of the gains of t ... e for any e, a difference of cumulative sums.
    # Between documents, and in place of minus infinity, lies a barrier no gain can make up for.
    barrier = best + 1.0
    bounded = numpy.maximum(gain, -barrier, dtype="float64")
    sums = numpy.cumsum(bounded) - barrier * numpy.cumsum(doc_starts)
    most = numpy.maximum.accumulate(sums[::-1])[::-1] - (sums - bounded)
    # One candidate too many does no harm: rounding must not leave one out.
    rounding = len(sums) * numpy.finfo("float64").eps * numpy.abs(sums).max()
    is_candidate = most > -rounding
    if must_continue.any():
        front = numpy.flatnonzero(is_candidate & must_continue)
        while len(front):
            after = front[front < len(gain) - 1] + 1
            front = after[~is_candidate[after] & ~doc_starts[after]]
            is_candidate[front] = True
            front = front[must_continue[front]]
    return numpy.flatnonzero(is_candidate)
