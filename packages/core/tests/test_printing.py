"""What tensors print: PyTorch's own output, kept in data/printing.json, and the options."""

from __future__ import annotations

import json
import math
import pathlib

import numpy as np
import pytest

from lamella.core import dtypes
from lamella.core.errors import ArgumentError
from lamella.core.printing import format_tensor, set_printoptions

CASES = json.loads(pathlib.Path(__file__).with_name("data").joinpath("printing.json").read_text())["cases"]


@pytest.fixture(autouse=True)
def default_options():
    yield
    set_printoptions(profile="default")


def array_of(case: dict) -> np.ndarray:
    dtype = np.dtype(case["dtype"])
    flat = np.array(case["values"], dtype.type(0).real.dtype).view(dtype)
    return flat.reshape(case["shape"])


def lines_of(*lines: str) -> str:
    return "\n".join(lines)


@pytest.mark.parametrize("first", range(0, len(CASES), 40))
def test_prints_what_pytorch_prints(first):
    for number, case in enumerate(CASES[first : first + 40], first):
        set_printoptions(profile="default")
        set_printoptions(**case["options"])
        text = format_tensor(array_of(case), suffixes=case["suffixes"])
        assert text == case["printed"], f"case {number}: {case['dtype']} {case['shape']} {case['options']}"


def test_cases_cover_dtypes_and_shapes():
    assert len(CASES) >= 300
    assert len({case["dtype"] for case in CASES}) == 9
    assert {len(case["shape"]) for case in CASES} == {0, 1, 2, 3, 4}
    assert sum("..." in case["printed"] for case in CASES) >= 20
    assert sum("\n" in case["printed"] for case in CASES) >= 50


def test_a_float_tensor_in_short_and_in_full():
    assert format_tensor(np.arange(2000.0), suffixes=[]) == lines_of(
        "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,",
        "        1.9990e+03], dtype=lamella.float64)",
    )
    square = np.arange(1600).reshape(40, 40)
    assert format_tensor(square, suffixes=[]) == lines_of(
        "tensor([[   0,    1,    2,  ...,   37,   38,   39],",
        "        [  40,   41,   42,  ...,   77,   78,   79],",
        "        [  80,   81,   82,  ...,  117,  118,  119],",
        "        ...,",
        "        [1480, 1481, 1482,  ..., 1517, 1518, 1519],",
        "        [1520, 1521, 1522,  ..., 1557, 1558, 1559],",
        "        [1560, 1561, 1562,  ..., 1597, 1598, 1599]])",
    )
    set_printoptions(threshold=math.inf)
    assert "..." not in format_tensor(square, suffixes=[])


def test_dtype_suffix_follows_the_default_dtype():
    single, double = np.float32([1.5]), np.float64([1.5])
    assert format_tensor(single, suffixes=[]) == "tensor([1.5000])"
    before = dtypes.get_default_dtype()
    try:
        dtypes.set_default_dtype(dtypes.float64)
        assert format_tensor(double, suffixes=[]) == "tensor([1.5000])"
        assert format_tensor(single, suffixes=[]) == "tensor([1.5000], dtype=lamella.float32)"
        assert format_tensor(np.complex128([1j]), suffixes=[]) == "tensor([0.+1.j])"
    finally:
        dtypes.set_default_dtype(before)


def test_device_comes_before_dtype():
    text = format_tensor(np.zeros(1), suffixes=["requires_grad=True"], device="cuda:0")
    assert text == "tensor([0.], device='cuda:0', dtype=lamella.float64, requires_grad=True)"


def test_prefix_sets_the_indent():
    text = format_tensor(np.eye(2, dtype=np.float32), prefix="Mask(", suffixes=[])
    assert text == "Mask([[1., 0.],\n      [0., 1.]])"


def test_non_contiguous_arrays():
    array = np.arange(6, dtype=np.int64).reshape(2, 3)
    assert format_tensor(array.T[::-1], suffixes=[]) == "tensor([[2, 5],\n        [1, 4],\n        [0, 3]])"


def test_options_stay_until_changed_except_sci_mode():
    set_printoptions(precision=2, sci_mode=True)
    assert format_tensor(np.float32([1.5]), suffixes=[]) == "tensor([1.50e+00])"
    set_printoptions(linewidth=100)
    assert format_tensor(np.float32([1.5]), suffixes=[]) == "tensor([1.50])"


@pytest.mark.parametrize(
    "options",
    [
        {"precision": -1},
        {"precision": 1.5},
        {"threshold": -math.inf},
        {"threshold": math.nan},
        {"edgeitems": True},
        {"linewidth": "wide"},
        {"profile": "tiny"},
    ],
)
def test_bad_options_are_refused_and_change_nothing(options):
    ((name, value),) = options.items()
    with pytest.raises(ArgumentError, match=f"set_printoptions: .*{name}.*") as caught:
        set_printoptions(**options)
    assert repr(value) in str(caught.value)
    assert format_tensor(np.float32([1.5]), suffixes=[]) == "tensor([1.5000])"
