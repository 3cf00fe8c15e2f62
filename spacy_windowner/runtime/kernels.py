"""How products are stored in a word table and added up, and the one place that decides on it."""

from typing import Any, Protocol

import numpy
from thinc.api import NumpyOps
from thinc.compat import has_torch

from ..errors import Errors, check_setting
from .torch_kernels import TorchInt8Kernel, TorchKernel


class Kernel(Protocol):
    """How rows are stored and added up."""

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        """Rows as they are stored. Shape (n, width); returns shape (n, stored width)."""

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        """Y[i] = sum_j rows[indices[i, j]]. Indices int32, (n, m). Returns shape (n, width)."""


class ThincKernel:
    """Rows of float32, added up by `ops.gather_add`."""

    def __init__(self) -> None:
        self.ops: Any = NumpyOps()

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        return numpy.asarray(rows)

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        return self.ops.gather_add(stored, indices)


KERNELS: dict[str, type[Kernel]] = {
    "thinc": ThincKernel,
    "torch": TorchKernel,
    "torch-int8": TorchInt8Kernel,
}


def make_kernel(name: str) -> Kernel:
    """Choose a kernel.

    name (str): "thinc", "torch", "torch-int8", or "auto" for the fastest exact one that is
        installed.
    RETURNS (Kernel): The kernel.
    RAISES (ValueError): If the name is unknown, or the kernel's library isn't installed.
    """
    known = ", ".join(["auto", *KERNELS])
    check_setting(name in ("auto", *KERNELS), "kernel", name, f"Choose one of {known}.")
    if name == "auto":
        name = "torch" if has_torch else "thinc"
    if name.startswith("torch") and not has_torch:
        raise ValueError(Errors.WN014.format(name="kernel", value=name))
    return KERNELS[name]()
