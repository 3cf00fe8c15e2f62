"""The valid tag sequences of a document: the best one, and the best one with or without an entity.

F[t, y] is the score of the best path from the first word to tag y of word t, and B[t, y] of the
best one from there to the last word, so F + B has the score of the best sequence through each tag
(`Scored.max_marginals`). The best sequence with given tags of some consecutive words is traced from
these words to both sides, until it meets the best sequence of all. From there on they are the same.
Usually they meet after a word or two, so the length of the document doesn't matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy
from spacy.tokens import Doc
from spacy.tokens import Span as DocSpan

from ...decoding.biases import Biases
from ...decoding.lattice import Scored, may_follow
from ...decoding.spans import sigmoid
from ...pipeline.prediction import Rating, SpanFinder

_B, _I, _L, _U = range(4)


class Span(NamedTuple):
    """An entity of a tag sequence.

    start (int): Its first word. Whitespace doesn't count.
    stop (int): The word after its last one.
    label (int): The number of its label.
    """

    start: int
    stop: int
    label: int

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share a word."""
        return self.start < other.stop and other.start < self.stop

    def tags(self, n_labels: int) -> list[int]:
        """Its tags, as columns of `Scheme.spread`."""
        if self.stop - self.start == 1:
            kinds = [_U]
        else:
            kinds = [_B, *[_I] * (self.stop - self.start - 2), _L]
        return [1 + kind * n_labels + self.label for kind in kinds]


class Path(NamedTuple):
    """A valid tag sequence.

    score (float): Its score.
    tags (numpy.ndarray): Its tags, as columns of `Scheme.spread`. Shape (n_words,).
    """

    score: float
    tags: numpy.ndarray


