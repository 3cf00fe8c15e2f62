"""What a training has shown at each evaluation."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Evaluation:
    """One evaluation in training.

    step (int): The step after which it was.
    losses (Dict[str, float]): The loss of each component, a mean over the steps since the last one.
    score (float): The score by which the best model is chosen.
    scores (Dict[str, float]): The single scores that it is made of, 0 to 1, where there are any.
    label_f (Dict[str, float]): The F-score of each label that the data or the predictions have.
    words_per_second (Optional[float]): Words trained on in a second, evaluation and saving apart.
        None if no step was measured.
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
        keeps as the best; None if there is no evaluation."""
        return max(self.evaluations, key=lambda one: one.score, default=None)

    def step(self) -> None:
        """Note a step without an evaluation."""
        self._steps += 1
        self._speed.step()

    def evaluate(self, info: dict[str, Any], violations: float | None) -> Evaluation:
        """Note a step with an evaluation.

        info (Dict[str, Any]): What spaCy tells loggers.
        violations (Optional[float]): See `Evaluation`.
        RETURNS (Evaluation): What it says.
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
        """Note that all of an evaluation is done, and the next step begins."""
        self._speed.go_on()


class _Speed:
    """Measures the speed of training between two evaluations. The last step before an evaluation
    can't be told from it: it counts for as long as the others take in the mean."""

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
        """The words a second since the last evaluation, of the number of all words until now."""
        new, self._words = words - self._words, words
        if not self._seconds:
            return None
        return new * self._steps / (self._steps + 1) / self._seconds
