"""The Tensor itself: what it says of itself, and its ways into and out of Python and NumPy."""

from __future__ import annotations

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import lamella
from lamella.core.errors import DtypeError

DTYPES = [
    "float32",
    "float64",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
    "complex128",
]


# --- what it is


def test_sizes():
    x = lamella.zeros(2, 3, 4)
    assert x.shape == (2, 3, 4) == x.size() and isinstance(x.shape, lamella.Size)
    assert (x.size(1), x.size(-1)) == (3, 4)
    assert x.ndim == x.dim() == x.ndimension() == 3
    assert x.numel() == x.nelement() == x.shape.numel() == 24
    assert x.itemsize == x.element_size() == 4 and x.nbytes == 96
    assert repr(lamella.Size([2, 3])).endswith("Size([2, 3])")
    with pytest.raises(IndexError, match=r"Dimension out of range .*\[-3, 2\], but got 3"):
        x.size(3)


def test_strides_and_offsets():
    x = lamella.zeros(2, 3, 4)
    assert x.stride() == (12, 4, 1) and x.stride(0) == 12
    y = x[1, 1:].T
    assert (y.shape, y.stride(), y.storage_offset()) == ((4, 2), (1, 4), 16)
    assert x.is_contiguous() and not y.is_contiguous()
    assert y.data_ptr() == x.data_ptr() + 16 * 4


@pytest.mark.parametrize("name", DTYPES)
def test_kinds_of_numbers(name):
    x = lamella.ones(2, dtype=getattr(lamella, name))
    assert str(x.dtype).endswith(f".{name}")
    assert x.is_floating_point() == name.startswith("float")
    assert x.is_complex() == name.startswith("complex")
    assert x.is_signed() == (name not in ("uint8", "bool"))
    assert x.dtype is getattr(lamella, name)


def test_a_cpu_tensor_says_so():
    x = lamella.ones(2)
    assert x.is_cpu and not x.is_cuda and x.device == lamella.device("cpu") and x.cpu() is x


def test_the_constructor_makes_sizes_or_copies_values():
    assert lamella.Tensor().shape == (0,)
    assert lamella.Tensor(2, 3).shape == (2, 3)
    values = np.array([1, 2])
    x = lamella.Tensor([1, 2])
    assert x.tolist() == [1.0, 2.0] and x.dtype == lamella.float32 and x.is_leaf
    y = lamella.Tensor(lamella.from_numpy(values).float())
    assert y.tolist() == [1.0, 2.0]
    assert lamella.Tensor(lamella.Size([2, 1])).shape == (2, 1)


def test_subclasses_keep_their_attributes_and_their_class():
    class Named(lamella.Tensor):
        pass

    x = Named([1.0, 2.0])
    x.label = "mine"
    assert isinstance(x, Named) and x.tolist() == [1.0, 2.0]
    assert lamella.is_tensor(x) and not lamella.is_tensor([1.0])
    twin = copy.deepcopy(x)
    assert type(twin) is Named and twin.label == "mine"


# --- out to Python


def test_one_element_becomes_a_python_number():
    assert lamella.tensor(2.5).item() == 2.5 and lamella.tensor([[3]]).item() == 3
    assert type(lamella.tensor(3).item()) is int and type(lamella.tensor(True).item()) is bool
    assert type(lamella.tensor(1.0).item()) is float and lamella.tensor(1 + 2j).item() == 1 + 2j
    x = lamella.tensor([2.75])
    assert (float(x), int(x), complex(x), bool(x)) == (2.75, 2, 2.75 + 0j, True)
    assert lamella.tensor(1.5, requires_grad=True).item() == 1.5
    assert operator.index(lamella.tensor(3)) == 3 and [10, 20][lamella.tensor(1)] == 20


@pytest.mark.parametrize("size", [0, 2])
def test_several_elements_do_not(size):
    x = lamella.ones(size)
    with pytest.raises(RuntimeError, match=f"Tensor with {size} elements cannot be converted"):
        x.item()
    for convert in (float, int, complex):
        with pytest.raises(ValueError, match=rf"only one element tensors .* shape \({size},\)"):
            convert(x)
    with pytest.raises(RuntimeError, match="Tensor with (no values|more than one value) is ambiguous"):
        bool(x)


def test_only_whole_numbers_index():
    for x in (lamella.tensor(1.0), lamella.tensor([1, 2])):
        with pytest.raises(TypeError, match="only integer tensors of a single element can be converted to an index"):
            operator.index(x)


def test_lists_of_every_depth():
    assert lamella.tensor(1.5).tolist() == 1.5
    assert lamella.tensor([[1, 2], [3, 4]]).T.tolist() == [[1, 3], [2, 4]]
    assert lamella.zeros(2, 0).tolist() == [[], []]


def test_length_and_iteration():
    x = lamella.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    first, second = x
    assert second.tolist() == [3.0, 4.0] and first.requires_grad
    with pytest.raises(TypeError, match=r"len\(\) of a 0-d tensor"):
        len(x.sum())
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(x.sum())


