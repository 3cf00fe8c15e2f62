"""Markdown tables of measured numbers, and documents that hold them between markers."""

import re
from pathlib import Path
from typing import Any


def number(value: float | None) -> str:
    """A number of a few digits."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def words(value: float) -> str:
    """Words a second, in thousands where that says enough."""
    return f"{value / 1000:,.0f} k" if value >= 10_000 else f"{value:,.0f}"


def make_table(header: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table. All columns but the first are aligned on the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    cells = ([c if isinstance(c, str) else number(c) for c in line] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def fill(path: Path, name: str, text: str) -> None:
    """Replace what is between the markers of a file.

    path (Path): The Markdown file.
    name (str): The name in its markers, `<!-- name -->` and `<!-- /name -->`.
    text (str): What to put there.
    RAISES (ValueError): If there isn't one such place.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    marked = f"{begin}\n{text}\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    filled, n = pattern.subn(lambda _: marked, path.read_text("utf8"))
    if n != 1:
        raise ValueError(f"{path} has {n} places for the tables, between {begin} and {end}.")
    path.write_text(filled, "utf8")
