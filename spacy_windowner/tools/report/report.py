"""Evaluates pipelines on annotated documents and returns one object with all results."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ... import __version__
from ...progress import Stage, Tell, silent
from ..pipelines import load_pipeline
from .matching import (
    Compared,
    Confusion,
    Counts,
    View,
    compare,
    count_kinds,
    count_labels,
    count_views,
    entities,
    seen_counts,
)
from .mistakes import Mistake, choose_mistakes
from .predict import (
    predict,
    promise_of,
    read_examples,
    require_component,
    require_entities,
    words_per_second,
)
from .trust import Kept, Trust, measure_promise, measure_trust

EXAMPLES = 2000
"""The default for the maximum number of errors shown in context."""
_COMMON = {"model-best", "model-last"}  # the names that spaCy gives to trained pipelines


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
    words_per_second (float): The speed from text to entities.
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
    promise: Kept | None
    words_per_second: float

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The results as dictionaries and lists, for JSON."""
        return {
            "name": self.name,
            "path": self.path,
            "pipeline": self.pipeline,
            "words_per_second": self.words_per_second,
            "total": self.total.to_dict(),
            "labels": {label: counts.to_dict() for label, counts in self.labels.items()},
            "views": {name: view.to_dict() for name, view in self.views.items()},
            "errors": self.kinds,
            "confusion": self.confusion.to_dict(),
            "seen": self.seen and {k: counts.to_dict() for k, counts in self.seen.items()},
            "trust": self.trust and self.trust.to_dict(),
            "promise": self.promise and self.promise._asdict(),
        }


@dataclass(frozen=True)
class Report:
    """The results of one or more pipelines on the same documents. Scores are between 0 and 1, or
    None where the denominator is 0.

    data (DataReport): The evaluation data.
    models (List[ModelReport]): The results of each pipeline.
    mistakes (List[Mistake]): The errors that are shown in context.
    n_mistakes (int): The number of all errors. An error that several pipelines make counts once.
    """

    data: DataReport
    models: list[ModelReport]
    mistakes: list[Mistake]
    n_mistakes: int

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
            "models": [model.to_dict() for model in self.models],
            "errors": {
                "total": self.n_mistakes,
                "shown": [mistake.to_dict(names) for mistake in self.mistakes],
            },
        }


def make_report(
    model: str | Path,
    data: str | Path,
    *,
    compare_with: Sequence[str | Path] = (),
    train: str | Path | None = None,
    examples: int = EXAMPLES,
    code: str | Path | None = None,
    on_progress: Tell = silent,
) -> Report:
    """Evaluate one or more pipelines on annotated documents.

    model (Union[str, Path]): Folder or package of a pipeline with a `window_ner`.
    data (Union[str, Path]): Documents that the pipeline wasn't trained on: a .spacy file, or a
        folder of them.
    compare_with (Sequence[Union[str, Path]]): Other pipelines that predict entities, of any kind.
    train (Optional[Union[str, Path]]): The training data, to separate seen from unseen entities.
    examples (int): The maximum number of errors to show in context.
    code (Optional[Union[str, Path]]): Python file to import first, see `load_pipeline`.
    on_progress (Tell): Called with the progress.
    RETURNS (Report): The report. `report_to_html` and `report_to_markdown` render it.
    RAISES (ValueError): If a pipeline can't be loaded or doesn't predict entities, if the first
        one has no `window_ner`, or if the data or the training data can't be read or has no
        entities.
    """
    paths = [str(path) for path in (model, *compare_with)]
    names = short_names(paths)
    on_progress(Stage(f"Loading {names[0]}"))
    nlp = load_pipeline(paths[0], code)
    require_component(nlp, paths[0])
    on_progress(Stage("Reading documents"))
    gold = read_examples(data, nlp)
    require_entities(gold, data)
    known = None
    if train is not None:
        shown = read_examples(train, nlp)
        require_entities(shown, train)
        known = entities(example.reference for example in shown)
    measured = [_measure(nlp, gold, names[0], paths[0], known, on_progress)]
    for path, name in zip(paths[1:], names[1:], strict=True):
        on_progress(Stage(f"Loading {name}"))
        nlp = load_pipeline(path)  # one at a time, to keep only one in memory
        gold_of_other = read_examples(data, nlp)
        measured.append(_measure(nlp, gold_of_other, name, path, known, on_progress))
    on_progress(Stage("Choosing errors to show"))
    mistakes, total = choose_mistakes([compared for _, compared in measured], examples)
    about_data = _describe(gold, data, train)
    return Report(about_data, [model for model, _ in measured], mistakes, total)


def short_names(paths: Sequence[str]) -> list[str]:
    """Make names that distinguish pipelines: the shortest distinct ends of their paths.

    paths (Sequence[str]): The folders or packages.
    RETURNS (List[str]): The names. Repeated paths get a number.
    """
    parts = [PurePath(path).parts or (".",) for path in paths]
    tails = {mine[-1] for mine in parts}
    if len(tails) == 1 and tails <= _COMMON and all(len(mine) > 1 for mine in parts):
        parts = [mine[:-1] for mine in parts]
    names = []
    for number, mine in enumerate(parts):
        others = {its for its in parts if its != mine}
        length = 1
        while length < len(mine) and (
            mine[-length] in _COMMON or any(its[-length:] == mine[-length:] for its in others)
        ):
            length += 1
        name = "/".join(mine[-length:])
        before = parts[:number].count(mine)
        names.append(f"{name} ({before + 1})" if before else name)
    return names


def _measure(
    nlp: Language,
    gold: Sequence[Example],
    name: str,
    path: str,
    known: set[tuple[str, str]] | None,
    tell: Tell,
) -> tuple[ModelReport, list[Compared]]:
    """Evaluate one pipeline. Returns its results and the comparison with the gold annotation."""
    judged = predict(nlp, gold, path, name, tell)
    tell(Stage(f"{name}: comparing"))
    compared = compare(judged)
    labels = count_labels(compared)
    trust = measure_trust(compared)
    tell(Stage(f"{name}: measuring speed"))
    report = ModelReport(
        name=name,
        path=path,
        pipeline=list(nlp.pipe_names),
        total=Counts(*map(sum, zip(*labels.values(), strict=True))),
        labels=labels,
        views=count_views(compared),
        kinds=count_kinds(compared),
        confusion=Confusion.of(compared, list(labels)),
        seen=None if known is None else seen_counts(judged, known),
        trust=trust,
        promise=measure_promise(compared, promise_of(nlp)),
        words_per_second=words_per_second(nlp, [example.text for example in gold]),
    )
    return report, compared


def _describe(
    examples: Sequence[Example], path: str | Path, train: str | Path | None
) -> DataReport:
    docs = [example.reference for example in examples]
    labels = Counter(ent.label_ for doc in docs for ent in doc.ents)
    return DataReport(
        path=str(path),
        documents=len(docs),
        not_annotated=sum(not doc.has_annotation("ENT_IOB") for doc in docs),
        entities=labels.total(),
        labels=dict(sorted(labels.items())),
        train=None if train is None else str(train),
    )