def test_membership_hash_and_comparison():
    x, y = lamella.tensor([1.0, 2.0]), lamella.tensor([1.0, 2.0])
    assert len({x, y}) == 2 and {x: 1}[x] == 1
    assert (x == y).tolist() == [True, True] and (x != y).tolist() == [False, False]
    assert 2.0 in x and 3.0 not in x


def test_formatting():
    assert f"{lamella.tensor(3.14159):.2f}" == "3.14"
    assert f"{lamella.tensor(7):04d}" == "0007"
    assert f"{lamella.tensor([1.0, 2.0])}" == str(lamella.tensor([1.0, 2.0])) == "tensor([1., 2.])"
    assert repr(lamella.tensor(1.0, requires_grad=True)) == "tensor(1., requires_grad=True)"
    assert repr(lamella.tensor(1.0, requires_grad=True) * 2) == "tensor(2., grad_fn=<MulBackward0>)"


# --- NumPy


def test_numpy_shares_memory_both_ways():
    a = np.arange(6.0).reshape(2, 3)
    x = lamella.from_numpy(a)
    x[0, 0] = 10
    x.numpy()[1, 1] = 20
    assert a.tolist() == x.tolist() == [[10, 1, 2], [3, 20, 5]]


def test_numpy_functions_take_tensors():
    x = lamella.tensor([1.0, 4.0])
    assert np.asarray(x).tolist() == [1.0, 4.0] and np.asarray(x, dtype=np.int64).tolist() == [1, 4]
    assert np.sqrt(np.array(x)).tolist() == [1.0, 2.0]
    copied = np.array(x)
    copied[0] = 9
    assert x.tolist() == [1.0, 4.0]


def test_arithmetic_with_arrays_and_their_scalars_gives_tensors():
    x = lamella.tensor([1.0, 4.0])
    for result in (x * np.float32(2), np.float32(2) * x):
        assert isinstance(result, lamella.Tensor) and result.tolist() == [2.0, 8.0]


def test_a_tensor_that_requires_grad_is_detached_first():
    x = lamella.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match=r"Can't call numpy\(\) on .* requires grad. Use tensor.detach\(\).numpy\(\)"
    ):
        x.numpy()
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(x)
    assert x.detach().numpy().tolist() == x.numpy(force=True).tolist() == [1.0, 1.0]


# --- data and detach


def test_data_can_be_replaced():
    x = lamella.ones(2, requires_grad=True)
    node = (x * 1).grad_fn.next_functions[0][0]
    x.data = lamella.tensor([5.0, 6.0, 7.0])
    assert x.tolist() == [5.0, 6.0, 7.0] and x.requires_grad and node.variable is x
    (x * x).sum().backward()
    assert x.grad.tolist() == [10.0, 12.0, 14.0]
    with pytest.raises(TypeError, match=r"data.*Tensor|Variable data has to be a tensor"):
        x.data = [1.0]


def test_detach_shares_memory_and_data_requires_no_grad():
    x = lamella.ones(2, requires_grad=True)
    for t in (x.detach(), x.data):
        assert not t.requires_grad and t.data_ptr() == x.data_ptr()


# --- copies


def test_deepcopy_is_a_leaf_of_its_own():
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    twin, again = copy.deepcopy([x, x])
    assert twin is again and twin is not x
    assert twin.requires_grad and twin.grad.tolist() == [3.0, 3.0]
    with lamella.no_grad():
        twin.zero_()
        twin.grad.zero_()
    assert x.tolist() == [1.0, 2.0] and x.grad.tolist() == [3.0, 3.0]


def test_a_result_cannot_be_deepcopied():
    with pytest.raises(RuntimeError, match=r"graph leaves\) support the deepcopy protocol"):
        copy.deepcopy(lamella.ones(2, requires_grad=True) * 2)


def test_pickle():
    x = lamella.tensor([[1.0, 2.0]], requires_grad=True)
    found = pickle.loads(pickle.dumps(x))
    assert found.tolist() == x.tolist() and found.requires_grad and found.dtype == x.dtype
    assert pickle.loads(pickle.dumps(lamella.tensor([1, 2]).T)).tolist() == [1, 2]
    result = pickle.loads(pickle.dumps(x * 2))  # its graph is not pickled: it comes back as a leaf, as PyTorch's does
    assert result.tolist() == [[2.0, 4.0]] and result.requires_grad and result.is_leaf


def test_clone_copies_and_is_differentiable():
    x = lamella.tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    assert y.data_ptr() != x.data_ptr()
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


