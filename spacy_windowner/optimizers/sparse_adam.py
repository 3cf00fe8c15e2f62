"""An Adam optimizer that is fast on large embedding tables."""

import math
from collections import UserDict
from collections.abc import Callable
from typing import Any

import numpy
from spacy.util import registry
from thinc.api import Optimizer
from thinc.types import Generator

from ..compiled import choose
from ..errors import check_setting
from .table_rows import TableRows, average_decay, clip, is_table

_core = choose("optimizers.adam_core", "optimizers.adam_plain")


@registry.optimizers("spacy-windowner.SparseAdam.v1")
def SparseAdam(
    learn_rate: float | list[float] | Generator = 0.001,
    *,
    L2: float | list[float] | Generator = 0.0,
    beta1: float | list[float] | Generator = 0.9,
    beta2: float | list[float] | Generator = 0.999,
    eps: float | list[float] | Generator = 1e-08,
    grad_clip: float | list[float] | Generator = 1.0,
    use_averages: bool = True,
) -> Optimizer:
    """Adam, like thinc's `Adam.v1` with decoupled weight decay, which spends no time on rows of
    embedding tables that a batch doesn't use. A table is a matrix of at least 256 rows whose first
    gradient is zero in at least half of them. Tables differ in two ways:

    - They have no momentum, as if `beta1` were 0, because momentum would move a row after each
      batch. The sum of these moves is nearly the same, but each gradient has its whole effect at
      once.
    - A row's weight decay waits for the row's next gradient.

    The averages cover more of the training than thinc's, which makes them smoother: the later the
    step, the more its weights count, and their mean age is a third of the steps so far, not a
    tenth. With the weights w at step t, their average a is

        a = (1 + t) / (3 + t) a + 2 / (3 + t) w

    They start as the weights before the first step, and are exactly those of the weights at every
    step, whenever they are read. Arrays of libraries other than NumPy, e.g. on a GPU, are updated
    by thinc's Adam, and averaged in the same way.

    learn_rate (float): The learning rate.
    L2 (float): The weight decay. In every step the weights lose this share of themselves, times
        learn_rate. The product must be below 1.
    beta1 (float): Decay of the first moment, for all parameters except tables. At least 0 and
        below 1.
    beta2 (float): Decay of the second moment. Above 0 and below 1.
    eps (float): Added to the root of the second moment.
    grad_clip (float): The largest norm of a parameter's gradient. 0 for no limit.
    use_averages (bool): Whether to average the weights over the steps.
    RETURNS (Optimizer): The optimizer. Numbers may also be schedules.
    RAISES (ValueError): If a number is outside its range, or isn't finite. The optimizer also
        raises it, at a step with a weight decay of 1 or more.

    Source: Kingma and Ba (2015); the weight decay of Loshchilov and Hutter (2019); beta1 = 0 for
    parameters that few examples use, as in Shazeer et al. (2017); the polynomial-decay averages of
    Shamir and Zhang (2013).
    """
    settings: dict[str, Any] = {"L2": L2, "beta1": beta1, "beta2": beta2, "eps": eps}
    for name, value in {**settings, "learn_rate": learn_rate, "grad_clip": grad_clip}.items():
        if isinstance(value, int | float):
            _check_number(name, value)
    return _SparseAdam(learn_rate, grad_clip=grad_clip, use_averages=use_averages, **settings)


def _check_number(name: str, value: float) -> None:
    """Reject a number with which no step can be computed."""
    is_right, expected = 0.0 <= value < math.inf, "of at least 0"
    if name == "beta1":
        is_right, expected = 0.0 <= value < 1.0, "of at least 0, below 1"
    elif name == "beta2":  # tables need its logarithm
        is_right, expected = 0.0 < value < 1.0, "between 0 and 1, without these"
    check_setting(is_right, name, value, f"It is a number {expected}, or a schedule.")


