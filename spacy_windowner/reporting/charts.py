"""The points of charts, in the units of the pictures that the page draws."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .trust import Trust

WIDTH, HEIGHT = 300, 220  # of the area between the axes
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


class Point(NamedTuple):
    """A point of a line.

    x (float): From the left.
    y (float): From the top.
    title (str): What it stands for.
    """

    x: float
    y: float
    title: str


class Line(NamedTuple):
    """A line of a chart.

    name (str): What it shows.
    points (List[Point]): Its points.
    """

    name: str
    points: list[Point]

    @property
    def path(self) -> str:
        """RETURNS (str): The points as SVG wants them."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


def place(x: float, y: float, title: str = "") -> Point:
    """The place of two shares, 0 to 1, in the picture."""
    return Point(round(x * WIDTH, 1), round((1.0 - y) * HEIGHT, 1), title)


def reliability_line(trust: Trust) -> Line:
    """The share of right entities over their mean probability, bin by bin."""
    points = [
        place(p, right, f"{count:,} entities of mean probability {p:.2f}: {right:.2f} are right")
        for p, right, count in trust.bins
    ]
    return Line("entities", points)


def threshold_lines(trust: Trust) -> list[Line]:
    """Precision, recall and F1 over the threshold. Where no entity is left, there is no
    precision."""
    scores = [
        (threshold, {"precision": counts.p, "recall": counts.r, "F1": counts.f})
        for threshold, counts in trust.curve
    ]
    return [
        Line(name, _points((t, score[name]) for t, score in scores))
        for name in ("precision", "recall", "F1")
    ]


def _points(values: Iterable[tuple[float, float | None]]) -> list[Point]:
    return [place(t, value) for t, value in values if value is not None]


def ticks() -> Sequence[tuple[Point, str]]:
    """The places of the numbers at both axes, as points on the diagonal, and the numbers."""
    return [(place(value, value), f"{value:g}") for value in TICKS]
