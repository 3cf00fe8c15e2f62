"""The learning curve of a training: a record of its evaluations, and a picture of them."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from ..files import write_atomically
from ..pages.render_page import visible

_TEMPLATE = Path(__file__).parent / "learning_curve.svg.jinja"
_WIDTH, _HEIGHT = 330.0, 190.0  # of a panel, in pixels
_LINE = 14.0  # the least distance between two names
_N_COLORS = 8


@dataclass(frozen=True)
class Evaluation:
    """One evaluation in training.

    step (int): The step after which it took place.
    losses (Dict[str, float]): The loss of each component, averaged over the steps since the last
        evaluation.
    score (float): The score that selects the best model.
    scores (Dict[str, float]): The single scores that it is computed from, 0 to 1, as far as known.
    label_f (Dict[str, float]): The F-score of each label in the data or the predictions.
    words_per_second (Optional[float]): Training words per second, without the time of evaluating
        and saving. None if no step was measured.
    violations (Optional[float]): The share of tokens, 0 to 1, that violated the margin in training
        since the last evaluation. None if unknown.
    """

    step: int
    losses: dict[str, float]
    score: float
    scores: dict[str, float]
    label_f: dict[str, float]
    words_per_second: float | None
    violations: float | None


@dataclass(frozen=True)
class Panel:
    """A part of the picture: lines over the steps of a training.

    title (str): What it shows.
    lines (Dict[str, List[Tuple[int, float]]]): The points of each line, (step, value), by the
        line's name.
    """

    title: str
    lines: dict[str, list[tuple[int, float]]]


class History:
    """Collects the evaluations of a training.

    components (Sequence[str]): The components that are trained.
    scores (Sequence[str]): The names of the scores to keep.
    """

    def __init__(self, components: Sequence[str], scores: Sequence[str]) -> None:
        self.evaluations: list[Evaluation] = []
        self._components = components
        self._scores = scores
        self._speed = _Speed()
        self._steps = 0

    @property
    def best(self) -> Evaluation | None:
        """RETURNS (Optional[Evaluation]): The first one with the best score, whose model spaCy
        keeps as the best. None if there was no evaluation."""
        return max(self.evaluations, key=lambda one: one.score, default=None)

    def step(self) -> None:
        """Record a step without an evaluation."""
        self._steps += 1
        self._speed.step()

    def evaluate(self, info: dict[str, Any], violations: float | None) -> Evaluation:
        """Record a step with an evaluation.

        info (Dict[str, Any]): What spaCy passes to loggers.
        violations (Optional[float]): See `Evaluation`.
        RETURNS (Evaluation): The evaluation.
        """
        self._steps += 1
        found = info["other_scores"] or {}
        per_type = found.get("ents_per_type") or {}
        one = Evaluation(
            step=info["step"],
            losses={
                name: float(info["losses"][name]) / self._steps
                for name in self._components
                if name in info["losses"]
            },
            score=float(info["score"]),
            scores={
                name: float(found[name])
                for name in self._scores
                if isinstance(found.get(name), int | float)
            },
            label_f={label: float(scores["f"]) for label, scores in per_type.items()},
            words_per_second=self._speed.of(info["words"]),
            violations=violations,
        )
        self.evaluations.append(one)
        self._steps = 0
        return one

    def go_on(self) -> None:
        """Record that an evaluation is over, and the next step begins."""
        self._speed.go_on()


def save_learning_curve(path: Path, history: History, pipeline: str) -> None:
    """Draw the picture. An existing file is replaced when the new one is complete.

    path (Path): The SVG file.
    history (History): The evaluations, at least one.
    pipeline (str): The name of what was trained.
    RAISES (OSError): If it can't be written.
    """
    write_atomically(path, render_learning_curve(history, pipeline).encode("utf8"))


def render_learning_curve(history: History, pipeline: str) -> str:
    """RETURNS (str): The picture, see `save_learning_curve`."""
    evaluations, best = history.evaluations, history.best
    panels = [panel for panel in make_panels(evaluations) if panel.lines]
    last = max(1, evaluations[-1].step)
    views = [_panel_view(panel, last) for panel in panels]
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf8"))
    rows = [views[i : i + 2] for i in range(0, len(views), 2)]
    return template.render(
        pipeline=visible(pipeline),
        best=best,
        best_x=_round(best.step / last * _WIDTH) if best else None,
        last=evaluations[-1],
        speed=_mean_speed(evaluations),
        ticks=[(f"{step:,.0f}", _round(step / last * _WIDTH)) for step in ticks(last)],
        width=_WIDTH,
        rows=[(row, max(view["height"] for view in row)) for row in rows],
    )


def make_panels(evaluations: Sequence[Evaluation]) -> Iterator[Panel]:
    """YIELDS (Panel): The parts of the picture, in order. Some may have no lines."""
    # The first evaluation follows a single batch with random weights, which would set the scale.
    trained = evaluations[1:] or evaluations
    yield Panel("Mean loss of a step", _lines(trained, lambda one: one.losses))
    yield Panel("Scores", _lines(evaluations, _scores))
    yield Panel("F of each label", _lines(evaluations, lambda one: _percent(one.label_f)))
    yield Panel("Margin violations, % of tokens", _lines(trained, _violations))


def ticks(top: float) -> list[float]:
    """Choose round numbers for an axis that starts at 0.

    top (float): The end of the axis, above 0.
    RETURNS (List[float]): Two to six numbers at equal distances. The first is 0, and none is above
        `top`.
    """
    size = 10.0 ** math.floor(math.log10(top))
    distance = next(x * size for most, x in ((1.5, 0.5), (5, 1), (11, 2)) if top < most * size)
    return [number * distance for number in range(int(top / distance + 1e-9) + 1)]


def spread(places: Sequence[float], distance: float, end: float) -> list[float]:
    """Move places apart as little as possible, and keep their order.

    places (Sequence[float]): Places from 0 to `end`.
    distance (float): The least distance between two places.
    end (float): The last place allowed.
    RETURNS (List[float]): The places, none above `end` as far as there is room.
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    before = -distance
    for i in order:
        before = moved[i] = max(moved[i], before + distance)
    after = end + distance
    for i in reversed(order):
        after = moved[i] = min(moved[i], after - distance)
    return moved


