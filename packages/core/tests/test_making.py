"""The rarer ways to make tensors: values, dtypes, memory order, what is shared, defaults, and what is refused."""

from __future__ import annotations

import array
import math

import numpy as np
import pytest

import lamella

f32, f64, i64, u8 = lamella.float32, lamella.float64, lamella.int64, lamella.uint8
TRANSPOSED = lamella.zeros(2, 3).t()


# --- numbers and ranges


def test_scalar_tensor_has_the_default_dtype():
    for value in (3, True, 3.0, np.int64(3), lamella.tensor(3)):
        x = lamella.scalar_tensor(value)
        assert x.shape == () and x.dtype == f32 and x.item() == float(value)
    assert lamella.scalar_tensor(s=3.5, dtype=i64).item() == 3
    assert lamella.scalar_tensor(1j, dtype=lamella.complex64).item() == 1j
    assert lamella.scalar_tensor(1.0, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("arguments", "dtype", "expected"),
    [
        ((0, 2, 3), None, [1.0, 10.0, 100.0]),
        ((0, 2, 3, 2), None, [1.0, 2.0, 4.0]),
        ((0, 2, 3, -2.0), None, [1.0, -2.0, 4.0]),
        ((lamella.tensor(0.0), lamella.tensor(2), 3, lamella.tensor(2.0)), None, [1.0, 2.0, 4.0]),
        ((0, 3, 5), i64, [1, 5, 31, 177, 1000]),
        ((0.5, 3.5, 4), i64, [1, 10, 100, 1000]),
        ((0, 4, 4), u8, [1, 21, 208, 16]),
        ((0, 2, 1), f64, [1.0]),
        ((0, 2, 0), None, []),
    ],
)
def test_logspace(arguments, dtype, expected):
    x = lamella.logspace(*arguments, dtype=dtype)
    assert x.tolist() == expected and x.dtype == (dtype or f32)


def test_logspace_of_complex_exponents():
    assert lamella.logspace(0, 1j, 2).tolist() == pytest.approx([1, 10**1j], abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "dtype", "expected"),
    [
        ((0, 3), None, [0.0, 1.0, 2.0, 3.0]),
        ((3, 0, -1), None, [3.0, 2.0, 1.0, 0.0]),
        ((0, 1, 0.25), None, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ((0, 3.7, 1.5), i64, [0, 1, 2, 3]),
        ((lamella.tensor(0), lamella.tensor(2)), f64, [0.0, 1.0, 2.0]),
    ],
)
def test_range_has_its_end_and_warns(arguments, dtype, expected):
    with pytest.warns(UserWarning, match="deprecated"):
        x = lamella.range(*arguments, dtype=dtype)
    assert x.tolist() == expected and x.dtype == (dtype or f32)


@pytest.mark.parametrize(
    ("arguments", "dtype", "expected"),
    [
        ((0, -3, 5), i64, [0, 0, -1, -2, -3]),
        ((0.5, 5.9, 7), i64, [0, 0, 1, 2, 3, 4, 5]),
        ((-1, 3, 4), u8, [255, 171, 87, 3]),
        ((lamella.tensor(0.0), lamella.tensor(1), 3), None, [0.0, 0.5, 1.0]),
        ((0, 1, lamella.tensor(3)), None, [0.0, 0.5, 1.0]),
    ],
)
def test_linspace_of_integers_and_of_tensors(arguments, dtype, expected):
    assert lamella.linspace(*arguments, dtype=dtype).tolist() == expected


def test_linspace_to_infinity_is_not_a_number():
    assert all(map(math.isnan, lamella.linspace(0, math.inf, 3).tolist()))


# --- order in memory


@pytest.mark.parametrize(
    "make",
    [
        lamella.zeros_like,
        lamella.ones_like,
        lamella.empty_like,
        lamella.rand_like,
        lamella.randn_like,
        lambda x, **k: lamella.full_like(x, 2, **k),
        lambda x, **k: lamella.randint_like(x, 5, **k),
    ],
)
def test_likes_keep_the_order_in_memory_or_take_another(make):
    assert make(TRANSPOSED).stride() == (1, 3)
    assert make(TRANSPOSED, memory_format=lamella.preserve_format).stride() == (1, 3)
    assert make(TRANSPOSED, memory_format=lamella.contiguous_format).stride() == (2, 1)
    assert make(lamella.zeros(2, 3, 4).permute(2, 0, 1)).stride() == (1, 12, 4)
    assert make(lamella.zeros(2, 6)[:, ::2]).stride() == (3, 1)
    assert make(lamella.zeros(1, 3).expand(4, 3)).stride() == (3, 1)
    assert make(lamella.zeros(2, 3, 4, 5), memory_format=lamella.channels_last).stride() == (60, 1, 15, 3)
    assert make(lamella.zeros(1, 2, 3, 4, 5), memory_format=lamella.channels_last_3d).stride()[1:] == (1, 40, 10, 2)
    assert make(TRANSPOSED, dtype=f64, requires_grad=True).requires_grad
    with pytest.raises(RuntimeError, match="required rank 4 tensor"):
        make(TRANSPOSED, memory_format=lamella.channels_last)
    with pytest.raises(TypeError, match="memory_format must be"):
        make(TRANSPOSED, memory_format="channels_last")


