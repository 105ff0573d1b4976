"""bfloat16: stored in two bytes, computed in float32."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentTypeError


def test_it_keeps_eight_bits():
    x = lamella.tensor([1.0, 1.00390625, 1.0078125, 3.0e38], dtype=lamella.bfloat16)
    assert x.tolist() == [1.0, 1.0, 1.0078125, 226 * 2.0**120]
    assert x.itemsize == 2
    assert str(x[2]) == "tensor(1.0078, dtype=lamella.bfloat16)"
    assert x[2].item() == 1.0078125


def test_ops_compute_in_float32_and_round_once():
    x = lamella.full((1000,), 0.01, dtype=lamella.bfloat16)
    total = x.sum()
    assert total.dtype is lamella.bfloat16
    # added up in bfloat16 itself, the sum would stop growing near 4
    assert total.item() == lamella.tensor(float(x.float().sum())).to(lamella.bfloat16).item()
    assert abs(total.item() - 10) < 0.05


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("float16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("int64", "bfloat16"),
        ("bool", "bfloat16"),
        ("complex64", "complex64"),
    ],
)
def test_promotion(other, expected):
    a, b = lamella.ones(2, dtype=lamella.bfloat16), lamella.ones(2, dtype=getattr(lamella, other))
    assert (a + b).dtype is getattr(lamella, expected)
    assert lamella.promote_types(b.dtype, a.dtype) is getattr(lamella, expected)


def test_numbers_are_weak():
    x = lamella.ones(2, dtype=lamella.bfloat16)
    assert (x * 2.5 + 1).dtype is lamella.bfloat16


def test_gradients_have_its_dtype():
    x = lamella.tensor([1.0, 2.0, 3.0], dtype=lamella.bfloat16, requires_grad=True)
    ((x * x).sum() + x.exp() @ x).backward()
    assert x.grad.dtype is lamella.bfloat16
    exact = 2 * np.arange(1, 4) + np.exp(np.arange(1, 4)) * np.arange(2, 5)
    np.testing.assert_allclose(x.grad.float().numpy(), exact, rtol=2**-7)


def test_second_derivatives():
    x = lamella.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=lamella.bfloat16, requires_grad=True)
    (first,) = lamella.autograd.grad((x @ x).sum(), x, create_graph=True)
    (second,) = lamella.autograd.grad((first * first).sum(), x)
    exact = x.detach().double().requires_grad_()
    (wide,) = lamella.autograd.grad((exact @ exact).sum(), exact, create_graph=True)
    assert second.tolist() == lamella.autograd.grad((wide * wide).sum(), exact)[0].tolist()


def test_views_share_memory():
    x = lamella.zeros(2, 3, dtype=lamella.bfloat16)
    x.t()[1] = 1.0
    assert x.tolist() == [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]


def test_draws():
    generator = lamella.Generator().manual_seed(1)
    x = lamella.rand(10_000, dtype=lamella.bfloat16, generator=generator)
    assert x.min().item() >= 0.0 and x.max().item() < 1.0
    assert abs(lamella.randn(10_000, dtype=lamella.bfloat16, generator=generator).float().std().item() - 1) < 0.05


def test_limits():
    limits = lamella.finfo(lamella.bfloat16)
    assert (limits.bits, limits.eps, limits.tiny) == (16, 0.0078125, 2.0**-126)
    assert limits.max == (2 - 2**-7) * 2.0**127


def test_numpy_has_no_such_dtype():
    with pytest.raises(ArgumentTypeError, match=r"NumPy has no lamella.bfloat16.*float\(\)"):
        lamella.ones(1, dtype=lamella.bfloat16).numpy()


def test_without_its_package_the_name_says_what_to_install():
    code = (
        "import sys; sys.modules['ml_dtypes'] = None\n"
        "import lamella\n"
        "try: lamella.bfloat16\n"
        "except AttributeError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'lamella-core[bfloat16]'" in done.stdout
