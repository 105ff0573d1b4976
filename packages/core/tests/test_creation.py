"""New tensors: values, dtypes, shapes, what is shared, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella

f32, f64, i64 = lamella.float32, lamella.float64, lamella.int64


# --- from values


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, i64, ()),
        (1.5, f32, ()),
        (True, lamella.bool, ()),
        (1j, lamella.complex64, ()),
        ([1, 2], i64, (2,)),
        ([1, 2.5], f32, (2,)),
        ([True, False], lamella.bool, (2,)),
        ([True, 2], i64, (2,)),
        ([[1.0], [2.0]], f32, (2, 1)),
        ([], f32, (0,)),
        ([[], []], f32, (2, 0)),
        ((1, (2)), i64, (2,)),
        (np.float64(1.5), f64, ()),
        (np.array([1.5]), f64, (1,)),
        (np.array([1, 2], "i2"), lamella.int16, (2,)),
        ([np.float32(1), np.float32(2)], f32, (2,)),
        ([np.float64(1), 2.0], f64, (2,)),
        ([np.float16(1)], lamella.float16, (1,)),
        ([np.int8(1), np.int16(2)], lamella.int16, (2,)),
        ([np.array([1.0, 2.0])], f64, (1, 2)),
        ([[1, 2], np.array([1.0, 2.0])], f64, (2, 2)),
        ([np.array([])], f64, (1, 0)),
        ([lamella.tensor(1.0), 2], f32, (2,)),
        ([2, lamella.tensor(1.0, dtype=f64)], f64, (2,)),
        ([True, lamella.tensor([2])], i64, (2,)),
        ([1, 1j], lamella.complex64, (2,)),
        (range(3), i64, (3,)),
    ],
    ids=str,
)
def test_dtype_and_shape_are_inferred(data, dtype, shape):
    x = lamella.tensor(data)
    assert (x.dtype, tuple(x.shape)) == (dtype, shape)
    assert x.is_leaf and not x.requires_grad


def test_a_list_of_tensors():
    x = lamella.tensor([lamella.tensor(1.0), lamella.tensor(2.0)])
    assert x.tolist() == [1.0, 2.0] and x.dtype == f32


def test_a_dtype_can_be_asked_for():
    assert lamella.tensor([1.9, -1.9], dtype=i64).tolist() == [1, -1]
    assert lamella.tensor([0.0, 2.0], dtype=lamella.bool).tolist() == [False, True]
    assert lamella.tensor([1, 2], dtype=f64).dtype == f64


def test_tensor_copies_and_from_numpy_and_as_tensor_share():
    a = np.zeros(2, "f4")
    copied, shared, same = lamella.tensor(a), lamella.from_numpy(a), lamella.as_tensor(a)
    a[0] = 5
    assert (copied[0].item(), shared[0].item(), same[0].item()) == (0.0, 5.0, 5.0)
    x = lamella.ones(2)
    assert lamella.as_tensor(x) is x
    assert lamella.as_tensor(x, dtype=f64).dtype == f64
    assert lamella.asarray(a).data_ptr() == a.ctypes.data != lamella.asarray(a, copy=True).data_ptr()


def test_tensor_of_a_tensor_is_a_detached_copy():
    x = lamella.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        y = lamella.tensor(x.detach())
    y.zero_()
    assert x.tolist() == [1.0, 1.0] and not y.requires_grad


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([[1, 2], [3]], ValueError),
        ([1, "2"], ValueError),
        ("2", TypeError),
        ([1, [2]], TypeError),
        ([[1], 2], TypeError),
        ([lamella.zeros(2), lamella.zeros(2)], ValueError),
        (None, RuntimeError),
        ([1, None], RuntimeError),
        ({1}, RuntimeError),
        ({1: 2}, RuntimeError),
        (2**63, ValueError),
        ([1, -(2**63) - 1], ValueError),
    ],
    ids=str,
)
def test_values_that_make_no_tensor(data, kind):
    with pytest.raises(kind):
        lamella.tensor(data)


def test_the_message_says_what_was_given_and_expected():
    with pytest.raises(ValueError, match=r"tensor: can't make a tensor of list \[\[1, 2\], \[3\]\].*same length"):
        lamella.tensor([[1, 2], [3]])


def test_from_numpy_refuses_what_it_cannot_share():
    with pytest.raises(TypeError, match=r"expected np.ndarray \(got list\)"):
        lamella.from_numpy([1.0])
    with pytest.raises(TypeError):
        lamella.from_numpy(np.array(["a"]))
    with pytest.raises(ValueError, match=r"negative.*copy"):
        lamella.from_numpy(np.arange(3.0)[::-1])


# --- of a shape


@pytest.mark.parametrize(("make", "value"), [(lamella.zeros, 0.0), (lamella.ones, 1.0)])
def test_zeros_and_ones(make, value):
    for x in (make(2, 3), make((2, 3)), make([2, 3]), make(lamella.Size([2, 3]))):
        assert x.tolist() == [[value] * 3] * 2 and x.dtype == f32
    assert make(()).tolist() == value and make(0).shape == (0,)
    assert make(2, dtype=i64).tolist() == [int(value)] * 2
    assert make(2, requires_grad=True).requires_grad


def test_full_has_the_dtype_of_its_value():
    assert lamella.full((2,), 7).dtype == i64 and lamella.full((2,), 7.0).dtype == f32
    assert lamella.full((2,), True).dtype == lamella.bool
    assert lamella.full((), 3.5).item() == 3.5
    assert lamella.full((2,), 7, dtype=f64).tolist() == [7.0, 7.0]


def test_empty_has_a_shape():
    assert lamella.empty(2, 3).shape == (2, 3) and lamella.empty((0, 4), dtype=i64).shape == (0, 4)


@pytest.mark.parametrize("make", [lamella.zeros, lamella.ones, lamella.empty, lambda n: lamella.full((n,), 1.0)])
def test_negative_sizes_are_refused(make):
    with pytest.raises(RuntimeError, match="negative dimension -2"):
        make(-2)


def test_likes_take_shape_and_dtype():
    x = lamella.ones(2, 3, dtype=lamella.int16)
    for made, value in (
        (lamella.zeros_like(x), 0),
        (lamella.ones_like(x), 1),
        (lamella.full_like(x, 7), 7),
        (x.new_zeros(2, 3), 0),
        (x.new_ones((2, 3)), 1),
        (x.new_full((2, 3), 7), 7),
        (x.new_tensor([[5] * 3] * 2), 5),
    ):
        assert made.tolist() == [[value] * 3] * 2 and made.dtype == lamella.int16
    assert lamella.empty_like(x).shape == x.new_empty(2, 3).shape == (2, 3)
    assert lamella.zeros_like(x, dtype=f64).dtype == x.new_zeros(1, dtype=f64).dtype == f64
    assert lamella.ones_like(x, dtype=f32, requires_grad=True).requires_grad


def test_eye():
    assert lamella.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert lamella.eye(2, 3, dtype=i64).tolist() == [[1, 0, 0], [0, 1, 0]]


# --- ranges


@pytest.mark.parametrize(
    ("arguments", "expected", "dtype"),
    [
        ((3,), [0, 1, 2], i64),
        ((1, 4), [1, 2, 3], i64),
        ((5, 0, -2), [5, 3, 1], i64),
        ((3.0,), [0.0, 1.0, 2.0], f32),
        ((0, 1, 0.25), [0.0, 0.25, 0.5, 0.75], f32),
        ((1, 2.5, 0.5), [1.0, 1.5, 2.0], f32),
        ((0,), [], i64),
        ((2, 2), [], i64),
    ],
)
def test_arange(arguments, expected, dtype):
    x = lamella.arange(*arguments)
    assert x.tolist() == expected and x.dtype == dtype


def test_arange_of_large_steps_does_not_drift():
    x = lamella.arange(0, 1, 0.1, dtype=f64)
    assert x.tolist() == pytest.approx([i / 10 for i in range(10)], abs=2e-16)
    assert lamella.arange(3, dtype=f32).dtype == f32
    assert lamella.arange(2**53, 2**53 + 3).tolist() == [2**53, 2**53 + 1, 2**53 + 2]


def test_arange_refuses_steps_that_lead_away():
    with pytest.raises(RuntimeError, match="upper bound and lower bound inconsistent with step sign|larger bound"):
        lamella.arange(3, 0)
    with pytest.raises(RuntimeError, match="inconsistent with step sign|upper bound"):
        lamella.arange(0, 3, -1)
    for step in (0, float("nan")):
        with pytest.raises(RuntimeError, match="step must be nonzero"):
            lamella.arange(0, 3, step)
    for end in (float("inf"), float("nan")):
        with pytest.raises(RuntimeError, match="unsupported range: 0 -> "):
            lamella.arange(end)
    with pytest.raises(RuntimeError, match="complex"):
        lamella.arange(1j)
    for wrong in ("a", None):
        with pytest.raises(TypeError, match="'end' must be Number"):
            lamella.arange(wrong)


def test_arange_of_other_numbers():
    for end in (np.int64(3), lamella.tensor(3)):
        assert lamella.arange(end).tolist() == [0, 1, 2] and lamella.arange(end).dtype == i64
    assert lamella.arange(lamella.tensor(2.0)).dtype == f32
    assert lamella.arange(end=2).tolist() == [0, 1] and lamella.arange(1, end=2).tolist() == [1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((2.5,), [0, 1]), ((0.5, 5.5, 1.5), [0, 1, 2, 3, 4]), ((-2.5, 2.5), [-2, -1, 0, 1])],
)
def test_arange_of_int64_cuts_its_arguments_first(arguments, expected):
    assert lamella.arange(*arguments, dtype=i64).tolist() == expected


def test_arange_of_int32_counts_steps_before_it_cuts():
    assert lamella.arange(0, 3, 1.5, dtype=lamella.int32).tolist() == [0, 1]


def test_linspace():
    assert lamella.linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert lamella.linspace(3, -3, 3).tolist() == [3.0, 0.0, -3.0]
    assert lamella.linspace(2, 5, 1).tolist() == [2.0] and lamella.linspace(0, 1, 0).tolist() == []
    assert lamella.linspace(0, 1, 2, dtype=f64).dtype == f64
    with pytest.raises(RuntimeError, match="number of steps must be non-negative"):
        lamella.linspace(0, 1, -1)


def test_linspace_of_complex_numbers():
    x = lamella.linspace(0, 1j, 3)
    assert x.dtype == lamella.complex64 and x.tolist() == [0, 0.5j, 1j]
    assert lamella.linspace(0, 1, 2, dtype=lamella.complex128).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="complex bounds"):
        lamella.linspace(0, 1j, 3, dtype=f32)


# --- conversions


def test_to_returns_the_tensor_itself_where_nothing_changes():
    x = lamella.ones(2)
    assert x.to(f32) is x and x.to("cpu") is x and x.to("cpu", f32) is x and x.float() is x
    assert x.to(f32, copy=True) is not x
    assert x.to(lamella.ones(1, dtype=f64)).dtype == f64 and x.to("cpu", f64).dtype == f64
    assert x.type_as(lamella.tensor(1)).dtype == i64


@pytest.mark.parametrize(
    ("method", "dtype"),
    [
        ("double", f64),
        ("half", lamella.float16),
        ("long", i64),
        ("int", lamella.int32),
        ("short", lamella.int16),
        ("char", lamella.int8),
        ("byte", lamella.uint8),
        ("bool", lamella.bool),
        ("cfloat", lamella.complex64),
    ],
)
def test_conversions_by_name(method, dtype):
    x = getattr(lamella.tensor([0.0, 2.9]), method)()
    assert x.dtype == dtype and x.tolist() == lamella.tensor([0.0, 2.9]).to(dtype).tolist()


def test_the_gradient_of_a_conversion_comes_back_in_the_old_dtype():
    x = lamella.ones(2, requires_grad=True)
    (x.double() * 2).sum().backward()
    assert x.grad.dtype == f32 and x.grad.tolist() == [2.0, 2.0]


def test_the_default_dtype_can_be_changed():
    lamella.set_default_dtype(f64)
    try:
        assert lamella.ones(1).dtype == lamella.tensor(1.5).dtype == lamella.arange(1.0).dtype == f64
        assert lamella.tensor(1).dtype == i64
    finally:
        lamella.set_default_dtype(f32)


def test_result_type():
    assert lamella.result_type(lamella.ones(1, dtype=i64), 1.5) == f32
    assert lamella.result_type(lamella.ones(1, dtype=f64), lamella.ones(1)) == f64
    assert lamella.result_type(lamella.ones(1, dtype=lamella.uint8), 3) == lamella.uint8


# --- numbers that do not fit their dtype


@pytest.mark.parametrize("wrapped", [False, True], ids=["number", "list"])
@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (300, lamella.uint8),
        (-300, lamella.uint8),
        (256.5, lamella.uint8),
        (2**40, lamella.int32),
        (1e10, lamella.int32),
        (float("nan"), i64),
        (float("-inf"), i64),
        (np.int64(300), lamella.uint8),
    ],
    ids=str,
)
def test_tensor_refuses_numbers_that_do_not_fit(value, dtype, wrapped):
    with pytest.raises(RuntimeError, match=f"cannot be converted to type {dtype.name} without overflow"):
        lamella.tensor([0, value, 0] if wrapped else value, dtype=dtype)
    with pytest.raises(RuntimeError, match="without overflow"):
        lamella.full((2,), value, dtype=dtype)


def test_what_tensor_makes_fit(recwarn):
    assert lamella.tensor([-1, 255], dtype=lamella.uint8).tolist() == [255, 255]
    assert lamella.tensor([1, 2.5], dtype=i64).tolist() == [1, 2]
    assert lamella.tensor([1e300, 2**70]).tolist() == [float("inf"), 2.0**70]
    assert lamella.tensor([5, float("nan")], dtype=lamella.bool).tolist() == [True, True]
    assert lamella.tensor(np.array([300]), dtype=lamella.uint8).tolist() == [44]
    with pytest.raises(TypeError, match="must be real"):
        lamella.tensor([1 + 0j], dtype=f32)
    assert not recwarn.list


def test_full_takes_what_fits(recwarn):
    assert lamella.full((1,), -1, dtype=lamella.uint8).item() == 255
    assert lamella.full((1,), 2.7, dtype=i64).item() == 2 and lamella.full((1,), 1 + 0j, dtype=f32).item() == 1.0
    assert lamella.full((1,), float("inf")).item() == float("inf")
    assert np.signbit(lamella.full((1,), -0.0).item()) and not np.signbit(lamella.full((1,), 0.0).item())
    assert lamella.full((1,), np.float32(2)).dtype == f32 and lamella.full((1,), lamella.tensor(2)).dtype == i64
    for value, dtype in ((1e300, None), (1j, f32), (1e300j, lamella.complex64), (70000, lamella.float16)):
        with pytest.raises(RuntimeError, match="without overflow"):
            lamella.full((1,), value, dtype=dtype)
    for value in (None, "a", lamella.ones(1)):
        with pytest.raises(TypeError, match="'fill_value' must be Number"):
            lamella.full((1,), value)
    assert not recwarn.list


# --- sizes and dtypes by other names


@pytest.mark.parametrize("make", [lamella.zeros, lamella.ones, lamella.empty], ids=lambda f: f.__name__)
def test_the_size_may_be_named(make):
    assert make(size=(2, 3)).shape == (2, 3) and make(size=[]).shape == ()
    assert lamella.ones(1).new_zeros(size=(2,)).shape == (2,)
    for wrong in (
        make,
        lambda: make("a"),
        lambda: make(2.5),
        lambda: make((2, "a")),
        lambda: make((2,), 3),
        lambda: make(2, size=(2,)),
        lambda: make(size=2),
    ):
        with pytest.raises(TypeError, match="size"):
            wrong()
    with pytest.raises(TypeError, match="size"):
        lamella.full(2, 3)


def test_likes_want_a_tensor():
    for make in (lamella.zeros_like, lamella.ones_like, lamella.empty_like):
        with pytest.raises(TypeError, match=f"{make.__name__}.*'input' must be Tensor, not list"):
            make([1])
    with pytest.raises(TypeError, match="must be Tensor"):
        lamella.full_like([1], 2)


def test_pythons_types_ask_for_the_widest_dtype():
    asked = [lamella.zeros(1, dtype=kind).dtype for kind in (bool, int, float, complex)]
    assert asked == [lamella.bool, i64, f64, lamella.complex128]
    assert lamella.ones(1).to(float).dtype == f64


def test_a_copy_may_be_asked_for_by_position():
    x = lamella.ones(2)
    assert x.to(f32) is x is x.to(f32, True)
    for y in (x.to(f32, False, True), x.to("cpu", f32, False, True), x.to(x, False, True)):
        assert y is not x and y.tolist() == x.tolist()


# --- arrays of other kinds


@pytest.mark.parametrize("make", [lamella.from_numpy, lamella.as_tensor], ids=lambda f: f.__name__)
def test_subclasses_of_arrays_share_what_they_hold(make, tmp_path):
    mapped = np.memmap(tmp_path / "map", np.float32, "w+", shape=(1, 2))
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[0.0, 0.0]])
    masked = np.ma.masked_array([[0.0, 0.0]], [[False, True]])
    for array in (mapped, matrix, masked):
        x = make(array)
        array[0, 0] = 5
        assert x.tolist() == [[5.0, 0.0]] and type(x.numpy()) is np.ndarray
        assert (x + 1).tolist() == [[6.0, 1.0]]


@pytest.mark.parametrize("make", [lamella.from_numpy, lamella.as_tensor], ids=lambda f: f.__name__)
def test_arrays_that_cannot_be_shared(make):
    with pytest.raises(ValueError, match="byte order"):
        make(np.arange(3, dtype=">f4"))
    with pytest.raises(ValueError, match="not a multiple of the element byte size"):
        make(np.zeros(3, "f4,i1")["f0"])


@pytest.mark.parametrize(
    ("value", "dtype"), [(300, "uint8"), (float("nan"), "int64"), (1j, "float32"), (None, "float32")]
)
def test_fill_refuses_what_does_not_fit(value, dtype):
    with pytest.raises((RuntimeError, TypeError)):
        lamella.zeros(2, dtype=getattr(lamella, dtype)).fill_(value)
