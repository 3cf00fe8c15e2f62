"""Scores of predicted entities, those that training has shown and others apart."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from spacy.tokens import Doc, Span
from spacy.training import Example

KINDS = ["seen", "unseen"]
Entity = tuple[str, str]


def entities(docs: Iterable[Doc]) -> set[Entity]:
    """The text and the label of each entity of the documents."""
    return {(ent.text, ent.label_) for doc in docs for ent in doc.ents}


class Score(NamedTuple):
    """Precision, recall and F1, in percent. None where there is nothing to divide by.

    p (Optional[float]): Right ones of the predicted entities.
    r (Optional[float]): Right ones of the true entities.
    f (Optional[float]): The harmonic mean of p and r.
    true (int): The number of true entities.
    """

    p: float | None
    r: float | None
    f: float | None
    true: int


def make_score(right: int, predicted: int, true: int) -> Score:
    """The score that numbers of entities make. F1 needs no more than one entity, true or
    predicted: where none is right, it is 0."""
    p = 100 * right / predicted if predicted else None
    r = 100 * right / true if true else None
    f = 200 * right / (predicted + true) if predicted + true else None
    return Score(p, r, f, true)


def score(examples: Iterable[Example], known: set[Entity]) -> dict[str, Score]:
    """Score the entities of the predicted documents.

    An entity is right if its tokens and its label are. It is seen if its text and its label are
    those of an entity of the training part; a wrong one is seen or unseen by the same rule.

    examples (Iterable[Example]): Predicted and true documents.
    known (Set[Tuple[str, str]]): Text and label of the entities of the training part.
    RETURNS (Dict[str, Score]): The scores of all entities, of seen and of unseen ones.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for eg in examples:
        if not eg.reference.has_annotation("ENT_IOB"):
            continue
        for ent in eg.reference.ents:
            counts["true", _kind(ent, ent.label_, known)] += 1
        for ent, span, is_right in judge(eg):
            kind = _kind(span, ent.label_, known)
            counts["predicted", kind] += 1
            counts["right", kind] += is_right
    names = ("right", "predicted", "true")
    scores = {k: make_score(*(counts[name, k] for name in names)) for k in KINDS}
    return {"all": make_score(*(sum(counts[n, k] for k in KINDS) for n in names)), **scores}


def _kind(span: Span, label: str, known: set[Entity]) -> str:
    return "seen" if (span.text, label) in known else "unseen"


def judge(eg: Example) -> Iterator[tuple[Span, Span, bool]]:
    """Whether predicted entities are right: exactly an entity of the true document, with its
    label. As in spaCy's scorer, one that has tokens without annotation is left out: it is neither
    right nor wrong.

    eg (Example): A predicted and a true document.
    YIELDS (Tuple[Span, Span, bool]): The entity, the same span in the true document, and whether
        it is right.
    """
    true = {(ent.start, ent.end, ent.label_) for ent in eg.reference.ents}
    x2y = eg.alignment.x2y
    for ent in eg.predicted.ents:
        indices = x2y[ent.start : ent.end]
        if len(indices):
            span = eg.reference[int(indices[0]) : int(indices[-1]) + 1]
            if all(token.ent_iob != 0 for token in span):
                found = (span.start, span.end, ent.label_)
                yield ent, span, found in true
                # A second prediction of one entity, which two tokenizations allow, is wrong.
                true.discard(found)
