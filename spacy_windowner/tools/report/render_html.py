"""Writes a report as a page of HTML."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

from ...pages.render_page import render_page, visible
from .intervals import TOTAL, Interval, Intervals
from .matching import ERRORS, MISSED, SPURIOUS, Confusion, Counts
from .render_mistakes import mistakes_view, pair_of, running, that_fit
from .results import Report
from .trust import Trust
from .wording import (
    KIND_NOTES,
    NO_PROBABILITIES,
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

_TEMPLATE = Path(__file__).parent / "report.html.jinja"
_MOST_PRINTED = 100  # errors in print
_PAGE_SIZE = 25  # errors
_MOST_LABELS = 25  # labels in the confusion matrix
_MOST_PAIRS = 15  # confusions in the list that replaces a large matrix on phones
_LARGE = 6  # columns of a matrix that fit on a phone
_LETTERS = (8, 18)  # minimum and maximum width of a column of the matrix, in letters
_HALF_PAGE, _PAGE = 52, 90  # letters that fit in half the width and in the full width
_WIDTH, _HEIGHT = 300, 220  # of the plot area
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def report_to_html(report: Report) -> str:
    """Write a report as a self-contained page of HTML.

    report (Report): The report.
    RETURNS (str): The HTML. Everything that comes from the data is escaped.
    """
    mistakes = that_fit(report.mistakes)
    errors = mistakes_view(mistakes)
    return render_page(
        _TEMPLATE,
        {
            "percent": percent,
            "thousands": thousands,
            "visible": visible,
            "running": running,
            "difference": difference,
            "interval": interval,
        },
        report=report,
        several=len(report.models) > 1,
        letters=_letters(len(report.models)),
        about=describe_data(report),
        contents=_contents(report),
        totals=[model.intervals[TOTAL] for model in report.models],
        has_intervals=_has_intervals(report),
        about_folds=describe_folds(report),
        fold_groups=_fold_groups(report),
        label_groups=_label_groups(report),
        view_groups=_view_groups(report),
        seen_groups=_seen_groups(report),
        kinds=_kind_rows(report, {kind for _, kind, _ in errors["chips"]}),
        matrix=_matrix_view([model.confusion for model in report.models], errors["numbers"]),
        most_labels=_MOST_LABELS,
        most_printed=_MOST_PRINTED,
        page_size=_PAGE_SIZE,
        trusts=[_trust_view(model.trust) for model in report.models],
        promises=[model.promise and describe_promise(model.promise) for model in report.models],
        no_probabilities=NO_PROBABILITIES,
        chart={"width": _WIDTH, "height": _HEIGHT, "ticks": _ticks()},
        speed=describe_speed(report),
        about_mistakes=describe_mistakes(report, len(mistakes)),
        **errors,
    )


def _letters(n: int) -> list[str]:
    """Short names of the models: A, B, C, or numbers if there are too many."""
    if n > len(ascii_uppercase):
        return [str(i + 1) for i in range(n)]
    return list(ascii_uppercase[:n])


def _contents(report: Report) -> list[tuple[str, str]]:
    """The sections, and what the contents call them."""
    sections = {
        "overview": "Overview",
        "folds": "Folds" if report.folds else "",
        "labels": "Labels",
        "views": "Four views",
        "seen": "Seen or not" if _seen_groups(report) else "",
        "confusion": "Confusion",
        "calibration": "Calibration",
        "kinds": "Errors",
        "examples": "Errors in context",
    }
    return [(name, title) for name, title in sections.items() if title]


def _has_intervals(report: Report) -> bool:
    return any(each.f for model in report.models for each in model.intervals.values())


def _label_groups(report: Report) -> list[dict[str, Any]]:
    labels = sorted(report.labels, key=lambda label: -report.data.labels.get(label, 0))
    intervals = [[model.intervals[TOTAL].f for model in report.models]]
    intervals += [
        [model.intervals.get(label, Intervals()).f for model in report.models] for label in labels
    ]
    groups = [("all", "", [model.total for model in report.models])]
    groups += [
        (label, "", [model.labels.get(label, Counts()) for model in report.models])
        for label in labels
    ]
    if not _has_intervals(report):
        return [_group(*each) for each in groups]
    return [_group(*each, pairs) for each, pairs in zip(groups, intervals, strict=True)]


def _fold_groups(report: Report) -> list[dict[str, Any]]:
    return [
        _group(str(number), f"{fold.documents:,} documents", [fold.total])
        for number, fold in enumerate(report.folds, 1)
    ]


def _seen_groups(report: Report) -> list[dict[str, Any]]:
    notes = {
        "seen": "text and label are in the training data",
        "unseen": "not in the training data",
    }
    models = [model.seen for model in report.models if model.seen is not None]
    return [
        _group(kind, note, [seen[kind] for seen in models])
        for kind, note in notes.items()
        if models
    ]


def _group(
    title: str, note: str, counts: Sequence[Counts], intervals: Sequence[Interval | None] = ()
) -> dict[str, Any]:
    """A group of table rows, one for each model, under one title."""
    pairs = intervals or [None] * len(counts)
    rows = list(zip(counts, pairs, strict=True))
    return {"title": title, "note": note, "rows": rows, "has_intervals": bool(intervals)}


def _view_groups(report: Report) -> list[dict[str, Any]]:
    return [
        {"title": name, "note": note, "rows": [model.views[name] for model in report.models]}
        for name, note in VIEW_NOTES.items()
    ]


def _kind_rows(report: Report, shown: Collection[str]) -> list[dict[str, Any]]:
    most = max((n for model in report.models for n in model.kinds.values()), default=0) or 1
    return [
        {
            "title": kind,
            "note": KIND_NOTES[kind],
            "is_shown": kind in shown,
            "rows": [
                {"count": model.kinds[kind], "length": round(100 * model.kinds[kind] / most, 1)}
                for model in report.models
            ],
        }
        for kind in ERRORS
    ]


def _matrix_view(confusions: Sequence[Confusion], numbers: Mapping[str, int]) -> dict[str, Any]:
    """The confusion matrices and their layout: matrices that are too wide for half the page are
    stacked, and with too many labels the column names are upright."""
    views = [_confusion_view(confusion, numbers) for confusion in confusions]
    least, most = _LETTERS
    width = max(
        sum(max(least, min(len(visible(label)), most)) for label in view["columns"])
        for view in views
    )
    return {"models": views, "stacked": width > _HALF_PAGE, "upright": width > _PAGE}


def _confusion_view(confusion: Confusion, numbers: Mapping[str, int]) -> dict[str, Any]:
    """The counts of the most frequent labels, shaded by their share in the row."""
    n = len(confusion.rows) - 1
    counts = confusion.counts
    # Labels count that are only in the gold annotation or only in the predictions.
    sizes = counts.sum(0) + counts.sum(1)
    frequent = sorted(range(n), key=lambda i: -sizes[i])[:_MOST_LABELS]
    chosen = [*sorted(frequent), n]
    rows: list[dict[str, Any]] = []
    for i in chosen:
        total = int(counts[i].sum()) or 1
        cells = []
        for j in chosen:
            count, exact = int(counts[i, j]), int(confusion.exact[i, j])
            paired = i < n and j < n
            row, column = confusion.rows[i], confusion.columns[j]
            title = f"{row} → {column}: {count:,}"
            if paired and count:
                title += f", {count - exact:,} of them with other boundaries"
            cells.append({
                "count": count,
                "title": title,
                "row": row,
                "column": column,
                "name": _name_of(row, column, i == n, j == n),
                "leads": count > (exact if i == j else 0),  # to errors
                "pair": pair_of(None if i == n else row, None if j == n else column, numbers),
                "right": i == j and i < n,
                "none": i == j == n,
                "strength": round(0.75 * (count / total) ** 0.5, 3),
            })  # fmt: skip
        rows.append({"label": confusion.rows[i], "cells": cells})
    columns = [confusion.columns[j] for j in chosen]
    cells = [cell for each in rows for cell in each["cells"] if cell["count"] and not cell["right"]]
    return {
        "columns": columns,
        "rows": rows,
        "left_out": n - len(frequent),
        "is_large": len(columns) > _LARGE,
        "most": sorted(cells, key=lambda cell: -cell["count"])[:_MOST_PAIRS],
    }


def _name_of(row: str, column: str, is_spurious: bool, is_missed: bool) -> str:
    """What the errors of a cell are called."""
    if is_spurious:
        return f"{column} {SPURIOUS}"
    if is_missed:
        return f"{row} {MISSED}"
    return f"{row} with other boundaries" if row == column else f"{row} predicted as {column}"


def _trust_view(trust: Trust | None) -> dict[str, Any] | None:
    if trust is None:
        return None
    threshold, best = trust.best
    return {
        "ece": f"{trust.ece:.3f}",
        "ece_by_chance": f"{trust.ece_by_chance:.3f}",
        "rated": trust.rated,
        "reliability": _reliability_line(trust),
        "lines": _threshold_lines(trust),
        "best": _place(threshold, best.f or 0.0),
        "threshold": f"{threshold:.2f}",
        "f": best.f,
        "f_without": trust.curve[0][1].f,
    }


class _Point(NamedTuple):
    """A point of a line.

    x (float): The distance from the left.
    y (float): The distance from the top.
    title (str): The tooltip.
    """

    x: float
    y: float
    title: str


class _Line(NamedTuple):
    """A line of a chart.

    name (str): The name of the measure.
    points (List[_Point]): Its points.
    """

    name: str
    points: list[_Point]

    @property
    def path(self) -> str:
        """RETURNS (str): The points in SVG's format."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


