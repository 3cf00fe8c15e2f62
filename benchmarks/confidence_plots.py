"""The pictures of `confidence.py`: files of SVG that are readable on light and dark pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy
from accuracy_rows import BEAM
from confidence_metrics import risks
from confidence_report import LINES
from confidence_rows import CROSS_ENTROPY, MARGIN, OURS, PROBABILITY, SCORE, SOFTMAX
from matplotlib import pyplot
from svg import GREY, STYLE, save

from spacy_windowner.confidence.metrics import Judged, equal_mass_bins

# Of medium lightness, so that they can be told from white and from black.
_COLORS = {
    (OURS, PROBABILITY): "#1f8fd6",
    (OURS, MARGIN): "#9a7fd1",
    (CROSS_ENTROPY, SOFTMAX): "#e07b1a",
    (BEAM, SCORE): "#2f9e62",
}
_MOST_POINTS = 150
Series = dict[tuple[str, str], Judged]


def draw_all(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draw all pictures: reliability.svg and risk-coverage.svg, with a panel for each corpus.

    results (Dict): The results.
    folder (Path): Where to put the files.
    RETURNS (List[Path]): The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    corpora = {corpus: _series(results["rows"], corpus) for corpus in results["corpora"]}
    corpora = {corpus: series for corpus, series in corpora.items() if series}
    pictures: dict[str, Callable[[Any, Series], None]] = {
        "reliability": draw_reliability,
        "risk-coverage": draw_risk,
    }
    return [_save(folder / f"{name}.svg", corpora, draw) for name, draw in pictures.items()]


def _series(rows: list[dict[str, Any]], corpus: str) -> Series:
    """The entities of a corpus, by each kind of confidence that is drawn."""
    own = {row["row"]: row for row in rows if row["corpus"] == corpus and "error" not in row}
    return {
        (name, kind): Judged.of(own[name]["confidences"][kind], own[name]["right"])
        for name, kind in _COLORS
        if name in own
    }


def draw_reliability(axes: Any, series: Series) -> None:
    """Draw the share of right entities over the confidence, in bins of equal mass."""
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    for key, judged in series.items():
        confidences, right, _ = zip(*equal_mass_bins(judged), strict=True)
        axes.plot(confidences, right, color=_COLORS[key], label=LINES[key].replace("`", ""),
                  linewidth=1.5, marker="o", markersize=3.5)  # fmt: skip
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02))


def draw_risk(axes: Any, series: Series) -> None:
    """Draw the share of wrong entities over the share of entities kept, the most confident."""
    for key, judged in series.items():
        if key == (OURS, MARGIN):
            continue  # of one label its order is that of the probability
        wrong = risks(judged)
        # The few entities at the left make a noise that says nothing.
        ks = numpy.unique(numpy.linspace(len(wrong) * 0.02, len(wrong), _MOST_POINTS).astype(int))
        ks = ks[ks > 0]
        axes.plot(ks / len(wrong), wrong[ks - 1], color=_COLORS[key], linewidth=1.5,
                  label=LINES[key].replace("`", ""))  # fmt: skip
    axes.set(xlabel="coverage: share kept", ylabel="risk: share that is wrong", xlim=(0, 1))
    axes.set_ylim(bottom=0)


def _save(path: Path, corpora: dict[str, Series], draw: Callable[[Any, Series], None]) -> Path:
    n = max(1, len(corpora))
    with matplotlib.rc_context(STYLE):
        figure, panels = pyplot.subplots(
            1, n, figsize=(3.4 * n, 3.7), squeeze=False, layout="constrained"
        )
        lines: dict[str, Any] = {}
        for axes, (corpus, series) in zip(panels[0], corpora.items(), strict=False):
            draw(axes, series)
            axes.set_title(corpus)
            handles, titles = axes.get_legend_handles_labels()
            lines |= zip(titles, handles, strict=True)
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=2,
                      frameon=False)  # fmt: skip
        return save(figure, path)
