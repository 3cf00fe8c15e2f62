"""Matches predicted entities with gold entities, as spaCy's scorer does, and counts right ones and
errors."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import NamedTuple

import numpy
from spacy.tokens import Doc, Span
from spacy.training import Example

from ...pipeline.ner_score import get_ner_score, saved_scores

RIGHT, BOUNDARY, TYPE, BOTH = "right", "boundary", "type", "boundary and type"
MISSED, SPURIOUS = "missed", "spurious"
ERRORS = (BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS)
"""The kinds of errors: a gold entity found with the wrong boundaries, the wrong label, or both; a
gold entity that isn't found; and a predicted entity where there is no gold entity."""
VIEWS = ("strict", "exact", "partial", "type")


class Counts(NamedTuple):
    """Counts of entities, and the scores computed from them.

    tp (float): True positives.
    fp (float): False positives.
    fn (float): False negatives.
    """

    tp: float = 0
    fp: float = 0
    fn: float = 0

    def plus(self, other: "Counts") -> "Counts":
        """The counts of both."""
        return Counts(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def p(self) -> float | None:
        """RETURNS (Optional[float]): Precision, 0 to 1. None if there are no predictions."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def r(self) -> float | None:
        """RETURNS (Optional[float]): Recall, 0 to 1. None if there are no gold entities."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f(self) -> float | None:
        """RETURNS (Optional[float]): F1, 0 to 1. None if there are no entities at all."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None

    def to_dict(self) -> dict[str, float | None]:
        """RETURNS (Dict[str, Optional[float]]): The counts and their scores, for JSON."""
        return {"p": self.p, "r": self.r, "f": self.f, **self._asdict()}


class Entity(NamedTuple):
    """An entity, in the tokens of the reference document.

    start (int): The first token.
    end (int): The token after the last one.
    label (str): The label.
    score (Optional[float]): The probability, if it is known.
    """

    start: int
    end: int
    label: str
    score: float | None = None

    def overlaps(self, other: "Entity") -> bool:
        """Whether the entities have a token in common."""
        return self.start < other.end and other.start < self.end

    def same_span(self, other: "Entity") -> bool:
        """Whether the entities have the same tokens."""
        return (self.start, self.end) == (other.start, other.end)


class Pair(NamedTuple):
    """A gold entity and the matching predicted entity. One of them may be missing.

    true (Optional[Entity]): The gold entity.
    found (Optional[Entity]): The predicted entity.
    """

    true: Entity | None
    found: Entity | None

    @property
    def kind(self) -> str:
        """RETURNS (str): RIGHT, or one of ERRORS."""
        if self.found is None:
            return MISSED
        if self.true is None:
            return SPURIOUS
        same_label = self.true.label == self.found.label
        if self.true.same_span(self.found):
            return RIGHT if same_label else TYPE
        return BOUNDARY if same_label else BOTH


class Compared(NamedTuple):
    """The entities of one document.

    number (int): The document's index in the data.
    doc (Doc): The reference document.
    true (List[Entity]): The gold entities.
    found (List[Entity]): The predicted entities, in the tokens of the reference document. Those
        that can't be judged are left out.
    pairs (List[Pair]): The matched entities.
    offered (Set[Tuple[int, int, str]]): Start, end and label of the candidates that can be judged.
    """

    number: int
    doc: Doc
    true: list[Entity]
    found: list[Entity]
    pairs: list[Pair]
    offered: Set[tuple[int, int, str]] = frozenset()


class Confusion(NamedTuple):
    """A confusion matrix of labels.

    rows (List[str]): The gold labels, and SPURIOUS for predictions without a gold entity.
    columns (List[str]): The predicted labels, and MISSED for gold entities that weren't found.
    counts (numpy.ndarray): The number of pairs. Shape (n_labels + 1, n_labels + 1).
    exact (numpy.ndarray): The number of pairs with the same boundaries. Same shape.
    """

    rows: list[str]
    columns: list[str]
    counts: numpy.ndarray
    exact: numpy.ndarray

    @classmethod
    def of(cls, compared: Iterable[Compared], labels: Sequence[str]) -> "Confusion":
        """Count the pairs of compared documents.

        compared (Iterable[Compared]): The documents.
        labels (Sequence[str]): All labels, gold and predicted.
        """
        place = {label: i for i, label in enumerate(labels)}
        counts, exact = (numpy.zeros((len(labels) + 1,) * 2, dtype="int64") for _ in range(2))
        for doc in compared:
            for pair in doc.pairs:
                row = len(labels) if pair.true is None else place[pair.true.label]
                column = len(labels) if pair.found is None else place[pair.found.label]
                counts[row, column] += 1
                if pair.true is not None and pair.found is not None:
                    exact[row, column] += pair.true.same_span(pair.found)
        return cls([*labels, SPURIOUS], [*labels, MISSED], counts, exact)

    def to_dict(self) -> dict[str, list]:
        """RETURNS (Dict[str, List]): The matrix as lists, for JSON."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "counts": self.counts.tolist(),
            "exact": self.exact.tolist(),
        }


