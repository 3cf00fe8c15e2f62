"""Words, products and kernels that the tests of the runtime share."""

import numpy
import pytest
from spacy_windowner.runtime.kernels import make_kernel
from thinc.compat import has_torch

needs_torch = pytest.mark.skipif(not has_torch, reason="torch is an extra")
EXACT_KERNELS = ["thinc", pytest.param("torch", marks=needs_torch)]
KERNELS = [*EXACT_KERNELS, pytest.param("torch-int8", marks=needs_torch)]

N_POSITIONS, WIDTH = 3, 8


def make_products(words) -> numpy.ndarray:
    """Products that tell every word from the others. Shape (n * N_POSITIONS, WIDTH)."""
    rows = [numpy.random.default_rng(int(word)).normal(size=(N_POSITIONS, WIDTH)) for word in words]
    return numpy.array(rows, dtype="float32").reshape(-1, WIDTH)


PAD = make_products([2**63])


def uint64(words) -> numpy.ndarray:
    return numpy.array(list(words), dtype="uint64")


def read_products(table, words) -> numpy.ndarray:
    """What a table gives for words, one product at a time. Shaped as from `make_products`."""
    if not len(words):
        return make_products(words)
    [products] = table.add_up(product_indices(table.rows(words))[:, None])
    return products


def product_indices(rows: numpy.ndarray) -> numpy.ndarray:
    """Where the products of rows are."""
    places = rows[:, None] * N_POSITIONS + numpy.arange(N_POSITIONS)
    return places.ravel().astype("int32")


def rounded(kernel: str, products: numpy.ndarray) -> numpy.ndarray:
    """Products as a kernel keeps them, in a table of their own."""
    if not len(products):
        return products
    chosen = make_kernel(kernel)
    indices = numpy.arange(len(products), dtype="int32")[:, None]
    return chosen.add_up(chosen.pack(products), indices)
