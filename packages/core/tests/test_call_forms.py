"""Forms of a call that programs written for PyTorch use, and that are easily forgotten."""

from __future__ import annotations

import pytest

import lamella
from lamella.core.testing import assert_close


def test_where_of_a_condition_alone_says_where_it_holds() -> None:
    rows, columns = lamella.where(lamella.tensor([[0, 2], [3, 0]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_where_takes_both_or_neither() -> None:
    with pytest.raises(TypeError, match="expected both `input` and `other`, or neither"):
        lamella.where(lamella.tensor([True]), lamella.ones(1))


def test_copy_takes_a_number() -> None:
    x = lamella.ones(2, dtype=lamella.int64)
    assert x.copy_(2.7) is x
    assert x.tolist() == [2, 2]
    with pytest.raises(TypeError, match="expected a number for a tensor of lamella.int64, got str"):
        x.copy_("a")


def test_pow_names_its_exponent() -> None:
    x = lamella.tensor([3.0])
    assert lamella.pow(x, exponent=2).item() == x.pow(exponent=2).item() == x.pow_(exponent=2).item() == 9


def test_histogram_makes_a_hundred_bins() -> None:
    assert lamella.histogram(lamella.ones(3)).hist.shape == (100,)


def test_to_lays_out_anew() -> None:
    x = lamella.ones(1, 2, 3, 4)
    assert x.to(memory_format=lamella.channels_last).stride() == (24, 1, 8, 2)
    assert x.to(lamella.float64, memory_format=lamella.channels_last).stride() == (24, 1, 8, 2)
    assert x.to(memory_format=lamella.preserve_format) is x


def test_unsigned_integers_take_over_signed_results() -> None:
    assert lamella.can_cast(lamella.int64, lamella.uint8)
    assert not lamella.can_cast(lamella.int64, lamella.bool)
    x = lamella.tensor([1, 250], dtype=lamella.uint8)
    assert x.add_(lamella.tensor([-2, 300])).tolist() == [255, 38]  # modulo 256


def test_detach_and_fill_are_functions_too() -> None:
    x = lamella.ones(2, requires_grad=True)
    assert not lamella.detach(x).requires_grad
    assert lamella.detach(x).data_ptr() == x.data_ptr()
    value = lamella.tensor(3.0, requires_grad=True)
    filled = lamella.fill(x, value)
    assert_close(filled, lamella.tensor([3.0, 3.0]))
    filled.sum().backward()
    assert_close(value.grad, lamella.tensor(2.0))
    assert lamella.fill(lamella.ones(2, dtype=lamella.int64), 4).tolist() == [4, 4]


def test_grad_ignores_only_inputs() -> None:
    x = lamella.ones(2, requires_grad=True)
    with pytest.warns(FutureWarning, match="only_inputs=False is ignored"):
        (grad,) = lamella.autograd.grad(x.sum(), x, only_inputs=False)
    assert grad.tolist() == [1, 1]