class View(NamedTuple):
    """The entities of all documents, counted in one view. See `view_of`.

    correct (int): Correct pairs of a gold and a predicted entity.
    incorrect (int): Incorrect pairs.
    partial (int): Pairs that count as half correct.
    missed (int): Gold entities without a match.
    spurious (int): Predicted entities without a match.
    """

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    def plus(self, other: "View") -> "View":
        """The counts of both."""
        return View(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def counts(self) -> Counts:
        """RETURNS (Counts): The counts for precision, recall and F1. A partial pair counts as half
        correct and half incorrect."""
        wrong = self.incorrect + self.partial / 2
        right = self.correct + self.partial / 2
        return Counts(right, wrong + self.spurious, wrong + self.missed)

    def to_dict(self) -> dict[str, float | None]:
        """RETURNS (Dict[str, Optional[float]]): The counts and their scores, for JSON."""
        counts = self.counts
        return {"p": counts.p, "r": counts.r, "f": counts.f, **self._asdict()}


def compare(examples: Iterable[Example]) -> list[Compared]:
    """Compare predicted and gold entities. Documents without entity annotation are left out.

    examples (Iterable[Example]): The predicted and reference documents.
    RETURNS (List[Compared]): The comparison of each document. A missed gold entity has the
        probability that the component gave it, if `predict` has noted its candidates.
    """
    result = []
    for number, eg in enumerate(examples):
        if not eg.reference.has_annotation("ENT_IOB"):
            continue
        nearly, offered = _scores_of_others(eg)
        true = [
            Entity(*span, nearly.get(span))
            for span in ((ent.start, ent.end, ent.label_) for ent in eg.reference.ents)
        ]
        found = [
            Entity(span.start, span.end, ent.label_, get_ner_score(ent))
            for ent, span, _ in judge(eg)
        ]
        result.append(Compared(number, eg.reference, true, found, match(true, found), offered))
    return result


def judge(eg: Example) -> Iterator[tuple[Span, Span, bool]]:
    """Decide for each predicted entity whether it is right: whether a gold entity has the same
    span and label. As in spaCy's scorer, entities with unannotated tokens are left out.

    eg (Example): A predicted and a reference document.
    YIELDS (Tuple[Span, Span, bool]): The predicted entity, the same span in the reference
        document, and whether it is right.
    """
    true = {(ent.start, ent.end, ent.label_) for ent in eg.reference.ents}
    for ent in eg.predicted.ents:
        span = span_in_reference(eg, ent)
        if span is not None and all(token.ent_iob != 0 for token in span):
            found = (span.start, span.end, ent.label_)
            yield ent, span, found in true
            # With two tokenizations an entity can be predicted twice. The second one is wrong.
            true.discard(found)


def span_in_reference(eg: Example, span: Span) -> Span | None:
    """Map a span of the predicted document to the reference document.

    eg (Example): A predicted and a reference document.
    span (Span): A span of the predicted document.
    RETURNS (Optional[Span]): The span in the reference document, None if it aligns with no token.
    """
    indices = eg.alignment.x2y[span.start : span.end]
    if not len(indices):
        return None
    return eg.reference[int(indices[0]) : int(indices[-1]) + 1]


def _scores_of_others(
    eg: Example,
) -> tuple[dict[tuple[int, int, str], float], set[tuple[int, int, str]]]:
    """The probabilities of candidates that aren't predicted as entities, and all candidates, as
    start and end in the reference document, and label."""
    scores, offered = {}, set()
    found = {(ent.start_char, ent.end_char, ent.label_) for ent in eg.predicted.ents}
    for (*_, start, end), by_label in saved_scores(eg.predicted).items():
        there = _chars_in_reference(eg, start, end)
        if there is None:
            continue
        is_judged = all(token.ent_iob != 0 for token in there)
        for label, score in by_label.items():
            if score is None:  # no component knows it any more
                continue
            if is_judged:
                offered.add((there.start, there.end, label))
            if (start, end, label) not in found:
                scores[there.start, there.end, label] = score
    return scores, offered


def _chars_in_reference(eg: Example, start: int, end: int) -> Span | None:
    """Map characters of the predicted document to the reference document. They may be a part of a
    token, if tokens were merged after the component."""
    span = eg.predicted.char_span(start, end)
    if span is not None:
        return span_in_reference(eg, span)
    if eg.predicted.text != eg.reference.text:
        return None
    return eg.reference.char_span(start, end, alignment_mode="expand")


def match(true: Sequence[Entity], found: Sequence[Entity]) -> list[Pair]:
    """Match the entities of a document: first identical ones, then those with the same tokens,
    then, from left to right, each predicted entity with the first gold entity that it overlaps.
    Each entity is in one pair.

    true (Sequence[Entity]): The gold entities in the order of the text, without overlaps.
    found (Sequence[Entity]): The predicted entities in the order of the text.
    RETURNS (List[Pair]): The pairs, in the order of the text.
    """
    partner: dict[int, int] = {}
    free = list(range(len(true)))
    rules = (
        lambda mine, its: mine.same_span(its) and mine.label == its.label,
        Entity.same_span,
        Entity.overlaps,
    )
    for rule in rules:
        for number, mine in enumerate(found):
            place = next((i for i in free if rule(mine, true[i])), None)
            if number not in partner and place is not None:
                partner[number] = place
                free.remove(place)
    pairs = [
        Pair(true[partner[number]] if number in partner else None, mine)
        for number, mine in enumerate(found)
    ]
    pairs += [Pair(true[place], None) for place in free]
    return sorted(pairs, key=lambda pair: (pair.true or pair.found)[:2])  # type: ignore[index]


def count_labels(compared: Iterable[Compared]) -> dict[str, Counts]:
    """Count right and wrong entities per label, as `spacy evaluate` does.

    compared (Iterable[Compared]): The compared documents.
    RETURNS (Dict[str, Counts]): The counts per label, sorted by label.
    """
    tp, fp, fn = (defaultdict[str, int](int) for _ in range(3))
    for doc in compared:
        for pair in doc.pairs:
            if pair.found is not None and pair.kind == RIGHT:
                tp[pair.found.label] += 1
                continue
            if pair.found is not None:
                fp[pair.found.label] += 1
            if pair.true is not None:
                fn[pair.true.label] += 1
    return {label: Counts(tp[label], fp[label], fn[label]) for label in sorted({*tp, *fp, *fn})}


def count_kinds(compared: Iterable[Compared]) -> dict[str, int]:
    """Count the errors of each kind.

    compared (Iterable[Compared]): The compared documents.
    RETURNS (Dict[str, int]): The number of errors for each of ERRORS.
    """
    counts = Counter(pair.kind for doc in compared for pair in doc.pairs)
    return {kind: counts[kind] for kind in ERRORS}


def count_views(compared: Iterable[Compared]) -> dict[str, View]:
    """Count entities in each of VIEWS.

    compared (Iterable[Compared]): The compared documents.
    RETURNS (Dict[str, View]): The counts in each view.
    """
    views = dict.fromkeys(VIEWS, View())
    for doc in compared:
        if doc.true or doc.found:
            for name in VIEWS:
                views[name] = views[name].plus(view_of(name, doc.true, doc.found))
    return views


def view_of(name: str, true: Sequence[Entity], found: Sequence[Entity]) -> View:
    """Count the entities of one document in one view, after SemEval-2013 task 9.1 and nervaluate.

    | view | correct | otherwise, if the entities overlap |
    |---|---|---|
    | strict | same tokens, same label | incorrect |
    | exact | same tokens | incorrect |
    | partial | same tokens | partial, which is half correct |
    | type | an overlap, same label | incorrect |

    From left to right, each predicted entity is matched with a gold entity for which it is correct,
    the one with the nearest boundaries if there are several, or else with the first gold entity
    that it overlaps. Each gold entity is matched once.

    name (str): One of VIEWS.
    true (Sequence[Entity]): The gold entities in the order of the text, without overlaps.
    found (Sequence[Entity]): The predicted entities in the order of the text, without overlaps.
    RETURNS (View): The counts.
    """
    right = _RIGHT_IN_VIEW[name]
    free = list(true)
    correct = overlapping = 0
    for mine in found:
        near = [its for its in free if mine.overlaps(its)]
        fitting = [its for its in near if right(mine, its)]
        if fitting:
            correct += 1
            free.remove(min(fitting, key=lambda its: _distance(mine, its)))
        elif near:
            overlapping += 1
            free.remove(near[0])
    spurious = len(found) - correct - overlapping
    if name == "partial":
        return View(correct, 0, overlapping, len(free), spurious)
    return View(correct, overlapping, 0, len(free), spurious)


def _distance(one: Entity, other: Entity) -> int:
    return abs(one.start - other.start) + abs(one.end - other.end)


_RIGHT_IN_VIEW: dict[str, Callable[[Entity, Entity], bool]] = {
    "strict": lambda mine, its: mine.same_span(its) and mine.label == its.label,
    "exact": Entity.same_span,
    "partial": Entity.same_span,
    "type": lambda mine, its: mine.label == its.label,
}


def seen_counts(examples: Iterable[Example], known: set[tuple[str, str]]) -> dict[str, Counts]:
    """Count seen and unseen entities separately.

    An entity is seen if an entity of the training data has the same text and label. The same rule
    applies to wrong predictions. Examples without entity annotation are left out.

    examples (Iterable[Example]): The predicted and reference documents.
    known (Set[Tuple[str, str]]): Text and label of the entities in the training data.
    RETURNS (Dict[str, Counts]): The counts of "seen" and of "unseen" entities.
    """

    def kind(span: Span, label: str) -> str:
        return "seen" if (span.text, label) in known else "unseen"

    true, found, right = (defaultdict[str, int](int) for _ in range(3))
    for eg in examples:
        if not eg.reference.has_annotation("ENT_IOB"):
            continue
        for ent in eg.reference.ents:
            true[kind(ent, ent.label_)] += 1
        for ent, span, is_right in judge(eg):
            found[kind(span, ent.label_)] += 1
            right[kind(span, ent.label_)] += is_right
    return {
        k: Counts(right[k], found[k] - right[k], true[k] - right[k]) for k in ("seen", "unseen")
    }


def entities(docs: Iterable[Doc]) -> set[tuple[str, str]]:
    """The text and label of each entity in the documents."""
    return {(ent.text, ent.label_) for doc in docs for ent in doc.ents}
