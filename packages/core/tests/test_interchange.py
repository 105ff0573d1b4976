"""Tensors and the rest of Python: NumPy, DLPack, copies, pickles, and what a tensor says of itself."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import lamella

f32, f64, i64 = lamella.float32, lamella.float64, lamella.int64


def leaf():
    return lamella.tensor([1.0, 2.0], requires_grad=True)


# --- NumPy


def test_numpy_takes_a_tensor_for_an_array():
    x = lamella.tensor([1.0, 2.0])
    assert np.asarray(x).ctypes.data == x.data_ptr() and np.asarray(x).dtype == np.float32
    assert np.array(x, copy=False).ctypes.data == x.data_ptr() and np.array(x).ctypes.data != x.data_ptr()
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.concatenate([x, x]).tolist() == [1.0, 2.0, 1.0, 2.0]
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(leaf())


def test_ufuncs_give_tensors_outside_the_graph():
    x, a = lamella.tensor([1.0, 4.0]), np.array([10.0, 20.0], "f4")
    for found, expected in (
        (np.sqrt(x), [1.0, 2.0]),
        (np.add(x, a), [11.0, 24.0]),
        (np.add(a, x), [11.0, 24.0]),
        (np.maximum(x, a), [10.0, 20.0]),
        (np.add.reduce(x), 5.0),
        (np.isfinite(x), [True, True]),
    ):
        assert isinstance(found, lamella.Tensor) and found.tolist() == expected
    assert np.sqrt(lamella.tensor(4)).dtype == f64
    out = np.zeros(2, "f4")
    assert np.add(x, x, out=out) is out and out.tolist() == [2.0, 8.0]
    with pytest.raises(RuntimeError, match="requires grad"):
        np.exp(leaf())


def test_an_array_beside_a_tensor_counts_as_a_tensor():
    x, a = leaf(), np.array([10.0, 20.0], "f4")
    for y in (x + a, a + x):
        assert isinstance(y, lamella.Tensor) and y.tolist() == [11.0, 22.0] and y.requires_grad
    assert (a - x).tolist() == [9.0, 18.0] and (a == x).tolist() == [False, False]
    for scalar in (np.float32(2), np.int64(2)):
        assert isinstance(scalar * x, lamella.Tensor) and (scalar * x).tolist() == [2.0, 4.0]


# --- DLPack


@pytest.mark.parametrize("dtype", [f32, f64, i64, lamella.uint8, lamella.bool, lamella.complex64, lamella.float16])
def test_dlpack_shares_memory_both_ways(dtype):
    x = lamella.ones(2, 3).to(dtype).t()
    a = np.from_dlpack(x)
    assert a.ctypes.data == x.data_ptr() and a.strides == x.array.strides
    y = lamella.from_dlpack(a)
    assert y.data_ptr() == x.data_ptr() and y.dtype == dtype and y.stride() == x.stride()
    assert x.__dlpack_device__() == (1, 0)


def test_a_capsule_can_be_written_through_and_keeps_its_memory():
    x = lamella.zeros(3)
    y = lamella.from_dlpack(lamella.to_dlpack(x[1:]))
    y.fill_(7)
    assert x.tolist() == [0.0, 7.0, 7.0]
    del x
    assert y.tolist() == [7.0, 7.0]
    assert lamella.from_dlpack(lamella.to_dlpack(lamella.zeros(0, 2))).shape == (0, 2)
    assert lamella.from_dlpack(lamella.to_dlpack(leaf())).tolist() == [1.0, 2.0]


def test_from_dlpack_copies_and_moves_when_asked():
    a = np.ones(2)
    assert lamella.from_dlpack(a, copy=False).data_ptr() == a.ctypes.data
    assert lamella.from_dlpack(a, copy=True).data_ptr() != a.ctypes.data
    assert lamella.from_dlpack(a, device="cpu").data_ptr() == a.ctypes.data


def test_what_dlpack_refuses():
    for tensor in (leaf(), leaf() * 2):
        with pytest.raises(BufferError, match="require gradient"):
            tensor.__dlpack__()
    for wrong in (3, [1.0]):
        with pytest.raises(RuntimeError, match="expected an array with __dlpack__"):
            lamella.from_dlpack(wrong)

    class Elsewhere:
        def __dlpack__(self, **named):
            raise AssertionError("the device is looked for first")

        def __dlpack_device__(self):
            return (7, 0)

    with pytest.raises(RuntimeError, match="dlpack7"):
        lamella.from_dlpack(Elsewhere())


def test_there_is_no_buffer_interface_as_in_pytorch():
    with pytest.raises(TypeError):
        memoryview(lamella.ones(2))


# --- copies


def test_deep_copies_share_what_their_originals_shared():
    x = lamella.arange(6.0)
    first, part, turned, again = copy.deepcopy([x, x[2:4], x.view(2, 3).t(), x])
    assert first is again and part.tolist() == [2.0, 3.0] and turned.stride() == (1, 3)
    first[2] = 9
    assert part[0] == 9 and turned[2, 0] == 9 and x[2] == 2


def test_deep_copies_of_other_memory():
    for x in (lamella.zeros(2, 3).t(), lamella.ones(1).expand(3), lamella.ones(4)[1:3]):
        twin = copy.deepcopy(x)
        assert twin.tolist() == x.tolist() and twin.stride() == x.stride() and twin.data_ptr() != x.data_ptr()
    assert copy.deepcopy(lamella.zeros(0, 3)).shape == (0, 3)
    gaps = lamella.from_numpy(np.frombuffer(bytearray(32), "f8")[::2])
    assert copy.deepcopy(gaps).tolist() == [0.0, 0.0]


def test_deep_copies_keep_gradients_and_refuse_results():
    x = leaf()
    x.sum().backward()
    twin = copy.deepcopy(x)
    assert twin.requires_grad and twin.grad.tolist() == [1.0, 1.0] and twin.grad is not x.grad
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(x * 2)


def test_shallow_copies_share_memory():
    x = leaf()
    assert copy.copy(x).data_ptr() == x.data_ptr() and copy.copy(x).requires_grad and copy.copy(x) is not x
    result = copy.copy(x * 2)
    assert result.is_leaf and result.requires_grad


class Labelled(lamella.Tensor):
    """A subclass with an attribute, which pickle finds by its name."""


def test_pickles():
    x = lamella.zeros(2, 3).t()
    assert pickle.loads(pickle.dumps(x)).stride() == (1, 3)
    made = Labelled([1.0])
    made.label = "a"
    found = pickle.loads(pickle.dumps(made))
    assert type(found) is Labelled and found.label == "a" and found.tolist() == [1.0]
    for single in (f32, lamella.strided, lamella.channels_last):
        assert pickle.loads(pickle.dumps(single)) is single
    for value in (lamella.device("cpu", 1), lamella.Size([1, 2])):
        twin = pickle.loads(pickle.dumps(value))
        assert twin == value and type(twin) is type(value)
    generator = lamella.Generator().manual_seed(3)
    assert pickle.loads(pickle.dumps(generator)).initial_seed() == 3


# --- Python's protocols


def test_python_reads_a_tensor():
    x, zero = lamella.tensor([[1, 2], [3, 4]]), lamella.tensor(3)
    assert next(iter(reversed(x))).tolist() == [3, 4] and reversed(zero).item() == 3
    assert zero.__long__() == 3 and zero.__nonzero__() is True
    assert [10, 20, 30, 40][zero] == 40 and hex(zero) == "0x3" and range(zero) == range(3)
    assert f"{zero:d}" == "3" and f"{lamella.tensor(2.5):.2f}" == "2.50" and f"{lamella.tensor(1j):.1f}" == "0.0+1.0j"
    assert 4 in x and 5 not in x and lamella.tensor(1) in x and hash(x) == id(x)
    for wrong in (lambda: len(zero), lambda: iter(zero), lambda: f"{x:.2f}", lambda: [1][lamella.tensor(0.0)]):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(RuntimeError, match="ambiguous"):
        bool(x)
    with pytest.raises(ValueError, match="only one element"):
        int(x)
    with pytest.raises(RuntimeError, match="Scalar"):
        x.item()


# --- what a tensor says of itself


def test_types_by_name():
    x = lamella.tensor([1.5])
    assert x.type() == "lamella.FloatTensor" and x.bool().type() == "lamella.BoolTensor"
    assert lamella.tensor(1j).type() == "lamella.ComplexFloatTensor" and x.half().type() == "lamella.HalfTensor"
    for name in ("torch.IntTensor", "lamella.IntTensor", lamella.int32):
        assert x.type(name).dtype == lamella.int32
    assert x.type(f32) is x
    for wrong in ("double", "lamella.XTensor", float, "other.FloatTensor"):
        with pytest.raises(ValueError, match="invalid type"):
            x.type(wrong)
    with pytest.raises(RuntimeError, match="cuda"):
        x.type("torch.cuda.FloatTensor")


def test_dense_tensors_on_the_cpu():
    x = lamella.zeros(2, 3)
    assert x.layout is lamella.strided and x.to_dense() is x and x.to_dense(f64).dtype == f64
    assert (x.dense_dim(), x.sparse_dim(), x.get_device(), x.name) == (2, 0, -1, None)
    assert x.const_data_ptr() == x.data_ptr() and x.grad_dtype == f32
    for no in ("is_sparse", "is_sparse_csr", "is_quantized", "is_mkldnn", "is_meta", "is_nested", "is_xpu", "is_mps"):
        assert getattr(x, no) is False
    assert not (x.is_pinned() or x.is_shared() or x.is_distributed() or lamella.is_distributed(x))
    with pytest.warns(UserWarning, match="volatile was removed"):
        assert x.volatile is False


@pytest.mark.parametrize(
    "name",
    ["coalesce", "is_coalesced", "indices", "values", "crow_indices", "col_indices", "ccol_indices", "row_indices"],
)
def test_what_only_sparse_tensors_have(name):
    with pytest.raises(RuntimeError, match=f"{name} expected sparse.* tensor layout but got Strided"):
        getattr(lamella.zeros(2), name)()


def test_new_tensors_of_a_tensors_kind():
    x = lamella.zeros(2, dtype=i64)
    assert x.new(2, 3).shape == (2, 3) and x.new().shape == (0,) and x.new(lamella.Size([2, 2])).shape == (2, 2)
    assert x.new([1.5, 2]).tolist() == [1, 2] and x.new([1.5, 2]).dtype == i64
    shared = x.new(x)
    assert shared.data_ptr() == x.data_ptr()
    with pytest.raises(TypeError, match=r"expected a tensor of dtype lamella.int64, got lamella.float32"):
        x.new(lamella.ones(2))


def test_a_subclass_shows_the_same_tensor():
    x = leaf()
    y = (x * 2).as_subclass(Labelled)
    assert type(y) is Labelled and y.tolist() == [2.0, 4.0]
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert lamella.zeros(2).as_subclass(Labelled).data_ptr() != 0
    with pytest.raises(TypeError, match="inherits from Tensor"):
        x.as_subclass(int)


def test_functions_of_elements():
    x = lamella.tensor([1.0, 2.0])
    assert x.apply_(lambda v: v * 2) is x and x.tolist() == [2.0, 4.0]
    assert x.map_(lamella.tensor(1.0), lambda a, b: a + b).tolist() == [3.0, 5.0]
    assert x.map2_(x, lamella.ones(2), lambda a, b, c: a + b + c).tolist() == [7.0, 11.0]
    assert lamella.tensor([1, 2]).apply_(lambda v: v + 0.5).tolist() == [1, 2]
    assert lamella.tensor([1.5]).half().apply_(lambda v: v + 1).tolist() == [2.5]
    assert lamella.zeros(2, 3).t().apply_(lambda v: v + 1).tolist() == [[1.0, 1.0]] * 3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: leaf().apply_(abs), RuntimeError, "apply_.. on Variable that requires grad"),
        (lambda: leaf().map_(leaf(), max), RuntimeError, "map_.. on Variable that requires grad"),
        (lambda: lamella.ones(2).map_(lamella.ones(2, dtype=i64), max), TypeError, "expected lamella.FloatTensor"),
        (lambda: lamella.ones(2).map_(3, max), TypeError, "'other' must be Tensor, not int"),
        (lambda: lamella.ones(2).map_(lamella.ones(2, 2), max), RuntimeError, "expand"),
        (lambda: lamella.ones(2).apply_(3), TypeError, "not callable"),
        (lambda: lamella.ones(2).apply_(str), TypeError, "expected a number"),
        (lambda: lamella.ones(2).pin_memory(), RuntimeError, "accelerator"),
        (lambda: lamella.ones(2).share_memory_(), RuntimeError, "own memory"),
        (lambda: lamella.ones(2).cuda(), RuntimeError, "cuda"),
        (lambda: lamella.ones(2).cuda(1), RuntimeError, "cuda:1"),
        (lambda: (leaf() * 2).grad_dtype, RuntimeError, "leaf tensors"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
