"""What PyTorch has kept from its early versions: constructors by type, Variables, factors before tensors."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor
from lamella.autograd import Variable


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("FloatTensor", lamella.float32),
        ("DoubleTensor", lamella.float64),
        ("HalfTensor", lamella.float16),
        ("ByteTensor", lamella.uint8),
        ("CharTensor", lamella.int8),
        ("ShortTensor", lamella.int16),
        ("IntTensor", lamella.int32),
        ("LongTensor", lamella.int64),
        ("BoolTensor", lamella.bool),
    ],
)
def test_a_tensor_type_makes_and_knows_tensors_of_its_dtype(name: str, dtype: lamella.dtype) -> None:
    kind = getattr(lamella, name)
    assert kind is getattr(lamella, name) and kind.dtype is dtype and str(kind) == f"lamella.{name}"
    made = kind([1, 0])
    assert type(made) is Tensor and made.dtype is dtype and made.tolist() == [1, 0]
    assert kind(np.ones(2)).dtype is dtype
    assert kind(2, 3).shape == kind(lamella.Size([2, 3])).shape == (2, 3)
    assert kind().shape == (0,)
    assert isinstance(made, kind) and not isinstance(lamella.ones(1, dtype=lamella.complex64), kind)
    assert not isinstance([1.0], kind) and not issubclass(kind, Tensor)
    assert lamella.ones(2, dtype=lamella.complex64).real.type(kind).dtype is dtype
    assert made.type() == str(kind)


def test_a_tensor_type_refuses_what_is_no_size_and_no_sequence() -> None:
    with pytest.raises(TypeError, match=r"data must be a sequence \(got float\)"):
        lamella.LongTensor(3.0)
    with pytest.raises(TypeError, match=r"expected a tensor of dtype lamella.float32, got lamella.int64"):
        lamella.FloatTensor(lamella.tensor([1]))


def test_a_type_of_another_device_knows_no_tensor_and_makes_none_without_it() -> None:
    assert str(lamella.cuda.FloatTensor) == "lamella.cuda.FloatTensor"
    assert not isinstance(lamella.ones(1), lamella.cuda.FloatTensor)
    with pytest.raises(RuntimeError, match="no backend for device 'cuda'"):
        lamella.cuda.FloatTensor(1)
    with pytest.raises(AttributeError, match="has no attribute 'FlootTensor'"):
        lamella.cuda.FlootTensor  # noqa: B018  # asking is the test


def test_a_type_can_be_the_default() -> None:
    try:
        with pytest.warns(UserWarning, match="deprecated"):
            lamella.set_default_tensor_type(lamella.DoubleTensor)
        assert lamella.ones(1).dtype is lamella.float64
    finally:
        lamella.set_default_dtype(lamella.float32)
    with pytest.warns(UserWarning, match="deprecated"), pytest.raises(RuntimeError, match="no backend for device"):
        lamella.set_default_tensor_type("torch.cuda.DoubleTensor")
    assert lamella.ones(1).dtype is lamella.float32


def test_a_variable_is_a_tensor_outside_of_the_graph() -> None:
    x = lamella.ones(2, requires_grad=True)
    y = x * 2
    wrapped = Variable(y)
    assert type(wrapped) is Tensor and wrapped.grad_fn is None and not wrapped.requires_grad
    assert wrapped.data_ptr() == y.data_ptr()
    assert Variable(lamella.ones(2), requires_grad=True).requires_grad
    assert Variable().shape == (0,)
    assert isinstance(x, Variable) and not isinstance(3, Variable)
    with pytest.warns(UserWarning, match="volatile was removed"):
        Variable(lamella.ones(2), volatile=True)
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        Variable([1.0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lambda x, a, b: x.add(-0.5, a), lambda x, a, b: x.add(a, alpha=-0.5)),
        (lambda x, a, b: x.clone().add_(-0.5, a), lambda x, a, b: x.add(a, alpha=-0.5)),
        (lambda x, a, b: lamella.add(x, 2, a), lambda x, a, b: x.add(a, alpha=2)),
        (lambda x, a, b: x.clone().sub_(0.5, a), lambda x, a, b: x.sub(a, alpha=0.5)),
        (lambda x, a, b: x.clone().addcmul_(0.5, a, b), lambda x, a, b: x.addcmul(a, b, value=0.5)),
        (lambda x, a, b: x.clone().addcdiv_(-0.5, a, b), lambda x, a, b: x.addcdiv(a, b, value=-0.5)),
    ],
)
def test_a_factor_may_stand_before_the_tensors(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    x, a, b = lamella.rand(3, 4) + 1
    with pytest.warns(UserWarning, match="a factor before the tensors that it multiplies is deprecated"):
        given = old(x, a, b)
    assert lamella.equal(given, new(x, a, b))


@pytest.mark.parametrize("name", ["add", "sub", "addcmul", "addcdiv"])
def test_too_many_arguments_are_refused(name: str) -> None:
    x = lamella.ones(2)
    for method in (getattr(x, name), getattr(x, f"{name}_")):
        with pytest.raises(TypeError, match=rf"{name}\(\) got too many arguments by position"):
            method(*[x] * (4 if name.startswith("addc") else 3))


@pytest.mark.parametrize("name", ["mul_", "exp_"])
def test_one_argument_too_many_is_refused_in_place_too(name: str) -> None:
    x = lamella.ones(2)
    with pytest.raises(TypeError, match=r"takes \d (positional )?arguments but \d were given"):
        getattr(x, name)(*[x] * (2 if name == "mul_" else 1))
    assert x.tolist() == [1.0, 1.0]


def test_constants_are_those_of_mathematics() -> None:
    assert (lamella.pi, lamella.e, lamella.inf) == (math.pi, math.e, math.inf)
    assert math.isnan(lamella.nan)
    assert lamella.ones(2)[:, lamella.newaxis].shape == (2, 1)


def test_compile_gives_back_what_it_is_given_and_says_so() -> None:
    def double(x: Tensor) -> Tensor:
        return x * 2

    with pytest.warns(UserWarning, match="Lamella has no compiler"):
        assert lamella.compile(double, mode="max-autotune") is double
    with pytest.warns(UserWarning, match="Lamella has no compiler"):
        assert lamella.compile(dynamic=True)(double) is double
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lamella.compile(double, disable=True) is double
        assert lamella.compile(double, backend="eager") is double


def test_the_old_names_cost_nothing_until_they_are_used() -> None:
    program = "import sys, lamella; lamella.ones(1); assert 'lamella.core.legacy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
