"""Kernels of the extra `torch`, which may not be installed: thinc's `torch` is None then."""

from typing import Any

import numpy
from thinc.compat import torch

from ..layers.torch_threads import use_one_thread_if_forked
from .thinc_kernel import ThincKernel

# Up to so many sums, calling torch takes longer than adding.
_FEW = 64


class TorchKernel:
    """Rows of float32, added up by torch's `embedding_bag`, which fetches the next rows while it
    adds these. A few sums are left to `ops.gather_add`, which adds in the same order."""

    def __init__(self) -> None:
        self.of_few = ThincKernel()

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        return self.of_few.pack(rows)

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        if len(indices) <= _FEW:
            return self.of_few.add_up(stored, indices)
        use_one_thread_if_forked()
        flat, starts = _bags(indices)
        rows = torch.from_numpy(stored)
        return torch.nn.functional.embedding_bag(flat, rows, starts, mode="sum").numpy()


class TorchInt8Kernel:
    """Rows of 8-bit numbers with a scale and an offset of each row, x ~ scale * q + offset, at a
    quarter of the memory. A number is off by at most half a step, (largest - smallest) / 510."""

    def pack(self, rows: numpy.ndarray) -> numpy.ndarray:
        use_one_thread_if_forked()
        floats = torch.from_numpy(numpy.ascontiguousarray(rows))
        return torch.ops.quantized.embedding_bag_byte_prepack(floats).numpy()

    def add_up(self, stored: numpy.ndarray, indices: numpy.ndarray) -> numpy.ndarray:
        use_one_thread_if_forked()
        flat, starts = _bags(indices)
        rows = torch.from_numpy(stored)
        return torch.ops.quantized.embedding_bag_byte_rowwise_offsets(rows, flat, starts).numpy()


def _bags(indices: numpy.ndarray) -> tuple[Any, Any]:
    """Indices one after the other, and where each bag of them starts."""
    n, m = indices.shape
    # From NumPy, as the rows, whatever torch's default device is.
    starts = torch.from_numpy(numpy.arange(0, n * m, m, dtype="int32"))
    return torch.from_numpy(indices.reshape(-1)), starts
