"""Training of embedding tables: a step updates only the rows that have a gradient."""

import math
from typing import Any

import numpy

from ..compiled import choose

_core = choose("optimizers.adam_core", "optimizers.adam_plain")
# The fewest rows of a table. Updating a smaller matrix as a whole costs little.
_MIN_ROWS = 256
# The mean age of the weights in an average, as a share of the steps so far, is 1 / _AVERAGE_SPAN.
# In thinc's averages it is 1 / 10. After those, the score on the dev set falls again in training.
_AVERAGE_SPAN = 3


class TableRows:
    """The state of a table in training. A step changes only the rows that have a gradient. The
    other rows miss the decays of that step, which are factors. The sums of the factors' logarithms
    are kept, for now and for the last time each row was updated, so a row can catch up at any time.

    weights (numpy.ndarray): The table, which is updated in place. Shape (n_rows, width).
    """

    def __init__(self, weights: numpy.ndarray) -> None:
        self.weights = weights
        self.second_moment = numpy.zeros_like(weights)
        # Columns: decays of the second moment, of the weights, and of their average.
        self._now = numpy.zeros(3)
        self._seen = numpy.zeros((len(weights), 3))

    def get_state(self) -> list[numpy.ndarray]:
        """RETURNS (List[numpy.ndarray]): The state, except for the weights. Not a copy."""
        return [self.second_moment, self._now, self._seen]

    @classmethod
    def from_state(cls, weights: numpy.ndarray, state: list[numpy.ndarray]) -> "TableRows":
        """Restore a state.

        weights (numpy.ndarray): The table, as it was then. Shape (n_rows, width).
        state (List[numpy.ndarray]): The result of `get_state`. It is copied.
        RETURNS (TableRows): The table's state.
        """
        table = cls(weights)
        table.second_moment, table._now, table._seen = map(numpy.array, state)
        return table

    def step(
        self,
        weights: numpy.ndarray,
        gradient: numpy.ndarray,
        average: numpy.ndarray | None,
        *,
        step: int,
        learn_rate: float,
        beta2: float,
        eps: float,
        L2: float,
        grad_clip: float,
    ) -> None:
        """Update the weights and their average in place, and set the gradient to zero. With the
        gradient g of a row at step t, and k the number of steps since its last one with a gradient:

            v = beta2^k v + (1 - beta2) g^2
            w = (1 - L2 learn_rate)^k w - (1 - L2 learn_rate) learn_rate sqrt(1 - beta2^t) g /
                (sqrt(v) + eps)

        weights (numpy.ndarray): The table. Shape (n_rows, width).
        gradient (numpy.ndarray): Its gradient. Shape (n_rows, width).
        average (Optional[numpy.ndarray]): The average of the weights. Shape (n_rows, width).
        step (int): t, the number of the step, from 1.
        """
        self.weights = weights
        squares = _squared_norms(gradient)
        touched = numpy.flatnonzero(squares)
        norm = math.sqrt(squares.sum(dtype="float64"))
        kept = 1.0 - learn_rate * L2
        past = average_decay(step)
        now = self._now.copy()
        self._now += numpy.log([beta2, kept, past])
        # With sqrt(1 - beta2) in the gradient's scale there is one product less.
        root = math.sqrt(1.0 - beta2)
        _core.update_rows(
            weights,
            gradient,
            self.second_moment,
            average,
            self._seen,
            touched,
            now,
            self._now,
            scale=clip(norm, grad_clip) * root,
            rate=kept * learn_rate * math.sqrt(1.0 - beta2**step) / root,
            eps=eps,
            past=past,
        )

    def catch_up(self, average: numpy.ndarray) -> None:
        """Bring the average of every row up to date, in place.

        average (numpy.ndarray): The average. Shape (n_rows, width).
        """
        decays = numpy.exp(self._now[2] - self._seen[:, 2:]).astype(average.dtype)
        average -= self.weights
        average *= decays
        average += self.weights
        self._seen[:, 2] = self._now[2]


def is_table(gradient: Any) -> bool | None:
    """Whether a parameter is a table, of which a batch uses few rows, like an embedding table. Its
    gradient must have many rows, and at least half of them must be zero.

    gradient (FloatsXd): A gradient.
    RETURNS (Optional[bool]): None if it is too early to tell, because the whole gradient is zero.
    """
    if not isinstance(gradient, numpy.ndarray) or gradient.ndim != 2 or len(gradient) < _MIN_ROWS:
        return False
    touched = int(numpy.count_nonzero(_squared_norms(gradient)))
    return 2 * touched <= len(gradient) if touched else None


def clip(norm: float, grad_clip: float) -> float:
    """The factor that shortens a gradient with some norm to the norm that is allowed. 0 allows any
    norm."""
    return grad_clip / norm if grad_clip and norm >= grad_clip else 1.0


def average_decay(step: int) -> float:
    """The weight of the past in the average at a step, from 1. See `SparseAdam`."""
    return (1.0 + step) / (_AVERAGE_SPAN + step)


def _squared_norms(gradient: numpy.ndarray) -> numpy.ndarray:
    """The squared norm of each row. It is zero for rows without a gradient."""
    return numpy.einsum("ij,ij->i", gradient, gradient)
