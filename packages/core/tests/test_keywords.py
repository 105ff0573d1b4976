"""``out=``: the result goes into a tensor that is given. ``layout=`` and ``pin_memory=``: what is so anyway."""

from __future__ import annotations

import pickle

import pytest

import lamella
from lamella.core.errors import ArgumentTypeError, DeviceError, DtypeError, GradError


def test_the_given_tensor_is_filled_and_returned():
    x, out = lamella.tensor([1.0, 2.0]), lamella.empty(2)
    address = out.data_ptr()
    assert lamella.add(x, x, alpha=2, out=out) is out
    assert out.tolist() == [3.0, 6.0]
    assert out.data_ptr() == address


def test_an_input_may_be_the_output():
    x = lamella.tensor([3.0, 1.0, 2.0])
    lamella.cumsum(x, 0, out=x)
    assert x.tolist() == [3.0, 4.0, 6.0]


def test_a_view_is_filled_in_its_base():
    base = lamella.zeros(2, 3)
    lamella.exp(lamella.zeros(2), out=base[:, 1])
    assert base.tolist() == [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]


def test_several_results():
    x = lamella.tensor([[1.0, 5.0], [7.0, 2.0]])
    values, indices = lamella.empty(2), lamella.empty(2, dtype=lamella.int64)
    found = lamella.max(x, 1, out=(values, indices))
    assert found.values is values
    assert (values.tolist(), indices.tolist()) == ([5.0, 7.0], [1, 0])


def test_results_are_converted_where_the_dtype_may_widen():
    out = lamella.empty(2, dtype=lamella.float64)
    assert lamella.neg(lamella.tensor([1, 2]), out=out).tolist() == [-1.0, -2.0]


def test_what_is_made_from_nothing_takes_the_dtype_of_out():
    out = lamella.empty(3, dtype=lamella.int32)
    assert lamella.zeros(3, out=out) is out
    assert lamella.full((3,), 2.0, out=out).tolist() == [2, 2, 2]


def test_an_empty_output_is_sized_silently(recwarn: pytest.WarningsRecorder):
    out = lamella.empty(0)
    lamella.add(lamella.ones(2, 2), 1, out=out)
    assert out.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert not recwarn


def test_another_output_is_sized_with_a_warning():
    out = lamella.empty(3)
    with pytest.warns(UserWarning, match=r"add\(\): an output .* resized since it had shape \[3\].* \[2, 2\]"):
        lamella.add(lamella.ones(2, 2), 1, out=out)
    assert out.shape == (2, 2)


def test_there_is_no_gradient_through_it():
    x = lamella.ones(2, requires_grad=True)
    with pytest.raises(GradError, match=r"mul\(\): functions with out=.* don't support automatic differentiation"):
        lamella.mul(x, x, out=lamella.empty(2))
    with pytest.raises(GradError, match="one of the arguments requires grad"):
        lamella.mul(x.detach(), 2, out=lamella.empty(2, requires_grad=True))
    with lamella.no_grad():
        assert lamella.mul(x, 3, out=lamella.empty(2)).tolist() == [3.0, 3.0]


def test_a_narrower_dtype_is_refused():
    with pytest.raises(DtypeError, match=r"exp\(\): result type lamella.float32 can't be cast .* lamella.int64"):
        lamella.exp(lamella.ones(2), out=lamella.empty(2, dtype=lamella.int64))


@pytest.mark.parametrize("out", [[0.0, 0.0], 3])
def test_only_tensors_take_a_result(out: object):
    with pytest.raises(ArgumentTypeError, match=r"exp\(\): argument 'out' must be Tensor, not (list|int)"):
        lamella.exp(lamella.ones(2), out=out)


def test_several_results_want_as_many_tensors():
    with pytest.raises(ArgumentTypeError, match=r"max\(\): argument 'out' must be a tuple of 2 Tensors"):
        lamella.max(lamella.ones(2, 2), 1, out=lamella.empty(2))


def test_views_have_no_output():
    with pytest.raises(TypeError, match="out"):
        lamella.reshape(lamella.ones(2), (2, 1), out=lamella.empty(2, 1))


def test_layout_and_pinned_memory_may_be_given_as_they_are():
    x = lamella.zeros(2, layout=lamella.strided, pin_memory=False)
    assert lamella.ones_like(x, layout=lamella.strided).tolist() == [1.0, 1.0]
    assert x.new_full((1,), 3.0, layout=lamella.strided, pin_memory=False).tolist() == [3.0]
    assert lamella.randn(2, pin_memory=False, generator=lamella.Generator()).shape == (2,)


def test_functions_are_pickled_by_the_name_under_which_they_are_public():
    found = (lamella.sort, lamella.cat, lamella.zeros, lamella.relu, lamella.linalg.inv, lamella.fft.fft)
    for function in found:
        assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("make", [lamella.zeros, lamella.rand, lamella.ones(1).new_zeros])
def test_no_other_layout_or_memory_exists(make):
    with pytest.raises(DeviceError, match=r"expected layout=lamella\.strided"):
        make(2, layout="sparse_coo")
    with pytest.raises(DeviceError, match="pin_memory=True is for copies to a CUDA device"):
        make(2, pin_memory=True)
