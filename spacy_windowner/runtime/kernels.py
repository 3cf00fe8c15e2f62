"""How products are stored in a word table and added up, and the one place that decides on it."""

from typing import Protocol

import numpy
from thinc.compat import has_torch

from ..errors import Errors, check_setting
from .thinc_kernel import ThincKernel
from .torch_kernels import TorchInt8Kernel, TorchKernel


class Kernel(Protocol):
    """How rows are stored and added up."""

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        """Rows as they are stored. Shape (n, width); returns shape (n, stored width)."""

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        """Y[i] = sum_j rows[indices[i, j]]. Indices int32, (n, m). Returns shape (n, width)."""


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
