"""Fits to held-out documents: the biases that decide how many entities a trained model finds, how
much the occurrences of a word support each other, and the calibration of probabilities."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy
from spacy.attrs import LOWER
from spacy.tokens import Doc
from spacy.training import Example

from ..confidence.calibration import Calibration, Curves
from ..confidence.recall import Promise, TooFew, fit_reaches, needed_alone
from ..decoding.biases import Biases
from ..decoding.lattice import Scored
from ..decoding.spans import Spans, join
from ..decoding.tags import MISSING, O, Scheme
from ..decoding.words import word_mask
from ..errors import Errors
from .gold import read_gold
from .prediction import REACH, Rating, SpanFinder

_BIASES = numpy.arange(-2.0, 4.01, 0.25)
"""The biases to try."""
_DOCUMENT_WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""The values of `document_weight` to try."""
_MIN_REPEATED = 50
"""`document_weight` stays 0 if fewer gold entities have a first word that occurs again in their
document. A choice by so few would be chance."""
_ENOUGH = 0.95
"""An added label needs only this share of its best F1."""

_MANY = 100_000
"""About the most candidates of a group of documents that the calibration is fitted to."""


class HeldOut(NamedTuple):
    """Scored documents that the model was not trained on, and their gold annotation.

    docs (List[Doc]): The documents.
    groups (List[Scored]): The scored documents.
    gold (Spans): Their gold entities. Documents are numbered through all groups.
    firsts (numpy.ndarray): The number of each document's first token. Shape (n_docs + 1,).
    unknown (numpy.ndarray): How many of the tokens before each token aren't annotated. Shape
        (n_tokens + 1,).
    judged (numpy.ndarray): Which labels each document is annotated for. Shape (n_docs, n_labels).
    lost (numpy.ndarray): The numbers of the documents and labels of entities that aren't in `gold`,
        because they don't fit the tokens. Shape (2, n_lost).
    """

    docs: list[Doc]
    groups: list[Scored]
    gold: Spans
    firsts: numpy.ndarray
    unknown: numpy.ndarray
    judged: numpy.ndarray
    lost: numpy.ndarray

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        groups: Iterable[Scored],
        label_hashes: Sequence[int],
        scheme: Scheme,
        judged: Sequence[set[int]],
    ) -> "HeldOut":
        """Read the gold annotation of examples whose predicted documents are scored.

        examples (Sequence[Example]): The examples.
        groups (Iterable[Scored]): Their scored documents.
        label_hashes (Sequence[int]): The hash of each label, in the labels' order.
        scheme (Scheme): The scheme of the tags.
        judged (Sequence[Set[int]]): The numbers of the labels that each is annotated for.
        RETURNS (HeldOut): The documents.
        """
        docs = [example.predicted for example in examples]
        read = read_gold(examples, label_hashes, scheme)
        firsts = numpy.cumsum([0, *map(len, docs)])
        is_word = word_mask(docs)
        is_unknown = numpy.zeros(len(is_word), dtype=bool)
        is_unknown[is_word] = read.tags == MISSING
        rows = numpy.array(scheme.spans_from_tags(read.tags), dtype="int64").reshape(-1, 3)
        starts, ends, labels = rows.T
        tokens = numpy.flatnonzero(is_word)
        starts, ends = tokens[starts], tokens[ends - 1] + 1
        of_docs = numpy.searchsorted(firsts, starts, side="right") - 1
        starts, ends = starts - firsts[of_docs], ends - firsts[of_docs]
        gold = Spans(of_docs, starts, ends, labels, numpy.zeros(len(rows)))
        is_judged = numpy.zeros((len(docs), len(label_hashes)), dtype=bool)
        for doc, numbers in enumerate(judged):
            is_judged[doc, list(numbers)] = True
        lost = _lost(examples, gold, label_hashes)
        lost = lost[:, is_judged[tuple(lost)]]
        unknown = numpy.cumsum([0, *is_unknown])
        return cls(docs, list(groups), gold, firsts, unknown, is_judged, lost)

    def has(self, label: int) -> bool:
        """Whether the documents have a gold entity with the label of this number."""
        return bool((self.gold.labels == label).any())

    def behind(self, biases: Biases) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """How far behind the best sequence the best one with each gold entity is.

        biases (Biases): How predictions change the scores.
        RETURNS (Tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]): That, the numbers of the
            entities' documents, and of their labels. Shapes (n_entities,).
        """
        parts, n_before = [], 0
        for group in self.groups:
            stop = n_before + len(group.lengths)
            mine = numpy.arange(*numpy.searchsorted(self.gold.docs, [n_before, stop]))
            parts.append(group.adjust(biases).behind(self.gold.select(mine).after(-n_before)))
            n_before = stop
        parts.append(numpy.full(self.lost.shape[1], numpy.inf))
        docs, labels = numpy.hstack([(self.gold.docs, self.gold.labels), self.lost])
        return numpy.concatenate(parts), docs, labels

    def judge(self, found: Iterable[Spans]) -> tuple[Spans, numpy.ndarray]:
        """Compare spans that were found in the documents with the gold entities. A span is right if
        an entity has the same tokens and the same label. Spans on tokens without annotation, or
        with a label that the document isn't annotated for, are left out.

        found (Iterable[Spans]): The spans of each group of documents.
        RETURNS (Tuple[Spans, numpy.ndarray]): The other spans, and which of them are right. Shape
            (n_spans,).
        """
        parts, n_before = [], 0
        for group, part in zip(self.groups, found, strict=True):
            parts.append(part.after(n_before))
            n_before += len(group.lengths)
        spans = join(parts)
        first = self.firsts[spans.docs]
        is_known = self.unknown[first + spans.ends] == self.unknown[first + spans.starts]
        spans = spans.select(is_known & self.judged[spans.docs, spans.labels])
        return spans, spans.among(self.gold)


