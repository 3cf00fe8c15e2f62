from collections.abc import Iterator

import numpy

from ..decoding.tags import MISSING, O


def sample_corrupt_windows(
    scores: numpy.ndarray, tags: numpy.ndarray, n: int, strategy: str, pool_size: int
) -> Iterator[tuple[int, numpy.ndarray, numpy.ndarray]]:
    """Pair the true windows of each tag with corrupt ones: windows of the batch whose centre is
    known not to carry that tag. O is no label, so it has no true windows.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_windows, n_tags).
    tags (numpy.ndarray): The tag of each window's centre, MISSING where unknown.
    n (int): Corrupt windows for each true one; fewer if the batch has fewer.
    strategy (str): "uniform": chosen at random with replacement, anew for each true window, by
        numpy's global generator; "hardest": those of a random pool that score best in the tag's
        column, the same ones for all.
    pool_size (int): Windows in the pool of "hardest", fewer if the batch has fewer.
    YIELDS (Tuple[int, numpy.ndarray, numpy.ndarray]): A tag, its true windows, shape (n_true,),
        and the corrupt windows of each, shape (n_true, n).
    """
    for tag in numpy.unique(tags[tags > O]).tolist():
        true = numpy.flatnonzero(tags == tag)
        pool = numpy.flatnonzero((tags != tag) & (tags != MISSING))
        if strategy == "hardest" and len(pool) > pool_size:
            pool = numpy.random.choice(pool, pool_size, replace=False)
        size = min(n, len(pool))
        if size == 0:
            continue
        if strategy == "uniform":
            corrupt = pool[numpy.random.randint(len(pool), size=(len(true), size))]
        else:
            hardest = numpy.argpartition(-scores[pool, tag], size - 1)[:size]
            corrupt = numpy.broadcast_to(pool[hardest], (len(true), size))
        yield tag, true, corrupt