def test_empty_takes_a_memory_format():
    assert lamella.empty(2, 3, 4, 5, memory_format=lamella.channels_last).stride() == (60, 1, 15, 3)
    with pytest.raises(RuntimeError, match="unsupported memory format"):
        lamella.empty(2, memory_format=lamella.preserve_format)


def test_formats_have_names():
    assert repr(lamella.channels_last) == "lamella.channels_last" and repr(lamella.strided) == "lamella.strided"
    assert isinstance(lamella.channels_last, lamella.memory_format) and isinstance(lamella.strided, lamella.layout)


def test_empty_strided():
    for shape, strides in (((2, 3), (1, 2)), ((2, 3), (6, 2)), ((2, 3), (0, 1)), ((0, 3), (5, 7)), ((), ())):
        x = lamella.empty_strided(shape, strides)
        assert x.shape == shape and x.stride() == strides
    x = lamella.empty_strided((2, 3), (6, 2), dtype=i64).fill_(1)
    assert x.dtype == i64 and x.sum() == 6
    assert lamella.zeros(1, dtype=i64).new_empty_strided((2, 3), (1, 2)).dtype == i64


def test_empty_permuted():
    assert lamella.empty_permuted((2, 3, 5), (0, 2, 1)).stride() == (15, 1, 3)
    assert lamella.empty_permuted((2, 3, 5), (1, 2, 0)).stride() == (1, 10, 2)
    x = lamella.empty_permuted((2, 3), (1, 0), dtype=lamella.int8)
    assert x.shape == (2, 3) and x.dtype == lamella.int8


# --- sharing


def test_frombuffer_shares():
    buffer = bytearray(b"abcd")
    x = lamella.frombuffer(buffer, dtype=u8)
    x[0] = 65
    assert buffer == b"Abcd" and x.tolist() == [65, 98, 99, 100]
    i16 = lamella.int16
    assert lamella.frombuffer(buffer, dtype=i16, offset=2).tolist() == [100 * 256 + 99]
    assert lamella.frombuffer(buffer, dtype=i16, offset=1, count=1).tolist() == [99 * 256 + 98]
    assert lamella.frombuffer(array.array("d", [1, 2]), dtype=f64, requires_grad=True).requires_grad


def test_a_read_only_buffer_is_not_written():
    with pytest.warns(UserWarning, match="not writable"):
        x = lamella.frombuffer(b"abcd", dtype=u8)
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        y = lamella.from_numpy(frozen)
    for read_only in (x, y):
        with pytest.raises(RuntimeError, match="read-only"):
            read_only.zero_()


def test_asarray_shares_where_it_can():
    x, a = lamella.ones(2), np.ones(2)
    assert lamella.asarray(x) is x and lamella.asarray(x, copy=False) is x
    assert lamella.asarray(a).data_ptr() == a.ctypes.data
    for source in (x, a):
        copied = lamella.asarray(source, copy=True)
        copied[0] = 5
        assert source.tolist() == [1.0, 1.0]
    buffer = bytearray(8)
    lamella.asarray(buffer)[0] = 1.0
    assert lamella.asarray(buffer, dtype=lamella.int32).tolist() == [0x3F800000, 0]

    class Foreign:
        def __dlpack__(self, **named):
            return a.__dlpack__(**named)

        def __dlpack_device__(self):
            return a.__dlpack_device__()

    assert lamella.asarray(Foreign()).data_ptr() == a.ctypes.data
    assert lamella.asarray([1, 2.0]).dtype == f32 and lamella.asarray(np.float64(2)).dtype == f64


def test_asarray_and_gradients():
    x = lamella.ones(2, requires_grad=True)
    assert lamella.asarray(x) is x and lamella.asarray(x, copy=True).grad_fn is not None
    assert lamella.asarray(x * 2).grad_fn is not None
    assert not lamella.asarray(x, requires_grad=False).requires_grad
    y = lamella.zeros(2)
    shown = lamella.asarray(y, requires_grad=True)
    assert shown.requires_grad and shown.is_leaf and shown.data_ptr() == y.data_ptr() and not y.requires_grad
    assert lamella.asarray([1.0], requires_grad=True).requires_grad


def test_sequences_need_no_base_class():
    class Sequence:
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return (5, 6)[i]

    assert lamella.tensor(Sequence()).tolist() == [5, 6]


def test_a_scalar_that_requires_grad_loses_its_graph_with_a_warning():
    with pytest.warns(UserWarning, match="requires_grad=True to a scalar"):
        x = lamella.tensor([lamella.tensor(1.0, requires_grad=True), 2.0])
    assert x.tolist() == [1.0, 2.0] and not x.requires_grad


# --- defaults


