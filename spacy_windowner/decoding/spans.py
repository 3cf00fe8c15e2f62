"""Labelled spans of a batch of documents, as arrays."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy


class Spans(NamedTuple):
    """Labelled spans of a batch, in the order of its documents. All arrays have shape (n,).

    docs (numpy.ndarray): The index of each span's document.
    starts (numpy.ndarray): Its first token in the document.
    ends (numpy.ndarray): The token after its last one.
    labels (numpy.ndarray): The number of its label.
    ratings (numpy.ndarray): float64, the span's margin or probability.
    """

    docs: numpy.ndarray
    starts: numpy.ndarray
    ends: numpy.ndarray
    labels: numpy.ndarray
    ratings: numpy.ndarray

    def select(self, chosen: numpy.ndarray) -> "Spans":
        """Some of the spans.

        chosen (numpy.ndarray): Their indices, or a mask.
        """
        return Spans(*(column[chosen] for column in self))

    def after(self, n_docs: int) -> "Spans":
        """The same spans, where n_docs more documents come before theirs."""
        return self._replace(docs=self.docs + numpy.int32(n_docs)) if n_docs else self

    def without(self, others: "Spans") -> "Spans":
        """The spans that are not among others, whatever their ratings are."""
        return self.select(~self.among(others))

    def among(self, others: "Spans") -> numpy.ndarray:
        """Which of the spans are among others, whatever their ratings are. Shape (n,)."""
        columns = [numpy.concatenate(both) for both in zip(self[:4], others[:4], strict=True)]
        sizes = [int(column.max(initial=0)) + 1 for column in columns]
        # One number for each span. Python's integers are slow, and can't overflow.
        dtype = "int64" if math.prod(sizes) < 2**63 else object
        number = numpy.zeros(len(columns[0]), dtype=dtype)
        for column, size in zip(columns, sizes, strict=True):
            number = number * size + column
        return numpy.isin(number[: len(self.docs)], number[len(self.docs) :])

    def ordered(self) -> "Spans":
        """The same spans, sorted by document, start, end and label."""
        return self.select(numpy.lexsort((self.labels, self.ends, self.starts, self.docs)))

    def rows(self) -> list[tuple[int, int, int, float]]:
        """RETURNS (List[Tuple[int, int, int, float]]): The spans as (start, end, label number,
        rating)."""
        return list(zip(*(column.tolist() for column in self[1:]), strict=True))

    def by_doc(self, n_docs: int) -> list[Sequence[tuple[int, int, int, float]]]:
        """RETURNS (List[Sequence[Tuple[int, int, int, float]]]): The spans of each document, as
        (start, end, label number, rating)."""
        # Most documents have no spans, and share the empty tuple. With a list for each, the
        # garbage collector would scan all of memory again and again.
        spans: list[Sequence[tuple[int, int, int, float]]] = [()] * n_docs
        if len(self.docs):
            rows = self.rows()
            stops = accumulate(numpy.bincount(self.docs, minlength=n_docs).tolist(), initial=0)
            for doc, (start, stop) in enumerate(pairwise(stops)):
                if stop > start:
                    spans[doc] = rows[start:stop]
        return spans


_EMPTY = numpy.zeros(0, dtype="int32")
NO_SPANS = Spans(_EMPTY, _EMPTY, _EMPTY, _EMPTY, numpy.zeros(0))


def join(parts: Sequence[Spans]) -> Spans:
    """Concatenate spans."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_SPANS
    return Spans(*(numpy.concatenate(columns) for columns in zip(*parts, strict=True)))


def sigmoid(z: numpy.ndarray) -> numpy.ndarray:
    """The logistic function, without overflow."""
    e = numpy.exp(-numpy.abs(z))
    return numpy.where(z < 0.0, e, 1.0) / (1.0 + e)
