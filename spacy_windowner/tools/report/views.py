"""Four answers to what counts as right, after SemEval-2013 task 9.1 and nervaluate.

| view | right | else, where entities overlap |
|---|---|---|
| strict | same tokens, same label | incorrect |
| exact | same tokens | incorrect |
| partial | same tokens | partial, which is half right |
| type | an overlap, same label | incorrect |
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .matching import Compared, Counts, Entity

VIEWS = ("strict", "exact", "partial", "type")


class View(NamedTuple):
    """The entities of all documents in one view.

    correct (int): Right ones.
    incorrect (int): Pairs of a true and a predicted one that are wrong.
    partial (int): Pairs that are half right.
    missed (int): True ones without a partner.
    spurious (int): Predicted ones without a partner.
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
        """RETURNS (Counts): What precision, recall and F1 are computed from: a partial one is
        half right, half wrong."""
        wrong = self.incorrect + self.partial / 2
        right = self.correct + self.partial / 2
        return Counts(right, wrong + self.spurious, wrong + self.missed)

    def to_dict(self) -> dict[str, float | None]:
        """The view and its scores, as for JSON."""
        counts = self.counts
        return {"p": counts.p, "r": counts.r, "f": counts.f, **self._asdict()}


def count_views(compared: Iterable[Compared]) -> dict[str, View]:
    """Count entities in each of VIEWS.

    compared (Iterable[Compared]): Compared documents.
    RETURNS (Dict[str, View]): The views.
    """
    views = dict.fromkeys(VIEWS, View())
    for doc in compared:
        if doc.true or doc.found:
            for name in VIEWS:
                views[name] = views[name].plus(view_of(name, doc.true, doc.found))
    return views


def view_of(name: str, true: Sequence[Entity], found: Sequence[Entity]) -> View:
    """One document in one view. From left to right, each predicted entity takes the true one for
    which it is right, of several that with the nearest boundaries; or else the first one that it
    overlaps. What is taken is gone.

    name (str): One of VIEWS.
    true (Sequence[Entity]): The true entities, in their order, without overlaps.
    found (Sequence[Entity]): The predicted ones, in their order, without overlaps.
    """
    right = _RIGHT[name]
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


_RIGHT: dict[str, Callable[[Entity, Entity], bool]] = {
    "strict": lambda mine, its: mine.same_span(its) and mine.label == its.label,
    "exact": Entity.same_span,
    "partial": Entity.same_span,
    "type": lambda mine, its: mine.label == its.label,
}
