"""The table of `arena.py`, in Markdown: a line for each corpus, and what they come to together."""

from collections.abc import Callable
from statistics import fmean

from accuracy_report import Row, title
from accuracy_score import KINDS
from tables import make_table

Column = list[float | None]
Show = Callable[[float], str]


def collect(
    rows: list[Row], corpora: list[str], names: list[str], read: Callable[[Row], float | None]
) -> list[Column]:
    """What some rows reached on each corpus, the mean over their seeds.

    rows (List[Dict]): The rows.
    corpora (List[str]): The corpora.
    names (List[str]): The names of the rows.
    read (Callable[[Dict], Optional[float]]): Reads a number of a row.
    RETURNS (List[List[Optional[float]]]): A column for each name, with a number for each corpus.
        None where there is none.
    """

    def mean(corpus: str, name: str) -> float | None:
        found = [read(row) for row in rows if (row["corpus"], row["row"]) == (corpus, name)]
        known = [value for value in found if value is not None]
        return fmean(known) if known else None

    return [[mean(corpus, name) for corpus in corpora] for name in names]


def differences(columns: list[Column]) -> list[Column]:
    """By how much the last column is above each of the others."""
    *others, last = columns
    return [
        [None if a is None or b is None else a - b for a, b in zip(last, other, strict=True)]
        for other in others
    ]


def whole(columns: list[Column]) -> list[list[float]]:
    """The columns without the corpora that one of them lacks, so that all have the same."""
    lines = [line for line in zip(*columns, strict=True) if None not in line]
    return [list(column) for column in zip(*lines, strict=True)] or [[] for _ in columns]


def wins(columns: list[list[float]]) -> list[int]:
    """On how many corpora each column is the highest, alone or with others."""
    best = [max(line) for line in zip(*columns, strict=True)]
    return [sum(map(float.__eq__, column, best)) for column in columns]


def ranks(columns: list[list[float]]) -> list[float]:
    """The mean rank of each column, 1 for the highest. Equal ones share the mean of their ranks."""
    lines = list(zip(*columns, strict=True))
    return [
        fmean(
            sum(other > value for other in line) + (1 + line.count(value)) / 2
            for value, line in zip(column, lines, strict=True)
        )
        for column in columns
        if lines
    ]


def arena_table(rows: list[Row], corpora: list[str], names: list[str], part: str) -> str:
    """All that was measured on some corpora.

    rows (List[Dict]): The rows.
    corpora (List[str]): The corpora, in their order.
    names (List[str]): The names of the rows to show. The last one is set beside each of the others.
    part (str): The part whose scores to show, "dev" or "test".
    RETURNS (str): A Markdown table. Its last lines are of the corpora that all rows have.
    """
    f = collect(rows, corpora, names, lambda row: row[part]["all"]["f"])
    gaps = differences(f)
    titles = [title(name) for name in names]
    n = len(whole(f)[0])
    mean = f"mean of {n} corp{'us' if n == 1 else 'ora'}"
    table = [[f"{part} part", *corpora, mean, "best, better on", "mean rank"]]
    places = [f"{place:.2f}" for place in ranks(whole(f))]
    table += _show(titles, f, _score, "F1", wins(whole(f)), places)
    better = [sum(gap > 0 for gap in column) for column in whole(gaps)]
    table += _show(titles, gaps, _gap, f"{titles[-1]} over", better)
    for kind in KINDS:
        found = collect(rows, corpora, names, lambda row, kind=kind: row[part][kind]["f"])
        table += _show(titles, found, _score, f"{kind} F1")
    seconds = collect(rows, corpora, names, lambda row: row["seconds"])
    table += _show(titles, seconds, _seconds, "CPU s")
    header, *lines = map(list, zip(*table, strict=True))
    return make_table(header, lines)


def _show(
    titles: list[str],
    columns: list[Column],
    show: Show,
    what: str,
    best: list[int] | None = None,
    places: list[str] | None = None,
) -> list[list[str]]:
    """Columns of the table, from the header to the foot."""
    shown = []
    for i, (values, common) in enumerate(zip(columns, whole(columns), strict=True)):
        cells = ["-" if value is None else show(value) for value in values]
        mean = show(fmean(common)) if common else "-"
        n_best = str(best[i]) if best and common else ""
        place = places[i] if places and common else ""
        shown.append([f"{what} {titles[i]}", *cells, mean, n_best, place])
    return shown


def _score(value: float) -> str:
    return f"{value:.1f}"


def _gap(value: float) -> str:
    return f"{value:+.1f}"


def _seconds(value: float) -> str:
    return f"{value:,.0f}"
