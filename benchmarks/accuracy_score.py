"""Scores of predicted entities, those that training has shown and others apart."""

from collections.abc import Iterable
from typing import NamedTuple

from spacy.training import Example

from spacy_windowner.tools.report.matching import seen_counts

KINDS = ["seen", "unseen"]
Entity = tuple[str, str]


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

    examples (Iterable[Example]): Predicted and true documents.
    known (Set[Tuple[str, str]]): Text and label of the entities of the training part.
    RETURNS (Dict[str, Score]): The scores of all entities, of seen and of unseen ones, as
        `seen_counts` tells them.
    """
    counts = seen_counts(examples, known)
    both = {"all": counts["seen"].plus(counts["unseen"]), **counts}
    return {kind: make_score(tp, tp + fp, tp + fn) for kind, (tp, fp, fn) in both.items()}