@dataclass(frozen=True, eq=False)
class Sequences:
    """The valid tag sequences of a document.

    doc (Doc): The document as the component receives it.
    words (numpy.ndarray): The token index of each word. Shape (n_words,).
    places (numpy.ndarray): What the place of each word rules out, see `Scored`. Shape (n_words,).
    scores (numpy.ndarray): The scores of the scheme's tags without biases. Shape (n_words, n_tags).
    adjusted (numpy.ndarray): The scores with biases, see `Biases`. Shape (n_words, n_tags).
    S (numpy.ndarray): The scores with biases, in BILUO. Shape (n_words, 1 + 4 * n_labels).
    forward (numpy.ndarray): F. Shape (n_words, 1 + 4 * n_labels).
    backward (numpy.ndarray): B. Shape (n_words, 1 + 4 * n_labels).
    transitions (Optional[numpy.ndarray]): The learned transitions in BILUO, None for none.
    repeats (Optional[numpy.ndarray]): The part of the scores that comes from other occurrences of a
        word in the document, for each label. Shape (n_words, n_labels). None for none.
    spans (Sequence[Span]): The entities of the best sequence.
    found (FrozenSet[Span]): Those that are found. The others are below the threshold.
    rating (Optional[Rating]): How spans are rated.
    """

    doc: Doc
    words: numpy.ndarray
    places: numpy.ndarray
    scores: numpy.ndarray
    adjusted: numpy.ndarray
    S: numpy.ndarray
    forward: numpy.ndarray
    backward: numpy.ndarray
    transitions: numpy.ndarray | None
    repeats: numpy.ndarray | None
    spans: Sequence[Span]
    found: frozenset[Span]
    rating: Rating | None

    @cached_property
    def n_labels(self) -> int:
        """The number of labels."""
        return (self.S.shape[1] - 1) // 4

    @cached_property
    def _may_follow(self) -> numpy.ndarray:
        return may_follow(self.n_labels)

    @cached_property
    def best(self) -> Path:
        """The best sequence."""
        tags = numpy.zeros(len(self.words), dtype=int)
        for span in self.spans:
            tags[span.start : span.stop] = span.tags(self.n_labels)
        total = (self.forward[:1] + self.backward[:1]).max(initial=-numpy.inf)
        return Path(float(total), tags)

    def text(self, span: Span) -> str:
        """The text of a span."""
        return self.tokens(span).text

    def tokens(self, span: Span) -> DocSpan:
        """The tokens of a span."""
        return self.doc[int(self.words[span.start]) : int(self.words[span.stop - 1]) + 1]

    def best_with(self, start: int, tags: Sequence[int]) -> Path:
        """The best sequence with given tags of consecutive words.

        start (int): The first of these words.
        tags (Sequence[int]): Tags that may follow one another.
        RETURNS (Path): The sequence. If there is none, its score is minus infinity.
        """
        last = start + len(tags) - 1
        score = self.score_with(start, tags)
        best, path = self.best.tags, self.best.tags.copy()
        path[start : last + 1] = tags
        if score == -numpy.inf:
            return Path(score, path)
        t = start
        while path[t] != best[t] and t > 0:
            path[t - 1] = self._before(t, path[t])
            t -= 1
        t = last
        while path[t] != best[t] and t + 1 < len(path):
            path[t + 1] = self._after(t, path[t])
            t += 1
        return Path(score, path)

    def score_with(self, start: int, tags: Sequence[int]) -> float:
        """The score of `best_with`."""
        chosen, last = numpy.asarray(tags), start + len(tags) - 1
        inner = self.S[numpy.arange(start + 1, last + 1), chosen[1:]].sum()
        if self.transitions is not None:
            inner += self.transitions[chosen[:-1], chosen[1:]].sum()
        return float(self.forward[start, tags[0]] + inner + self.backward[last, tags[-1]])

    def best_without(self, span: Span) -> Path:
        """The best sequence that doesn't have exactly this entity, so that has another tag
        somewhere in it."""
        others = self._others(span)
        word, tag = divmod(int(others.argmax()), others.shape[1])
        return self.best_with(span.start + word, [tag])

    def lead(self, span: Span) -> float:
        """How much better the best sequence with an entity is than the best one without it. Below 0
        if the entity isn't in the best sequence."""
        with_it = self.score_with(span.start, span.tags(self.n_labels))
        return with_it - float(self._others(span).max())

    def margin(self, path: Path) -> float:
        """How much better the best sequence is than another one. At least 0."""
        return max(self.best.score - path.score, 0.0)

    def probability(self, span: Span) -> float | None:
        """The calibrated probability of an entity. None without a calibration."""
        rating = self.rating
        if rating is None or rating.entities is None or rating.near_misses is None:
            return None
        curves = rating.entities if span in self.spans else rating.near_misses
        slope, offset = curves[:, span.label]
        return float(sigmoid(slope * self.lead(span) + offset))

    def threshold(self, span: Span) -> float | None:
        """The threshold of an entity of the best sequence that isn't found. Otherwise None."""
        if span in self.found or span not in self.spans or self.rating is None:
            return None
        thresholds = self.rating.thresholds
        return None if thresholds is None else float(thresholds[span.label])

    def compare(self, path: Path) -> tuple[list[Span], list[Span]]:
        """The entities that only the best sequence has, and those that only another one has."""
        best = self.best.tags
        places = numpy.flatnonzero(path.tags != best)
        if not len(places):
            return [], []
        first, stop = int(places[0]), int(places[-1]) + 1
        while self._goes_on(best, first) or self._goes_on(path.tags, first):
            first -= 1
        while self._goes_on(best, stop) or self._goes_on(path.tags, stop):
            stop += 1
        ours, theirs = self._spans(best, first, stop), self._spans(path.tags, first, stop)
        return [x for x in ours if x not in theirs], [x for x in theirs if x not in ours]

    def of_transitions(self, path: Path) -> float:
        """How much more the transitions of the best sequence score than those of another one."""
        if self.transitions is None:
            return 0.0
        ours, theirs = (
            self.transitions[tags[:-1], tags[1:]] for tags in (self.best.tags, path.tags)
        )
        return float((ours - theirs).sum())

    def of_repeats(self, path: Path) -> float:
        """How much more the other occurrences of words in the document add to the best sequence
        than to another one."""
        if self.repeats is None:
            return 0.0
        of_tags = numpy.pad(numpy.tile(self.repeats, 4), ((0, 0), (1, 0)))
        rows = numpy.arange(len(of_tags))
        ours, theirs = (of_tags[rows, tags] for tags in (self.best.tags, path.tags))
        return float((ours.astype("float64") - theirs).sum())

    def _others(self, span: Span) -> numpy.ndarray:
        """The scores of the best sequences through each tag that isn't the entity's."""
        places = slice(span.start, span.stop)
        scores = self.forward[places] + self.backward[places]
        scores[numpy.arange(len(scores)), span.tags(self.n_labels)] = -numpy.inf
        return scores

    def _before(self, t: int, tag: int) -> int:
        scores = self.forward[t - 1]
        if self.transitions is not None:
            scores = scores + self.transitions[:, tag]
        return int(numpy.where(self._may_follow[:, tag], scores, -numpy.inf).argmax())

    def _after(self, t: int, tag: int) -> int:
        scores = self.S[t + 1] + self.backward[t + 1]
        if self.transitions is not None:
            scores = scores + self.transitions[tag]
        return int(numpy.where(self._may_follow[tag], scores, -numpy.inf).argmax())

    def _goes_on(self, tags: numpy.ndarray, t: int) -> bool:
        """Whether an entity continues from the word before."""
        return t < len(tags) and tags[t] > 0 and (tags[t] - 1) // self.n_labels in (_I, _L)

    def _spans(self, tags: numpy.ndarray, first: int, stop: int) -> list[Span]:
        spans, start = [], first
        for t in range(first, stop):
            kind, label = divmod(int(tags[t]) - 1, self.n_labels)
            if kind in (_B, _U):
                start = t
            if kind in (_L, _U):
                spans.append(Span(start, t + 1, label))
        return spans


def read_sequences(
    docs: Sequence[Doc], scored: Scored, biases: Biases, rating: Rating | None
) -> Iterator[Sequences]:
    """Decode scored documents.

    docs (Sequence[Doc]): The documents.
    scored (Scored): Their words with the model's scores.
    biases (Biases): How the scores are changed before decoding.
    rating (Optional[Rating]): How spans are rated. Candidates aren't needed.
    YIELDS (Sequences): The sequences of each document.
    """
    adjusted = scored.adjust(biases)
    S, forward, backward = adjusted.max_marginals()
    found = SpanFinder(biases, rating).find(scored)[0].by_doc(len(docs))
    best = adjusted.best_spans(margins=False).by_doc(len(docs))
    stop = 0
    for number, doc in enumerate(docs):
        start, stop = stop, stop + int(scored.lengths[number])
        rows = slice(start, stop)
        words = numpy.arange(stop - start)
        if scored.positions is not None:
            words = scored.positions[rows]
        spans, kept = (
            [
                Span(
                    int(numpy.searchsorted(words, first)),
                    int(numpy.searchsorted(words, end)),
                    int(label),
                )
                for first, end, label, _ in of_docs[number]
            ]
            for of_docs in (best, found)
        )
        yield Sequences(
            doc, words, scored.places[rows], scored.scores[rows], adjusted.scores[rows], S[rows],
            forward[rows], backward[rows], scored.transitions,
            None if scored.repeats is None else scored.repeats[rows],
            spans, frozenset(kept), rating,
        )  # fmt: skip
