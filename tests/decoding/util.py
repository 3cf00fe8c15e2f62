"""Batches of random scores, and slow but simple reference versions of decoding."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy
from hypothesis import strategies as st

from spacy_windowner.decoding.lattice import Scored
from spacy_windowner.decoding.spans import Spans
from spacy_windowner.decoding.tags import BILUO, BIO, SCHEMES, Scheme
from spacy_windowner.decoding.words import BREAK, TAKEN

FLAGS = {"is_break": BREAK, "is_taken": TAKEN}

Entities = list[tuple[int, int, int]]


class Batch(NamedTuple):
    """Scores and flags of the documents of a batch, one after the other, and transitions."""

    scores: numpy.ndarray
    lengths: numpy.ndarray
    flags: dict[str, numpy.ndarray]
    scheme: Scheme
    transitions: numpy.ndarray | None = None

    @property
    def places(self) -> numpy.ndarray:
        places = numpy.zeros(len(self.scores), dtype="uint8")
        for name, flag in self.flags.items():
            places[flag] += FLAGS[name]
        return places

    @property
    def scored(self) -> Scored:
        return Scored(self.lengths, self.places, self.scores, self.scheme, self.transitions)

    @property
    def n_labels(self) -> int:
        return self.scheme.n_labels(self.scores.shape[1])

    def docs(self) -> list["Batch"]:
        """Each document as a batch of its own."""
        ends = numpy.cumsum(self.lengths)
        return [
            self._replace(
                scores=self.scores[end - length : end],
                lengths=numpy.array([length], dtype="int32"),
                flags={name: flag[end - length : end] for name, flag in self.flags.items()},
            )
            for end, length in zip(ends, self.lengths, strict=True)
        ]

    def flag(self, name: str) -> numpy.ndarray:
        return self.flags.get(name, numpy.zeros(len(self.scores), dtype=bool))

    def total(self, entities: Entities) -> float:
        """The score of the tag sequence of a batch of one document, before any constraint."""
        n = len(self.scores)
        tags = spell(entities, n, self.scheme)
        total = float(self.scores.astype("float64")[numpy.arange(n), tags].sum())
        if self.transitions is not None:
            columns = spread(entities, n, self.n_labels)
            total += float(self.transitions[columns[:-1], columns[1:]].sum())
        return total

    def paths(self) -> list[tuple[Entities, float]]:
        """All sets of entities that a batch of one document may hold, and their total scores."""
        return [
            (entities, self.total(entities))
            for entities in all_spans(len(self.scores), self.n_labels)
            if may_hold(self, entities)
        ]


@st.composite
def batches(draw, max_length: dict[int, int], max_docs: int = 3) -> Batch:
    """Random batches of either scheme, with and without transitions. In half of them scores are
    small integers, to get ties.

    max_length (Dict[int, int]): Tokens of the longest document, by the number of labels.
    max_docs (int): Documents of the largest batch.
    """
    scheme = draw(st.sampled_from(list(SCHEMES.values())))
    n_labels = draw(st.sampled_from(sorted(max_length)))
    lengths = draw(st.lists(st.integers(0, max_length[n_labels]), min_size=1, max_size=max_docs))
    shape = (sum(lengths), scheme.n_tags(n_labels))
    # Drawn one by one, most numbers would be equal, which would leave too much untested.
    rng = numpy.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    whole = draw(st.booleans())

    def numbers(shape: tuple[int, int], scale: float) -> numpy.ndarray:
        return rng.integers(-3, 4, size=shape) if whole else rng.normal(scale=scale, size=shape)

    scores = numbers(shape, 3.0)
    scores[:, 0] += draw(st.sampled_from([0, 3]))  # entities may be many or few
    transitions = None
    if draw(st.booleans()):
        transitions = numbers((BILUO.n_tags(n_labels),) * 2, 1.0).astype("float64")
    flags = {name: rng.random(shape[0]) < 0.25 for name in FLAGS if draw(st.booleans())}
    lengths = numpy.array(lengths, dtype="int32")
    return Batch(scores.astype("float32"), lengths, flags, scheme, transitions)


SHORT = batches({1: 6, 2: 5, 3: 4})
"""Batches whose valid tag sequences can be listed."""
LONG = batches({1: 30, 3: 20})


def random_batch(
    n_tokens: int, n_labels: int, scheme: Scheme = BIO, seed: int = 0, with_transitions=False
) -> Batch:
    """A document of random scores."""
    rng = numpy.random.default_rng(seed)
    scores = rng.normal(size=(n_tokens, scheme.n_tags(n_labels))).astype("float32")
    transitions = rng.normal(size=(BILUO.n_tags(n_labels),) * 2) if with_transitions else None
    return Batch(scores, numpy.array([n_tokens], dtype="int32"), {}, scheme, transitions)


def candidates(batch: Batch, reach: float) -> Spans:
    """All candidates of a batch, with the same reach for each label."""
    return batch.scored.candidates(numpy.full(batch.n_labels, reach))[1]


def rows_of(spans: Spans) -> list[tuple[int, int, int, int, float]]:
    """Each span as (document, start, end, label number, rating)."""
    return list(zip(*(column.tolist() for column in spans), strict=True))


def entities_of(spans: Spans, n_docs: int) -> list[Entities]:
    """The spans of each document, without their ratings."""
    return [[row[:3] for row in rows] for rows in spans.by_doc(n_docs)]


@cache
def _spell(entities: tuple, length: int, scheme: Scheme) -> list[int]:
    names = scheme.tag_names("ABCD")
    return [names.index(tag) for tag in _named(entities, length, scheme)]


@cache
def _spread(entities: tuple, length: int, n_labels: int) -> numpy.ndarray:
    names = ["O", *(f"{kind}-{label}" for kind in "BILU" for label in "ABCD"[:n_labels])]
    tags = [names.index(tag) for tag in _named(entities, length, BILUO)]
    return numpy.array(tags, dtype="int64")


def _named(entities: tuple, length: int, scheme: Scheme) -> list[str]:
    tags = ["O"] * length
    for start, end, label in entities:
        tags[start:end] = [f"I-{'ABCD'[label]}"] * (end - start)
        if scheme.name == "biluo":
            tags[end - 1] = f"L-{'ABCD'[label]}"
        is_unit = scheme.name == "biluo" and end == start + 1
        tags[start] = f"{'U' if is_unit else 'B'}-{'ABCD'[label]}"
    return tags


def spell(entities: Entities, length: int, scheme: Scheme) -> list[int]:
    """The tags of a document with these entities."""
    return _spell(tuple(entities), length, scheme)


def spread(entities: Entities, length: int, n_labels: int) -> numpy.ndarray:
    """The columns of these entities in the BILUO scheme: O, B of every label, every I, L and U."""
    return _spread(tuple(entities), length, n_labels)


@cache
def all_spans(length: int, n_labels: int) -> list[Entities]:
    """All sets of entities that a document can have."""
    return list(_all_spans(length, n_labels, 0))


def _all_spans(length: int, n_labels: int, start: int) -> Iterator[Entities]:
    yield []
    for first in range(start, length):
        for end in range(first + 1, length + 1):
            for label in range(n_labels):
                for others in _all_spans(length, n_labels, end):
                    yield [(first, end, label), *others]


def may_hold(batch: Batch, entities: Entities) -> bool:
    """Whether the places in a batch of one document allow these entities."""
    is_break, is_taken = (batch.flag(name) for name in FLAGS)
    last = 0
    for start, end, _ in entities:
        if start < last or (is_break[start + 1 : end].any() or is_taken[start:end].any()):
            return False
        last = end
    return True