def test_the_default_device_is_set_for_good_or_for_a_block():
    cpu, other = lamella.device("cpu"), lamella.device("cpu", 1)
    assert lamella.get_default_device() == cpu
    with other as entered:
        assert entered == other == lamella.get_default_device()
        with cpu:
            assert lamella.get_default_device() == cpu
        assert lamella.get_default_device() == other
    assert lamella.get_default_device() == cpu
    lamella.set_default_device("cpu:0")
    try:
        assert lamella.get_default_device() == lamella.device("cpu", 0) and lamella.zeros(1).is_cpu
    finally:
        lamella.set_default_device(None)
    assert lamella.get_default_device() == cpu


def test_the_default_device_decides_where_tensors_are_made():
    with lamella.device("elsewhere"):
        for make in (lambda: lamella.zeros(1), lambda: lamella.tensor([1]), lambda: lamella.rand(1)):
            with pytest.raises(RuntimeError, match="elsewhere"):
                make()
        assert lamella.zeros(1, device="cpu").is_cpu and lamella.from_numpy(np.ones(1)).is_cpu


def test_the_default_tensor_type_is_deprecated():
    try:
        with pytest.warns(UserWarning, match="deprecated"):
            lamella.set_default_tensor_type("torch.DoubleTensor")
        assert lamella.zeros(1).dtype == f64
    finally:
        lamella.set_default_dtype(f32)
    for wrong in ("lamella.IntTensor", "lamella.XTensor", f32):
        with pytest.warns(UserWarning, match="deprecated"), pytest.raises(TypeError, match="(?i)float"):
            lamella.set_default_tensor_type(wrong)


def test_get_device_of_the_cpu():
    assert lamella.get_device(lamella.ones(1)) == lamella.ones(1).get_device() == -1


# --- what is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.scalar_tensor([3]), TypeError, "'s' must be Number, not list"),
        (lambda: lamella.scalar_tensor(1j), RuntimeError, "without overflow"),
        (lambda: lamella.scalar_tensor(300, dtype=u8), RuntimeError, "without overflow"),
        (lambda: lamella.logspace(0, 1, 3, 2j), TypeError, "'base' must be float, not complex"),
        (lambda: lamella.logspace(0, 1, -1), RuntimeError, "logspace: number of steps must be non-negative"),
        (lambda: lamella.logspace(0, 1, 3, dtype=lamella.bool), RuntimeError, "logspace: not defined for dtype"),
        (lambda: lamella.linspace(0, 1, 3, dtype=lamella.bool), RuntimeError, "linspace: not defined for dtype"),
        (lambda: lamella.linspace(lamella.ones(1), 1, 3), RuntimeError, "only supports 0-dimensional"),
        (lambda: lamella.linspace(0, 300, 3, dtype=u8), RuntimeError, "without overflow"),
        (lambda: lamella.linspace(0, 1, 3.0), TypeError, "integer"),
        (lambda: lamella.empty_strided((2, 3), (1,)), RuntimeError, "dimensionality of sizes"),
        (lambda: lamella.empty_strided((2, 3), (-1, 2)), RuntimeError, "strides must not be negative"),
        (lambda: lamella.empty_permuted((2, 3), (1, 1)), RuntimeError, "each dimension .* once"),
        (lambda: lamella.empty_permuted((2, 3), (-1, 0)), RuntimeError, "each dimension .* once"),
        (lambda: lamella.frombuffer([1], dtype=u8), ValueError, "buffer protocol"),
        (lambda: lamella.frombuffer(bytearray(), dtype=u8), ValueError, "must not be 0"),
        (lambda: lamella.frombuffer(bytearray(4), dtype=u8, count=0), ValueError, "must not be 0"),
        (lambda: lamella.frombuffer(bytearray(4), dtype=u8, offset=4), ValueError, "offset .4 bytes"),
        (lambda: lamella.frombuffer(bytearray(5), dtype=f32), ValueError, "multiple of element size"),
        (lambda: lamella.frombuffer(bytearray(4), dtype=f32, count=2), ValueError, "2 . 4 bytes"),
        (lambda: lamella.frombuffer(np.ones(4)[::2], dtype=f64), RuntimeError, "has gaps"),
        (lambda: lamella.asarray([1], copy=False), ValueError, "can't alias list"),
        (lambda: lamella.asarray(np.float64(1), copy=False), RuntimeError, "can't alias float64"),
        (lambda: lamella.asarray(lamella.ones(1), dtype=f64, copy=False), ValueError, "can't alias a tensor of dtype"),
        (lambda: lamella.set_default_device("nowhere"), RuntimeError, "nowhere"),
        (lambda: lamella.device("cpu", -1), RuntimeError, "must not be negative"),
        (lambda: lamella.get_device(3), TypeError, "'input' must be Tensor"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3,), TypeError, "'end' must be Number"),
        ((3, 0), RuntimeError, "inconsistent with step sign"),
        ((0, 3, 0), RuntimeError, "step must be nonzero"),
        ((0, math.inf), RuntimeError, "unsupported range"),
        ((0, 1j), RuntimeError, "not defined for complex"),
    ],
)
def test_what_range_refuses(arguments, error, message):
    with pytest.warns(UserWarning, match="deprecated"), pytest.raises(error, match=message):
        lamella.range(*arguments)