class _Speed:
    """Measures the speed of training between two evaluations. The last step before an evaluation
    can't be separated from the evaluation, so it counts as the mean of the other steps."""

    def __init__(self) -> None:
        self._words = 0
        self.go_on()

    def go_on(self) -> None:
        self._steps, self._seconds = 0, 0.0
        self._since = time.perf_counter()

    def step(self) -> None:
        self._steps += 1
        self._seconds = time.perf_counter() - self._since

    def of(self, words: int) -> float | None:
        """The words per second since the last evaluation, from the number of all words so far."""
        new, self._words = words - self._words, words
        if not self._seconds:
            return None
        return new * self._steps / (self._steps + 1) / self._seconds


def _scores(one: Evaluation) -> dict[str, float]:
    # Usually the score is one of the others.
    own = {} if one.score in one.scores.values() else {"score": one.score}
    return _percent(own | one.scores)


def _violations(one: Evaluation) -> dict[str, float]:
    return {} if one.violations is None else {"": 100.0 * one.violations}


def _percent(values: dict[str, float]) -> dict[str, float]:
    return {name: 100.0 * value for name, value in values.items() if name != "speed"}


def _lines(
    evaluations: Iterable[Evaluation], values: Callable[[Evaluation], dict[str, float]]
) -> dict[str, list[tuple[int, float]]]:
    lines: dict[str, list[tuple[int, float]]] = {}
    for one in evaluations:
        for name, value in values(one).items():
            if math.isfinite(value):
                lines.setdefault(name, []).append((one.step, value))
    return lines


def _mean_speed(evaluations: Iterable[Evaluation]) -> float | None:
    speeds = [one.words_per_second for one in evaluations if one.words_per_second]
    return sum(speeds) / len(speeds) if speeds else None


def _panel_view(panel: Panel, last: int) -> dict[str, Any]:
    """A panel in pixels. The origin is its upper left corner."""
    top = max(y for line in panel.lines.values() for _, y in line)
    top = top if top > 0.0 else 1.0
    # Many labels need a higher panel, because their names are below each other.
    height = max(_HEIGHT, _LINE * len(panel.lines))
    ends = [(1.0 - line[-1][1] / top) * height for line in panel.lines.values()]
    names = spread(ends, _LINE, height)
    lines = [
        {
            "name": visible(name),
            "color": number % _N_COLORS,
            "points": " ".join(
                f"{_round(x / last * _WIDTH)},{_round((1.0 - y / top) * height)}" for x, y in line
            ),
            "end": (_round(line[-1][0] / last * _WIDTH), _round(end)),
            "value": line[-1][1],
            "at": _round(at),
        }
        for number, ((name, line), end, at) in enumerate(
            zip(panel.lines.items(), ends, names, strict=True)
        )
    ]
    grid = [(f"{value:g}", _round((1.0 - value / top) * height)) for value in ticks(top)]
    return {"title": panel.title, "height": height, "lines": lines, "grid": grid}


def _round(number: float) -> float:
    return round(number, 1)
