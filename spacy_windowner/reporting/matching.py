"""Which true and which predicted entities belong together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from spacy.tokens import Doc
from spacy.training import Example

from ..pipeline.ner_score import get_ner_score, saved_scores
from .counts import Counts
from .judge import judge, span_in_reference

RIGHT, BOUNDARY, TYPE, BOTH = "right", "boundary", "type", "boundary and type"
MISSED, SPURIOUS = "missed", "spurious"
ERRORS = (BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS)
"""The kinds of errors. An entity found with the wrong boundary, the wrong type, or both; one that
was not found at all; and one that was found where there is none."""


class Entity(NamedTuple):
    """An entity in the tokens of a true document.

    start (int): Its first token.
    end (int): The token after its last one.
    label (str): Its label.
    score (Optional[float]): How probable it is, if that is known.
    """

    start: int
    end: int
    label: str
    score: float | None = None

    def overlaps(self, other: "Entity") -> bool:
        """Whether they have a token in common."""
        return self.start < other.end and other.start < self.end

    def same_span(self, other: "Entity") -> bool:
        """Whether they have the same tokens."""
        return (self.start, self.end) == (other.start, other.end)


class Pair(NamedTuple):
    """A true and a predicted entity that belong together. One of them may be missing.

    true (Optional[Entity]): The true one.
    found (Optional[Entity]): The predicted one.
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

    number (int): The document's number in the data.
    doc (Doc): The true document.
    true (List[Entity]): Its entities.
    found (List[Entity]): The predicted ones that can be judged, in its tokens.
    pairs (List[Pair]): Those that belong together.
    """

    number: int
    doc: Doc
    true: list[Entity]
    found: list[Entity]
    pairs: list[Pair]


def compare(examples: Iterable[Example]) -> list[Compared]:
    """Compare predicted and true documents. Those without annotation of entities are left out.

    examples (Iterable[Example]): The documents. A true entity that was missed has the probability
        that the component gave it, if the component kept its candidates.
    RETURNS (List[Compared]): What was compared.
    """
    result = []
    for number, eg in enumerate(examples):
        if not eg.reference.has_annotation("ENT_IOB"):
            continue
        nearly = _scores_of_others(eg)
        true = [
            Entity(*span, nearly.get(span))
            for span in ((ent.start, ent.end, ent.label_) for ent in eg.reference.ents)
        ]
        found = [
            Entity(span.start, span.end, ent.label_, get_ner_score(ent))
            for ent, span, _ in judge(eg)
        ]
        result.append(Compared(number, eg.reference, true, found, match(true, found)))
    return result


def _scores_of_others(eg: Example) -> Mapping[tuple[int, int, str], float]:
    """The probabilities of spans of the predicted document that are no entities of it."""
    scores = {}
    found = {(ent.start_char, ent.end_char, ent.label_) for ent in eg.predicted.ents}
    for (*_, start, end), by_label in saved_scores(eg.predicted).items():
        span = eg.predicted.char_span(start, end)
        there = None if span is None else span_in_reference(eg, span)
        for label, score in by_label.items():
            if there is not None and (start, end, label) not in found:
                scores[there.start, there.end, label] = score
    return scores


def match(true: Sequence[Entity], found: Sequence[Entity]) -> list[Pair]:
    """Pair entities of a document: first those that are the same, then those with the same tokens,
    then, from left to right, a predicted one with the first true one that it overlaps. Each belongs
    to one pair.

    true (Sequence[Entity]): The true entities, in their order, without overlaps.
    found (Sequence[Entity]): The predicted ones, in their order.
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
    """Count right and wrong entities of each label, as `spacy evaluate` does.

    compared (Iterable[Compared]): Compared documents.
    RETURNS (Dict[str, Counts]): The counts of each label, by the alphabet.
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
    """How many errors there are of each kind.

    compared (Iterable[Compared]): Compared documents.
    RETURNS (Dict[str, int]): The number of each of ERRORS.
    """
    counts = Counter(pair.kind for doc in compared for pair in doc.pairs)
    return {kind: counts[kind] for kind in ERRORS}
