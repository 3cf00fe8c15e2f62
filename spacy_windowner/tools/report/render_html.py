"""Writes a report as a page of HTML."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

from ...pages.render_page import render_page, visible
from .matching import ERRORS, Confusion, Counts
from .mistakes import Mistake
from .report import Report
from .trust import Trust
from .wording import (
    KIND_NOTES,
    NO_PROBABILITIES,
    VIEW_NOTES,
    describe_data,
    describe_mistakes,
    describe_promise,
    difference,
    percent,
    speed,
    thousands,
)

_RUNNING = re.compile(r"(\r\n|[\n\r])|(\s)|([\u200c\u200d])|([^\s\u200c\u200d]+)")
_TEMPLATE = Path(__file__).parent / "report.html.jinja"
_MOST_BYTES = 2_200_000  # maximum size of all errors together
_MARKUP = 350  # bytes of markup of an error
_MARKUP_OF_MODEL = 150  # bytes of markup for each model that makes it
_MOST_PRINTED = 100  # errors in print
_MOST_LABELS = 25  # labels in the confusion matrix
_LETTERS = (8, 18)  # minimum and maximum width of a column of the matrix, in letters
_HALF_PAGE, _PAGE = 52, 90  # letters that fit in half the width and in the full width
_WIDTH, _HEIGHT = 300, 220  # of the plot area
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def report_to_html(report: Report) -> str:
    """Write a report as a self-contained page of HTML.

    report (Report): The report.
    RETURNS (str): The HTML. Everything that comes from the data is escaped.
    """
    mistakes = _that_fit(report.mistakes)
    return render_page(
        _TEMPLATE,
        {
            "percent": percent,
            "thousands": thousands,
            "speed": speed,
            "visible": visible,
            "running": _running,
            "difference": difference,
        },
        report=report,
        several=len(report.models) > 1,
        letters=_letters(len(report.models)),
        about=describe_data(report),
        label_groups=_label_groups(report),
        view_groups=_view_groups(report),
        seen_groups=_seen_groups(report),
        kinds=_kind_rows(report),
        matrix=_matrix_view([model.confusion for model in report.models]),
        most_labels=_MOST_LABELS,
        most_printed=_MOST_PRINTED,
        trusts=[_trust_view(model.trust) for model in report.models],
        promises=[model.promise and describe_promise(model.promise) for model in report.models],
        no_probabilities=NO_PROBABILITIES,
        chart={"width": _WIDTH, "height": _HEIGHT, "ticks": _ticks()},
        about_mistakes=describe_mistakes(report, len(mistakes)),
        **_mistakes_view(report, mistakes),
    )


def _running(text: str) -> str:
    """A piece of running text on one line. Zero-width joiners of letters and emoji stay, because
    they change how these look."""
    pieces = (
        " ⏎ " if line else " " if space else joiner or visible(other)
        for line, space, joiner, other in _RUNNING.findall(text)
    )
    return "".join(pieces)


def _letters(n: int) -> list[str]:
    """Short names of the models: A, B, C, or numbers if there are too many."""
    if n > len(ascii_uppercase):
        return [str(i + 1) for i in range(n)]
    return list(ascii_uppercase[:n])


def _that_fit(mistakes: Sequence[Mistake]) -> Sequence[Mistake]:
    """As many errors as a page can hold and still open quickly, spread over the whole data."""
    sizes = [_size(mistake) for mistake in mistakes]
    fitting = len(mistakes)
    while True:
        chosen = [i * len(mistakes) // fitting for i in range(fitting)] if fitting else []
        total = sum(sizes[i] for i in chosen)
        if total <= _MOST_BYTES:
            return [mistakes[i] for i in chosen]
        fitting = min(fitting - 1, fitting * _MOST_BYTES // total)


def _size(mistake: Mistake) -> int:
    """The maximum size of an error in the page, in bytes."""
    texts = (mistake.before, mistake.text, mistake.after, *mistake.labels)
    text = sum(len(escape(_running(text)).encode("utf8")) for text in texts)
    return _MARKUP + _MARKUP_OF_MODEL * len(mistake.scores) + text


def _label_groups(report: Report) -> list[dict[str, Any]]:
    labels = sorted(report.labels, key=lambda label: -report.data.labels.get(label, 0))
    groups = [("all", "", [model.total for model in report.models])]
    groups += [
        (label, "", [model.labels.get(label, Counts()) for model in report.models])
        for label in labels
    ]
    return [_group(*group) for group in groups]


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


def _group(title: str, note: str, counts: Iterable[Counts]) -> dict[str, Any]:
    """A group of table rows, one for each model, under one title."""
    return {"title": title, "note": note, "rows": list(counts)}


def _view_groups(report: Report) -> list[dict[str, Any]]:
    return [
        {"title": name, "note": note, "rows": [model.views[name] for model in report.models]}
        for name, note in VIEW_NOTES.items()
    ]


def _kind_rows(report: Report) -> list[dict[str, Any]]:
    most = max((n for model in report.models for n in model.kinds.values()), default=0) or 1
    return [
        {
            "title": kind,
            "note": KIND_NOTES[kind],
            "rows": [
                {"count": model.kinds[kind], "length": round(100 * model.kinds[kind] / most, 1)}
                for model in report.models
            ],
        }
        for kind in ERRORS
    ]


def _matrix_view(confusions: Sequence[Confusion]) -> dict[str, Any]:
    """The confusion matrices and their layout: matrices that are too wide for half the page are
    stacked, and with too many labels the column names are upright."""
    views = [_confusion_view(confusion) for confusion in confusions]
    least, most = _LETTERS
    width = max(
        sum(max(least, min(len(visible(label)), most)) for label in view["columns"])
        for view in views
    )
    return {"models": views, "stacked": width > _HALF_PAGE, "upright": width > _PAGE}


def _confusion_view(confusion: Confusion) -> dict[str, Any]:
    """The counts of the most frequent labels, shaded by their share in the row."""
    n = len(confusion.rows) - 1
    counts = confusion.counts
    # Labels count that are only in the gold annotation or only in the predictions.
    sizes = counts.sum(0) + counts.sum(1)
    frequent = sorted(range(n), key=lambda i: -sizes[i])[:_MOST_LABELS]
    chosen = [*sorted(frequent), n]
    rows = []
    for i in chosen:
        total = int(counts[i].sum()) or 1
        cells = []
        for j in chosen:
            count, exact = int(counts[i, j]), int(confusion.exact[i, j])
            paired = i < n and j < n
            title = f"{confusion.rows[i]} → {confusion.columns[j]}: {count:,}"
            if paired and count:
                title += f", {count - exact:,} of them with other boundaries"
            cells.append({
                "count": count,
                "title": title,
                "right": i == j and i < n,
                "none": i == j == n,
                "strength": round(0.75 * (count / total) ** 0.5, 3),
            })  # fmt: skip
        rows.append({"label": confusion.rows[i], "cells": cells})
    columns = [confusion.columns[j] for j in chosen]
    return {"columns": columns, "rows": rows, "left_out": n - len(frequent)}


def _trust_view(trust: Trust | None) -> dict[str, Any] | None:
    if trust is None:
        return None
    threshold, best = trust.best
    return {
        "ece": f"{trust.ece:.3f}",
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


def _mistakes_view(report: Report, mistakes: Sequence[Mistake]) -> dict[str, Any]:
    """The errors, and the values they can be filtered by. Labels are given as indices."""
    labels = sorted({label for mistake in mistakes for label in mistake.labels})
    number = {label: i for i, label in enumerate(labels)}
    kinds = Counter(mistake.kind for mistake in mistakes)
    rows = [
        {
            "mistake": mistake,
            "kind": ERRORS.index(mistake.kind),
            "labels": " ".join(str(number[label]) for label in mistake.labels),
            "models": " ".join(map(str, mistake.scores)),
            "score": "" if mistake.score is None else f"{mistake.score:.4f}",
        }
        for mistake in mistakes
    ]
    chips = [(i, kind, kinds[kind]) for i, kind in enumerate(ERRORS) if kinds[kind]]
    return {
        "mistakes": rows,
        "chips": chips,
        "error_labels": labels,
        "rated": any(row["score"] for row in rows),
    }
