"""Pictures as files of SVG that are readable on light and dark pages."""

import io
import re
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

GREY = "#808080"
STYLE = {
    **dict.fromkeys(["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color"], GREY),
    **{"ytick.color": GREY, "axes.titlecolor": GREY, "grid.color": GREY, "grid.alpha": 0.25},
    **{"axes.grid": True, "axes.spines.top": False, "axes.spines.right": False},
    **{"font.size": 10, "font.sans-serif": ["DejaVu Sans", "Arial"], "svg.fonttype": "none"},
    # The same numbers make the same file.
    "svg.hashsalt": "spacy-windowner",
}


def save(figure: Any, path: Path) -> Path:
    """Write a figure to a file, and close it."""
    text = io.StringIO()
    figure.savefig(text, transparent=True, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    # A hundredth of a point is more than can be seen. No label of an axis is that long.
    short = re.sub(r"\d+\.\d{5,}", lambda found: f"{float(found[0]):.2f}", text.getvalue())
    path.write_text(short, encoding="utf8")
    return path
