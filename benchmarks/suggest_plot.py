"""The picture of `suggest.py`: F1 over what was annotated."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy
from matplotlib import pyplot
from matplotlib.ticker import PercentFormatter, StrMethodFormatter
from svg import STYLE, save

_LINES = {"suggest": ("suggested by margin", "#1f8fd6"), "random": ("random choice", "#e07b1a")}
_AXES = {
    "share": ("documents annotated", PercentFormatter(1.0, decimals=0)),
    "words": ("words annotated", StrMethodFormatter("{x:,.0f}")),
}


def draw(rows: list[dict[str, Any]], part: str, path: Path) -> Path:
    """Draw the mean of each arm's F1 and, as a band, its standard deviation over the seeds.

    rows (List[Dict]): The results of each round.
    part (str): "dev" or "test".
    path (Path): The file.
    RETURNS (Path): The file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        figure, panels = pyplot.subplots(
            1, len(_AXES), figsize=(6.8, 3.7), sharey=True, layout="constrained"
        )
        for axes, (column, (label, numbers)) in zip(panels, _AXES.items(), strict=True):
            for arm, (title, color) in _LINES.items():
                own = [row for row in rows if row["arm"] == arm]
                rounds = [
                    [row for row in own if row["share"] == share]
                    for share in sorted({row["share"] for row in own})
                ]
                x = [numpy.mean([row[column] for row in each]) for each in rounds]
                scores = [numpy.array([row[part] for row in each]) for each in rounds]
                y = numpy.array([score.mean() for score in scores])
                sd = numpy.array([s.std(ddof=1) if len(s) > 1 else 0.0 for s in scores])
                axes.plot(x, y, color=color, label=title, linewidth=1.5, marker="o", markersize=3.5)
                axes.fill_between(x, y - sd, y + sd, color=color, alpha=0.15, linewidth=0)
            axes.set(xlabel=label)
            axes.xaxis.set_major_formatter(numbers)
        panels[0].set(ylabel=f"F1 ({part})")
        handles, titles = panels[0].get_legend_handles_labels()
        figure.legend(handles, titles, loc="outside lower center", ncols=2, frameon=False)
        return save(figure, path)
