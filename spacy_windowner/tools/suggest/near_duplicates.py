"""What documents are compared by: their words and pairs of neighbouring words."""

import heapq
from collections import defaultdict
from typing import Generic, NamedTuple, TypeVar

import numpy
from spacy.attrs import IS_PUNCT, IS_SPACE, LIKE_NUM, LIKE_URL, LOWER
from spacy.tokens import Doc

SIMILAR = 0.5
"""From which share of common shingles on documents are near-duplicates."""
_N_HASHES, _N_BANDS = 128, 32
_random = numpy.random.default_rng(0)
# Odd factors: multiply-shift hashing.
_FACTORS = _random.integers(2**63, size=_N_HASHES, dtype="uint64") * numpy.uint64(2) + numpy.uint64(
    1
)
_SUMMANDS = _random.integers(2**63, size=_N_HASHES, dtype="uint64")
_READ = [LOWER, IS_PUNCT, IS_SPACE, LIKE_URL, LIKE_NUM]
_URL, _NUMBER = 1, 2  # no string has these hashes
_PAIR = 0x9E3779B97F4A7C15  # odd, so that the order of the two words counts
T = TypeVar("T")


class _Entry(NamedTuple, Generic[T]):
    score: float
    item: T


class Pool(Generic[T]):
    """The best of many documents, in bounded memory, without near-duplicates: of these only the
    best one stays, and of equal ones the first.

    size (int): The most documents in it.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.n_near_duplicates = 0
        self._entries: dict[int, _Entry[T]] = {}
        self._heap: list[tuple[float, int]] = []  # the worst first, and of equal ones the last
        self._index = NearDuplicates()
        self._n_added = 0

    def wants(self, score: float) -> bool:
        """Whether a document of this score is good enough, unless it is a near-duplicate."""
        return len(self._entries) < self.size or score > self._worst().score

    def add(self, score: float, signature: numpy.ndarray, item: T) -> None:
        """Add a document that is wanted, unless a near-duplicate is as good.

        score (float): How good it is.
        signature (numpy.ndarray): Its signature, see `near_duplicates.signature`.
        item (T): What to keep of it.
        """
        near = self._index.find(signature)
        self.n_near_duplicates += bool(near)
        if any(self._entries[key].score >= score for key in near):
            return
        for key in near:
            self._remove(key)
        if len(self._entries) >= self.size:
            self._worst()
            self._remove(-self._heap[0][1])
        key, self._n_added = self._n_added, self._n_added + 1
        self._entries[key] = _Entry(score, item)
        self._index.add(key, signature)
        heapq.heappush(self._heap, (score, -key))
        if len(self._heap) > 2 * self.size:  # most of it is of removed documents
            self._heap = [(entry.score, -key) for key, entry in self._entries.items()]
            heapq.heapify(self._heap)

    def items(self) -> list[T]:
        """What is kept of the documents, in the order in which they came."""
        return [entry.item for _, entry in sorted(self._entries.items())]

    def _worst(self) -> _Entry[T]:
        # Removed documents may still be in the heap.
        while -self._heap[0][1] not in self._entries:
            heapq.heappop(self._heap)
        return self._entries[-self._heap[0][1]]

    def _remove(self, key: int) -> None:
        del self._entries[key]
        self._index.remove(key)


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


def shingles(doc: Doc) -> numpy.ndarray:
    """The distinct words of a document, in lower case and without punctuation, and its pairs of
    neighbouring words. All numbers are one word, and so are all addresses of pages: in copies of a
    text these differ.

    doc (Doc): The document.
    RETURNS (numpy.ndarray): Their hashes, ascending, uint64. Shape (n,).
    """
    table = doc.to_array(_READ).astype("uint64")
    words = table[:, 0]
    words[table[:, 3] == 1] = _URL
    words[table[:, 4] == 1] = _NUMBER
    words = words[(table[:, 1] == 0) & (table[:, 2] == 0)]
    pairs = words[:-1] * numpy.uint64(_PAIR) + words[1:]
    return numpy.unique(numpy.concatenate([words, pairs]))
