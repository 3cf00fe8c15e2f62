"""Writes a report as Markdown: all numbers, and a few errors of each kind."""

from collections.abc import Iterable, Sequence

from ...pages.render_page import visible
from .intervals import TOTAL
from .matching import ERRORS
from .mistakes import Mistake
from .results import Fold, ModelReport, Report
from .wording import (
    KIND_NOTES,
    VIEW_NOTES,
    describe_data,
    describe_folds,
    describe_mistakes,
    describe_promise,
    describe_speed,
    difference,
    interval,
    percent,
    thousands,
)

_EXAMPLES = 5  # errors of each kind
_MORE = f"Listed here are the {_EXAMPLES} of each kind with the highest probabilities."
_PRF = ["P", "R", "F1"]
_INTERVAL = "F1, 95 % interval"
_SCORES = [*_PRF, "TP", "FP", "FN"]
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in r"\`*_{}[]<>#|~"})


def report_to_markdown(report: Report) -> str:
    """Write a report as Markdown.

    report (Report): The report.
    RETURNS (str): The Markdown.
    """
    parts = [
        "# Evaluation",
        f"{describe_data(report)} (`{report.data.path}`)",
        _overview(report),
    ]
    if report.folds:
        parts += [describe_folds(report), _folds(report.folds)]
    for model in report.models:
        parts += ["## " + _cell(model.name), *_model_parts(model)]
    parts += ["## Errors", describe_mistakes(report, len(report.mistakes))]
    if report.mistakes:
        parts.append(_MORE)
    names = [model.name for model in report.models]
    for kind in ERRORS:
        mistakes = [mistake for mistake in report.mistakes if mistake.kind == kind]
        if mistakes:
            parts.append(f"### {kind.capitalize()}: {KIND_NOTES[kind]}")
            few = sorted(mistakes, key=lambda m: -(m.score or 0.0))[:_EXAMPLES]
            parts.append("\n".join(f"- {_describe(mistake, names)}" for mistake in few))
    if speeds := describe_speed(report):
        parts += ["## Speed", _cell(speeds)]
    return "\n\n".join(parts) + "\n"


def _overview(report: Report) -> str:
    first = report.models[0].total.f
    rows = [
        [
            _cell(model.name), *_scores(model.total), _interval(model, TOTAL),
            difference(model.total.f, first),
        ]
        for model in report.models
    ]  # fmt: skip
    header = ["model", *_SCORES, _INTERVAL, "F1 difference"]
    if len(report.models) == 1:
        header, rows = header[:-1], [row[:-1] for row in rows]
    return _table(header, rows)


def _folds(folds: Sequence[Fold]) -> str:
    rows = [
        [str(number), thousands(fold.documents), *_scores(fold.total)]
        for number, fold in enumerate(folds, 1)
    ]
    return _table(["fold", "documents", *_SCORES], rows)


def _model_parts(model: ModelReport) -> list[str]:
    labels = [
        [_cell(label), *_scores(counts), _interval(model, label)]
        for label, counts in model.labels.items()
    ]
    views = [
        [f"{name}: {VIEW_NOTES[name]}", *map(str, view), *_prf(view.counts)]
        for name, view in model.views.items()
    ]
    kinds = [[f"{kind}: {KIND_NOTES[kind]}", thousands(n)] for kind, n in model.kinds.items()]
    confusion = model.confusion
    matrix = [
        [_cell(row), *(str(n) if n else "" for n in counts)]
        for row, counts in zip(confusion.rows, confusion.counts.tolist(), strict=True)
    ]
    parts = [
        _table(["label", *_SCORES, _INTERVAL], labels),
        _table(["view", "correct", "incorrect", "partial", "missed", "spurious", *_PRF], views),
        _table(["gold \\ predicted", *map(_cell, confusion.columns)], matrix),
        _table(["errors", "number"], kinds),
    ]
    if model.seen is not None:
        seen = [[kind, *_scores(counts)] for kind, counts in model.seen.items()]
        parts.append(_table(["entities in training", *_SCORES], seen))
    if model.trust is not None:
        threshold, best = model.trust.best
        parts.append(
            f"Expected calibration error: {model.trust.ece:.3f}. Exact probabilities would have "
            f"about {model.trust.ece_by_chance:.3f} on as many entities. The best threshold on "
            f"this data is {threshold:.2f}, with F1 {percent(best.f)}."
        )
        bins = [[f"{p:.2f}", f"{r:.2f}", thousands(n)] for p, r, n in model.trust.bins]
        parts.append(_table(["mean probability", "share of correct entities", "entities"], bins))
    if model.promise is not None:
        parts.append(describe_promise(model.promise))
    return parts


def _prf(counts) -> list[str]:
    return [percent(counts.p), percent(counts.r), percent(counts.f)]


def _scores(counts) -> list[str]:
    return [*_prf(counts), *(thousands(n) for n in counts)]


def _interval(model: ModelReport, label: str) -> str:
    return interval(model.intervals[label].f) or "-"


def _describe(mistake: Mistake, names: Sequence[str]) -> str:
    text = f"**{_cell(mistake.text)}**"
    marks = [
        f"{word} {_cell(mark.text)} ({_cell(mark.label)})"
        for word, mark in (("gold", mistake.true), ("predicted", mistake.found))
        if mark is not None
    ]
    scores = [
        f"{_cell(names[number])} {'' if score is None else f'{score:.2f}'}".strip()
        for number, score in mistake.scores.items()
        if len(names) > 1 or score is not None
    ]
    about = "; ".join([*marks, *scores])
    return f"{_cell(mistake.before)}{text}{_cell(mistake.after)} [{about}]"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Escape a text for Markdown."""
    return visible(text).translate(_MARKDOWN).replace("&", "&amp;")
