import numpy
import pytest
from spacy_windowner.runtime import kernels, torch_kernels
from spacy_windowner.runtime.kernels import KERNELS as NAMES
from spacy_windowner.runtime.kernels import ThincKernel, make_kernel
from spacy_windowner.runtime.torch_kernels import TorchInt8Kernel, TorchKernel

from .util import EXACT_KERNELS, KERNELS, needs_torch

N_ROWS = 50


def make_batch(width=128, n_positions=7, n=100, seed=0):
    """Rows of different scales, the first of them zero, and indices of what to add up."""
    rng = numpy.random.default_rng(seed)
    rows = rng.normal(size=(N_ROWS, width)) * rng.uniform(0.01, 3, size=(N_ROWS, 1)) + 0.5
    rows[0] = 0.0
    indices = rng.integers(N_ROWS, size=(n, n_positions)).astype("int32")
    return rows.astype("float32"), indices


def add_up(kernel, rows, indices):
    chosen = make_kernel(kernel)
    return chosen.add_up(chosen.pack(rows), indices)


widths = pytest.mark.parametrize("width", [1, 5, 13, 128])


@widths
@pytest.mark.parametrize("n_positions", [1, 7])
@pytest.mark.parametrize("kernel", EXACT_KERNELS)
def test_exact_sums(kernel, n_positions, width):
    rows, indices = make_batch(width, n_positions)
    sums = add_up(kernel, rows, indices)
    assert sums.dtype == numpy.float32 and sums.shape == (100, width)
    expected = rows.astype("float64")[indices].sum(axis=1)
    numpy.testing.assert_allclose(sums, expected, rtol=1e-5, atol=1e-5)


@needs_torch
@widths
def test_torch_adds_up_the_same_numbers(width):
    rows, indices = make_batch(width)
    numpy.testing.assert_array_equal(add_up("torch", rows, indices), add_up("thinc", rows, indices))


@needs_torch
@widths
def test_int8_is_off_by_half_a_step_a_row_at_most(width):
    rows, indices = make_batch(width)
    sums = add_up("torch-int8", rows, indices)
    assert sums.dtype == numpy.float32 and sums.shape == (100, width)
    half_steps = (rows.max(axis=1) - rows.min(axis=1)).astype("float64") / 510
    bound = half_steps[indices].sum(axis=1, keepdims=True) + 1e-4
    error = abs(sums - rows.astype("float64")[indices].sum(axis=1))
    assert (error <= bound).all()
    assert width == 1 or error.max() > 0.01 * bound.max()  # it is not float32


@needs_torch
def test_int8_takes_a_quarter_of_the_memory():
    rows, _ = make_batch(width=128)
    packed = make_kernel("torch-int8").pack(rows)
    assert packed.nbytes == rows.nbytes // 4 + 8 * len(rows)  # and a scale and an offset


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_row_of_zeros_stays_zero(kernel):
    rows, _ = make_batch()
    assert not add_up(kernel, rows, numpy.zeros((3, 7), dtype="int32")).any()


@pytest.mark.parametrize("kernel", KERNELS)
@widths
def test_sums_do_not_depend_on_the_batch(kernel, width):
    rows, indices = make_batch(width)
    chosen = make_kernel(kernel)
    stored = chosen.pack(rows)
    together = chosen.add_up(stored, indices)
    for start, stop in [(0, 1), (1, 3), (3, 50), (50, 100)]:
        part = chosen.add_up(stored, indices[start:stop])
        numpy.testing.assert_array_equal(part, together[start:stop])
    # Nor do packed rows depend on those that are packed with them.
    parts = [chosen.pack(rows[:1]), chosen.pack(rows[1:8]), chosen.pack(rows[8:])]
    numpy.testing.assert_array_equal(numpy.vstack(parts), stored)


@pytest.mark.parametrize("installed, expected", [(True, TorchKernel), (False, ThincKernel)])
def test_auto_is_the_fastest_exact_one(monkeypatch, installed, expected):
    monkeypatch.setattr(kernels, "has_torch", installed)
    assert type(make_kernel("auto")) is expected


@needs_torch
def test_kernels_by_name():
    expected = {"thinc": ThincKernel, "torch": TorchKernel, "torch-int8": TorchInt8Kernel}
    assert {name: type(make_kernel(name)) for name in NAMES} == expected


@pytest.mark.parametrize("kernel", ["torch", "torch-int8"])
def test_torch_is_not_installed(monkeypatch, kernel):
    monkeypatch.setattr(kernels, "has_torch", False)
    with pytest.raises(ValueError, match=rf"WN014.*'{kernel}'.*'spacy-windowner\[torch\]'"):
        make_kernel(kernel)
    assert isinstance(make_kernel("thinc"), ThincKernel)


@pytest.mark.parametrize("kernel", ["", "Torch", "numpy", "torch-int4"])
def test_unknown_kernel(kernel):
    with pytest.raises(ValueError, match=f"WN001.*kernel = '{kernel}'.*auto, thinc, torch, torch-"):
        make_kernel(kernel)


@needs_torch
@pytest.mark.parametrize("kernel", ["torch", "torch-int8"])
def test_whatever_the_default_device_of_torch_is(kernel):
    import torch

    rows, indices = make_batch()
    expected = add_up(kernel, rows, indices)
    torch.set_default_device("meta")
    try:
        found = add_up(kernel, rows, indices)
    finally:
        torch.set_default_device(None)
    numpy.testing.assert_array_equal(found, expected)


@needs_torch
@pytest.mark.parametrize("width", [1, 13, 128, 256])
def test_few_sums_equal_many_to_the_bit(width):
    rows, indices = make_batch(width, n=torch_kernels._FEW + 1)
    many = add_up("torch", rows, indices)
    for n in (1, 2, torch_kernels._FEW):
        numpy.testing.assert_array_equal(add_up("torch", rows, indices[:n]), many[:n])
