"""What every op of the core should compute: slow, obvious, in float64, sharing no code with the ops.

A function here has the name of its op and takes the op's inputs, as NumPy arrays (or numbers, None, a tuple of arrays),
and then its attributes. It works element by element, in plain Python and :mod:`math` where that is possible, so that
a wrong use of NumPy shows. Each family of ops has its own heading. Where an op has the name of a builtin (``sum``,
``abs``, ``slice``), code in this module that wants the builtin writes ``builtins.sum``.
"""

# ruff: noqa: D103  # what a function here computes is said by the op of its name
# ruff: noqa: FURB136, FURB192  # max, min and sorted are ops too, or the formula reads better written out

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def each(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """A function of numbers as a function of arrays that broadcast, element by element."""

    def on_arrays(*inputs: Any) -> np.ndarray:
        arrays = np.broadcast_arrays(*inputs)
        return filled(arrays[0].shape, lambda i: function(*(a[i].item() for a in arrays)))

    return on_arrays


def filled(shape: Sequence[int], element: Callable[[tuple[int, ...]], Any]) -> np.ndarray:
    """An array whose element at each index is ``element(index)``."""
    result = np.empty(shape)
    for i in np.ndindex(*shape):
        result[i] = element(i)
    return result


def reduction(function: Callable[[list[Any]], Any]) -> Callable[..., np.ndarray]:
    """A function of a list of numbers as a reduction of an array over ``dims``, a tuple counted from the front."""

    def on_array(input: np.ndarray, dims: Sequence[int], keepdim: bool) -> np.ndarray:
        outer = tuple(1 if d in dims else s for d, s in enumerate(input.shape))
        inner = [s if d in dims else 1 for d, s in enumerate(input.shape)]

        def element(i: tuple[int, ...]) -> Any:
            members = (tuple(a + b for a, b in zip(i, j, strict=True)) for j in np.ndindex(*inner))
            return function([input[m].item() for m in members])

        result = filled(outer, element)
        return result if keepdim else result.reshape([s for d, s in enumerate(outer) if d not in dims])

    return on_array


# --- creation: conversions


def cast(input: Any, dtype: np.dtype) -> np.ndarray:
    return np.array([dtype.type(x) for x in input.reshape(-1).tolist()], dtype).reshape(input.shape)


def move(input: Any, place: Any) -> np.ndarray:
    return np.array(input)


# --- pointwise

add = each(lambda input, other: input + other)
sub = each(lambda input, other: input - other)
mul = each(lambda input, other: input * other)
div = each(lambda input, other: input / other)
pow = each(lambda input, exponent: input**exponent)
neg = each(lambda input: -input)
abs = each(lambda input: -input if input < 0 else input)
sign = each(lambda input: (input > 0) - (input < 0))
square = each(lambda input: input * input)
sqrt = each(math.sqrt)
rsqrt = each(lambda input: 1 / math.sqrt(input))
reciprocal = each(lambda input: 1 / input)
exp = each(math.exp)
expm1 = each(math.expm1)
log = each(math.log)
log1p = each(math.log1p)
sin = each(math.sin)
cos = each(math.cos)
tanh = each(math.tanh)
tanh_backward = each(lambda grad_output, output: grad_output * (1 - output**2))
lerp = each(lambda input, end, weight: (1 - weight) * input + weight * end)
conj = each(lambda input: complex(input).conjugate().real)
real = each(lambda input: complex(input).real)


def imaginary_part(input: Any) -> np.ndarray:
    return filled(input.shape, lambda i: complex(input[i]).imag)


# --- transcendental

exp2 = each(lambda input: 2.0**input)
log2 = each(lambda input: math.log(input) / math.log(2))
log10 = each(lambda input: math.log(input) / math.log(10))
tan = each(lambda input: math.sin(input) / math.cos(input))
asin = each(math.asin)
acos = each(math.acos)
atan = each(math.atan)
atan2 = each(math.atan2)
sinh = each(lambda input: (math.exp(input) - math.exp(-input)) / 2)
cosh = each(lambda input: (math.exp(input) + math.exp(-input)) / 2)
sigmoid = each(lambda input: 1 / (1 + math.exp(-input)))
sigmoid_backward = each(lambda grad_output, output: grad_output * output * (1 - output))
logaddexp = each(lambda input, other: math.log(math.exp(input) + math.exp(other)))
xlogy = each(lambda input, other: 0 if input == 0 else input * (math.log(other) if other > 0 else -math.inf))
erf = each(math.erf)
erfc = each(math.erfc)

# --- rounding

floor = each(math.floor)
ceil = each(math.ceil)
trunc = each(math.trunc)
round = each(builtins.round)
floor_divide = each(lambda input, other: input // other)
remainder = each(lambda input, other: input - other * math.floor(input / other))
fmod = each(math.fmod)

# --- selection

maximum = each(lambda input, other: input if input > other else other)
minimum = each(lambda input, other: input if input < other else other)
where = each(lambda condition, input, other: input if condition else other)
masked_fill = each(lambda input, mask, value: value if mask else input)


def nan_to_num(input: Any, nan: float, posinf: float | None, neginf: float | None) -> np.ndarray:
    return filled(input.shape, lambda i: nan if math.isnan(input[i]) else input[i])


def clamp(input: Any, min: Any, max: Any) -> np.ndarray:
    at_least = input if min is None else each(lambda x, bound: x if x > bound else bound)(input, min)
    return at_least if max is None else each(lambda x, bound: x if x < bound else bound)(at_least, max)


# --- comparison

eq = each(lambda input, other: input == other)
ne = each(lambda input, other: input != other)
lt = each(lambda input, other: input < other)
le = each(lambda input, other: input <= other)
gt = each(lambda input, other: input > other)
ge = each(lambda input, other: input >= other)
isnan = each(math.isnan)
isinf = each(math.isinf)
isfinite = each(math.isfinite)
isclose = each(
    lambda input, other, rtol, atol, equal_nan: (
        builtins.abs(input - other) <= atol + rtol * builtins.abs(other) or (equal_nan and math.isnan(input + other))
    )
)

# --- logic

logical_and = each(lambda input, other: bool(input) and bool(other))
logical_or = each(lambda input, other: bool(input) or bool(other))
logical_xor = each(lambda input, other: bool(input) != bool(other))
logical_not = each(lambda input: not input)
bitwise_and = each(lambda input, other: input & other)
bitwise_or = each(lambda input, other: input | other)
bitwise_xor = each(lambda input, other: input ^ other)
bitwise_not = each(lambda input: not input if isinstance(input, bool) else -1 - input)
bitwise_left_shift = each(lambda input, other: input * 2**other % 2**64)
bitwise_right_shift = each(lambda input, other: input // 2**other)

# --- activations

relu = each(lambda input: input if input > 0 else 0)
relu_backward = each(lambda grad_output, output: grad_output if output > 0 else 0)
leaky_relu = each(lambda input, negative_slope: input if input > 0 else input * negative_slope)
softplus = each(
    lambda input, beta, threshold: input if input * beta > threshold else math.log(1 + math.exp(beta * input)) / beta
)
silu = each(lambda input: input / (1 + math.exp(-input)))


@each
def silu_backward(grad_output: float, input: float) -> float:
    s = 1 / (1 + math.exp(-input))
    return grad_output * (s + input * s * (1 - s))


def _gelu(x: float, approximate: str) -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def _gelu_slope(x: float, approximate: str) -> float:
    if approximate == "tanh":
        bend = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return 0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return (1 + math.erf(x / math.sqrt(2))) / 2 + x * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


gelu = each(_gelu)
gelu_backward = each(lambda grad_output, input, approximate: grad_output * _gelu_slope(input, approximate))


def along(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """A function of lists of numbers, which gives one as long, on the lines of arrays along ``dim``."""

    def on_arrays(*arguments: Any) -> np.ndarray:
        *arrays, dim = arguments
        if arrays[0].ndim == 0:
            return np.array(function(*([a.item()] for a in arrays))[0])
        result = np.empty(arrays[0].shape)
        lines = [np.moveaxis(a, dim, -1) for a in (result, *arrays)]
        for i in np.ndindex(*lines[0].shape[:-1]):
            lines[0][i] = function(*(line[i].tolist() for line in lines[1:]))
        return result

    return on_arrays


def _softmax_of(x: list[float]) -> list[float]:
    total = math.fsum(math.exp(v) for v in x)
    return [math.exp(v) / total for v in x]


softmax = along(_softmax_of)
log_softmax = along(lambda x: [math.log(v) for v in _softmax_of(x)])
softmax_backward = along(
    lambda grad, y: [
        v * (g - math.fsum(a * b for a, b in zip(grad, y, strict=True))) for g, v in zip(grad, y, strict=True)
    ]
)
log_softmax_backward = along(lambda grad, y: [g - math.exp(v) * math.fsum(grad) for g, v in zip(grad, y, strict=True)])

# --- reductions

sum = reduction(math.fsum)
mean = reduction(lambda x: math.fsum(x) / len(x))
logsumexp = reduction(lambda x: math.log(math.fsum(map(math.exp, x))))
any = reduction(lambda x: builtins.any(map(bool, x)))
all = reduction(lambda x: builtins.all(map(bool, x)))


def prod(input: Any, dim: int, keepdim: bool) -> np.ndarray:
    return reduction(math.prod)(input, (dim,) if input.ndim else (), keepdim)


def cumsum(input: Any, dim: int, reverse: bool) -> np.ndarray:
    def sums(x: list[float]) -> list[float]:
        return [math.fsum(x[i:] if reverse else x[: i + 1]) for i in range(len(x))]

    return along(sums)(input, dim)


def var(input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    def of(x: list[float]) -> float:
        center = math.fsum(x) / len(x)
        return math.fsum((v - center) ** 2 for v in x) / (len(x) - correction)

    return reduction(of)(input, dims, keepdim)


def var_backward(grad_output: Any, input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    n = math.prod(input.shape[d] for d in dims)
    wide = [1 if d in dims else s for d, s in enumerate(input.shape)]
    return 2 * grad_output.reshape(wide) * (input - mean(input, dims, True)) / (n - correction)


def std(input: Any, dims: Shape, correction: float, keepdim: bool) -> np.ndarray:
    return sqrt(var(input, dims, correction, keepdim))


def vector_norm(input: Any, ord: float, dims: Shape, keepdim: bool) -> np.ndarray:
    def of(x: list[float]) -> float:
        sizes = [builtins.abs(v) for v in x]
        if ord == 0:
            return len([v for v in sizes if v])
        if math.isinf(ord):
            return sorted(sizes)[-1 if ord > 0 else 0]
        return math.fsum(v**ord for v in sizes) ** (1 / ord)

    return reduction(of)(input, dims, keepdim)


def count_nonzero(input: Any, dims: Shape) -> np.ndarray:
    return reduction(lambda x: len([v for v in x if v]))(input, dims, False)


# --- extremes

amax = reduction(lambda x: sorted(x)[-1])
amin = reduction(lambda x: sorted(x)[0])


def extreme_backward(grad_output: Any, input: Any, output: Any, dims: Shape, keepdim: bool) -> np.ndarray:
    wide = [1 if d in dims else s for d, s in enumerate(input.shape)]
    found = eq(input, output.reshape(wide))
    shares = np.maximum(sum(found, dims, True), 1)  # where none is found there is nothing to share
    return found * grad_output.reshape(wide) / shares


def _place(input: Any, dim: int | None, keepdim: bool, best: Callable[[list[Any]], Any]) -> np.ndarray:
    dims = tuple(range(input.ndim)) if dim is None or not input.ndim else (dim,)
    return reduction(lambda x: x.index(best(x)))(input, dims, keepdim)


def argmax(input: Any, dim: int | None, keepdim: bool) -> np.ndarray:
    return _place(input, dim, keepdim, builtins.max)


def argmin(input: Any, dim: int | None, keepdim: bool) -> np.ndarray:
    return _place(input, dim, keepdim, builtins.min)


# --- shapes


def reshape(input: Any, shape: Shape) -> np.ndarray:
    known = math.prod(s for s in shape if s != -1)
    elements = iter(input.flatten().tolist())
    return filled([input.size // known if s == -1 else s for s in shape], lambda i: next(elements))


def permute(input: Any, dims: Shape) -> np.ndarray:
    return filled([input.shape[d] for d in dims], lambda i: input[tuple(i[dims.index(d)] for d in range(input.ndim))])


def expand(input: Any, shape: Shape) -> np.ndarray:
    lead = len(shape) - input.ndim
    return filled(shape, lambda i: input[tuple(k % s for k, s in zip(i[lead:], input.shape, strict=True))])


def _selected(shape: Shape, key: tuple[Any, ...]) -> list[list[int]]:
    """For each dimension of the result of ``x[key]``, the places along the input's dimension; None adds one."""
    places: list[list[int]] = []
    dim = 0
    for k in key:
        if k is None:
            places.append([-1])
        elif isinstance(k, int):
            dim += 1
        else:
            places.append([*range(shape[dim])[k]])
            dim += 1
    return places + [[*range(n)] for n in shape[dim:]]


def _source(shape: Shape, key: tuple[Any, ...], index: Shape) -> Shape:
    """Where element ``index`` of ``x[key]`` is in ``x``."""
    places = _selected(shape, key)
    chosen = iter([p[i] for p, i in zip(places, index, strict=True) if p != [-1]])
    kept = [k for k in key if k is not None] + [None] * (len(shape) - builtins.sum(k is not None for k in key))
    return tuple(k if isinstance(k, int) else next(chosen) for k in kept)


def getitem(input: Any, key: tuple[Any, ...]) -> np.ndarray:
    shape = tuple(len(p) for p in _selected(input.shape, key))
    return filled(shape, lambda index: input[_source(input.shape, key, index)])


def getitem_backward(grad_output: Any, shape: Shape, key: tuple[Any, ...]) -> np.ndarray:
    result = np.zeros(shape)
    for index in np.ndindex(grad_output.shape):
        result[_source(shape, key, index)] += grad_output[index]
    return result


def unbind(input: Any, dim: int) -> list[np.ndarray]:
    return [np.take(input, i, axis=dim) for i in range(input.shape[dim])]


def split_sizes(input: Any, sizes: Shape, dim: int) -> list[np.ndarray]:
    stops = np.cumsum(sizes)
    return [np.take(input, range(stop - size, stop), axis=dim) for stop, size in zip(stops, sizes, strict=True)]


def _position(index: Shape, strides: Shape, offset: int) -> int:
    return offset + builtins.sum(i * s for i, s in zip(index, strides, strict=True))


def as_strided(input: Any, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    elements = input.flatten()
    return filled(shape, lambda i: elements[_position(i, strides, offset)])


def as_strided_backward(grad: Any, input_shape: Shape, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    result = np.zeros(math.prod(input_shape))
    for i in np.ndindex(*shape):
        result[_position(i, strides, offset)] += grad[i]
    return result.reshape(input_shape)


def as_strided_scatter(input: Any, src: Any, shape: Shape, strides: Shape, offset: int) -> np.ndarray:
    result = input.flatten()
    for i in np.ndindex(*shape):
        result[_position(i, strides, offset)] = src[i]
    return result.reshape(input.shape)


def clone(input: Any) -> np.ndarray:
    return np.array(input)


def overwrite(input: Any, value: Any) -> np.ndarray:
    return np.array(value)


def cat(tensors: Any, dim: int) -> np.ndarray:
    slices = [np.take(t, i, axis=dim) for t in tensors for i in range(t.shape[dim])]
    return np.moveaxis(np.array(slices), 0, dim)


def stack(tensors: Any, dim: int) -> np.ndarray:
    return np.moveaxis(np.array(list(tensors)), 0, dim)


# --- conv


def _meetings(
    input_size: Shape,
    weight_size: Shape,
    result_size: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> list[tuple[Shape, Shape, Shape]]:
    """Which element of the input meets which of the weight in which of the result: ``(input, weight, result)``."""
    found: list[tuple[Shape, Shape, Shape]] = []
    for n, o, y, x in np.ndindex(*result_size):
        for c, i, j in np.ndindex(*weight_size[1:]):
            group = o // (weight_size[0] // groups)
            row = y * stride[0] + i * dilation[0] - padding[0]
            column = x * stride[1] + j * dilation[1] - padding[2]
            if 0 <= row < input_size[2] and 0 <= column < input_size[3]:
                found.append(((n, group * weight_size[1] + c, row, column), (o, c, i, j), (n, o, y, x)))
    return found


def conv2d(
    input: Any, weight: Any, bias: Any, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    size = [len(input), len(weight)]
    for d in range(2):
        last = input.shape[2 + d] + padding[2 * d] + padding[2 * d + 1] - dilation[d] * (weight.shape[2 + d] - 1)
        size.append(len(range(0, last, stride[d])))
    result = np.zeros(size)
    for i, w, r in _meetings(input.shape, weight.shape, tuple(size), stride, padding, dilation, groups):
        result[r] += input[i] * weight[w]
    if bias is not None:
        for o, b in enumerate(bias):
            result[:, o] += b
    return result


def conv2d_input(
    grad_output: Any, weight: Any, input_size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    result = np.zeros(input_size)
    for i, w, r in _meetings(input_size, weight.shape, grad_output.shape, stride, padding, dilation, groups):
        result[i] += grad_output[r] * weight[w]
    return result


def conv2d_weight(
    input: Any, grad_output: Any, weight_size: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    result = np.zeros(weight_size)
    for i, w, r in _meetings(input.shape, weight_size, grad_output.shape, stride, padding, dilation, groups):
        result[w] += input[i] * grad_output[r]
    return result


# --- indexing


def _pick(indices: Any, index: Shape, ndim: int) -> Shape:
    """Where element ``index`` of ``x[indices]`` is in ``x``, which has ``ndim`` dimensions."""
    given = [d for d, i in enumerate(indices) if i is not None]
    width = max(indices[d].ndim for d in given)
    common = np.broadcast_shapes(*(indices[d].shape for d in given))
    at = given[0] if given == [*range(given[0], given[-1] + 1)] else 0
    inner, outer = index[at : at + width], iter(index[:at] + index[at + width :])
    return tuple(int(np.broadcast_to(indices[d], common)[inner]) if d in given else next(outer) for d in range(ndim))


def _picked_shape(shape: Shape, indices: Any) -> Shape:
    given = [d for d, i in enumerate(indices) if i is not None]
    common = np.broadcast_shapes(*(indices[d].shape for d in given))
    rest = tuple(n for d, n in enumerate(shape) if d not in given)
    at = given[0] if given == [*range(given[0], given[-1] + 1)] else 0
    return rest[:at] + common + rest[at:]


def index(input: Any, indices: Any) -> np.ndarray:
    shape = _picked_shape(input.shape, indices)
    return filled(shape, lambda place: input[_pick(indices, place, input.ndim)])


def index_backward(grad_output: Any, indices: Any, shape: Shape) -> np.ndarray:
    result = np.zeros(shape)
    for place in np.ndindex(grad_output.shape):
        result[_pick(indices, place, len(shape))] += grad_output[place]
    return result


def index_put(input: Any, indices: Any, values: Any, accumulate: bool) -> np.ndarray:
    result = np.array(input)
    spread = np.broadcast_to(values, _picked_shape(input.shape, indices))
    for place in np.ndindex(spread.shape):
        target = _pick(indices, place, input.ndim)
        result[target] = result[target] + spread[place] if accumulate else spread[place]
    return result


def gather(input: Any, index: Any, dim: int) -> np.ndarray:
    return filled(index.shape, lambda place: input[(*place[:dim], int(index[place]), *place[dim + 1 :])])


def gather_backward(grad_output: Any, index: Any, shape: Shape, dim: int) -> np.ndarray:
    result = np.zeros(shape)
    for place in np.ndindex(index.shape):
        result[(*place[:dim], int(index[place]), *place[dim + 1 :])] += grad_output[place]
    return result


# --- matmul


def matmul(input: Any, other: Any) -> np.ndarray:
    a = input if input.ndim > 1 else input[None, :]
    b = other if other.ndim > 1 else other[:, None]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, batch + a.shape[-2:])
    b = np.broadcast_to(b, batch + b.shape[-2:])
    result = filled(
        (*batch, a.shape[-2], b.shape[-1]),
        lambda i: builtins.sum(a[(*i[:-1], k)] * b[(*i[:-2], k, i[-1])] for k in range(a.shape[-1])),
    )
    result = result if input.ndim > 1 else result[..., 0, :]
    return result if other.ndim > 1 else result[..., 0]


def linear(input: Any, weight: Any, bias: Any) -> np.ndarray:
    rows = weight if weight.ndim > 1 else weight[None, :]
    result = filled(
        (*input.shape[:-1], len(rows)),
        lambda i: (
            builtins.sum(input[(*i[:-1], k)] * rows[i[-1], k] for k in range(input.shape[-1]))
            + (0 if bias is None else bias[i[-1]])
        ),
    )
    return result if weight.ndim > 1 else result[..., 0]
