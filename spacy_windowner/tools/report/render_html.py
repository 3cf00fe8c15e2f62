"""A report as one page of HTML."""

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
    difference,
    percent,
    speed,
    thousands,
)

_RUNNING = re.compile(r"(\r\n|[\n\r])|(\s)|([\u200c\u200d])|([^\s\u200c\u200d]+)")
_TEMPLATE = Path(__file__).parent / "report.html.jinja"
_MOST_BYTES = 2_200_000  # of all errors together
_MARKUP = 350  # of each, beside its texts
_MARKUP_OF_MODEL = 150
_MOST_PRINTED = 100  # errors on paper
_MOST_LABELS = 25  # in the picture of what is taken for what
_LETTERS = (8, 18)  # that a column of it has room for, at least and at most
_HALF_PAGE, _PAGE = 52, 90  # letters of all its columns, in half of the width and in all of it
_WIDTH, _HEIGHT = 300, 220  # of the area between the axes
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def report_to_html(report: Report) -> str:
    """Write a report as a page that needs no other file and no network.

    report (Report): The report.
    RETURNS (str): HTML. All of it that comes from the data is escaped.
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
        no_probabilities=NO_PROBABILITIES,
        chart={"width": _WIDTH, "height": _HEIGHT, "ticks": _ticks()},
        about_mistakes=describe_mistakes(report, len(mistakes)),
        **_mistakes_view(report, mistakes),
    )


def _running(text: str) -> str:
    """A piece of running text: white space parts words, and joiners of letters and of emoji stay,
    for without them these look otherwise."""
    pieces = (
        " ⏎ " if line else " " if space else joiner or visible(other)
        for line, space, joiner, other in _RUNNING.findall(text)
    )
    return "".join(pieces)


def _letters(n: int) -> list[str]:
    """What the models are called for short: A, B, C, or numbers if there are too many."""
    if n > len(ascii_uppercase):
        return [str(i + 1) for i in range(n)]
    return list(ascii_uppercase[:n])


def _that_fit(mistakes: Sequence[Mistake]) -> Sequence[Mistake]:
    """As many errors as a page can hold that opens at once, from all over the data."""
    sizes = [_size(mistake) for mistake in mistakes]
    fitting = len(mistakes)
    while True:
        chosen = [i * len(mistakes) // fitting for i in range(fitting)] if fitting else []
        total = sum(sizes[i] for i in chosen)
        if total <= _MOST_BYTES:
            return [mistakes[i] for i in chosen]
        fitting = min(fitting - 1, fitting * _MOST_BYTES // total)


def _size(mistake: Mistake) -> int:
    """Bytes that an error takes in the page, at most."""
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
        "unseen": "they are not",
    }
    models = [model.seen for model in report.models if model.seen is not None]
    return [
        _group(kind, note, [seen[kind] for seen in models])
        for kind, note in notes.items()
        if models
    ]


def _group(title: str, note: str, counts: Iterable[Counts]) -> dict[str, Any]:
    """Rows of a table, one for each model, under one title."""
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
    """What is taken for what, and how wide that is: pictures that are too wide for half of the page
    stand below each other, and the names of too many labels upright."""
    views = [_confusion_view(confusion) for confusion in confusions]
    least, most = _LETTERS
    width = max(
        sum(max(least, min(len(visible(label)), most)) for label in view["columns"])
        for view in views
    )
    return {"models": views, "stacked": width > _HALF_PAGE, "upright": width > _PAGE}


def _confusion_view(confusion: Confusion) -> dict[str, Any]:
    """The counts of the most frequent labels, shaded by their share of the row."""
    n = len(confusion.rows) - 1
    counts = confusion.counts
    # A label that is only found, or only true, is as good as one that is both.
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

    x (float): From the left.
    y (float): From the top.
    title (str): What it stands for.
    """

    x: float
    y: float
    title: str


class _Line(NamedTuple):
    """A line of a chart.

    name (str): What it shows.
    points (List[_Point]): Its points.
    """

    name: str
    points: list[_Point]

    @property
    def path(self) -> str:
        """RETURNS (str): The points as SVG wants them."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


def _place(x: float, y: float, title: str = "") -> _Point:
    """The place of two shares, 0 to 1, in the picture."""
    return _Point(round(x * _WIDTH, 1), round((1.0 - y) * _HEIGHT, 1), title)


def _reliability_line(trust: Trust) -> _Line:
    """The share of right entities over their mean probability, bin by bin."""
    points = [
        _place(p, right, f"{count:,} entities of mean probability {p:.2f}: {right:.2f} are right")
        for p, right, count in trust.bins
    ]
    return _Line("entities", points)


def _threshold_lines(trust: Trust) -> list[_Line]:
    """Precision, recall and F1 over the threshold. Where no entity is left, there is no
    precision."""
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
    """The places of the numbers at both axes, as points on the diagonal, and the numbers."""
    return [(_place(value, value), f"{value:g}") for value in _TICKS]


def _mistakes_view(report: Report, mistakes: Sequence[Mistake]) -> dict[str, Any]:
    """The errors, and what they can be chosen by. Labels go by their numbers."""
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
