import numpy

from .targets import Targets

MARGIN = 1.0
"""The margin of the losses: what the right tag is to score above every other."""


class Violations:
    """Counts the tokens whose right tag doesn't score at least the margin above all others, while
    a component trains: see `WindowNER.on_scores`."""

    def __init__(self) -> None:
        self._violations = 0
        self._tokens = 0

    def __call__(self, scores: numpy.ndarray, targets: Targets) -> None:
        """Count those of a batch.

        scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
        targets (Targets): The gold standard of the same tokens. Those without one don't count.
        """
        tokens = targets.annotated
        tags = targets.tags[tokens]
        rivals = scores[tokens]  # a copy
        rows = numpy.arange(len(tokens))
        right = rivals[rows, tags]
        rivals[rows, tags] = -numpy.inf
        self._violations += int((right < rivals.max(axis=1, initial=-numpy.inf) + MARGIN).sum())
        self._tokens += len(tokens)

    def take(self) -> float | None:
        """RETURNS (Optional[float]): The share of the tokens, 0 to 1, since this was last called.
        None if there were no tokens."""
        share = self._violations / self._tokens if self._tokens else None
        self._violations = self._tokens = 0
        return share