def _place(x: float, y: float, title: str = "") -> _Point:
    """The position of two values between 0 and 1 in the chart."""
    return _Point(round(x * _WIDTH, 1), round((1.0 - y) * _HEIGHT, 1), title)


def _reliability_line(trust: Trust) -> _Line:
    """The share of right entities over the mean probability, bin by bin."""
    points = [
        _place(p, right, f"{count:,} entities, mean probability {p:.2f}: {right:.2f} are correct")
        for p, right, count in trust.bins
    ]
    return _Line("entities", points)


def _threshold_lines(trust: Trust) -> list[_Line]:
    """Precision, recall and F1 over the threshold. Precision ends where no entity is left."""
    scores = [
        (threshold, {"precision": counts.p, "recall": counts.r, "F1": counts.f})
        for threshold, counts in trust.curve
    ]
    return [
        _Line(name, _points((t, score[name]) for t, score in scores))
        for name in ("precision", "recall", "F1")
    ]


def _points(values: Iterable[tuple[float, float | None]]) -> list[_Point]:
    return [_place(t, value) for t, value in values if value is not None]


def _ticks() -> Sequence[tuple[_Point, str]]:
    """The tick labels of both axes, and their positions as points on the diagonal."""
    return [(_place(value, value), f"{value:g}") for value in _TICKS]
