"""Batches of random scores, and slow but obvious references of what decoding does with them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy
from hypothesis import strategies as st

from spacy_windowner.tagging.lattice import Lattice, Places, make_lattice
from spacy_windowner.decoding.tags import BIO, SCHEMES, Scheme

FLAGS = ("is_space", "is_sent_start", "is_taken")

Spans = list[tuple[int, int, int]]


class Batch(NamedTuple):
    """Scores and flags of the documents of a batch, one after the other."""

    scores: numpy.ndarray
    lengths: numpy.ndarray
    flags: dict[str, numpy.ndarray]
    scheme: Scheme

    @property
    def places(self) -> Places:
        return Places.of_docs(self.lengths, **self.flags)

    @property
    def lattice(self) -> Lattice:
        return make_lattice(self.scores, self.places, self.scheme)

    def docs(self) -> list["Batch"]:
        """Each document as a batch of its own."""
        ends = numpy.cumsum(self.lengths)
        return [
            self._replace(
                scores=self.scores[end - length : end],
                lengths=numpy.array([length]),
                flags={name: flag[end - length : end] for name, flag in self.flags.items()},
            )
            for end, length in zip(ends, self.lengths, strict=True)
        ]

    def flag(self, name: str) -> numpy.ndarray:
        return self.flags.get(name, numpy.zeros(len(self.scores), dtype=bool))

    def total(self, tags: numpy.ndarray) -> float:
        """The score of a tag sequence, before any constraint."""
        return float(self.scores.astype("float64")[numpy.arange(len(tags)), tags].sum())


@st.composite
def batches(draw, max_length: dict[int, int], max_docs: int = 3) -> Batch:
    """Random batches of either scheme. Half of them have scores that are small integers, so that
    ties occur.

    max_length (Dict[int, int]): Tokens of the longest document, by the number of labels.
    max_docs (int): Documents of the largest batch.
    """
    scheme = draw(st.sampled_from(list(SCHEMES.values())))
    n_labels = draw(st.sampled_from(sorted(max_length)))
    lengths = draw(st.lists(st.integers(0, max_length[n_labels]), min_size=1, max_size=max_docs))
    shape = (sum(lengths), scheme.n_tags(n_labels))
    # Drawing each number by itself gives mostly equal ones, which leaves too much untested.
    rng = numpy.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    whole = draw(st.booleans())
    scores = rng.integers(-3, 4, size=shape) if whole else rng.normal(scale=3.0, size=shape)
    scores[:, 0] += draw(st.sampled_from([0, 3]))  # entities may be many or few
    flags = {name: rng.random(shape[0]) < 0.25 for name in FLAGS if draw(st.booleans())}
    return Batch(scores.astype("float32"), numpy.array(lengths), flags, scheme)


def random_batch(n_tokens: int, n_labels: int, scheme: Scheme = BIO, seed: int = 0) -> Batch:
    """A document of random scores."""
    rng = numpy.random.default_rng(seed)
    scores = rng.normal(size=(n_tokens, scheme.n_tags(n_labels))).astype("float32")
    return Batch(scores, numpy.array([n_tokens]), {}, scheme)


def spell(spans: Spans, length: int, scheme: Scheme) -> list[int]:
    """The tags of a document with these entities."""
    names = scheme.tag_names("ABCD")
    tags = ["O"] * length
    for start, end, label in spans:
        tags[start:end] = [f"I-{'ABCD'[label]}"] * (end - start)
        if scheme.name == "biluo":
            tags[end - 1] = f"L-{'ABCD'[label]}"
        is_unit = scheme.name == "biluo" and end == start + 1
        tags[start] = f"{'U' if is_unit else 'B'}-{'ABCD'[label]}"
    return [names.index(tag) for tag in tags]


def all_spans(length: int, n_labels: int, start: int = 0) -> Iterator[Spans]:
    """All sets of entities a document can have."""
    yield []
    for first in range(start, length):
        for end in range(first + 1, length + 1):
            for label in range(n_labels):
                for others in all_spans(length, n_labels, end):
                    yield [(first, end, label), *others]


def may_hold(batch: Batch, spans: Spans) -> bool:
    """Whether the places of a batch of one document allow these entities."""
    is_space, is_sent_start, is_taken = (batch.flag(name) for name in FLAGS)
    return not any(
        is_space[start]
        or is_space[end - 1]
        or is_sent_start[start + 1 : end].any()
        or is_taken[start:end].any()
        for start, end, _ in spans
    )


def is_valid(batch: Batch, tags: numpy.ndarray) -> bool:
    """Whether the tags of a batch of one document are valid: whether they spell entities that it
    may hold."""
    names = ["O", *(f"{kind}{label}" for label in range(100) for kind in batch.scheme.kinds)]
    spans: Spans = []
    for i, name in enumerate(names[tag] for tag in tags):
        if name[0] in "BU":
            spans.append((i, i + 1, int(name[1:])))
        elif name[0] in "IL":
            if not spans or spans[-1][1:] != (i, int(name[1:])):
                return False
            spans[-1] = (spans[-1][0], i + 1, spans[-1][2])
    if batch.scheme.name == "biluo":
        for start, end, _ in spans:
            letters = "".join(names[tag][0] for tag in tags[start:end])
            if letters != ("U" if end == start + 1 else "B" + "I" * (end - start - 2) + "L"):
                return False
    return may_hold(batch, spans)


def best_by_enumeration(batch: Batch) -> float:
    """The best total score of a valid tag sequence of a batch of one document."""
    n, n_tags = batch.scores.shape
    return max(
        batch.total(spell(spans, n, batch.scheme))
        for spans in all_spans(n, batch.scheme.n_labels(n_tags))
        if may_hold(batch, spans)
    )


def greedy_by_loop(batch: Batch) -> list[int]:
    """Greedy decoding of a batch of one document, token by token."""
    n_labels = batch.scheme.n_labels(batch.scores.shape[1])
    names = ["O", *(f"{kind}{label}" for label in range(n_labels) for kind in batch.scheme.kinds)]
    is_free = ~(batch.flag("is_space") | batch.flag("is_taken"))
    wanted = [*(is_free & (batch.scores.argmax(axis=1) != 0)), False]
    sent_start = [*batch.flag("is_sent_start"), False]
    found: list[str] = []
    for t, row in enumerate(batch.scores):
        before = found[-1] if found and not sent_start[t] else "O"
        # Whether an entity can go on with the next token.
        goes_on = wanted[t + 1] and not sent_start[t + 1]
        allowed = []
        for name in names if wanted[t] else ["O"]:
            follows = name[0] not in "IL" or (before[0] in "BI" and before[1:] == name[1:])
            if batch.scheme.name == "biluo":
                follows &= name[0] in "IL" or before[0] not in "BI"
                follows &= goes_on or name[0] not in "BI"
            if follows:
                allowed.append(name)
        found.append(max(allowed, key=lambda name: row[names.index(name)]))
    return [names.index(name) for name in found]