# --- operators


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (lambda x: x + 1, [3.0, -3.0]),
        (lambda x: 1 + x, [3.0, -3.0]),
        (lambda x: x - 1, [1.0, -5.0]),
        (lambda x: 1 - x, [-1.0, 5.0]),
        (lambda x: x * 2, [4.0, -8.0]),
        (lambda x: x / 2, [1.0, -2.0]),
        (lambda x: 8 / x, [4.0, -2.0]),
        (lambda x: x**2, [4.0, 16.0]),
        (lambda x: 2**x, [4.0, 0.0625]),
        (lambda x: -x, [-2.0, 4.0]),
        (abs, [2.0, 4.0]),
        (lambda x: x @ x, 20.0),
        (lambda x: x > 0, [True, False]),
        (lambda x: x <= -4, [False, True]),
        (lambda x: 0 < x, [True, False]),  # noqa: SIM300 - the reflected operator is meant
    ],
)
def test_operators(use, expected):
    assert use(lamella.tensor([2.0, -4.0])).tolist() == expected


@pytest.mark.parametrize("use", [operator.add, operator.sub, operator.mul, operator.truediv, operator.matmul])
def test_operators_with_strangers_are_type_errors(use):
    with pytest.raises(TypeError):
        use(lamella.ones(2), "two")
    with pytest.raises(TypeError):
        use(lamella.ones(2), None)


def test_an_object_that_knows_tensors_gets_its_turn():
    class Friend:
        def __radd__(self, other):
            return "friend"

    assert lamella.ones(2) + Friend() == "friend"


def test_a_tensor_equals_no_stranger():
    x = lamella.ones(2)
    assert (x == "two") is False and (x != "two") is True
    assert (x == None) is False  # noqa: E711 - that it can be written is the point


# --- as Python and NumPy use it


def test_a_size_stays_a_size():
    size = lamella.zeros(2, 3, 4).shape
    made = (size[1:], size[:0], size + (1,), (1,) + size, size * 2, 2 * size)  # noqa: RUF005  # the operators
    assert all(type(s) is lamella.Size for s in made)
    assert made == ((3, 4), (), (2, 3, 4, 1), (1, 2, 3, 4), (2, 3, 4) * 2, (2, 3, 4) * 2)
    assert type(size[0]) is int and size.numel() == 24 and lamella.Size().numel() == 1
    with pytest.raises(TypeError):
        size + [1]  # noqa: RUF005  # the operator is what is tested


def test_a_number_is_formatted_as_a_number():
    x = lamella.tensor(1.5, requires_grad=True)
    assert (f"{x}", f"{x:.3f}", f"{lamella.tensor(5):3d}", f"{lamella.tensor(True)}") == ("1.5", "1.500", "  5", "True")
    assert f"{lamella.ones(1)}" == "tensor([1.])"
    with pytest.raises(TypeError, match="format"):
        f"{lamella.ones(1):.3f}"


def test_membership():
    x = lamella.arange(6.0).reshape(2, 3)
    assert 3 in x and lamella.tensor(3.0) in x and np.float64(3) in x and x[0] in x
    nowhere = [math.nan]
    assert 99 not in x and nowhere[0] not in lamella.tensor(nowhere) and 1 not in lamella.tensor([])
    with pytest.raises(RuntimeError, match="got str"):
        "a" in x  # noqa: B015  # it raises


def test_plus_is_the_tensor_itself():
    x = lamella.ones(2)
    assert +x is x
    with pytest.raises(RuntimeError, match="bool"):
        +lamella.tensor([True])


def test_ufuncs_give_tensors_outside_the_graph():
    x, a = lamella.tensor([4.0, 9.0]), np.ones(2)
    for made, values, kind in [
        (np.sqrt(x), [2.0, 3.0], lamella.float32),
        (np.add(a, x), [5.0, 10.0], lamella.float64),
        (np.add(x, a), [5.0, 10.0], lamella.float64),
        (np.isnan(x), [False, False], lamella.bool),
        (np.add.reduce(x), 13.0, lamella.float32),
    ]:
        assert type(made) is lamella.Tensor and made.tolist() == values and made.dtype == kind
    with pytest.raises(RuntimeError, match="requires grad"):
        np.sqrt(x.requires_grad_())


@pytest.mark.parametrize("other", [np.array([2.0]), np.float64(2)], ids=["array", "scalar"])
def test_operators_beside_numpy_are_ours_in_both_orders(other):
    x = lamella.tensor([4.0], requires_grad=True)
    (other * x).sum().backward()
    (x * other).sum().backward()
    assert x.grad.tolist() == [4.0]
    assert [(other - x).item(), (x - other).item(), (other < x).item(), (x < other).item()] == [-2.0, 2.0, True, False]


def test_a_complex_number_is_real_where_its_imaginary_part_is_zero():
    assert (int(lamella.tensor(2 + 0j)), float(lamella.tensor(2.5 + 0j))) == (2, 2.5)
    for convert in (int, float):
        with pytest.raises(DtypeError, match=r"\(1\+2j\) has an imaginary part"):
            convert(lamella.tensor(1 + 2j))


def test_an_empty_tensor_has_no_address():
    assert lamella.empty(0, 3).data_ptr() == 0
