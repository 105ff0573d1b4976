"""Parameters, buffers and layers that learn their shapes from the first input."""

from __future__ import annotations

import copy
import pickle

import pytest

import lamella
from lamella import nn
from lamella.core.errors import ArgumentError, ShapeError
from lamella.nn.lazy import LazyModuleMixin
from lamella.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter, is_lazy


class Scaled(nn.Module):
    """Its input times a vector, less another one."""

    def __init__(self, features, device=None, dtype=None):
        super().__init__()
        self.factor = Parameter(lamella.ones(features, device=device, dtype=dtype))
        self.register_buffer("shift", lamella.zeros(features, device=device, dtype=dtype))

    def forward(self, x, *, times=1):
        return (x * self.factor - self.shift) * times


class LazyScaled(LazyModuleMixin, Scaled):
    cls_to_become = Scaled

    def __init__(self, **factory):
        super().__init__(0, **factory)
        self.factor = UninitializedParameter(**factory)
        self.shift = UninitializedBuffer(**factory)

    def initialize_parameters(self, x, *, times=1):
        if self.has_uninitialized_params():
            self.factor.materialize(x.shape[-1:])
            self.shift.materialize(x.shape[-1:])
            with lamella.no_grad():
                self.factor.fill_(2.0)
                self.shift.fill_(1.0)


def test_the_first_call_makes_it_whole():
    layer = LazyScaled()
    factor = layer.factor
    assert layer.has_uninitialized_params()
    assert layer(lamella.ones(3, 2), times=3).tolist() == [[3, 3]] * 3
    assert type(layer) is Scaled
    assert layer.factor is factor
    assert type(factor) is Parameter
    assert type(layer.shift) is Buffer
    assert not layer._hooks
    assert layer(lamella.ones(2)).tolist() == [1, 1]
    layer(lamella.ones(2)).sum().backward()
    assert factor.grad.tolist() == [1, 1]


def test_within_other_modules():
    model = nn.Sequential(LazyScaled(), LazyScaled())
    model(lamella.ones(4))
    assert [tuple(p.shape) for p in model.parameters()] == [(4,), (4,)]


def test_it_is_converted_before_it_has_shapes():
    layer = LazyScaled().double().requires_grad_(False)
    layer(lamella.ones(2, dtype=lamella.float64))
    assert layer.factor.dtype is layer.shift.dtype is lamella.float64
    assert not layer.factor.requires_grad
    assert LazyScaled().half().requires_grad_().factor.requires_grad
    made = LazyScaled(dtype=lamella.float64)
    made(lamella.ones(2))
    assert made.factor.dtype is lamella.float64


def test_a_failed_conversion_leaves_the_buffers():
    layer = LazyScaled()
    layer.extra = Parameter(lamella.ones(1))

    def fails(tensor):
        if tensor.numel():
            raise ArithmeticError
        return tensor

    with pytest.raises(ArithmeticError):
        layer._apply(fails)
    assert is_lazy(layer.shift)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies(copied):
    layer = copied(LazyScaled(dtype=lamella.float64).requires_grad_(False))
    assert layer.shift.persistent
    assert layer.factor.dtype is lamella.float64
    assert not layer.factor.requires_grad
    assert layer(lamella.ones(2)).tolist() == [1, 1]
    assert type(layer) is Scaled


def test_its_state_before_and_after():
    lazy, whole = LazyScaled(), Scaled(2)
    assert all(is_lazy(tensor) for tensor in lazy.state_dict().values())
    assert lazy.state_dict()["factor"] is lazy.factor
    lazy.load_state_dict(LazyScaled().state_dict())
    assert lazy.has_uninitialized_params()
    lazy.load_state_dict(whole.state_dict())
    assert not lazy.has_uninitialized_params()
    assert lazy(lamella.ones(2)).tolist() == [1, 1]
    assert type(lazy) is Scaled
    assigned = LazyScaled()
    assigned.load_state_dict(whole.state_dict(), assign=True)
    assert assigned.shift.data_ptr() == whole.shift.data_ptr()
    with pytest.raises(RuntimeError, match="can't access the shape of an uninitialized parameter"):
        whole.load_state_dict(LazyScaled().state_dict())


def test_nothing_is_computed_with_what_has_no_shape():
    parameter = UninitializedParameter()
    assert repr(parameter) == "<UninitializedParameter>"
    assert repr(UninitializedBuffer(persistent=False)) == "<UninitializedBuffer>"
    assert not UninitializedBuffer(persistent=False).persistent
    assert parameter.is_leaf
    assert str(parameter.device) == "cpu"
    with pytest.raises(ShapeError, match="can't access the shape"):
        _ = parameter.shape
    for compute in (lambda: parameter + 1, parameter.sum, lambda: lamella.ones(2) @ parameter):
        with pytest.raises(ArgumentError, match="attempted to use an uninitialized parameter"):
            compute()


def test_parameters_left_without_a_shape_are_an_error():
    class Forgetful(LazyScaled):
        def initialize_parameters(self, x):
            self.factor.materialize(x.shape)

    with pytest.raises(ShapeError, match="module Forgetful has not been fully initialized"):
        Forgetful()(lamella.ones(2))

    class Undefined(LazyModuleMixin, Scaled):
        pass

    with pytest.raises(NotImplementedError, match="initialize_parameters is not implemented for Undefined"):
        Undefined(2)(lamella.ones(2))


# --- convolutions


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions_learn_their_channels(kind, dims, bias):
    x = lamella.ones(2, 4, *(5, 4, 3)[:dims])
    lazy = getattr(nn, f"Lazy{kind}{dims}d")(6, 3, stride=2, padding=1, groups=2, bias=bias)
    assert f"Lazy{kind}{dims}d(0, 6" in repr(lazy)
    lamella.manual_seed(0)
    found = lazy(x)
    lamella.manual_seed(0)
    eager = getattr(nn, f"{kind}{dims}d")(4, 6, 3, stride=2, padding=1, groups=2, bias=bias)
    assert type(lazy) is type(eager)
    assert repr(lazy) == repr(eager)
    assert found.tolist() == eager(x).tolist()


def test_convolutions_know_their_channels_when_a_state_was_loaded():
    lazy, eager = nn.LazyConv2d(6, 3), nn.Conv2d(4, 6, 3)
    lazy.load_state_dict(eager.state_dict())
    x = lamella.ones(4, 5, 5)
    assert lazy(x).tolist() == eager(x).tolist()
    assert repr(lazy) == repr(eager)


def test_convolutions_refuse_inputs_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"expected a 3-dimensional \(unbatched\) or 4-.* to LazyConv2d, but got"):
        nn.LazyConv2d(6, 3)(lamella.ones(5, 5))
    with pytest.raises(ArgumentError, match="in_channels must be divisible by groups, got 3 and 2"):
        nn.LazyConv2d(6, 3, groups=2)(lamella.ones(3, 5, 5))
