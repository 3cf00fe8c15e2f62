from typing import Any

import numpy
from thinc.api import NumpyOps


class ThincKernel:
    """Rows of float32, added up by `ops.gather_add`."""

    def __init__(self) -> None:
        self.ops: Any = NumpyOps()

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        return numpy.asarray(rows)

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        return self.ops.gather_add(stored, indices)
