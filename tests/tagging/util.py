"""Batches of random scores, and slow but obvious references of what decoding does with them."""

from itertools import product
from typing import NamedTuple

import numpy
from hypothesis import strategies as st

from spacy_windowner.tagging.lattice import Lattice, Places, make_lattice

FLAGS = ("is_space", "is_sent_start", "is_taken")


class Batch(NamedTuple):
    """Scores and flags of the documents of a batch, one after the other."""

    scores: numpy.ndarray
    lengths: numpy.ndarray
    flags: dict[str, numpy.ndarray]

    @property
    def places(self) -> Places:
        return Places.of_docs(self.lengths, **self.flags)

    @property
    def lattice(self) -> Lattice:
        return make_lattice(self.scores, self.places)

    def docs(self) -> list["Batch"]:
        """Each document as a batch of its own."""
        ends = numpy.cumsum(self.lengths)
        return [
            Batch(
                self.scores[end - length : end],
                numpy.array([length]),
                {name: flag[end - length : end] for name, flag in self.flags.items()},
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
    """Random batches. Half of them have scores that are small integers, so that ties occur.

    max_length (Dict[int, int]): Tokens of the longest document, by the number of labels.
    max_docs (int): Documents of the largest batch.
    """
    n_labels = draw(st.sampled_from(sorted(max_length)))
    lengths = draw(st.lists(st.integers(0, max_length[n_labels]), min_size=1, max_size=max_docs))
    shape = (sum(lengths), 1 + 2 * n_labels)
    # Drawing each number by itself gives mostly equal ones, which leaves too much untested.
    rng = numpy.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    whole = draw(st.booleans())
    scores = rng.integers(-3, 4, size=shape) if whole else rng.normal(scale=3.0, size=shape)
    flags = {name: rng.random(shape[0]) < 0.25 for name in FLAGS if draw(st.booleans())}
    return Batch(scores.astype("float32"), numpy.array(lengths), flags)


def random_batch(n_tokens: int, n_labels: int, seed: int = 0) -> Batch:
    """A document of random scores."""
    rng = numpy.random.default_rng(seed)
    scores = rng.normal(size=(n_tokens, 1 + 2 * n_labels)).astype("float32")
    return Batch(scores, numpy.array([n_tokens]), {})


def is_valid(batch: Batch, tags: numpy.ndarray) -> bool:
    """Whether the tags of a batch of one document are valid: found from the entities they spell."""
    spans: list[list[int]] = []
    for i, tag in enumerate(tags):
        if tag == 0:
            continue
        label, inside = divmod(int(tag) - 1, 2)
        if not inside:
            spans.append([i, i + 1, label])
        elif spans and spans[-1][1:] == [i, label]:
            spans[-1][1] = i + 1
        else:
            return False
    is_space, is_sent_start, is_taken = (batch.flag(name) for name in FLAGS)
    return not any(
        is_space[start]
        or is_space[end - 1]
        or is_sent_start[start + 1 : end].any()
        or is_taken[start:end].any()
        for start, end, _ in spans
    )


def best_by_enumeration(batch: Batch) -> float:
    """The best total score of a valid tag sequence of a batch of one document."""
    n, n_tags = batch.scores.shape
    paths = numpy.array(list(product(range(n_tags), repeat=n)), "int32").reshape(n_tags**n, n)
    totals = batch.scores.astype("float64")[numpy.arange(n), paths].sum(axis=1)
    for i in numpy.argsort(-totals):
        if is_valid(batch, paths[i]):
            return float(totals[i])
    raise AssertionError("all O is always valid")


def greedy_by_loop(batch: Batch) -> list[int]:
    """Greedy decoding of a batch of one document, token by token."""
    is_space, is_sent_start, is_taken = (batch.flag(name) for name in FLAGS)
    tags: list[int] = []
    for t, row in enumerate(batch.scores):
        before = tags[-1] if tags else 0
        allowed = [0]
        if not is_space[t] and not is_taken[t]:
            allowed += range(1, len(row), 2)
            if before and not is_sent_start[t]:
                allowed.append(before if before % 2 == 0 else before + 1)
        tags.append(min(allowed, key=lambda tag: (-row[tag], tag)))
    return tags