class _SparseAdam(Optimizer):
    # None means that a parameter isn't a table.
    __slots__ = ["_tables"]
    _tables: dict[Any, TableRows | None]

    def __init__(self, learn_rate: Any, **settings: Any) -> None:
        super().__init__(learn_rate, **settings)
        self._tables = {}
        if self.averages is not None:
            self.averages: Any = Averages(self._catch_up)

    def _catch_up(self, key: Any, average: Any) -> None:
        table = self._tables.get(key)
        if table is not None:
            table.catch_up(average)

    def __call__(
        self, key: tuple[int, str], weights: Any, gradient: Any, *, lr_scale: float = 1.0
    ) -> tuple[Any, Any]:
        """Update a parameter in place. See `Optimizer.__call__`."""
        learn_rate = self.learn_rate * lr_scale
        _check_decay(self.L2, learn_rate)
        if self.averages is not None and weights.size and key not in self.averages:
            self.averages[key] = weights.copy()
        if not (weights.size and _is_flat(weights) and _is_flat(gradient)):
            return self._update_other(key, weights, gradient, lr_scale)
        if key not in self._tables:
            found = is_table(gradient)
            if found is not None:  # otherwise it is too early to tell
                self._tables[key] = TableRows(weights) if found else None
        self.nr_update[key] += 1
        # Not averages[key], which would bring all rows up to date.
        average = None if self.averages is None else self.averages.data[key]
        table = self._tables.get(key)
        if table is None:
            return self._update_all(key, weights, gradient, average, learn_rate)
        table.step(
            weights,
            gradient,
            average,
            step=self.nr_update[key],
            learn_rate=learn_rate,
            beta2=self.b2,
            eps=self.eps,
            L2=self.L2,
            grad_clip=self.grad_clip,
        )
        return weights, gradient

    def _update_other(
        self, key: Any, weights: Any, gradient: Any, lr_scale: float
    ) -> tuple[Any, Any]:
        """A step of thinc's Adam, for an array that compiled code can't take."""
        averages, self.averages = self.averages, None  # thinc would average in its own way
        try:
            weights, gradient = super().__call__(key, weights, gradient, lr_scale=lr_scale)
        finally:
            self.averages = averages
        if averages is not None and weights.size:
            average = averages[key]
            average += (1.0 - average_decay(self.nr_update[key])) * (weights - average)
        return weights, gradient

    def _update_all(
        self, key: Any, weights: Any, gradient: Any, average: Any, learn_rate: float
    ) -> tuple[Any, Any]:
        """A step of thinc's Adam with decoupled weight decay, for a parameter that isn't a
        table."""
        step = self.nr_update[key]
        moments: list[Any] = [self.mom1, self.mom2]
        for each in moments:
            if key not in each:
                each[key] = numpy.zeros(weights.size, dtype="float32")
        root = math.sqrt(1.0 - self.b2**step)
        _core.update_all(
            weights.reshape(-1),
            gradient.reshape(-1),
            *(each[key] for each in moments),
            None if average is None else average.reshape(-1),
            beta1=self.b1,
            beta2=self.b2,
            scale=clip(float(numpy.linalg.norm(gradient)), self.grad_clip),
            rate=learn_rate * root / (1.0 - self.b1**step),
            eps=self.eps,
            kept=1.0 - learn_rate * self.L2,
            past=average_decay(step),
        )
        return weights, gradient


def _check_decay(L2: float, learn_rate: float) -> None:
    """Reject a weight decay that leaves nothing of the weights. Both numbers may come from
    schedules, so only a step can tell."""
    decay = L2 * learn_rate
    if decay >= 1.0:
        why = (
            "In every step the weights lose the share L2 * learn_rate of themselves, which must be "
            f"below 1. With learn_rate = {learn_rate:.4g} it is {decay:.4g}. Lower L2 (0.01 is "
            "usual) or learn_rate."
        )
        check_setting(False, "L2", L2, why)


def tables_of(optimizer: Optimizer) -> dict[Any, TableRows | None]:
    """The tables among an optimizer's parameters, by key. None means that a parameter isn't one.

    optimizer (Optimizer): The optimizer. Only `SparseAdam` has tables.
    RETURNS (Dict[Tuple[int, str], Optional[TableRows]]): The tables. Not a copy.
    """
    return optimizer._tables if isinstance(optimizer, _SparseAdam) else {}


class Averages(UserDict):
    """Averages of parameters. Each is brought up to date when it is read.

    catch_up (Callable[[Tuple[int, str], FloatsXd], None]): Called with the key and the array of an
        average before it is read.
    """

    def __init__(self, catch_up: Callable[[Any, Any], None]) -> None:
        super().__init__()
        self._catch_up = catch_up

    def __getitem__(self, key: Any) -> Any:
        average = super().__getitem__(key)
        self._catch_up(key, average)
        return average


def _is_flat(array: Any) -> bool:
    """Whether compiled code can take an array."""
    is_float = isinstance(array, numpy.ndarray) and array.dtype == "float32"
    return is_float and array.flags.c_contiguous
