"""The recall promise: how far candidates must reach to miss no more entities than promised."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from ..errors import Errors

_EXACT = 4
"""The digits of a reach after the point. It is rounded up, which only adds candidates."""


class TooFew(ValueError):
    """The held-out data is too small for a promise.

    needed (int): About how many entities are needed.
    """

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


class Reach(NamedTuple):
    """How far candidates with some label reach.

    behind (float): How much worse than the best sequence a sequence with such a candidate may be.
    fitted_on (int): The number of held-out entities that it was fitted to.
    shared (bool): Whether other labels share it, because there was too little data for each.
    """

    behind: float
    fitted_on: int
    shared: bool


class Promise(NamedTuple):
    """What the candidates of a component promise: of the entities in new documents, at most the
    share 1 - `recall` is expected to be missing among them.

    recall (float): The share of entities that are among the candidates.
    labels (Dict[str, Reach]): The reach of each label.
    offered (float): The number of candidates for each entity, in the held-out documents.
    """

    recall: float
    labels: dict[str, Reach]
    offered: float

    def of(self, labels: Sequence[str], other: float) -> numpy.ndarray:
        """The reach of each label.

        labels (Sequence[str]): The labels.
        other (float): The reach of labels for which nothing is promised.
        RETURNS (numpy.ndarray): float64. Shape (n_labels,).
        """
        known = {label: reach.behind for label, reach in self.labels.items()}
        return numpy.array([known.get(label, other) for label in labels], dtype="float64")

    def to_json(self) -> dict[str, Any]:
        """The promise in the form that the component's cfg has."""
        labels = {label: reach._asdict() for label, reach in self.labels.items()}
        return {"recall": self.recall, "labels": labels, "offered": self.offered}

    @classmethod
    def from_json(cls, data: Any, name: str) -> "Promise":
        """Read a promise from the component's cfg.

        data (Any): The result of `to_json`.
        name (str): The component's name.
        RETURNS (Promise): The promise.
        RAISES (ValueError): If the data is invalid.
        """
        try:
            labels = {
                str(label): Reach(float(x["behind"]), int(x["fitted_on"]), bool(x["shared"]))
                for label, x in data["labels"].items()
            }
            promise = cls(float(data["recall"]), labels, float(data["offered"]))
            if not is_recall(promise.recall):
                raise ValueError(f"a recall of {promise.recall}")
            if not all(math.isfinite(x.behind) and x.behind >= 0 for x in labels.values()):
                raise ValueError("a reach below 0, or one that isn't finite")
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(Errors.WN270.format(name=name, reason=repr(error))) from error
        return promise


def is_recall(value: object) -> bool:
    """Whether a value is a recall that can be promised: a number between 0 and 1, without these."""
    return isinstance(value, float) and 0.0 < value < 1.0


def least_reach(behind: numpy.ndarray, docs: numpy.ndarray, recall: float) -> float:
    """Find the least reach that keeps a promise, by conformal risk control.

    A document with N entities of which M are missed has the loss `M - (1 - recall) * N`. It falls
    when candidates reach further, and is at most `recall * N`. Let n documents be held out. The
    result is the least reach with

        sum of their losses + recall * C <= 0

    where `recall * C` stands for the worst that a new document can do. If the new document and
    those held out are exchangeable, which means that each was as likely as any other to be the new
    one, its expected loss is at most 0: E[M] <= (1 - recall) * E[N].

    The bound needs a largest document. It is taken from the data: a document with more than C
    entities counts as if it had C, with the same share of them missed. C is the second largest
    number of entities in the n + 1 documents. So at most the one largest of them counts for less
    than it has. Whatever the new document is, C is one of the two largest numbers of the documents
    held out, or between them. The sum is linear in C there, so it is enough that it holds for both.

    behind (numpy.ndarray): How far behind the best sequence the best one with each entity is.
        Infinite if no valid sequence has it. Shape (n_entities,).
    docs (numpy.ndarray): The number of each entity's document. Shape (n_entities,).
    recall (float): The promised recall, between 0 and 1.
    RETURNS (float): The reach, rounded up. Infinite if too many entities are in no valid sequence.
    RAISES (TooFew): If there are too few entities, however few are missed.

    Source: Angelopoulos, Bates, Fisch, Lei and Schuster (2022), Conformal Risk Control. Theorem 1,
    with a bound that depends on the documents, but not on their order.
    """
    counts = numpy.bincount(docs)[docs] if len(docs) else numpy.zeros(0)
    largest = _two_largest(docs)
    order = numpy.argsort(-behind, kind="stable")
    reach = 0.0
    for bound in largest:
        weights = numpy.minimum(counts, bound) / counts
        budget = (1.0 - recall) * weights.sum() - recall * bound
        if budget < -1e-9 or not len(docs):
            raise TooFew(needed(docs, recall))
        # The entities that may be missed are those furthest behind.
        missed = numpy.cumsum(weights[order]) > budget + 1e-9
        if missed.any():
            reach = max(reach, float(behind[order][missed.argmax()]))
    return math.ceil(reach * 10**_EXACT) / 10**_EXACT if math.isfinite(reach) else reach


