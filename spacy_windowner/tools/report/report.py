"""How good pipelines are on annotated documents, as one object."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from spacy.language import Language
from spacy.training import Example

from ... import __version__
from ...pipeline.components import load_pipeline
from ...progress import Stage, Tell, silent
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
from .predict import predict, read_examples, require_component, require_entities, words_per_second
from .trust import Trust, measure_trust

EXAMPLES = 2000
"""The most errors that a report shows in context."""
_COMMON = {"model-best", "model-last"}  # what spaCy calls every trained pipeline


@dataclass(frozen=True)
class DataReport:
    """The documents of a report.

    path (str): Where they come from.
    documents (int): Their number.
    not_annotated (int): How many of these have no annotation of entities, and don't count.
    entities (int): The true entities.
    labels (Dict[str, int]): The true entities of each label.
    train (Optional[str]): Where the training data comes from, None if it isn't given.
    """

    path: str
    documents: int
    not_annotated: int
    entities: int
    labels: dict[str, int]
    train: str | None


@dataclass(frozen=True)
class ModelReport:
    """What one pipeline makes of the documents.

    name (str): A short name.
    path (str): Its folder or package.
    pipeline (List[str]): The names of its components.
    total (Counts): All entities.
    labels (Dict[str, Counts]): Those of each label.
    views (Dict[str, View]): All entities in four views, see `reporting.views`.
    kinds (Dict[str, int]): The number of errors of each kind.
    confusion (Confusion): Which labels are taken for which.
    seen (Optional[Dict[str, Counts]]): Entities that training has shown and others, None if the
        training data isn't given.
    trust (Optional[Trust]): How far its probabilities can be trusted, None if it gives none.
    words_per_second (float): From text to entities.
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
    words_per_second: float

    def to_dict(self) -> dict[str, Any]:
        """The same in dictionaries and lists, as for JSON."""
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
        }


@dataclass(frozen=True)
class Report:
    """How good pipelines are on the same documents. Scores are shares, 0 to 1, and None where
    there is nothing to divide by.

    data (DataReport): The documents.
    models (List[ModelReport]): The pipelines.
    mistakes (List[Mistake]): Errors in their context.
    n_mistakes (int): How many there are in all. One that several pipelines make counts once.
    """

    data: DataReport
    models: list[ModelReport]
    mistakes: list[Mistake]
    n_mistakes: int

    @property
    def labels(self) -> list[str]:
        """RETURNS (List[str]): The labels of all entities, true and predicted."""
        return sorted({label for model in self.models for label in model.labels})

    def to_dict(self) -> dict[str, Any]:
        """The same in dictionaries and lists, as for JSON."""
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
    """Measure pipelines on annotated documents.

    model (Union[str, Path]): A pipeline with a `window_ner`: its folder or package.
    data (Union[str, Path]): Documents that it wasn't trained on, in .spacy format, or a folder.
    compare_with (Sequence[Union[str, Path]]): Other pipelines, of any kind that finds entities.
    train (Optional[Union[str, Path]]): What they were trained on, to tell seen entities from
        unseen ones.
    examples (int): The most errors to show in context.
    code (Optional[Union[str, Path]]): Python file to import first, see `load_pipeline`.
    on_progress (Tell): Called with how far it is.
    RETURNS (Report): The report.
    RAISES (ValueError): If a pipeline can't be loaded, or has no named entity recognizer, the
        first one no `window_ner`; or the data, or that of the training, can't be read, or has no
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
        nlp = load_pipeline(path)  # one after the other, to have one in memory
        gold_of_other = read_examples(data, nlp)
        measured.append(_measure(nlp, gold_of_other, name, path, known, on_progress))
    on_progress(Stage("Choosing errors to show"))
    mistakes, total = choose_mistakes([compared for _, compared in measured], examples)
    about_data = _describe(gold, data, train)
    return Report(about_data, [model for model, _ in measured], mistakes, total)


def short_names(paths: Sequence[str]) -> list[str]:
    """Names of pipelines that tell them apart: the ends of their paths, as short as that allows.

    paths (Sequence[str]): Their folders or packages.
    RETURNS (List[str]): The names. The same path twice has a number after it.
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
    """What a pipeline makes of documents, and the comparison with their annotation."""
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