def _lost(examples: Sequence[Example], gold: Spans, label_hashes: Sequence[int]) -> numpy.ndarray:
    """The numbers of the documents and labels of entities that aren't among the gold spans. Labels
    that have no number don't count. Shape (2, n)."""
    numbers = {label: number for number, label in enumerate(label_hashes)}
    lost = Counter(
        (doc, numbers[ent.label])
        for doc, example in enumerate(examples)
        for ent in example.reference.ents
        if ent.label in numbers
    )
    lost.subtract(zip(gold.docs.tolist(), gold.labels.tolist(), strict=True))
    return numpy.array(list((+lost).elements()), dtype="int64").reshape(-1, 2).T


def best_document_weight(
    held_out: HeldOut,
    score: Callable[[float], Iterable[Scored]],
    biases: Biases,
) -> float:
    """Find the `document_weight` with the best F1. Among equally good ones, the lowest.

    held_out (HeldOut): The held-out documents.
    score (Callable[[float], Iterable[Scored]]): Scores the documents with a weight.
    biases (Biases): How predictions change the scores.
    RETURNS (float): The weight. 0 if few entities have a first word that occurs again in their
        document.
    """
    if _count_repeats(held_out.docs, held_out.gold) < _MIN_REPEATED:
        return 0.0
    f1 = {
        weight: round(f1_of(held_out._replace(groups=list(score(weight))), biases), 6)
        for weight in _DOCUMENT_WEIGHTS
    }
    return max(f1, key=lambda weight: (f1[weight], -weight))


def _count_repeats(docs: Sequence[Doc], gold: Spans) -> int:
    count = 0
    for number, doc in enumerate(docs):
        _, group, sizes = numpy.unique(doc.to_array(LOWER), return_inverse=True, return_counts=True)
        starts = gold.starts[slice(*numpy.searchsorted(gold.docs, [number, number + 1]))]
        count += int((sizes[group[starts]] > 1).sum())
    return count