def needed(docs: numpy.ndarray, recall: float) -> int:
    """About how many entities a promise needs, if documents are as large as these.

    docs (numpy.ndarray): The number of each entity's document. Shape (n_entities,).
    recall (float): The promised recall.
    """
    return math.ceil(recall * _two_largest(docs)[0] / (1.0 - recall) - 1e-9)


def needed_alone(recall: float) -> int:
    """The number of entities that a promise needs if no document has more than one."""
    return math.ceil(recall / (1.0 - recall) - 1e-9)


def _two_largest(docs: numpy.ndarray) -> list[int]:
    """The largest and the second largest number of entities of a document."""
    counts = sorted(numpy.bincount(docs).tolist()) if len(docs) else []
    largest, second = ([0, 0, *counts])[:-3:-1]
    return [max(largest, 1), max(second, 1)]


def fit_reaches(
    behind: numpy.ndarray,
    docs: numpy.ndarray,
    numbers: numpy.ndarray,
    labels: Sequence[str],
    recall: float,
) -> dict[str, Reach]:
    """Find the least reach of each label with which the promise holds for this label. The rarest
    labels share one, with which it holds for all of them together: those with fewer than twice the
    entities that the promise needs and, if these are still too few, the next rarest. So the promise
    also holds for all labels together.

    behind (numpy.ndarray): See `least_reach`. Shape (n_entities,).
    docs (numpy.ndarray): The number of each entity's document. Shape (n_entities,).
    numbers (numpy.ndarray): The number of each entity's label. Shape (n_entities,).
    labels (Sequence[str]): All labels.
    recall (float): The promised recall.
    RETURNS (Dict[str, Reach]): The reach of each label.
    RAISES (TooFew): If there are too few entities for all labels together.
    """

    def is_enough(mine: numpy.ndarray) -> bool:
        return int(mine.sum()) >= 2 * needed(docs[mine], recall)

    counts = numpy.bincount(numbers, minlength=len(labels))
    rare: list[int] = []
    for number in numpy.argsort(counts, kind="stable").tolist():
        if not is_enough(numbers == number) or (
            counts[rare].any() and not is_enough(numpy.isin(numbers, rare))
        ):
            rare.append(number)
    reaches = {}
    for number, label in enumerate(labels):
        if number not in rare:
            mine = numbers == number
            reach = least_reach(behind[mine], docs[mine], recall)
            reaches[label] = Reach(reach, int(mine.sum()), False)
    if rare:
        mine = numpy.isin(numbers, rare)
        if mine.any() or not reaches:
            shared = least_reach(behind[mine], docs[mine], recall)
        else:  # no held-out entity has these labels
            shared = max(reach.behind for reach in reaches.values())
        of_rare = Reach(shared, int(mine.sum()), len(rare) > 1)
        reaches |= {labels[number]: of_rare for number in rare}
    return {label: reaches[label] for label in labels}


def keeps_promise(missed: numpy.ndarray, counts: numpy.ndarray, recall: float) -> bool:
    """Whether new documents are in accordance with a promise: whether the share of missed entities
    is at most 1 - `recall`, or so little higher that chance explains it (one-sided test, 5 %).

    missed (numpy.ndarray): The number of missed entities in each document. Shape (n_docs,).
    counts (numpy.ndarray): The number of entities in each document. Shape (n_docs,).
    recall (float): The promised recall.
    """
    losses = missed - (1.0 - recall) * counts
    return bool(losses.sum() <= 1.645 * numpy.sqrt((losses**2).sum()))
