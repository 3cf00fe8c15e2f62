from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy

from .matching import MISSED, SPURIOUS, Compared


class Confusion(NamedTuple):
    """Which labels are taken for which.

    rows (List[str]): The true labels, and SPURIOUS for predicted entities that are none.
    columns (List[str]): The predicted labels, and MISSED for true entities that were not found.
    counts (numpy.ndarray): The number of pairs. Shape (n_labels + 1, n_labels + 1).
    exact (numpy.ndarray): The number of those whose tokens are the same, too. Same shape.
    """

    rows: list[str]
    columns: list[str]
    counts: numpy.ndarray
    exact: numpy.ndarray

    @classmethod
    def of(cls, compared: Iterable[Compared], labels: Sequence[str]) -> "Confusion":
        """Count the pairs of compared documents.

        compared (Iterable[Compared]): The documents.
        labels (Sequence[str]): All labels, true and predicted.
        """
        place = {label: i for i, label in enumerate(labels)}
        counts, exact = (numpy.zeros((len(labels) + 1,) * 2, dtype="int64") for _ in range(2))
        for doc in compared:
            for pair in doc.pairs:
                row = len(labels) if pair.true is None else place[pair.true.label]
                column = len(labels) if pair.found is None else place[pair.found.label]
                counts[row, column] += 1
                if pair.true is not None and pair.found is not None:
                    exact[row, column] += pair.true.same_span(pair.found)
        return cls([*labels, SPURIOUS], [*labels, MISSED], counts, exact)

    def to_dict(self) -> dict[str, list]:
        """The same in lists, as for JSON."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "counts": self.counts.tolist(),
            "exact": self.exact.tolist(),
        }
