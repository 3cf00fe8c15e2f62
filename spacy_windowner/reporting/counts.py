from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from spacy.tokens import Span
from spacy.training import Example

from .judge import judge


class Counts(NamedTuple):
    """Numbers of entities, and the scores they make.

    tp (float): The right ones that were found.
    fp (float): The wrong ones that were found.
    fn (float): The true ones that were not found.
    """

    tp: float = 0
    fp: float = 0
    fn: float = 0

    def plus(self, other: "Counts") -> "Counts":
        """The counts of both."""
        return Counts(*(mine + its for mine, its in zip(self, other, strict=True)))

    @property
    def p(self) -> float | None:
        """RETURNS (Optional[float]): Precision, 0 to 1. None if nothing was found."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def r(self) -> float | None:
        """RETURNS (Optional[float]): Recall, 0 to 1. None if there was nothing to find."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f(self) -> float | None:
        """RETURNS (Optional[float]): F1, 0 to 1. None if nothing was found, nor to find."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None

    def to_dict(self) -> dict[str, float | None]:
        """The counts and their scores, as for JSON."""
        return {"p": self.p, "r": self.r, "f": self.f, **self._asdict()}


def seen_counts(examples: Iterable[Example], known: set[tuple[str, str]]) -> dict[str, Counts]:
    """Count entities that training has shown apart from others.

    An entity is seen if its text and its label are those of an entity of the training part; a
    wrong one is seen or unseen by the same rule. Examples without annotation of entities are left
    out.

    examples (Iterable[Example]): Predicted and true documents.
    known (Set[Tuple[str, str]]): Text and label of the entities of the training part.
    RETURNS (Dict[str, Counts]): The counts of "seen" and of "unseen" ones.
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
