"""What a report consists of: plain numbers, and the errors in their context."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ... import __version__
from .intervals import TOTAL, Intervals
from .matching import Confusion, Counts, View
from .mistakes import Mistake
from .trust import Kept, Trust


@dataclass(frozen=True)
class DataReport:
    """The evaluation data of a report.

    path (str): The path of the documents.
    documents (int): The number of documents.
    not_annotated (int): How many of them have no entity annotation and are left out.
    entities (int): The number of gold entities.
    labels (Dict[str, int]): The number of gold entities per label.
    train (Optional[str]): The path of the training data, None if it wasn't given.
    """

    path: str
    documents: int
    not_annotated: int
    entities: int
    labels: dict[str, int]
    train: str | None


@dataclass(frozen=True)
class ModelReport:
    """The results of one pipeline.

    name (str): A short name.
    path (str): The pipeline's folder or package.
    pipeline (List[str]): The names of its components.
    total (Counts): The counts of all entities.
    labels (Dict[str, Counts]): The counts per label.
    views (Dict[str, View]): The counts of all entities in four views, see `matching.view_of`.
    kinds (Dict[str, int]): The number of errors of each kind.
    confusion (Confusion): Which labels are confused with which.
    seen (Optional[Dict[str, Counts]]): The counts of entities that are in the training data
        ("seen") and of the others ("unseen"). None if the training data wasn't given.
    trust (Optional[Trust]): How reliable the probabilities are, None if there are none.
    promise (Optional[Kept]): Whether the promised recall is kept, None if there is no promise.
    intervals (Dict[str, Intervals]): The intervals of the scores per label, and for
        `intervals.TOTAL`.
    words_per_second (Optional[float]): The speed from text to entities, None if it wasn't measured.
    """

    name: str
    path: str
    pipeline: list[str]
    total: Counts
    labels: dict[str, Counts]
    views: dict[str, View]
    kinds: dict[str, int]
    confusion: Confusion
    seen: dict[str, Counts] | None
    trust: Trust | None
    intervals: dict[str, Intervals]
    promise: Kept | None = None
    words_per_second: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The results as dictionaries and lists, for JSON."""
        return {
            "name": self.name,
            "path": self.path,
            "pipeline": self.pipeline,
            "total": self._scores(self.total, TOTAL),
            "labels": {label: self._scores(each, label) for label, each in self.labels.items()},
            "views": {name: view.to_dict() for name, view in self.views.items()},
            "errors": self.kinds,
            "confusion": self.confusion.to_dict(),
            "seen": self.seen and {k: counts.to_dict() for k, counts in self.seen.items()},
            "trust": self.trust and self.trust.to_dict(),
            "promise": self.promise and self.promise._asdict(),
            "words_per_second": self.words_per_second,
        }

    def _scores(self, counts: Counts, label: str) -> dict[str, Any]:
        return {**counts.to_dict(), "intervals": self.intervals[label].to_dict()}


class Fold(NamedTuple):
    """One training of a cross-validation.

    documents (int): The number of documents that were predicted.
    train_documents (int): The number of documents that were trained on.
    total (Counts): The counts of all entities that were predicted.
    """

    documents: int
    train_documents: int
    total: Counts

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The fold as dictionaries, for JSON."""
        return {**self._asdict(), "total": self.total.to_dict()}


@dataclass(frozen=True)
class Report:
    """The results of one or more pipelines on the same documents. Scores are between 0 and 1, or
    None where the denominator is 0.

    data (DataReport): The evaluation data.
    models (List[ModelReport]): The results of each pipeline.
    mistakes (List[Mistake]): The errors that are shown in context.
    n_mistakes (int): The number of all errors. An error that several pipelines make counts once.
    folds (List[Fold]): The trainings of a cross-validation, empty without one.
    """

    data: DataReport
    models: list[ModelReport]
    mistakes: list[Mistake]
    n_mistakes: int
    folds: list[Fold] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """RETURNS (List[str]): The labels of all entities, gold and predicted."""
        return sorted({label for model in self.models for label in model.labels})

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The results as dictionaries and lists, for JSON."""
        names = [model.name for model in self.models]
        return {
            "spacy_windowner": __version__,
            "data": asdict(self.data),
            "folds": [fold.to_dict() for fold in self.folds],
            "models": [model.to_dict() for model in self.models],
            "errors": {
                "total": self.n_mistakes,
                "shown": [mistake.to_dict(names) for mistake in self.mistakes],
            },
        }
