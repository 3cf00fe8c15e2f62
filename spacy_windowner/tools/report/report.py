"""Evaluates pipelines on annotated documents and returns one object with all results."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from spacy.language import Language
from spacy.training import Example

from ...progress import Stage, Tell, silent
from ..examples import read_examples, require_entities
from ..pipelines import load_pipeline
from .intervals import score_intervals
from .matching import (
    Compared,
    Confusion,
    Counts,
    compare,
    count_kinds,
    count_labels,
    count_views,
    entities,
    seen_counts,
)
from .mistakes import choose_mistakes
from .predict import predict, promise_of, require_component, words_per_second
from .results import DataReport, ModelReport, Report
from .trust import measure_promise, measure_trust

EXAMPLES = 2000
"""The default for the maximum number of errors shown in context."""
_COMMON = {"model-best", "model-last"}  # the names that spaCy gives to trained pipelines


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
    about_data = describe(gold, data, train)
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
    seen = None if known is None else seen_counts(judged, known)
    report, compared = evaluate(judged, name, path, nlp.pipe_names, seen)
    tell(Stage(f"{name}: measuring speed"))
    speed = words_per_second(nlp, [example.text for example in gold])
    promise = measure_promise(compared, promise_of(nlp))
    return replace(report, words_per_second=speed, promise=promise), compared


def evaluate(
    judged: Sequence[Example],
    name: str,
    path: str,
    pipeline: Sequence[str],
    seen: dict[str, Counts] | None,
) -> tuple[ModelReport, list[Compared]]:
    """Compare predicted entities with the gold annotation.

    judged (Sequence[Example]): The examples, from `predict`.
    name (str): The pipeline's short name.
    path (str): The pipeline's folder or package.
    pipeline (Sequence[str]): The names of its components.
    seen (Optional[Dict[str, Counts]]): See `ModelReport`.
    RETURNS (Tuple[ModelReport, List[Compared]]): The results, without the speed, and the comparison
        of each document.
    """
    compared = compare(judged)
    labels = count_labels(compared)
    report = ModelReport(
        name=name,
        path=path,
        pipeline=list(pipeline),
        total=total_of(labels),
        labels=labels,
        views=count_views(compared),
        kinds=count_kinds(compared),
        confusion=Confusion.of(compared, list(labels)),
        seen=seen,
        trust=measure_trust(compared),
        intervals=score_intervals(compared, list(labels)),
    )
    return report, compared


def total_of(labels: Mapping[str, Counts]) -> Counts:
    """The counts of all labels together."""
    return Counts(*map(sum, zip(*labels.values(), strict=True)))


def describe(examples: Sequence[Example], path: str | Path, train: str | Path | None) -> DataReport:
    """Describe the evaluation data, see `DataReport`."""
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
