"""Fits to held-out documents: the biases that decide how many entities a trained model finds, how
much the occurrences of a word support each other, and the calibration of probabilities."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from ..decoding.spans import Spans
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


class HeldOut(NamedTuple):
    """Scored documents that the model was not trained on, and their gold annotation.

    groups (List[Scored]): The scored documents.
    gold (List[Set[Tuple[int, int, int]]]): The gold entities of each document, as start token, end
        token and label number.
    known (List[numpy.ndarray]): Which tokens of each document are annotated. Shapes (n_tokens,).
    judged (List[Set[int]]): The numbers of the labels that each document is annotated for.
    lost (List[List[int]]): The label numbers of gold entities in each document that aren't in
        `gold`, because they don't fit the tokens.
    """

    groups: list[Scored]
    gold: list[set[tuple]]
    known: list[numpy.ndarray]
    judged: list[set[int]]
    lost: list[list[int]]

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
        read = read_gold(examples, label_hashes, scheme)
        stops = numpy.cumsum(read.lengths)[:-1]
        of_docs = numpy.split(read.tags, stops) if len(examples) else []
        masks = [word_mask([example.predicted]) for example in examples]
        gold, known = [], []
        for doc_tags, is_word in zip(of_docs, masks, strict=True):
            tokens = numpy.flatnonzero(is_word).tolist()
            spans = scheme.spans_from_tags(doc_tags)
            gold.append(
                {(tokens[start], tokens[end - 1] + 1, label) for start, end, label in spans}
            )
            of_tokens = numpy.ones(len(is_word), dtype=bool)
            of_tokens[is_word] = doc_tags != MISSING
            known.append(of_tokens)
        numbers = {label: number for number, label in enumerate(label_hashes)}
        lost = []
        for example, rows, mine in zip(examples, gold, judged, strict=True):
            true = Counter(numbers.get(ent.label) for ent in example.reference.ents)
            true -= Counter(label for *_, label in rows)
            lost.append([label for label in true.elements() if label in mine])
        return cls(list(groups), gold, known, list(judged), lost)

    def has(self, label: int) -> bool:
        """Whether the documents have a gold entity with the label of this number."""
        return any(number == label for rows in self.gold for *_, number in rows)

    def behind(self, biases: Biases) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """How far behind the best sequence the best one with each gold entity is.

        biases (Biases): How predictions change the scores.
        RETURNS (Tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]): That, the numbers of the
            entities' documents, and of their labels. Shapes (n_entities,).
        """
        parts, n_before = [], 0
        for group in self.groups:
            stop = n_before + len(group.lengths)
            rows = [
                (doc - n_before, *row)
                for doc in range(n_before, stop)
                for row in sorted(self.gold[doc])
            ]
            columns = numpy.array(rows, dtype="int32").reshape(-1, 4).T
            spans = Spans(*columns, numpy.zeros(len(rows)))
            of_docs = spans.docs.astype("int64") + n_before
            parts.append((group.adjust(biases).behind(spans), of_docs, spans.labels))
            n_before = stop
        lost = [(doc, label) for doc, labels in enumerate(self.lost) for label in labels]
        docs, labels = numpy.array(lost, dtype="int64").reshape(-1, 2).T
        parts.append((numpy.full(len(lost), numpy.inf), docs, labels))
        behind, docs, labels = (numpy.concatenate(each) for each in zip(*parts, strict=True))
        return behind, docs, labels

    def judge(self, found: Iterable[Spans]) -> Iterator[tuple[tuple, bool]]:
        """Compare spans that were found in the documents with the gold entities. A span is right if
        an entity has the same tokens and the same label. Spans on tokens without annotation, or
        with a label that the document isn't annotated for, are left out.

        found (Iterable[Spans]): The spans of each group of documents.
        YIELDS (Tuple[Tuple, bool]): A span, and whether it is right.
        """
        # A generator, because an untrained model finds so many spans that lists of them would slow
        # down the garbage collector.
        of_docs = (
            rows
            for group, spans in zip(self.groups, found, strict=True)
            for rows in spans.by_doc(len(group.lengths))
        )
        for rows, gold, known, judged in zip(
            of_docs, self.gold, self.known, self.judged, strict=True
        ):
            is_known = bool(known.all())
            for row in rows:
                if row[2] in judged and (is_known or known[row[0] : row[1]].all()):
                    yield row, row[:3] in gold


def best_document_weight(
    docs: Sequence[Doc],
    held_out: HeldOut,
    score: Callable[[float], Iterable[Scored]],
    biases: Biases,
) -> float:
    """Find the `document_weight` with the best F1. Among equally good ones, the lowest.

    docs (Sequence[Doc]): The documents.
    held_out (HeldOut): Their gold annotation.
    score (Callable[[float], Iterable[Scored]]): Scores the documents with a weight.
    biases (Biases): How predictions change the scores.
    RETURNS (float): The weight. 0 if few entities have a first word that occurs again in their
        document.
    """
    if _count_repeats(docs, held_out.gold) < _MIN_REPEATED:
        return 0.0
    f1 = {
        weight: round(f1_of(held_out._replace(groups=list(score(weight))), biases), 6)
        for weight in _DOCUMENT_WEIGHTS
    }
    return max(f1, key=lambda weight: (f1[weight], -weight))


def _count_repeats(docs: Sequence[Doc], gold: Sequence[set[tuple]]) -> int:
    count = 0
    for doc, rows in zip(docs, gold, strict=True):
        _, group, sizes = numpy.unique(doc.to_array(LOWER), return_inverse=True, return_counts=True)
        count += sum(bool(sizes[group[start]] > 1) for start, _, _ in rows)
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
    judged = [
        is_right for row, is_right in held_out.judge(found) if label is None or row[2] == label
    ]
    gold = [row for rows in held_out.gold for row in rows if label is None or row[2] == label]
    total = len(judged) + len(gold)
    return 2 * sum(judged) / total if total else 0.0


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
    candidates = [near.without(spans) for spans, near in found if near is not None]
    numbers = {labels.index(label) for label in (labels if chosen is None else chosen)}
    curves = _fit(held_out, entities, labels, numbers)
    if curves is None:
        return None
    behind, _, of_labels = held_out.behind(biases)
    n_words = sum(len(known) for known in held_out.known)
    n_beyond = (behind > reach[of_labels])[numpy.isin(of_labels, list(numbers))].sum()
    near = _fit(held_out, candidates, labels, numbers) or curves
    return Calibration(curves, near, float(n_beyond / n_words))


def fit_promise(
    held_out: HeldOut, labels: Sequence[str], biases: Biases, recall: float, name: str
) -> Promise:
    """Find out how far candidates must reach for a promise, see `fit_reaches`.

    held_out (HeldOut): The held-out documents.
    labels (Sequence[str]): The component's labels.
    biases (Biases): How predictions change the scores.
    recall (float): The promised recall.
    name (str): The component's name, for errors.
    RETURNS (Promise): The promise.
    RAISES (ValueError): If there are too few entities, or too many can't be found at all.
    """
    behind, docs, numbers = held_out.behind(biases)
    count = len(behind)
    try:
        reaches = fit_reaches(behind, docs, numbers, labels, recall)
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
                n_docs=len(held_out.gold),
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
    offered = sum(1 for _ in held_out.judge(spans for spans in found if spans is not None))
    return Promise(recall, reaches, round(offered / count, 4))


def _fit(
    held_out: HeldOut, found: list[Spans], labels: Sequence[str], numbers: set[int]
) -> Curves | None:
    """Fit curves to the spans whose labels have these numbers."""
    margins: list[float] = []
    right: list[bool] = []
    of_label: list[int] = []
    for row, is_right in held_out.judge(found):
        if row[2] in numbers:
            margins.append(row[3])
            right.append(is_right)
            of_label.append(row[2])
    if not margins:
        return None
    return Curves.fit(numpy.array(margins), numpy.array(right), numpy.array(of_label), labels)
