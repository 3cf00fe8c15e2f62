import heapq
from typing import Generic, NamedTuple, TypeVar

import numpy

from .near_duplicates import NearDuplicates

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
