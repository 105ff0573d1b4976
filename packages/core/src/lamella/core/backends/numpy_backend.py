"""The backend every installation has: NumPy arrays on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import numpy as np

from lamella.core.backends import chunks, sums, threads
from lamella.core.devices import CPU, device


def _sum(array: np.ndarray, dims: tuple[int, ...], keepdim: bool) -> Any:
    whole = len(dims) == array.ndim and array.flags.c_contiguous  # which NumPy adds up in pairs, and so accurately
    if (array.size > 4096 and not whole) or array.dtype == np.float16:
        return sums.total(np, array, dims, keepdim)
    # np.sum's own checks take longer than adding a few thousand numbers
    return np.add.reduce(array, dims, None, None, keepdim)  # type: ignore[call-overload]  # by position: faster


def _expand(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    # np.broadcast_to takes 1.9 µs, a tenth of which is needed here
    if array.shape == shape:
        return array[...]
    if not array.flags.c_contiguous:
        return np.broadcast_to(array, shape)
    lead = (0,) * (len(shape) - array.ndim)
    strides = tuple([0 if n == 1 else s for n, s in zip(array.shape, array.strides, strict=True)])
    if any(n not in (1, s) for n, s in zip(array.shape, shape[len(lead) :], strict=True)):
        return np.broadcast_to(array, shape)  # raises
    view = np.ndarray(shape, array.dtype, array, 0, lead + strides)
    if view.size != array.size:  # an element that is there several times can't be changed once
        view.flags.writeable = False
    return view


#: Multiplications of a product from which OpenBLAS wakes its threads, and from which waking them pays.
WAKES, PAYS = 1 << 18, 1 << 22


def _matmul(a: np.ndarray, b: np.ndarray) -> Any:
    # OpenBLAS's threads spin for milliseconds after a product, on the cores that ours then lack: a step of LeNet took
    # 6.9 ms with them and 5.8 without. Medium products are not worth that.
    if WAKES < a.size * b.shape[-1] < PAYS:
        with threads.single_threaded_blas():
            return np.matmul(a, b)
    return np.matmul(a, b)


#: The dtypes for which np.clip is a vector loop. np.maximum with a number is none: 4e5 float32 take it 120 µs, not 33.
_CLIPPED = (np.dtype(np.float32), np.dtype(np.float64))


def _clamp(array: np.ndarray, low: Any, high: Any) -> Any:
    if array.dtype in _CLIPPED:  # of one bound, NumPy would make a maximum or minimum
        low, high = -np.inf if low is None else low, np.inf if high is None else high
    return np.clip(array, low, high)


def _relu(array: np.ndarray) -> Any:
    if array.size > 2048 and array.dtype in _CLIPPED:
        return array.clip(0, np.inf)
    return np.maximum(array, 0)


#: Unsigned integers by their bytes, and those as wide as floats.
_WORDS: dict[int, Any] = {2: np.uint16, 4: np.uint32, 8: np.uint64}
_BITS = {np.dtype(kind): _WORDS[np.dtype(kind).itemsize] for kind in (np.float16, np.float32, np.float64)}


def _relu_backward(grad: np.ndarray, output: np.ndarray) -> Any:
    # Zeros by clearing bits: an infinite gradient times 0 would be nan, and np.where takes 16 times as long.
    bits = _BITS.get(grad.dtype)
    if bits is None or grad.ndim == 0 or grad.shape != output.shape:
        return np.where(output <= 0, grad.dtype.type(0), grad)
    keep = (output <= 0).astype(bits)
    keep -= 1  # 0 - 1 are all bits, 1 - 1 none
    return np.bitwise_and(grad.view(bits), keep, out=keep).view(grad.dtype)


#: Elements from which selecting by bits is faster.
_MANY = 1 << 14


def _where(condition: np.ndarray, input: Any, other: Any) -> Any:
    # np.where branches at each element: a random mask over 1e6 float32 takes it 3.6 ms, and this 0.4.
    like = input if getattr(input, "ndim", 0) else other
    if type(like) is not np.ndarray or like.size < _MANY or like.itemsize not in _WORDS:
        return np.where(condition, input, other)
    if np.result_type(input, other) != like.dtype or np.broadcast_shapes(condition.shape, like.shape) != like.shape:
        return np.where(condition, input, other)
    both = [x if isinstance(x, np.ndarray) else np.asarray(x, like.dtype) for x in (input, other)]
    full = [x for x in both if x.ndim]
    if any(x.dtype != like.dtype for x in both) or any(x.shape != like.shape for x in full):
        return np.where(condition, input, other)
    word = _WORDS[like.itemsize]

    def fill(out: np.ndarray, condition: np.ndarray, *parts: np.ndarray) -> None:
        found = iter(parts)
        first, second = ((next(found) if x.ndim else x).view(word) for x in both)
        chosen = condition.astype(word)
        np.negative(chosen, out=chosen)  # all bits, or none
        bits = np.bitwise_xor(first, second, out=out.view(word))
        bits &= chosen
        bits ^= second

    return chunks.along_first(fill, np.empty_like(like), np.broadcast_to(condition, like.shape), *full)


def _masked_fill(input: np.ndarray, mask: np.ndarray, value: Any) -> Any:
    if getattr(value, "ndim", 0):
        raise ValueError("the value has dimensions")  # the shape rule says it better
    return _where(mask, value, input)


def _convolution(name: str) -> Callable[..., Any]:
    """A kernel of ``convolution``, which is imported when a network first convolves."""

    def kernel(*arguments: Any) -> Any:
        from lamella.core.backends import convolution

        return getattr(convolution, name)(*arguments)

    return kernel


#: Ops that are one NumPy function: called without a Python frame of ours in between.
KERNELS: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.absolute,
    "square": np.square,
    "matmul": _matmul,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "sum": _sum,
    "expand": _expand,
    "where": _where,
    "masked_fill": _masked_fill,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "clamp": _clamp,
    "relu": _relu,
    "relu_backward": _relu_backward,
    "conv2d": _convolution("conv2d"),
    "conv2d_input": _convolution("conv2d_input"),
    "conv2d_weight": _convolution("conv2d_weight"),
}


class NumpyBackend:
    """NumPy on the CPU. See :class:`~lamella.core.backends.protocol.Backend`."""

    name = "numpy"
    device_type = "cpu"
    array_type: type = np.ndarray
    xp: Any = np
    kernels: Mapping[str, Callable[..., Any]] = KERNELS
    native: Container[str] | None = None

    def unavailable(self) -> str | None:
        return None

    def device_of(self, array: np.ndarray) -> device:
        return CPU

    def asarray(self, values: np.ndarray, device: device) -> np.ndarray:
        return np.asarray(values)

    def to_numpy(self, array: np.ndarray) -> np.ndarray:
        return array

    def offset(self, view: np.ndarray, base: np.ndarray) -> int:
        return int((address(view) - address(base)) // view.itemsize)

    def may_share_memory(self, a: np.ndarray, b: np.ndarray) -> bool:
        return np.may_share_memory(a, b)

    def synchronize(self) -> None:
        return None


def address(array: np.ndarray) -> int:
    """Where the first element lies in memory."""
    found: int = array.__array_interface__["data"][0]
    return found
