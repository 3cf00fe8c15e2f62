from collections import defaultdict

import numpy

SIMILAR = 0.5
"""From which share of common shingles on documents are near-duplicates."""
_N_HASHES, _N_BANDS = 128, 32
# With bands of 4 of the 128 minima, documents that have half of their shingles in common share a
# band with a probability of 87 %, those that have 70 % of them with one of 99.98 %.


def signature(shingles: numpy.ndarray) -> numpy.ndarray:
    """The minima of the shingles' hashes by each of 128 hash functions. The share of equal minima
    of two documents estimates the share of their shingles that both have, with a standard error
    of at most 0.045.

    shingles (numpy.ndarray): Distinct hashes, uint64. Shape (n,).
    RETURNS (numpy.ndarray): uint32. All zero if there are no shingles. Shape (128,).

    Source: Broder (1997), On the resemblance and containment of documents.
    """
    if not len(shingles):
        return numpy.zeros(_N_HASHES, dtype="uint32")
    hashes = (shingles[:, None] * _FACTORS + _SUMMANDS) >> numpy.uint64(32)
    return hashes.min(axis=0).astype("uint32")


class NearDuplicates:
    """An index of documents, which finds those that a document is a near-duplicate of."""

    def __init__(self) -> None:
        self._signatures: dict[int, numpy.ndarray] = {}
        self._buckets: defaultdict[tuple[int, bytes], set[int]] = defaultdict(set)

    def find(self, own: numpy.ndarray) -> list[int]:
        """The documents of the index that are near-duplicates of one.

        own (numpy.ndarray): Its signature.
        RETURNS (List[int]): Their keys, ascending.
        """
        near = set().union(*(self._buckets.get(bucket, ()) for bucket in _buckets_of(own)))
        keys = sorted(near)
        return [key for key in keys if (self._signatures[key] == own).mean() >= SIMILAR]

    def add(self, key: int, own: numpy.ndarray) -> None:
        """Add a document.

        key (int): A number of its own.
        own (numpy.ndarray): Its signature.
        """
        self._signatures[key] = own
        for bucket in _buckets_of(own):
            self._buckets[bucket].add(key)

    def remove(self, key: int) -> None:
        """Remove a document."""
        for bucket in _buckets_of(self._signatures.pop(key)):
            self._buckets[bucket].discard(key)
            if not self._buckets[bucket]:
                del self._buckets[bucket]


def _buckets_of(own: numpy.ndarray) -> list[tuple[int, bytes]]:
    return [(i, band.tobytes()) for i, band in enumerate(own.reshape(_N_BANDS, -1))]


_random = numpy.random.default_rng(0)
# Odd factors: multiply-shift hashing.
_FACTORS = _random.integers(2**63, size=_N_HASHES, dtype="uint64") * numpy.uint64(2) + numpy.uint64(
    1
)
_SUMMANDS = _random.integers(2**63, size=_N_HASHES, dtype="uint64")
