"""Keeps the best of many documents without near-duplicates, which it finds with MinHash."""

import heapq
from collections import defaultdict
from typing import Generic, NamedTuple, TypeVar

import numpy
from spacy.attrs import IS_PUNCT, IS_SPACE, LIKE_NUM, LIKE_URL, LOWER
from spacy.tokens import Doc

SIMILAR = 0.5
"""The share of common shingles from which documents count as near-duplicates."""
_N_HASHES, _N_BANDS = 128, 32
# Each band has 4 of the 128 minima. Documents with half of their shingles in common share a band
# with a probability of 87 %, and documents with 70 % in common with a probability of 99.98 %.
_random = numpy.random.default_rng(0)
# Odd factors, for multiply-shift hashing.
_FACTORS = 2 * _random.integers(2**63, size=_N_HASHES, dtype="uint64") + 1
_SUMMANDS = _random.integers(2**63, size=_N_HASHES, dtype="uint64")
_READ = [LOWER, IS_PUNCT, IS_SPACE, LIKE_URL, LIKE_NUM]
_URL, _NUMBER = 1, 2  # hashes that no string has
_PAIR = 0x9E3779B97F4A7C15  # odd, which makes the order of the two words count
T = TypeVar("T")


class _Entry(NamedTuple, Generic[T]):
    score: float
    item: T


class Pool(Generic[T]):
    """Keeps the best of many documents in bounded memory. Of near-duplicates it keeps only the best
    one, or the first if they are equally good.

    size (int): The maximum number of documents.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.n_near_duplicates = 0
        self._entries: dict[int, _Entry[T]] = {}
        self._heap: list[tuple[float, int]] = []  # the worst first, and the last if equal
        self._index = NearDuplicates()
        self._n_added = 0

    def wants(self, score: float) -> bool:
        """Whether the score of a document is high enough, unless it is a near-duplicate."""
        return len(self._entries) < self.size or score > self._worst().score

    def add(self, score: float, signature: numpy.ndarray, item: T) -> None:
        """Add a document that the pool wants, unless a near-duplicate is at least as good.

        score (float): The document's score.
        signature (numpy.ndarray): The document's signature, see `near_duplicates.signature`.
        item (T): The item to keep for the document.
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
        if len(self._heap) > 2 * self.size:  # most entries belong to removed documents
            self._heap = [(entry.score, -key) for key, entry in self._entries.items()]
            heapq.heapify(self._heap)

    def items(self) -> list[T]:
        """RETURNS (List[T]): The items, in the order in which they were added."""
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
    """An index that finds the near-duplicates of a document."""

    def __init__(self) -> None:
        self._signatures: dict[int, numpy.ndarray] = {}
        self._buckets: defaultdict[tuple[int, bytes], set[int]] = defaultdict(set)

    def find(self, own: numpy.ndarray) -> list[int]:
        """Find the near-duplicates of a document.

        own (numpy.ndarray): The document's signature.
        RETURNS (List[int]): The keys of the near-duplicates, ascending.
        """
        near = set().union(*(self._buckets.get(bucket, ()) for bucket in _buckets_of(own)))
        keys = sorted(near)
        return [key for key in keys if (self._signatures[key] == own).mean() >= SIMILAR]

    def add(self, key: int, own: numpy.ndarray) -> None:
        """Add a document.

        key (int): A unique key.
        own (numpy.ndarray): The document's signature.
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


def signature(shingles: numpy.ndarray) -> numpy.ndarray:
    """The MinHash signature: the minimum of the shingles' hashes under each of 128 hash functions.
    The share of equal minima in two signatures estimates the share of shingles that the documents
    have in common, with a standard error of at most 0.045.

    shingles (numpy.ndarray): The distinct shingles, uint64. Shape (n,).
    RETURNS (numpy.ndarray): The signature, uint32, all zero if there are no shingles. Shape (128,).

    Source: Broder (1997), On the resemblance and containment of documents.
    """
    if not len(shingles):
        return numpy.zeros(_N_HASHES, dtype="uint32")
    hashes = (shingles[:, None] * _FACTORS + _SUMMANDS) >> numpy.uint64(32)
    return hashes.min(axis=0).astype("uint32")


def shingles(doc: Doc) -> numpy.ndarray:
    """The distinct words of a document, in lower case and without punctuation, and its pairs of
    neighbouring words. All numbers count as one word, and so do all URLs, because they often differ
    between copies of a text.

    doc (Doc): The document.
    RETURNS (numpy.ndarray): The hashes, ascending, uint64. Shape (n,).
    """
    table = doc.to_array(_READ).astype("uint64")
    words = table[:, 0]
    words[table[:, 3] == 1] = _URL
    words[table[:, 4] == 1] = _NUMBER
    words = words[(table[:, 1] == 0) & (table[:, 2] == 0)]
    pairs = words[:-1] * numpy.uint64(_PAIR) + words[1:]
    return numpy.unique(numpy.concatenate([words, pairs]))