def f1_of(held_out: HeldOut, biases: Biases, label: int | None = None) -> float:
    """The F1 of the entities that are found in held-out documents.

    held_out (HeldOut): The documents.
    biases (Biases): How predictions change the scores.
    label (Optional[int]): The number of the label to score. None means all labels.
    RETURNS (float): The F1, from 0 to 1.
    """
    adjusted = (group.adjust(biases) for group in held_out.groups)
    found = (group.best_spans(margins=False) for group in adjusted)
    spans, is_right = held_out.judge(found)
    labels, gold = spans.labels, held_out.gold.labels
    if label is not None:
        is_right, labels, gold = (
            is_right[labels == label],
            labels[labels == label],
            gold[gold == label],
        )
    total = len(labels) + len(gold)
    return 2 * int(is_right.sum()) / total if total else 0.0


def best_recall_bias(held_out: HeldOut, biases: Biases) -> float:
    """Find the `recall_bias` with the best F1. Among equally good ones, the one nearest to 0.

    held_out (HeldOut): The held-out documents.
    biases (Biases): How predictions change the scores. Its bias of O is ignored.
    RETURNS (float): The bias, between -2 and 4.
    """
    is_O = numpy.arange(len(biases.by_tag)) == O
    f1 = _f1_of_biases(held_out, biases, -1.0 * is_O, None)
    best = numpy.flatnonzero(f1 == f1.max())
    return float(_BIASES[best[numpy.abs(_BIASES[best]).argmin()]])


def least_label_bias(held_out: HeldOut, biases: Biases, scheme: Scheme, label: int) -> float:
    """Find the lowest bias with which the F1 of a label is at least 95 % of its best F1. With a
    higher bias, the label would take more words from other labels, which the documents may not be
    annotated for.

    held_out (HeldOut): The held-out documents.
    biases (Biases): How predictions change the scores. Its bias of the label is ignored.
    scheme (Scheme): The scheme of the tags.
    label (int): The number of the label.
    RETURNS (float): The bias, between -2 and 4. 0 if the label is never found correctly.
    """
    is_label = scheme.label_of_tag(numpy.arange(len(biases.by_tag))) == label
    f1 = _f1_of_biases(held_out, biases, 1.0 * is_label, label)
    return float(_BIASES[(f1 >= _ENOUGH * f1.max()).argmax()]) if f1.any() else 0.0


def _f1_of_biases(
    held_out: HeldOut, biases: Biases, direction: numpy.ndarray, label: int | None
) -> numpy.ndarray:
    """The F1 with each bias in `_BIASES`, smoothed over neighbouring biases to reduce noise.

    held_out (HeldOut): The held-out documents.
    biases (Biases): How predictions change the scores.
    direction (numpy.ndarray): The factor on the bias for each tag. Where it isn't 0, it replaces
        the tag's bias in `biases`. Shape (n_tags,).
    label (Optional[int]): The number of the label to score. None means all labels.
    RETURNS (numpy.ndarray): The F1. Shape (n_biases,).
    """
    f1 = numpy.zeros(len(_BIASES))
    others = numpy.where(direction != 0.0, 0.0, biases.by_tag)
    for i, bias in enumerate(_BIASES.tolist()):
        tried = replace(biases, by_tag=others + bias * direction)
        f1[i] = f1_of(held_out, tried, label)
    padded = numpy.pad(f1, 1, mode="edge")
    return numpy.round((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 6)


def fit_calibration(
    held_out: HeldOut,
    labels: Sequence[str],
    biases: Biases,
    reach: numpy.ndarray,
    chosen: Sequence[str] | None = None,
) -> Calibration | None:
    """Fit the calibration to the spans that are found in held-out documents.

    held_out (HeldOut): The held-out documents.
    labels (Sequence[str]): The component's labels.
    biases (Biases): How predictions change the scores.
    reach (numpy.ndarray): How far behind the near misses of each label may be. Shape (n_labels,).
    chosen (Optional[Sequence[str]]): The labels whose spans to use. None means all.
    RETURNS (Optional[Calibration]): The calibration, or None if no entity is found.
    """
    finder = SpanFinder(biases, Rating(None, None, None, numpy.maximum(reach, REACH)))
    found = [finder.find(group) for group in held_out.groups]
    entities = [spans for spans, _ in found]
    near_misses = [_sample(near).without(spans) for spans, near in found if near is not None]
    numbers = {labels.index(label) for label in (labels if chosen is None else chosen)}
    curves = _fit(held_out, entities, labels, numbers)
    if curves is None:
        return None
    behind, _, of_labels = held_out.behind(biases)
    n_words = int(held_out.firsts[-1])
    n_beyond = (behind > reach[of_labels])[numpy.isin(of_labels, list(numbers))].sum()
    near = _fit(held_out, near_misses, labels, numbers) or curves
    return Calibration(curves, near, float(n_beyond / n_words))


def fit_promise(
    held_out: HeldOut,
    labels: Sequence[str],
    biases: Biases,
    recall: float,
    each_label: bool,
    name: str,
) -> Promise:
    """Find out how far candidates must reach for a promise, see `fit_reaches`.

    held_out (HeldOut): The held-out documents.
    labels (Sequence[str]): The component's labels.
    biases (Biases): How predictions change the scores.
    recall (float): The promised recall.
    each_label (bool): Whether it is promised for each label with enough data.
    name (str): The component's name, for errors.
    RETURNS (Promise): The promise.
    RAISES (ValueError): If there are too few entities, or too many can't be found at all.
    """
    behind, docs, numbers = held_out.behind(biases)
    count = len(behind)
    try:
        reaches = fit_reaches(behind, docs, numbers, labels, recall, each_label)
    except TooFew as error:
        largest = int(numpy.bincount(docs).max(initial=0)) if count else 0
        possible = math.floor(1000 * count / (count + largest)) / 1000 if count else 0.0
        hint = " Hold out more documents"
        hint += f", or promise {possible:.4g} or less." if 0 < possible < recall else "."
        raise ValueError(
            Errors.WN272.format(
                name=name,
                recall=recall,
                count=count,
                n_docs=len(held_out.judged),
                largest=largest,
                needed=max(error.needed, needed_alone(recall)),
                possible=hint,
            )
        ) from error
    lost = int(numpy.isinf(behind).sum())
    if not all(math.isfinite(reach.behind) for reach in reaches.values()):
        share = (count - lost) / count
        raise ValueError(
            Errors.WN273.format(name=name, recall=recall, lost=lost, count=count, possible=share)
        )
    reach = Promise(recall, reaches, 0.0).of(labels, REACH)
    finder = SpanFinder(biases, Rating(None, None, None, reach))
    found = (finder.find(group)[1] for group in held_out.groups)
    offered, _ = held_out.judge(spans for spans in found if spans is not None)
    return Promise(recall, reaches, round(len(offered.docs) / count, 4))


def _sample(spans: Spans) -> Spans:
    """The spans or, if there are more than `_MANY`, a random sample of about that size, the same in
    each call. A model that has hardly been trained finds millions."""
    if len(spans.docs) <= _MANY:
        return spans
    chances = numpy.random.default_rng(0).random(len(spans.docs))
    return spans.select(chances < _MANY / len(spans.docs))


def _fit(
    held_out: HeldOut, found: list[Spans], labels: Sequence[str], numbers: set[int]
) -> Curves | None:
    """Fit curves to the spans whose labels have these numbers."""
    spans, is_right = held_out.judge(found)
    chosen = numpy.isin(spans.labels, list(numbers))
    if not chosen.any():
        return None
    spans, is_right = spans.select(chosen), is_right[chosen]
    return Curves.fit(spans.ratings, is_right, spans.labels, labels)
