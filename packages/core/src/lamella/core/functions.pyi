"""The functions of the op families. Written by ``scripts/generate.py``."""

import builtins
import numpy as np
from collections.abc import Callable, Sequence
from lamella.core.devices import device
from lamella.core.dtypes import dtype, dtype as Dtype
from lamella.core.layouts import memory_format
from lamella.core.ops.numeric_pointwise import FrexpResult
from lamella.core.ops.reductions import Dims
from lamella.core.random import Generator
from lamella.core.tensor import Size, Tensor
from typing import Any, NoReturn

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "addbmm",
    "addcdiv",
    "addcmul",
    "addmm",
    "addmv",
    "addr",
    "adjoint",
    "affine_grid_generator",
    "all",
    "allclose",
    "amax",
    "amin",
    "aminmax",
    "angle",
    "any",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argsort",
    "argwhere",
    "as_strided",
    "as_strided_scatter",
    "as_tensor",
    "asarray",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "baddbmm",
    "bartlett_window",
    "bernoulli",
    "bincount",
    "binomial",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman_window",
    "block_diag",
    "bmm",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "bucketize",
    "cartesian_prod",
    "cat",
    "cdist",
    "ceil",
    "celu",
    "chain_matmul",
    "channel_shuffle",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "clone",
    "column_stack",
    "combinations",
    "complex",
    "concat",
    "concatenate",
    "conj",
    "conj_physical",
    "constant_pad_nd",
    "contiguous",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "copysign",
    "corrcoef",
    "cos",
    "cosh",
    "cosine_similarity",
    "count_nonzero",
    "cov",
    "cross",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "deg2rad",
    "det",
    "detach",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "diff",
    "digamma",
    "dist",
    "div",
    "divide",
    "dot",
    "dsplit",
    "dstack",
    "eig",
    "einsum",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "eq",
    "equal",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expand",
    "expand_as",
    "expm1",
    "eye",
    "fill",
    "fix",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "frexp",
    "from_numpy",
    "frombuffer",
    "full",
    "full_like",
    "gather",
    "gcd",
    "ge",
    "get_default_device",
    "get_device",
    "gradient",
    "greater",
    "greater_equal",
    "grid_sampler",
    "grid_sampler_2d",
    "grid_sampler_3d",
    "gt",
    "hamming_window",
    "hann_window",
    "hardshrink",
    "heaviside",
    "histc",
    "histogram",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "imag",
    "in_float64",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_reduce",
    "index_select",
    "inner",
    "inverse",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "istft",
    "kaiser_window",
    "kron",
    "kthvalue",
    "lcm",
    "ldexp",
    "le",
    "lerp",
    "less",
    "less_equal",
    "lgamma",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logaddexp",
    "logaddexp2",
    "logcumsumexp",
    "logdet",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logit",
    "logspace",
    "logsumexp",
    "lt",
    "lu",
    "lu_solve",
    "lu_unpack",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "matmul",
    "matrix_exp",
    "matrix_power",
    "matrix_rank",
    "max",
    "maximum",
    "mean",
    "median",
    "meshgrid",
    "min",
    "minimum",
    "mm",
    "mode",
    "moveaxis",
    "movedim",
    "msort",
    "mul",
    "multinomial",
    "multiply",
    "mv",
    "mvlgamma",
    "nan_to_num",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "narrow",
    "native_channel_shuffle",
    "ne",
    "neg",
    "negative",
    "nextafter",
    "nonzero",
    "nonzero_static",
    "norm",
    "normal",
    "not_equal",
    "numel",
    "ones",
    "ones_like",
    "outer",
    "pdist",
    "permute",
    "pinverse",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson",
    "polar",
    "polygamma",
    "polynomial",
    "positive",
    "pow",
    "prelu",
    "prod",
    "put",
    "qr",
    "quantile",
    "rad2deg",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "range",
    "ratio",
    "ravel",
    "real",
    "reciprocal",
    "relu",
    "remainder",
    "renorm",
    "repeat_interleave",
    "reshape",
    "resolve_conj",
    "resolve_neg",
    "result_type",
    "rms_norm",
    "roll",
    "rot90",
    "round",
    "row_stack",
    "rrelu",
    "rsqrt",
    "rsub",
    "scalar_tensor",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "searchsorted",
    "select",
    "select_scatter",
    "selu",
    "set_default_device",
    "set_default_tensor_type",
    "sgn",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "slice_scatter",
    "slogdet",
    "softmax",
    "solve",
    "sort",
    "split",
    "split_with_sizes",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "std_mean",
    "stft",
    "sub",
    "subtract",
    "sum",
    "svd",
    "swapaxes",
    "swapdims",
    "t",
    "take",
    "take_along_dim",
    "tan",
    "tanh",
    "tensor",
    "tensor_split",
    "tensordot",
    "threshold",
    "tile",
    "topk",
    "trace",
    "transpose",
    "trapezoid",
    "trapz",
    "triangular_solve",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "true_divide",
    "trunc",
    "unbind",
    "unflatten",
    "unique",
    "unique_consecutive",
    "unravel_index",
    "unsqueeze",
    "vander",
    "var",
    "var_mean",
    "vdot",
    "view",
    "view_as_complex",
    "view_as_real",
    "vsplit",
    "vstack",
    "where",
    "xlogy",
    "zeros",
    "zeros_like",
]

def abs(input: Any, *, out: Any = None) -> Tensor:
    """The absolute value; its gradient at 0 is 0."""

def absolute(input: Any, *, out: Any = None) -> Tensor:
    """The absolute value; its gradient at 0 is 0."""

def acos(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose cosine each element is; nan outside of [-1, 1]."""

def acosh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic cosine each element is, at least 0; nan below 1."""

def add(input: Any, other: Any, *old: Any, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``input + alpha * other``, with broadcasting.

    Args:
        input, other: The summands.
        old: The second one, after the factor: PyTorch's old form, ``add(input, alpha, other)``, which warns.
        alpha: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: The shapes can't be broadcast together, or ``alpha`` is a fraction and both hold integers.
    """

def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * sum_i(batch1[i] @ batch2[i])``; with ``beta=0`` even nan in ``input`` does not count.

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. batch1: ``(b, n, k)``. batch2: ``(b, k, m)``.
        beta: Factor of ``input``. alpha: factor of the sum. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def addcdiv(input: Tensor, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1, out: Any = None) -> Tensor:
    """``input + value * tensor1 / tensor2``.

    Args:
        input, tensor1, tensor2: Tensors of shapes that broadcast.
        old: The last tensor, after the factor: PyTorch's old form, ``addcdiv(input, value, tensor1, tensor2)``, which
            warns.
        value: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: Both tensors are of integers.
    """

def addcmul(input: Tensor, tensor1: Any, tensor2: Tensor, *old: Tensor, value: builtins.float = 1, out: Any = None) -> Tensor:
    """``input + value * tensor1 * tensor2``.

    Args:
        input, tensor1, tensor2: Tensors of shapes that broadcast.
        old: The last tensor, after the factor: PyTorch's old form, ``addcmul(input, value, tensor1, tensor2)``, which
            warns.
        value: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: The shapes can't be broadcast together.
    """

def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. mat1: ``(n, k)``. mat2: ``(k, m)``.
        beta: Factor of ``input``. alpha: factor of the product. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: The matrices do not fit, or ``input`` does not broadcast to their product, or has another dtype.
        TypeError: One is no Tensor.
    """

def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(n,)``. mat: ``(n, k)``. vec: ``(k,)``.
        beta: Factor of ``input``. alpha: factor of the product. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Unlike in its siblings the dtypes may differ, and are promoted. Of bools the sum is "or", the product "and".

    Args:
        input: Of any shape that broadcasts to ``(n, m)``. vec1: ``(n,)``. vec2: ``(m,)``.
        beta: Factor of ``input``. alpha: factor of the products. Beside integers no fractions, bools beside bools only.

    Raises:
        RuntimeError: Sizes do not fit, or a factor does not fit the dtype. TypeError: one is no Tensor.
    """

def adjoint(input: Tensor) -> Tensor:
    """The matrix with its last two dimensions swapped and its elements conjugated: ``(*, N, M) -> (*, M, N)``.

    Raises:
        RuntimeError: The tensor has one dimension.
    """

def affine_grid_generator(theta: Tensor, size: Sequence[builtins.int], align_corners: builtins.bool) -> Tensor:
    """The places that affine maps send those of a picture to; see ``nn.functional.affine_grid``.

    Raises:
        RuntimeError: The shapes do not fit.
    """

def all(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """Whether all elements are not 0, over ``dim`` or all dimensions; True over no element.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """

def allclose(input: Tensor, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> builtins.bool:
    """Whether all elements are close; see :func:`isclose`.

    Raises:
        RuntimeError: The dtypes differ. TypeError: one is no Tensor.
    """

def amax(input: Tensor, dim: Dims = (), keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The largest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient.

    Raises:
        RuntimeError: There is no element. IndexError: a dimension to reduce has size 0.
    """

def amin(input: Tensor, dim: Dims = (), keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The smallest element over ``dim``, one or several dimensions; over all by default. Equal ones share the gradient.

    Raises:
        RuntimeError: There is no element. IndexError: a dimension to reduce has size 0.
    """

def aminmax(input: Tensor, *, dim: builtins.int | None = None, keepdim: builtins.bool = False, out: Any = None) -> Any:
    """The smallest and the largest element, of all or along ``dim``. Equal ones share the gradient.

    Args:
        dim: Along which to look; all elements by default. keepdim: keep what is reduced with size 1.

    Returns:
        A named tuple ``(min, max)``.

    Raises:
        RuntimeError: There is no element, or the elements are complex.
        IndexError: There is no such dimension, or it has size 0.
    """

def angle(input: Any, *, out: Any = None) -> Tensor:
    """The angle of each complex number in the plane, between -pi and pi; of a negative real one pi, of others 0.

    An op because its gradient at 0 is 0, where that of the arctangent is none.
    """

def any(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """Whether any element is not 0, over ``dim`` or all dimensions; False over no element.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """

def arange(start: Any = None, end: Any = None, step: Any = 1, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``start, start + step, …`` up to but without ``end``; ``arange(n)`` counts from 0.

    Raises:
        RuntimeError: ``step`` leads away from ``end`` or is 0; a bound is not finite; a complex or bool dtype.
        TypeError: Something that is no number.
    """

def arccos(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose cosine each element is; nan outside of [-1, 1]."""

def arccosh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic cosine each element is, at least 0; nan below 1."""

def arcsin(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose sine each element is; nan outside of [-1, 1]."""

def arcsinh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic sine each element is."""

def arctan(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose tangent each element is."""

def arctan2(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The angle of the points (``other``, ``input``), from -π to π."""

def arctanh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; ±inf at ±1, nan beyond."""

def argmax(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """Where the first of the largest elements along ``dim`` is; with no ``dim``, in the flattened tensor.

    Raises:
        IndexError: There is no element. RuntimeError: the elements are bools or complex.
    """

def argmin(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """Where the first of the smallest elements along ``dim`` is; with no ``dim``, in the flattened tensor.

    Raises:
        IndexError: There is no element. RuntimeError: the elements are bools or complex.
    """

def argsort(input: Tensor, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool = False) -> Tensor:
    """Where the elements along ``dim`` stand in order: ``input`` picked at them is sorted. nan counts as the largest.

    Args:
        dim: Along which to sort. descending: the largest first.
        stable: Whether equal elements must stay in their order. They always do.

    Returns:
        int64 indices along ``dim``, in the shape of ``input``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.argsort(lamella.tensor([3, 1, 2]))
        tensor([1, 2, 0])
    """

def argwhere(input: Tensor) -> Tensor:
    """Where the elements are not 0: int64 indices, ``(count, ndim)``."""

def as_strided(input: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None) -> Tensor:
    """A view of the memory under a tensor, with any strides; its elements may overlap.

    Args:
        size: The sizes. stride: steps in elements along each. storage_offset: element of the memory to start at; that
            of ``input`` by default.

    Raises:
        RuntimeError: It would reach outside of the memory, or there are gaps in it.
    """

def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None) -> Tensor:
    """A copy of ``input`` in which what :func:`as_strided` with these arguments shows of it holds ``src``.

    Args:
        src: Of shape ``size``. size, stride, storage_offset: see :func:`as_strided`.

    Raises:
        RuntimeError: ``src`` has another shape, it would reach outside of ``input``, or there are gaps in that.
        TypeError: ``src`` is no Tensor.
    """

def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, sharing memory or being the same where dtype and device already fit."""

def asarray(obj: Any, *, dtype: dtype | None = None, device: Any = None, copy: builtins.bool | None = None, requires_grad: builtins.bool | None = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``obj`` as a tensor.

    Args:
        obj: A tensor, a NumPy array, an object with DLPack's or Python's buffer interface, a number or nested lists.
        dtype: Element type; that of ``obj`` by default (the default dtype for buffers, which have none).
        device: Where to put it; where it is by default.
        copy: True always copies, False never does, None where it must.
        requires_grad: Whether to record what is computed from it; by default what it is for ``obj``.

    Raises:
        ValueError: ``copy`` is False, but nothing else than a copy will do.
    """

def asin(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose sine each element is; nan outside of [-1, 1]."""

def asinh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic sine each element is."""

def atan(input: Any, *, out: Any = None) -> Tensor:
    """The angle whose tangent each element is."""

def atan2(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The angle of the points (``other``, ``input``), from -π to π."""

def atanh(input: Any, *, out: Any = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; ±inf at ±1, nan beyond."""

def atleast_1d(*tensors: Any) -> Any:
    """Tensors as they are, 0-dim ones with shape ``(1,)``, as views.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """

def atleast_2d(*tensors: Any) -> Any:
    """Views of tensors with at least two dimensions: those that are missing are put in front.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """

def atleast_3d(*tensors: Any) -> Any:
    """Views of tensors with at least three dimensions: ``(N,)`` becomes ``(1, N, 1)``, ``(N, M)`` ``(N, M, 1)``.

    Args:
        tensors: One tensor, several, or a sequence of them.

    Returns:
        A tensor for one, else a tuple.

    Raises:
        TypeError: One is no Tensor.
    """

def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``beta * input + alpha * (batch1 @ batch2)``; with ``beta=0`` the values of ``input`` do not count, not even nan.

    Args:
        input: Of any shape that broadcasts to ``(b, n, m)``. batch1: ``(b, n, k)``. batch2: ``(b, k, m)``.
        beta: Factor of ``input``. alpha: factor of the products. Beside integers both are cut to whole numbers.

    Raises:
        RuntimeError: Sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def bartlett_window(window_length: builtins.int, periodic: builtins.bool = True, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """A triangle: ``1 - abs(2 n / (N - 1) - 1)``.

    Args:
        window_length: The number of elements; a window of one is a 1.
        periodic: Whether N, in the formula, is ``window_length + 1``; otherwise it is ``window_length``, and the
            window symmetric.
        dtype: A floating-point one; the default dtype by default.

    Raises:
        RuntimeError: The length is negative, or the dtype no floating-point one. TypeError: the length is no int.
    """

def bernoulli(input: Tensor, p: builtins.float | None = None, *, generator: Generator | None = None, out: Any = None) -> Tensor:
    """1 with the probability that each element of ``input`` says (or with probability ``p``), else 0.

    Args:
        input: Probabilities, floating; with ``p``, it gives shape, dtype and device alone.
        p: One probability for all elements.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        RuntimeError: A probability is outside [0, 1], or ``input`` holds no floats.
    """

def bincount(input: Tensor, weights: Tensor | None = None, minlength: builtins.int = 0) -> Tensor:
    """How often each integer from 0 to the largest occurs, or the sum of the weights where it does.

    Args:
        input: Integers of at least 0, ``(N,)``.
        weights: What each element counts, ``(N,)``; 1 by default.
        minlength: Least size of the result.

    Returns:
        int64 counts; with ``weights``, sums in float32 if they are float32, else in float64.

    Raises:
        RuntimeError: An integer is negative, or shapes or dtypes don't fit.

    Example:
        >>> import lamella
        >>> lamella.bincount(lamella.tensor([1, 2, 1]))
        tensor([0, 2, 1])
    """

def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Successes in ``count`` independent trials that each succeed with probability ``prob``.

    Args:
        count: How many trials, floating (float32 or float64). prob: the probability, of the same dtype; both broadcast.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        ValueError: ``count`` holds no floats. TypeError: an argument is no Tensor.
        RuntimeError: The dtypes differ, or are half precision.
    """

def bitwise_and(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input & other``, bit by bit."""

def bitwise_left_shift(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input << other``; what is shifted out is lost."""

def bitwise_not(input: Any, *, out: Any = None) -> Tensor:
    """``~input``: each bit turned over; for bools, not."""

def bitwise_or(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input | other``, bit by bit."""

def bitwise_right_shift(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input >> other``, keeping the sign."""

def bitwise_xor(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input ^ other``, bit by bit."""

def blackman_window(window_length: builtins.int, periodic: builtins.bool = True, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``0.42 - 0.5 cos(2 pi n / (N - 1)) + 0.08 cos(4 pi n / (N - 1))``. Arguments as for :func:`bartlett_window`."""

def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the tensors along its diagonal, and zeros elsewhere.

    Args:
        tensors: Of 2 dimensions or fewer; a vector is a row. Their dtypes are promoted.

    Returns:
        As many rows, and columns, as the tensors have together; ``(1, 0)`` of none.

    Raises:
        RuntimeError: One has more dimensions. TypeError: one is no Tensor.

    Example:
        >>> lamella.block_diag(lamella.tensor([[1, 2]]), lamella.tensor(3)).tolist()
        [[1, 2, 0], [0, 0, 3]]
    """

def bmm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor:
    """The products of two batches of matrices: ``(b, n, k), (b, k, m) -> (b, n, m)``.

    Raises:
        RuntimeError: They are no batches of one size, or sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def broadcast_shapes(*shapes: builtins.int | Sequence[builtins.int]) -> Size:
    """The shape that tensors of ``shapes`` broadcast to; an int stands for a shape of one dimension.

    Raises:
        RuntimeError: They can't be broadcast together, or one is no shape. ValueError: a size is negative.

    Example:
        >>> lamella.broadcast_shapes((2, 1), (3,))
        lamella.Size([2, 3])
    """

def broadcast_tensors(*tensors: Tensor) -> builtins.tuple[Tensor, ...]:
    """The tensors, expanded to their common shape.

    Raises:
        RuntimeError: There is none. TypeError: one is no Tensor.
    """

def broadcast_to(input: Tensor, size: Sequence[builtins.int]) -> Tensor:
    """``input`` expanded to ``size``.

    Raises:
        RuntimeError: A size differs and is not 1.
    """

def bucketize(input: Tensor | builtins.float, boundaries: Tensor, *, out_int32: builtins.bool = False, right: builtins.bool = False, out: Any = None) -> Tensor:
    """In which bucket each value falls: ``i`` for ``boundaries[i - 1] < value <= boundaries[i]``.

    Args:
        input: The values, a number or a tensor. boundaries: ascending, ``(N,)``.
        out_int32: Whether the result is int32 rather than int64.
        right: Whether it is ``boundaries[i - 1] <= value < boundaries[i]``.

    Returns:
        Indices from 0 to ``N``, in the shape of ``input``.

    Raises:
        RuntimeError: ``boundaries`` is not 1-D, or a dtype is bool or complex.
    """

def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All ways to take one element of each vector, a row each, as in ``itertools.product``.

    Args:
        tensors: 1-D, of one dtype.

    Returns:
        ``(n_1 * … * n_k, k)``; of one vector that vector itself.

    Raises:
        RuntimeError: There is none, one is no vector, or the dtypes differ. TypeError: one is no Tensor.
    """

def cat(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """The tensors one after another along ``dim``.

    Args:
        tensors: Those of shape ``(0,)`` may stand beside tensors of any shape. axis: NumPy's name for ``dim``.

    Raises:
        ValueError: There are none. RuntimeError: their other sizes differ. TypeError: one is no Tensor.
    """

def cdist(x1: Tensor, x2: Tensor, p: builtins.float = 2.0, compute_mode: builtins.str = 'use_mm_for_euclid_dist_if_necessary') -> Tensor:
    """The distances of all rows of ``x1`` from all rows of ``x2``: the ``p``-norms of their differences.

    Args:
        x1: ``(…, P, M)``. x2: ``(…, R, M)``; their leading dimensions broadcast.
        p: The norm, 0 or more: 0 counts the differences, ``math.inf`` takes the largest.
        compute_mode: Whether distances for ``p=2`` come from matrix products, which is fast, and less accurate where
            they are far smaller than the vectors: "use_mm_for_euclid_dist_if_necessary" for more than 25 rows on either
            side, "use_mm_for_euclid_dist" always, "donot_use_mm_for_euclid_dist" never.

    Returns:
        ``(…, P, R)``.

    Raises:
        RuntimeError: The shapes do not fit, the tensors are not of one floating-point dtype, or ``p`` is negative.
        ValueError: There is no such ``compute_mode``. TypeError: one is no Tensor, or ``p`` no number.

    Example:
        >>> lamella.cdist(lamella.tensor([[0.0, 0.0]]), lamella.tensor([[3.0, 4.0], [1.0, 0.0]])).tolist()
        [[5.0, 1.0]]
    """

def ceil(input: Any, *, out: Any = None) -> Tensor:
    """The smallest whole number that is not below each element."""

def celu(input: Tensor, alpha: builtins.float = 1.0) -> Tensor:
    """``input`` above 0, ``alpha * (exp(input / alpha) - 1)`` elsewhere: ELU with a slope without a jump.

    Args:
        input: Real floating point.
        alpha: Minus the limit far below 0; not 0.

    Raises:
        RuntimeError: ``alpha`` is 0, or the dtype is not real floating point.
    """

def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order that takes the fewest steps. Deprecated: use ``linalg.multi_dot``.

    Raises:
        RuntimeError: There is none, one is no matrix, or their sizes do not fit. TypeError: one is no Tensor.
    """

def channel_shuffle(input: Tensor, groups: builtins.int) -> Tensor:
    """Let channels change places: those that come first in each of ``groups`` groups first, then the second ones, ….

    Args:
        input: (N, C, …).
        groups: Into how many groups of neighbours the channels are parted.

    Returns:
        (N, C, …), so that a convolution in groups sees channels of all groups of the one before.

    Raises:
        RuntimeError: There are less than 3 dimensions, ``groups`` is not positive, or does not divide the channels.

    Reference:
        Zhang et al., ShuffleNet, 2017, section 3.1, https://arxiv.org/abs/1707.01083
    """

def cholesky(input: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The Cholesky factors of positive-definite matrices; see :func:`lamella.linalg.cholesky`."""

def cholesky_inverse(L: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The inverses of matrices whose Cholesky factors are known.

    Args:
        L: Factors ``(…, n, n)``; the other triangle is not read.
        upper: Whether they are upper triangles, ``A = L^H L``, instead of ``A = L L^H``.

    Raises:
        RuntimeError: L is no batch of square floating matrices, or one has a zero on the diagonal (LinAlgError).
    """

def cholesky_solve(input: Tensor, L: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The solution X of ``A X = input``, of A its Cholesky factor being known.

    Args:
        input: Right sides ``(…, n, k)``. L: factors ``(…, n, n)``; the other triangle is not read.
        upper: Whether they are upper triangles, ``A = L^H L``, instead of ``A = L L^H``.

    Raises:
        RuntimeError: The shapes do not fit, or the dtypes are no floating ones or differ.
    """

def chunk(input: Tensor, chunks: builtins.int, dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
    """At most ``chunks`` pieces of equal size along ``dim``, the last maybe smaller, as views.

    Raises:
        RuntimeError: ``chunks`` is not positive, or the tensor has no dimension.
    """

def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
    """Each element, or the bound that it passes.

    Args:
        min: Lower bound: a number, a tensor that broadcasts, or None. max: upper bound; wins where ``min`` is larger.

    Raises:
        RuntimeError: Both are None.
    """

def clamp_max(input: Tensor, max: Any, *, out: Any = None) -> Tensor:
    """Each element, at most ``max``.

    Raises:
        RuntimeError: The elements are complex, or the shapes can't be broadcast together.
    """

def clamp_min(input: Tensor, min: Any, *, out: Any = None) -> Tensor:
    """Each element, at least ``min``.

    Raises:
        RuntimeError: The elements are complex, or the shapes can't be broadcast together.
    """

def clip(input: Tensor, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
    """Each element, or the bound that it passes.

    Args:
        min: Lower bound: a number, a tensor that broadcasts, or None. max: upper bound; wins where ``min`` is larger.

    Raises:
        RuntimeError: Both are None.
    """

def clone(input: Tensor, *, memory_format: memory_format = ...) -> Tensor:
    """A copy; gradients flow through it.

    Args:
        memory_format: The order of its elements in memory; that of ``input`` by default.

    Raises:
        RuntimeError: That order is for tensors of more or less dimensions.
    """

def column_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors side by side, those of one dimension or none as columns.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """

def combinations(input: Tensor, r: builtins.int = 2, with_replacement: builtins.bool = False) -> Tensor:
    """All ways to choose ``r`` elements of a vector, a row each, as in ``itertools.combinations``.

    Args:
        input: 1-D. r: how many to choose, 0 or more. with_replacement: whether an element may be chosen again.

    Returns:
        ``(number of ways, r)``; ``(0,)`` for ``r=0``.

    Raises:
        RuntimeError: It is no vector, or ``r`` is negative. TypeError: ``r`` is no int.
    """

def complex(real: Tensor, imag: Tensor, *, out: Any = None) -> Tensor:
    """Complex numbers of their real and imaginary parts, with broadcasting.

    Args:
        real: float32 or float64. imag: of the same dtype.

    Raises:
        RuntimeError: The parts have other dtypes, or shapes that can't be broadcast together.
        TypeError: One is no Tensor.

    Example:
        >>> lamella.complex(lamella.tensor([1.0, 2.0]), lamella.tensor([0.0, -1.0]))
        tensor([1.+0.j, 2.-1.j])
    """

def concat(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """The tensors one after another along ``dim``.

    Args:
        tensors: Those of shape ``(0,)`` may stand beside tensors of any shape. axis: NumPy's name for ``dim``.

    Raises:
        ValueError: There are none. RuntimeError: their other sizes differ. TypeError: one is no Tensor.
    """

def concatenate(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """The tensors one after another along ``dim``.

    Args:
        tensors: Those of shape ``(0,)`` may stand beside tensors of any shape. axis: NumPy's name for ``dim``.

    Raises:
        ValueError: There are none. RuntimeError: their other sizes differ. TypeError: one is no Tensor.
    """

def conj(input: Tensor) -> Tensor:
    """The complex conjugate; real tensors as they are.

    A copy, where PyTorch gives a view that remembers to conjugate: changing it does not change ``input``.
    """

def conj_physical(input: Tensor, *, out: Any = None) -> Tensor:
    """The complex conjugate; real tensors as they are. Here the same as :func:`conj`."""

def constant_pad_nd(input: Tensor, pad: Sequence[builtins.int], value: builtins.float = 0) -> Tensor:
    """A copy with ``value`` added around, or elements cut off where a number is negative.

    Args:
        pad: Elements to add before and after, in pairs, the last dimension first.

    Raises:
        RuntimeError: ``pad`` is no sequence of pairs, has too many, or cuts away more than there is.
    """

def contiguous(input: Tensor, memory_format: memory_format = ...) -> Tensor:
    """The tensor itself if it lies in row-major order, else a copy that does.

    Args:
        memory_format: Another order in which it should lie, such as ``lamella.channels_last``.

    Raises:
        RuntimeError: That order is for tensors of more or less dimensions, or is none of its own.
    """

def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] | builtins.str = 0, dilation: builtins.int | Sequence[builtins.int] = 1, groups: builtins.int = 1) -> Tensor:
    """Slide a kernel along sequences: :func:`conv2d` over one dimension.

    Args:
        input: (N, C, L), or (C, L) for one sequence.
        weight: (O, C / groups, k).
        bias: (O,).
        stride: Step from one place to the next.
        padding: Zeros at both ends, ``"valid"`` or ``"same"``.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups.

    Returns:
        (N, O, L_out), with L_out = (L + 2 * padding - dilation * (k - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """

def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] | builtins.str = 0, dilation: builtins.int | Sequence[builtins.int] = 1, groups: builtins.int = 1) -> Tensor:
    """Slide a kernel over pictures: at each place the sum of ``weight`` times what lies under it, plus ``bias``.

    Args:
        input: (N, C, H, W), or (C, H, W) for one picture.
        weight: (O, C / groups, kh, kw).
        bias: (O,).
        stride: Step from one place to the next; one int, or one for each dimension, like the next two.
        padding: Zeros around the picture; ``"valid"`` for none, ``"same"`` for as many as keep its size.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups, each seeing its own part of the input.

    Returns:
        (N, O, H_out, W_out), with H_out = (H + 2 * padding - dilation * (kh - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv2d(lamella.ones(1, 3, 8, 8), lamella.ones(6, 3, 5, 5)).shape
        lamella.Size([1, 6, 4, 4])
    """

def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] | builtins.str = 0, dilation: builtins.int | Sequence[builtins.int] = 1, groups: builtins.int = 1) -> Tensor:
    """Slide a kernel through volumes: :func:`conv2d` over three dimensions.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W) for one volume.
        weight: (O, C / groups, kd, kh, kw).
        bias: (O,).
        stride: Step from one place to the next; one int, or one for each dimension, like the next two.
        padding: Zeros around the volume; ``"valid"`` for none, ``"same"`` for as many as keep its size.
        dilation: Distance between the elements a kernel sees.
        groups: Cut the channels into this many groups, each seeing its own part of the input.

    Returns:
        (N, O, D_out, H_out, W_out), with D_out = (D + 2 * padding - dilation * (kd - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv3d(lamella.ones(1, 3, 8, 8, 8), lamella.ones(6, 3, 5, 5, 3)).shape
        lamella.Size([1, 6, 4, 4, 6])
    """

def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: builtins.int = 0) -> Tensor:
    """:func:`conv1d` of sequences that have time in front.

    Args:
        input: (L, N, C). weight: (k, C, O). bias: (O,).
        pad: Zeros at both ends.

    Returns:
        (L + 2 * pad - k + 1, N, O).

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or ``pad`` is negative. TypeError: ``bias`` is no Tensor.
    """

def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] = 0, output_padding: builtins.int | Sequence[builtins.int] = 0, groups: builtins.int = 1, dilation: builtins.int | Sequence[builtins.int] = 1) -> Tensor:
    """:func:`conv_transpose2d` over one dimension: of sequences.

    Args:
        input: (N, C, L), or (C, L) for one sequence.
        weight: (C, O / groups, k).
        bias, stride, padding, output_padding, groups, dilation: As for :func:`conv_transpose2d`.

    Returns:
        (N, O, L_out), with L_out = (L - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """

def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] = 0, output_padding: builtins.int | Sequence[builtins.int] = 0, groups: builtins.int = 1, dilation: builtins.int | Sequence[builtins.int] = 1) -> Tensor:
    """Put a kernel, times the element, at the place of each element of pictures: the reverse of :func:`conv2d`.

    What it computes is the gradient of the input of a convolution with this weight.

    Args:
        input: (N, C, H, W), or (C, H, W) for one picture.
        weight: (C, O / groups, kh, kw).
        bias: (O,).
        stride: Step between the places in the result; one int, or one for each dimension, like ``padding``,
            ``output_padding`` and ``dilation``.
        padding: Elements cut off on each side of the result.
        output_padding: Elements more at the end of each dimension: several sizes are made smaller to the same one by a
            convolution with a stride, and this says which it was.
        groups: Cut the channels into this many groups, each seeing its own part of the input.
        dilation: Distance between the elements of the kernel.

    Returns:
        (N, O, H_out, W_out), with H_out = (H - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.

    Example:
        >>> import lamella
        >>> lamella.conv_transpose2d(lamella.ones(1, 3, 4, 4), lamella.ones(3, 6, 5, 5), stride=2).shape
        lamella.Size([1, 6, 11, 11])
    """

def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: builtins.int | Sequence[builtins.int] = 1, padding: builtins.int | Sequence[builtins.int] = 0, output_padding: builtins.int | Sequence[builtins.int] = 0, groups: builtins.int = 1, dilation: builtins.int | Sequence[builtins.int] = 1) -> Tensor:
    """:func:`conv_transpose2d` over three dimensions: of volumes.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W) for one volume.
        weight: (C, O / groups, kd, kh, kw).
        bias, stride, padding, output_padding, groups, dilation: As for :func:`conv_transpose2d`.

    Returns:
        (N, O, D_out, H_out, W_out), each as for :func:`conv_transpose2d`.

    Raises:
        RuntimeError: Shapes or dtypes do not fit each other, or a number is out of its range.
    """

def copysign(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The size of ``input`` with the sign of ``other``, which zeros have too; integers give the default float."""

def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients, from -1 to 1, of variables, the rows of ``input``, over its columns.

    ``c_ij / sqrt(c_ii * c_jj)``, where c is the covariance.

    Args:
        input: ``(N, M)``, or ``(M,)`` for one variable.

    Returns:
        ``(N, N)``; of one variable ``()``. nan for a variable that does not vary.

    Raises:
        RuntimeError: There are more than two dimensions, or bools.
    """

def cos(input: Any, *, out: Any = None) -> Tensor:
    """The cosine of angles in radians."""

def cosh(input: Any, *, out: Any = None) -> Tensor:
    """The hyperbolic cosine."""

def cosine_similarity(x1: Tensor, x2: Tensor, dim: builtins.int = 1, eps: builtins.float = 1e-08) -> Tensor:
    """The cosine of the angle between vectors along ``dim``.

    ``sum(x1 * x2) / (max(|x1|, eps) * max(|x2|, eps))``

    Args:
        x1, x2: Of shapes that broadcast; their common dtype is floating-point.
        dim: Along which the vectors lie, in the common shape. eps: the least length to divide by.

    Returns:
        The common shape without ``dim``.

    Raises:
        RuntimeError: The shapes do not broadcast, or the common dtype is not floating-point.
        IndexError: There is no such dimension. TypeError: one is no Tensor.
    """

def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not 0, over ``dim`` or all dimensions.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """

def cov(input: Tensor, *, correction: builtins.int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariance of variables, the rows of ``input``, over observations, its columns.

    Args:
        input: ``(N, M)``, or ``(M,)`` for one variable.
        correction: What is subtracted from the number of observations: 1 for the estimate without bias.
        fweights: How often each observation was made: ``(M,)``, integers. aweights: how much each counts: ``(M,)``,
            floating-point.

    Returns:
        ``(N, N)``; of one variable ``()``.

    Raises:
        RuntimeError: There are more than two dimensions; bools; or weights of a wrong size, dtype or sign, or whose sum
            is 0.
    """

def cross(input: Tensor, other: Tensor, dim: builtins.int | None = None, *, out: Any = None) -> Tensor:
    """The vector products of vectors of three elements along ``dim``, with broadcasting.

    Args:
        dim: By default the first dimension of size 3.

    Raises:
        RuntimeError: No size, or that of ``dim``, is 3; see also :func:`lamella.linalg.cross`.
    """

def cummax(input: Tensor, dim: builtins.int, *, out: Any = None) -> Any:
    """The largest of all elements up to each along ``dim``, and where the last such is. nan counts as the largest.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.cummax(lamella.tensor([1, 3, 2]), 0).values
        tensor([1, 3, 3])
    """

def cummin(input: Tensor, dim: builtins.int, *, out: Any = None) -> Any:
    """The smallest of all elements up to each along ``dim``, and where the last such is. nan counts as the smallest.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.
    """

def cumprod(input: Tensor, dim: builtins.int, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """The products of all elements up to each along ``dim``.

    Args:
        dim: Along which to multiply.
        dtype: Convert to it first. Integers and bools are multiplied as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``dtype`` is bool.
    """

def cumsum(input: Tensor, dim: builtins.int, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """The sums of all elements up to each along ``dim``.

    Args:
        dim: Along which to add.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``dtype`` is bool.
    """

def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: builtins.float | None = None, dim: builtins.int = -1) -> Tensor:
    """The integrals up to each sample but the first, along ``dim``, by the trapezoidal rule.

    Args:
        y: Samples of the function. x: where they were taken: a vector for ``dim``, or a tensor that broadcasts with
            ``y``. dx: instead of ``x``, their distance; 1 by default. dim: the dimension to integrate along.

    Returns:
        ``y`` with one element less along ``dim``; of integers the default float dtype.

    Raises:
        RuntimeError: ``x`` does not fit, a tensor is of bools, or ``dx`` is not real.
        IndexError: There is no such dimension. TypeError: ``y`` is no Tensor, or both ``x`` and ``dx`` are given.
    """

def deg2rad(input: Tensor, *, out: Any = None) -> Tensor:
    """Angles in degrees, converted to radians.

    Raises:
        RuntimeError: ``input`` is complex.
    """

def det(input: Tensor, *, out: Any = None) -> Tensor:
    """See :func:`lamella.linalg.det`."""

def detach(input: Tensor) -> Tensor:
    """The same elements (shared memory), outside the graph."""

def diag(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """A matrix with a vector on its diagonal; or a copy of the diagonal of a matrix.

    Args:
        input: 1-dim or 2-dim.
        diagonal: Which one: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: ``input`` is neither a vector nor a matrix.
    """

def diag_embed(input: Tensor, offset: builtins.int = 0, dim1: builtins.int = -2, dim2: builtins.int = -1) -> Tensor:
    """Matrices, zero but for a diagonal that holds the last dimension of ``input``.

    Args:
        offset: Which diagonal: 0 is the main one, positive ones are above it, negative ones below.
        dim1: Where the rows of the matrices are among the dimensions of the result. dim2: where their columns are.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same.
    """

def diagflat(input: Tensor, offset: builtins.int = 0) -> Tensor:
    """A matrix with all elements of ``input`` on its diagonal ``offset``: 0 is the main one, 1 the one above it."""

def diagonal(input: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
    """A view of the diagonal of the matrices in two dimensions; it becomes the last dimension.

    Args:
        offset: Which diagonal: 0 is the main one, positive ones are above it, negative ones below.
        dim1: The dimension of the rows. dim2: that of the columns.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same.

    Example:
        >>> lamella.arange(6).reshape(2, 3).diagonal(1)
        tensor([1, 5])
    """

def diagonal_scatter(input: Tensor, src: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of ``input.diagonal(offset, dim1, dim2)``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: both are the same, or ``src`` has another shape.
    """

def diff(input: Tensor, n: builtins.int = 1, dim: builtins.int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, out: Any = None) -> Tensor:
    """Differences of neighbours along ``dim``, ``input[i+1] - input[i]``; of bools, whether they differ.

    Args:
        input: Of 1 dimension or more. n: how often to take differences, 0 or more. dim: along which.
        prepend, append: To put before and after ``input`` along ``dim`` first; of its shape but for ``dim``.

    Raises:
        RuntimeError: ``n`` is negative, the tensor is 0-dim, or what to put before or after does not fit.
        IndexError: There is no such dimension. TypeError: an argument is of a wrong type.
    """

def digamma(input: Any, *, out: Any = None) -> Tensor:
    """The derivative of :func:`lgamma`, called ψ; ∓inf at ±0, nan at negative whole numbers."""

def dist(input: Tensor, other: Tensor, p: builtins.float = 2) -> Tensor:
    """The ``p``-norm of ``input - other``, of all elements.

    Args:
        input, other: Of shapes that broadcast, floating-point or complex. p: the norm; may be inf, -inf or 0.

    Raises:
        RuntimeError: Shapes do not broadcast, or both are of integers. TypeError: one is no Tensor.
    """

def div(input: Any, other: Any, *, rounding_mode: builtins.str | None = None, out: Any = None) -> Tensor:
    """``input / other``, with broadcasting.

    Args:
        rounding_mode: None for the true quotient (integers give the default float dtype), ``"trunc"`` to round it to
            zero, ``"floor"`` to round it down; rounded quotients of integers are integers.

    Raises:
        RuntimeError: Another rounding mode, or an integer is divided by 0 and rounded.
    """

def divide(input: Any, other: Any, *, rounding_mode: builtins.str | None = None, out: Any = None) -> Tensor:
    """``input / other``, with broadcasting.

    Args:
        rounding_mode: None for the true quotient (integers give the default float dtype), ``"trunc"`` to round it to
            zero, ``"floor"`` to round it down; rounded quotients of integers are integers.

    Raises:
        RuntimeError: Another rounding mode, or an integer is divided by 0 and rounded.
    """

def dot(input: Tensor, tensor: Tensor, *, out: Any = None) -> Tensor:
    """The sum of the products of two vectors' elements: ``(n,), (n,) -> ()``.

    Raises:
        RuntimeError: They are no vectors, or their sizes or dtypes differ. TypeError: one is no Tensor.
    """

def dsplit(input: Tensor, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
    """Pieces along the third dimension, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has less than three dimensions, or the pieces can't be of one size.
    """

def dstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors, as those of three dimensions that :func:`atleast_3d` makes of them, one behind the other.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """

def eig(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.eig`, whose results are complex.

    Raises:
        RuntimeError: Always.
    """

def einsum(*args: Any) -> Tensor:
    """The sum of products of the operands' elements that the subscripts say.

    ``einsum(equation, *operands)``: the equation has for each operand a letter for each dimension, with commas between
    operands, and after ``->`` the letters of the result. Over the others is summed. A letter twice in one operand
    takes the diagonal. ``...`` stands for all dimensions without a letter, which broadcast. Without ``->`` the result
    has the dimensions of ``...``, then the letters that appear once, in the order of the alphabet, capitals first.

    ``einsum(operand, subscripts, …, output_subscripts)``: the same with lists of ints from 0 to 51, and ``Ellipsis``.

    Three and more operands are contracted two by two, in an order that takes few multiplications.

    Returns:
        The result; of one operand a view of it, where nothing is summed.

    Raises:
        RuntimeError: Subscripts, sizes or dtypes do not fit. ValueError: there is no operand, or a subscript in a list
            is out of range. TypeError: an operand is no Tensor.

    Example:
        >>> a, b = lamella.ones(2, 3), lamella.ones(3, 4)
        >>> lamella.einsum("ij,jk->ik", a, b).shape == lamella.einsum(a, [0, 1], b, [1, 2], [0, 2]).shape
        True
    """

def empty(*sizes: Any, size: Any = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Memory for a shape, with whatever it holds.

    Raises:
        RuntimeError: A size is negative, or ``memory_format`` keeps an order or is for another number of dimensions.
    """

def empty_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Memory for the shape, and by default the dtype, device and order in memory, of ``input``."""

def empty_permuted(size: Sequence[builtins.int], physical_layout: Sequence[builtins.int], *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Memory for a shape, with whatever it holds.

    Args:
        size: The shape. physical_layout: its dimensions, from the outermost in memory to the innermost.

    Raises:
        RuntimeError: The dimensions are not those of the shape, each once.
    """

def empty_strided(size: Sequence[builtins.int], stride: Sequence[builtins.int], *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Memory for a shape, with whatever it holds and steps in memory (in elements) of one's own.

    Raises:
        RuntimeError: Sizes and strides differ in number, or one is negative.
    """

def eq(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input == other``, element by element."""

def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether both tensors have the same shape and elements.

    Raises:
        TypeError: One is no Tensor.
    """

def erf(input: Any, *, out: Any = None) -> Tensor:
    """The error function, ``2 / sqrt(π)`` times the integral of ``exp(-t²)`` from 0 to each element."""

def erfc(input: Any, *, out: Any = None) -> Tensor:
    """``1 - erf(input)``, exact also where erf is almost 1."""

def erfinv(input: Any, *, out: Any = None) -> Tensor:
    """The number whose error function each element is; ±inf at ±1, nan beyond."""

def exp(input: Any, *, out: Any = None) -> Tensor:
    """The number e to the power of each element."""

def exp2(input: Any, *, out: Any = None) -> Tensor:
    """2 to the power of each element."""

def expand(input: Tensor, *sizes: Any, size: Sequence[builtins.int] | None = None) -> Tensor:
    """A view with dimensions of size 1 and new ones in front repeated, without a copy; -1 keeps a size.

    Args:
        sizes: The new sizes, one by one or as a tuple. size: the same, by keyword.

    Raises:
        RuntimeError: A size differs and is not 1, or -1 stands for a new dimension. TypeError: the sizes are no ints.
    """

def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """``input`` expanded to the shape of ``other``.

    Raises:
        RuntimeError: A size differs and is not 1.
    """

def expm1(input: Any, *, out: Any = None) -> Tensor:
    """``exp(input) - 1``, exact also near 0."""

def eye(n: builtins.int, m: builtins.int | None = None, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """The identity matrix, ``(n, m)``, ``m`` being ``n`` by default."""

def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like ``input`` filled with ``value``, a number or a 0-dim tensor."""

def fix(input: Any, *, out: Any = None) -> Tensor:
    """Each element without its fraction."""

def flatten(input: Tensor, start_dim: builtins.int = 0, end_dim: builtins.int = -1) -> Tensor:
    """One dimension in place of those from ``start_dim`` to ``end_dim``.

    Raises:
        RuntimeError: ``start_dim`` comes after ``end_dim``.
    """

def flip(input: Tensor, *order: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
    """A copy with the elements along some dimensions in reverse order.

    Args:
        order: The dimensions, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice. TypeError: they are no ints.
    """

def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns in reverse order: :func:`flip` along the second dimension.

    Raises:
        RuntimeError: There are less than two dimensions.
    """

def flipud(input: Tensor) -> Tensor:
    """A copy with the rows in reverse order: :func:`flip` along the first dimension.

    Raises:
        RuntimeError: There is no dimension.
    """

def float_power(input: Any, exponent: Any, *, out: Any = None) -> Tensor:
    """``input ** exponent`` in float64, or in complex128 if either is complex; one of both may be a number.

    Raises:
        RuntimeError: The shapes can't be broadcast together.
    """

def floor(input: Any, *, out: Any = None) -> Tensor:
    """The largest whole number that is not above each element."""

def floor_divide(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input // other``: the quotient rounded down, as in Python."""

def fmax(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The larger of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""

def fmin(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The smaller of two elements; where one is nan, the other. Of equal ones ``input`` has the gradient."""

def fmod(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """What division rounded to zero leaves; its sign is that of ``input``, as in C."""

def frac(input: Tensor, *, out: Any = None) -> Tensor:
    """The fraction of each element, with its sign: ``input - trunc(input)``.

    Raises:
        RuntimeError: The elements are no floats.
    """

def frexp(input: Tensor, *, out: Any = None) -> FrexpResult:
    """The ``mantissa`` and int32 ``exponent`` of floats: ``input = mantissa * 2**exponent``, ``0.5 <= |mantissa| < 1``.

    Raises:
        RuntimeError: The elements are no floats.

    Example:
        >>> lamella.frexp(lamella.tensor([6.0]))
        lamella.return_types.frexp(
        mantissa=tensor([0.7500]),
        exponent=tensor([3], dtype=lamella.int32))
    """

def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares memory with a NumPy array.

    One over a read-only array is read-only too: in-place methods refuse it, where PyTorch's would write.

    Raises:
        TypeError: It is no array, or its dtype has no counterpart.
        ValueError: Its bytes are in the other order, or its strides are none that a tensor can have.
    """

def frombuffer(buffer: Any, *, dtype: dtype, count: builtins.int = -1, offset: builtins.int = 0, requires_grad: builtins.bool = False) -> Tensor:
    """A one-dimensional tensor that shares memory with an object that has Python's buffer interface.

    A tensor over a read-only buffer is read-only too.

    Args:
        buffer: bytes, bytearray, memoryview, array.array …
        dtype: What the bytes hold.
        count: How many elements to take; all if negative.
        offset: How many bytes to skip.

    Raises:
        ValueError: There is no such interface, or the bytes at hand do not suffice or divide.
    """

def full(size: Sequence[builtins.int], fill_value: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """One value everywhere; by default of the dtype that the value has.

    Raises:
        TypeError: The value is no number. RuntimeError: it does not fit the dtype.
    """

def full_like(input: Tensor, fill_value: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """One value everywhere, with the shape, and by default the dtype, device and order in memory, of ``input``."""

def gather(input: Tensor, dim: builtins.int, index: Tensor, *, out: Any = None) -> Tensor:
    """``out[i][j] = input[index[i][j]][j]`` for ``dim`` 0, and so on for other dimensions.

    Args:
        dim: Along which to pick.
        index: int64 or int32, none negative, with as many dimensions as ``input`` and no larger in the others.
            What is empty picks nothing, whatever its dtype and dimensions.

    Raises:
        RuntimeError: The index has another dtype, does not fit, or points outside.
    """

def gcd(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The greatest common divisor of integers; that of 0 and n is ``|n|``."""

def ge(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input >= other``, element by element."""

def get_default_device() -> device:
    """The device of new tensors: the CPU, unless :func:`set_default_device` or ``with device:`` changed it."""

def get_device(input: Tensor) -> builtins.int:
    """The number of the device that a tensor is on; -1 for the CPU."""

def gradient(input: Tensor, *, spacing: Any = None, dim: builtins.int | Sequence[builtins.int] | None = None, edge_order: builtins.int = 1) -> builtins.tuple[Tensor, ...]:
    """The derivatives of a sampled function along dimensions, by central differences; one-sided ones at the edges.

    Args:
        input: The samples. spacing: how far apart they are: a number for all dimensions, 1 by default; or a sequence
            with, for each of ``dim``, a number or the samples' coordinates, a vector.
        dim: Along which; all by default. edge_order: the order of accuracy at the edges, 1 or 2.

    Returns:
        For each of ``dim`` a tensor of the input's shape; of integers, of the default float dtype.

    Raises:
        RuntimeError: ``spacing`` does not fit, a dimension has fewer than ``edge_order + 1`` samples or is named twice,
            or the dtype is uint8 or bool.
        IndexError: There is no such dimension. TypeError: ``spacing`` is something else.

    Example:
        >>> lamella.gradient(lamella.tensor([1.0, 4.0, 9.0, 16.0]), edge_order=2)[0].tolist()
        [2.0, 4.0, 6.0, 8.0]
    """

def greater(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input > other``, element by element."""

def greater_equal(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input >= other``, element by element."""

def grid_sampler(input: Tensor, grid: Tensor, interpolation_mode: builtins.int, padding_mode: builtins.int, align_corners: builtins.bool) -> Tensor:
    """The values of ``input`` at the places of ``grid``; see ``nn.functional.grid_sample``.

    Args:
        interpolation_mode: 0, 1 or 2 for bilinear, nearest or bicubic.
        padding_mode: 0, 1 or 2 for zeros, border or reflection.

    Raises:
        RuntimeError: Shapes or dtypes do not fit. ValueError: a mode is not known.
    """

def grid_sampler_2d(input: Tensor, grid: Tensor, interpolation_mode: builtins.int, padding_mode: builtins.int, align_corners: builtins.bool) -> Tensor:
    """:func:`grid_sampler` of pictures, ``(N, C, H, W)`` and ``(N, H_out, W_out, 2)``."""

def grid_sampler_3d(input: Tensor, grid: Tensor, interpolation_mode: builtins.int, padding_mode: builtins.int, align_corners: builtins.bool) -> Tensor:
    """:func:`grid_sampler` of volumes, ``(N, C, D, H, W)`` and ``(N, D_out, H_out, W_out, 3)``."""

def gt(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input > other``, element by element."""

def hamming_window(window_length: builtins.int, periodic: builtins.bool = True, alpha: builtins.float = 0.54, beta: builtins.float = 0.46, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """A cosine on a base: ``alpha - beta cos(2 pi n / (N - 1))``. Other arguments as for :func:`bartlett_window`."""

def hann_window(window_length: builtins.int, periodic: builtins.bool = True, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """A raised cosine: ``(1 - cos(2 pi n / (N - 1))) / 2``. Arguments as for :func:`bartlett_window`.

    Example:
        >>> lamella.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

def hardshrink(input: Tensor, lambd: builtins.float = 0.5, *, out: Any = None) -> Tensor:
    """``input``, with what lies in ``[-lambd, lambd]`` set to 0.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """

def heaviside(input: Tensor, values: Tensor, *, out: Any = None) -> Tensor:
    """The step function: 0 below 0, 1 above, ``values`` at 0. It has no gradient.

    Raises:
        RuntimeError: The dtypes differ or are complex, or the shapes can't be broadcast together.
        TypeError: One is no Tensor.
    """

def histc(input: Tensor, bins: builtins.int = 100, min: builtins.float = 0, max: builtins.float = 0, *, out: Any = None) -> Tensor:
    """How many elements fall in each of ``bins`` bins of equal width from ``min`` to ``max``; others are left out.

    Args:
        input: Of a floating dtype, which the counts have too.
        bins: How many bins. min, max: their ends; those of the elements where both are the same.

    Returns:
        The counts, ``(bins,)``.

    Raises:
        RuntimeError: There are no bins, the range is not finite or in the wrong order, or the dtype is not floating.

    Example:
        >>> import lamella
        >>> lamella.histc(lamella.tensor([1.0, 2.0, 1.0, 4.0]), bins=3, min=1, max=4)
        tensor([2., 1., 1.])
    """

def histogram(input: Tensor, bins: builtins.int | Tensor = 100, *, range: Sequence[builtins.float] | None = None, weight: Tensor | None = None, density: builtins.bool = False, out: Any = None) -> Any:
    """How many elements fall in each bin, and the edges of the bins. A bin has its left edge, the last one both.

    Args:
        input: float32 or float64, of any shape.
        bins: How many of equal width; or their edges, ``(N + 1,)``, ascending, of the dtype of ``input``.
        range: Where the bins of equal width start and end; by default at the smallest and the largest element.
        weight: What each element counts, in the shape of ``input``; 1 by default.
        density: Whether to scale the counts so that the integral over the range is 1.

    Returns:
        A named tuple ``(hist, bin_edges)``, ``(N,)`` and ``(N + 1,)``, in the dtype of ``input``.

    Raises:
        RuntimeError: There are no bins, the range is not finite or in the wrong order, or shapes or dtypes don't fit.

    Example:
        >>> import lamella
        >>> lamella.histogram(lamella.tensor([1.0, 2.0, 1.0]), 2, range=(0.0, 3.0)).hist
        tensor([2., 1.])
    """

def hsplit(input: Tensor, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
    """Pieces along the second dimension, the first of a tensor that has but one, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has no dimension, or the pieces can't be of one size.
    """

def hstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors side by side: along their second dimension, those of one or none along the first.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """

def hypot(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``sqrt(input² + other²)`` without overflow or underflow on the way."""

def i0(input: Any, *, out: Any = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0."""

def imag(input: Tensor) -> Tensor:
    """The imaginary part of a complex tensor, a view of its memory.

    Raises:
        RuntimeError: The tensor is real.
    """

def in_float64(xp: Any, function: Callable[[Any, Any], Any], x: Any, *, out: Any = None) -> Any:
    """``function(xp, x)``, computed in float64 piece by piece and rounded to the dtype of ``x``.

    Args:
        xp: The array namespace.
        function: Gives an array as large as the float64 array it gets, which may be ``x`` itself.
        x: A floating-point array.
    """

def index_add(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: Any = 1, out: Any = None) -> Tensor:
    """A copy of ``input`` with slices of ``source``, times ``alpha``, added at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64 or int32, in one dimension, none negative; positions may repeat.
        source: Of the dtype and shape of ``input``, but along ``dim`` as long as ``index``.
        alpha: Factor, converted to the dtype of ``input``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside. IndexError: ``index`` is no vector.

    Example:
        >>> lamella.zeros(3, 2).index_add(0, lamella.tensor([0, 0]), lamella.ones(2, 2))
        tensor([[2., 2.],
                [0., 0.],
                [0., 0.]])
    """

def index_copy(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
    """A copy of ``input`` with the slices of ``source`` in the place of those at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64, in one dimension, none negative; of several slices for one position the last stays.
        source: Of the dtype and shape of ``input``, but along ``dim`` as long as ``index``.

    Raises:
        RuntimeError: Slices or dtypes do not fit.
        IndexError: An index points outside, ``index`` is no vector, or the number of slices or dimensions differs.
    """

def index_fill(input: Tensor, dim: builtins.int, index: Tensor, value: Any) -> Tensor:
    """A copy of ``input`` with ``value`` in all of the slices at the positions ``index`` along ``dim``.

    Args:
        dim: Along which the slices lie.
        index: int64, in one dimension; negative ones count from the end.
        value: A number, or a 0-dim tensor, which gets a gradient.

    Raises:
        IndexError: An index points outside, or is no int64.
        RuntimeError: ``value`` has dimensions or does not fit the dtype, or ``index`` is no vector.

    Example:
        >>> lamella.zeros(3).index_fill(0, lamella.tensor([0, -1]), 7)
        tensor([7., 0., 7.])
    """

def index_put(input: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: builtins.bool = False) -> Tensor:
    """A copy of ``input`` with ``values`` where ``x[indices]`` would read.

    Args:
        indices: int64, int32 or bool tensors for the leading dimensions; None for all of one.
        values: Of the dtype of ``input``; broadcast to the shape of ``input[indices]``.
        accumulate: Add to what is there instead of replacing it.

    Raises:
        TypeError: ``indices`` or ``values`` are no tensors.
        IndexError: An index points outside, or they do not fit ``input`` or one another.
        RuntimeError: The dtypes differ, or the shape of ``values`` does not fit.
    """

def index_reduce(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
    """A copy of ``input`` with all slices of ``source`` that go to one position along ``dim`` reduced there.

    Args:
        dim, index, source: As for :func:`index_add`.
        reduce: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: Whether what is there counts too; positions that ``index`` does not name keep it in any case.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or there is no such reduction.
        IndexError: An index points outside, or ``index`` is no vector.
    """

def index_select(input: Tensor, dim: builtins.int, index: Tensor, *, out: Any = None) -> Tensor:
    """The slices of ``input`` at the positions in the 1-D ``index`` along ``dim``.

    Raises:
        IndexError: An index is negative or points outside, or there are several dimensions of them.
        RuntimeError: The indices are not int64 or int32, or not one for a 0-dim tensor.
    """

def inner(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The sums of products over the last dimension of both; the plain product if one is 0-dim.

    Shape:
        ``(…, k), (*, k) -> (…, *)``.

    Raises:
        RuntimeError: The last sizes differ, or the dtypes do. TypeError: one is no Tensor.
    """

def inverse(input: Tensor, *, out: Any = None) -> Tensor:
    """See :func:`lamella.linalg.inv`."""

def is_complex(input: Tensor) -> builtins.bool:
    """Whether the dtype is complex."""

def is_conj(input: Tensor) -> builtins.bool:
    """False: no tensor here waits to be conjugated."""

def is_floating_point(input: Tensor) -> builtins.bool:
    """Whether the dtype is a floating-point one."""

def is_inference(input: Tensor) -> builtins.bool:
    """Whether the tensor was made in ``inference_mode``, and so can't be part of gradients."""

def is_neg(input: Tensor) -> builtins.bool:
    """False: no tensor here waits to be negated."""

def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether the only element is not zero.

    Raises:
        RuntimeError: There is not exactly one element.
    """

def is_same_size(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether both tensors have the same shape."""

def is_signed(input: Tensor) -> builtins.bool:
    """Whether the dtype has negative values."""

def isclose(input: Tensor, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, or both are equal.

    Args:
        rtol: Relative tolerance. atol: absolute tolerance. equal_nan: whether two nans are close.

    Raises:
        RuntimeError: The dtypes differ.
    """

def isfinite(input: Any) -> Tensor:
    """Whether each element is neither nan nor infinite."""

def isin(elements: Tensor | builtins.float, test_elements: Tensor | builtins.float, *, assume_unique: builtins.bool = False, invert: builtins.bool = False, out: Any = None) -> Tensor:
    """Whether each of ``elements`` is among ``test_elements``. nan never is.

    Args:
        elements: A tensor or a number. test_elements: likewise; one of them must be a tensor.
        assume_unique: Says that neither has an element twice; nothing depends on it here.
        invert: Whether to say which are not.

    Returns:
        bool, in the shape of ``elements``.

    Raises:
        RuntimeError: A dtype is bool or complex. TypeError: both are numbers.
    """

def isinf(input: Any) -> Tensor:
    """Whether each element is infinite, of either sign."""

def isnan(input: Any) -> Tensor:
    """Whether each element is nan."""

def isneginf(input: Tensor, *, out: Any = None) -> Tensor:
    """Whether each element is -inf.

    Raises:
        RuntimeError: The elements are complex.
    """

def isposinf(input: Tensor, *, out: Any = None) -> Tensor:
    """Whether each element is inf.

    Raises:
        RuntimeError: The elements are complex.
    """

def isreal(input: Tensor) -> Tensor:
    """Whether each element has an imaginary part of 0."""

def istft(input: Tensor, n_fft: builtins.int, hop_length: builtins.int | None = None, win_length: builtins.int | None = None, window: Tensor | None = None, center: builtins.bool = True, normalized: builtins.bool = False, onesided: builtins.bool | None = None, length: builtins.int | None = None, return_complex: builtins.bool = False) -> Tensor:
    """The signal that best explains its short-time Fourier transform: ``(*, F, T) -> (*, L)``.

    The inverse transforms of the frames are weighted by the window, added up where they overlap, and divided by the sum
    of the squared windows: the least-squares solution.

    Args:
        input: Complex, as :func:`stft` gives it: of shape (F, T) or (B, F, T).
        length: The length of the result; by default as long as the frames reach, without what ``center`` added.
        return_complex: Whether the signal is complex; needs all frequencies.
        n_fft: As for :func:`stft`, and so are the other arguments.
        onesided: Whether half of the frequencies are given; by default whether there are other than ``n_fft``.

    Raises:
        RuntimeError: A length does not fit the others, or the windows leave a gap.

    Reference:
        D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", 1984.
    """

def kaiser_window(window_length: builtins.int, periodic: builtins.bool = True, beta: builtins.float = 12.0, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``I0(beta sqrt(1 - (2 n / (N - 1) - 1)^2)) / I0(beta)``, with the modified Bessel function I0.

    Args:
        beta: How narrow it is. Other arguments as for :func:`bartlett_window`.
    """

def kron(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The Kronecker product: each element of ``input`` replaced by its product with all of ``other``.

    Shape:
        ``(a_0, …, a_n), (b_0, …, b_n) -> (a_0 * b_0, …, a_n * b_n)``; missing dimensions in front count as 1.

    Raises:
        TypeError: One is no Tensor.
    """

def kthvalue(input: Tensor, k: builtins.int, dim: builtins.int = -1, keepdim: builtins.bool = False, *, out: Any = None) -> Any:
    """The ``k``-th smallest element along ``dim``, and where the first such is. nan counts as the largest.

    Args:
        k: Counted from 1. dim: along which to look. keepdim: keep the dimension with size 1.

    Returns:
        A named tuple ``(values, indices)``; the indices are int64.

    Raises:
        IndexError: There is no such dimension, or it has size 0.
        RuntimeError: There is no ``k``-th element; the elements are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.kthvalue(lamella.tensor([3, 1, 2]), 2).values
        tensor(2)
    """

def lcm(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The least common multiple of integers; that of 0 and n is 0."""

def ldexp(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """``input * 2**other``, with broadcasting.

    Args:
        other: With integers, a floating ``input`` keeps its dtype; else the result has that of a product of both, or
            the default float dtype if both are integers.

    Raises:
        RuntimeError: ``input`` is floating and ``other`` is bool, or the shapes can't be broadcast together.
        TypeError: One is no Tensor.
    """

def le(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input <= other``, element by element."""

def lerp(input: Any, end: Any, weight: Any, *, out: Any = None) -> Tensor:
    """The point between ``input`` (at weight 0) and ``end`` (at weight 1): ``input + weight * (end - input)``."""

def less(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input < other``, element by element."""

def less_equal(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input <= other``, element by element."""

def lgamma(input: Any, *, out: Any = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function; inf at 0 and at negative whole numbers."""

def linspace(start: Any, end: Any, steps: builtins.int, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``steps`` values from ``start`` to ``end``, both included, evenly spaced.

    Raises:
        RuntimeError: ``steps`` is negative; a bound is a tensor with dimensions; ``dtype`` can't hold the values.
    """

def log(input: Any, *, out: Any = None) -> Tensor:
    """The natural logarithm; -inf at 0, nan below."""

def log10(input: Any, *, out: Any = None) -> Tensor:
    """The logarithm to base 10."""

def log1p(input: Any, *, out: Any = None) -> Tensor:
    """``log(1 + input)``, exact also near 0."""

def log2(input: Any, *, out: Any = None) -> Tensor:
    """The logarithm to base 2."""

def log_softmax(input: Tensor, dim: builtins.int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`, more exact than taking it afterwards.

    Args:
        dim: Along which the exponentials of the results sum to 1. dtype: convert to it first.

    Raises:
        RuntimeError: The elements are integers, and no ``dtype`` is given.
    """

def logaddexp(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``log(exp(input) + exp(other))`` without overflow."""

def logaddexp2(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``log2(2**input + 2**other)`` without overflow."""

def logcumsumexp(input: Tensor, dim: builtins.int, *, out: Any = None) -> Tensor:
    """``log(cumsum(exp(input)))`` along ``dim``, without overflow.

    Args:
        dim: Along which to add.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are integers or bools.
    """

def logdet(input: Tensor, *, out: Any = None) -> Tensor:
    """The logarithm of determinants, ``(…, n, n) -> (…)``: nan where one is negative, -inf where it is 0.

    Raises:
        RuntimeError: ``input`` is no batch of square floating matrices.
    """

def logical_and(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether both elements are not 0."""

def logical_not(input: Any, *, out: Any = None) -> Tensor:
    """Whether each element is 0."""

def logical_or(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether at least one of both elements is not 0."""

def logical_xor(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether exactly one of both elements is not 0."""

def logit(input: Tensor, eps: builtins.float | None = None, *, out: Any = None) -> Tensor:
    """The logarithm of the odds of a probability, ``log(input / (1 - input))``: the inverse of ``sigmoid``.

    Args:
        input: Tensor of any shape: -inf at 0, inf at 1, nan outside of them.
        eps: Clamp ``input`` to [eps, 1 - eps] first; by default don't.

    Raises:
        RuntimeError: ``input`` is complex.
    """

def logspace(start: Any, end: Any, steps: builtins.int, base: Any = 10.0, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``base`` to the powers of ``steps`` exponents from ``start`` to ``end``, both included, evenly spaced.

    Raises:
        RuntimeError: ``steps`` is negative; a bound is a tensor with dimensions; ``dtype`` can't hold the values.
        TypeError: ``base`` is no real number.
    """

def logsumexp(input: Tensor, dim: Dims, keepdim: builtins.bool = False, *, out: Any = None) -> Tensor:
    """``log(sum(exp(input)))`` over ``dim``, without overflow; -inf over no element.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """

def lt(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input < other``, element by element."""

def lu(input: Tensor, pivot: builtins.bool = True, get_infos: builtins.bool = False, *, out: Any = None) -> Any:
    """The LU decomposition in compact form; see :func:`lamella.linalg.lu_factor_ex`.

    Args:
        input: Matrices. pivot: must be True. get_infos: return for each matrix whether a pivot is zero, too.

    Returns:
        A tuple of ``LU`` and ``pivots``, or a named tuple of both and ``info``.
    """

def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
    """The solution X of ``A X = input``; see :func:`lamella.linalg.lu_solve`, whose arguments have another order."""

def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: builtins.bool = True, unpack_pivots: builtins.bool = True, *, out: Any = None) -> Any:
    """``P``, ``L`` and ``U`` of a compact LU decomposition, for which ``A = P L U``.

    Args:
        LU_data, LU_pivots: What ``lu_factor`` returned, ``(…, m, n)`` and ``(…, min(m, n))``.
        unpack_data: Whether ``L`` and ``U`` are wanted. unpack_pivots: whether ``P`` is. Otherwise they are empty.

    Raises:
        RuntimeError: The pivots are no int32, or none of such matrices.
    """

def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """``input`` with one value where ``mask`` holds.

    Args:
        mask: bool; it and ``input`` are broadcast together.
        value: A number, or a 0-dim tensor, which gets a gradient; converted to the dtype of ``input``.

    Raises:
        RuntimeError: The mask is not bool, or ``value`` has dimensions or does not fit the dtype.

    Example:
        >>> lamella.tensor([1.0, 2.0]).masked_fill(lamella.tensor([True, False]), float("-inf"))
        tensor([-inf, 2.])
    """

def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy of ``input`` with the elements of ``source``, one after another, where ``mask`` holds.

    Args:
        mask: bool; it and ``input`` are broadcast together.
        source: Of the dtype of ``input``, with at least as many elements as ``mask`` has True.

    Raises:
        RuntimeError: Dtypes or shapes do not fit, or there are too few elements.

    Example:
        >>> mask = lamella.tensor([True, False, True])
        >>> lamella.zeros(3).masked_scatter(mask, lamella.tensor([5.0, 6.0]))
        tensor([5., 0., 6.])
    """

def masked_select(input: Tensor, mask: Tensor, *, out: Any = None) -> Tensor:
    """The elements of ``input`` where ``mask`` is True, in one dimension; the two are broadcast together."""

def matmul(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The matrix product of the last two dimensions, the others broadcast.

    Shape:
        ``(…, n, k), (…, k, m) -> (…, n, m)``; a 1-D operand is a row on the left, a column on the right, and its
        dimension is dropped from the result.

    Raises:
        RuntimeError: The inner sizes differ, or the dtypes do. TypeError: one is no Tensor.
    """

def matrix_exp(input: Tensor, *, out: Any = None) -> Tensor:
    """See :func:`lamella.linalg.matrix_exp`."""

def matrix_power(input: Tensor, n: builtins.int, *, out: Any = None) -> Tensor:
    """See :func:`lamella.linalg.matrix_power`."""

def matrix_rank(A: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.matrix_rank`.

    Raises:
        RuntimeError: Always.
    """

def max(input: Tensor, dim: Any = None, keepdim: builtins.bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The largest element: ``max(x)``; along a dimension, with its place: ``max(x, dim)``; of two: ``max(x, other)``.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, of the first largest elements. ``max(x)`` shares
        the gradient among equal elements, ``max(x, dim)`` gives it to the one at ``indices``.

    Raises:
        RuntimeError: There is no element. IndexError: the dimension to reduce has size 0.
    """

def maximum(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The larger of two elements; nan if one is. Equal ones share the gradient."""

def mean(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """The mean over ``dim``, one or several dimensions; over all by default. Over no element it is nan.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        dtype: Convert to it first: integers have no mean of their own dtype.

    Raises:
        RuntimeError: The elements are integers or bools, and no ``dtype`` is given.
    """

def median(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: Any = None) -> Any:
    """The median of all elements, or along ``dim`` with its place; of an even number, the lower of the middle two.

    Args:
        dim: Along which to look; all elements by default. keepdim: keep the dimension with size 1.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, where the indices are int64 and point to the first
        of equal elements. Where there is a nan the median is nan. Without ``dim``, equal elements share the gradient.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.median(lamella.tensor([4.0, 1.0, 3.0, 2.0]))
        tensor(2.)
    """

def meshgrid(*tensors: Any, indexing: builtins.str = 'ij') -> builtins.tuple[Tensor, ...]:
    """The coordinates of a grid: views of one shape; the i-th varies along dimension i, like the i-th tensor.

    Args:
        tensors: The coordinates along each dimension, of shape ``(N_i,)`` or 0-dim and of one dtype; one by one or as
            a sequence.
        indexing: ``"ij"``: results have shape ``(N_0, N_1, …)``; ``"xy"``: ``(N_1, N_0, …)``, as for images.

    Raises:
        RuntimeError: There are none, one has more dimensions, the dtypes differ, or ``indexing`` is something else.
        TypeError: One is no Tensor.

    Example:
        >>> rows, columns = lamella.meshgrid(lamella.arange(2), lamella.arange(3), indexing="ij")
        >>> columns
        tensor([[0, 1, 2],
                [0, 1, 2]])
    """

def min(input: Tensor, dim: Any = None, keepdim: builtins.bool = False, *, other: Tensor | None = None, out: Any = None) -> Any:
    """The smallest element: ``min(x)``; along a dimension, with its place: ``min(x, dim)``; of two: ``min(x, other)``.

    Returns:
        A tensor; with ``dim`` a named tuple ``(values, indices)``, of the first smallest elements. ``min(x)`` shares
        the gradient among equal elements, ``min(x, dim)`` gives it to the one at ``indices``.

    Raises:
        RuntimeError: There is no element. IndexError: the dimension to reduce has size 0.
    """

def minimum(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The smaller of two elements; nan if one is. Equal ones share the gradient."""

def mm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor:
    """The product of two matrices: ``(n, k), (k, m) -> (n, m)``.

    Raises:
        RuntimeError: They are no matrices, or their sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def mode(input: Tensor, dim: builtins.int = -1, keepdim: builtins.bool = False, *, out: Any = None) -> Any:
    """The most frequent element along ``dim``, the smallest if several are, and where the last such is.

    Args:
        dim: Along which to count. keepdim: keep the dimension with size 1.

    Returns:
        A named tuple ``(values, indices)``; the indices are int64.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.mode(lamella.tensor([3, 1, 3, 2])).values
        tensor(3)
    """

def moveaxis(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view with the dimensions ``source`` moved to ``destination``, the others in their order.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice, or they are not as many.
    """

def movedim(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view with the dimensions ``source`` moved to ``destination``, the others in their order.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice, or they are not as many.
    """

def msort(input: Tensor, *, out: Any = None) -> Tensor:
    """The elements along the first dimension in ascending order.

    Raises:
        RuntimeError: The elements are complex.
    """

def mul(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input * other``, element by element."""

def multinomial(input: Tensor, num_samples: builtins.int, replacement: builtins.bool = False, *, generator: Generator | None = None, out: Any = None) -> Tensor:
    """Indices of categories, drawn with the probabilities that the weights in each row of ``input`` stand for.

    Args:
        input: Weights, floating, ``(categories,)`` or ``(rows, categories)``; they need not sum to 1.
        num_samples: How many to draw of each row.
        replacement: Whether a category may be drawn again.
        generator: Where the random numbers come from; the default generator if left out.

    Returns:
        An int64 tensor, ``(num_samples,)`` or ``(rows, num_samples)``.

    Raises:
        RuntimeError: The weights are no floats, not all finite and above or equal 0, or sum to 0; they have another
            number of dimensions; or there are fewer categories than draws without replacement.
    """

def multiply(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input * other``, element by element."""

def mv(input: Tensor, vec: Tensor, *, out: Any = None) -> Tensor:
    """The product of a matrix and a vector: ``(n, k), (k,) -> (n,)``.

    Raises:
        RuntimeError: They are something else, or their sizes or dtypes do not fit. TypeError: one is no Tensor.
    """

def mvlgamma(input: Tensor, p: builtins.int, *, out: Any = None) -> Tensor:
    """The logarithm of the multivariate gamma function, up to sign.

    ``p (p - 1) / 4 log π`` and the sum of ``lgamma(input - j / 2)`` over j = 0 … p - 1.

    Args:
        input: Tensor of any shape; meant for values above ``(p - 1) / 2``.
        p: The dimension, at least 1.

    Raises:
        RuntimeError: ``p`` is less than 1, or ``input`` is bool or complex.
    """

def nan_to_num(input: Tensor, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None, *, out: Any = None) -> Tensor:
    """The tensor with ``nan`` (0 by default) for each nan, ``posinf`` and ``neginf`` for the infinities.

    Args:
        nan: 0 by default. posinf: the largest finite value by default. neginf: the smallest.
    """

def nanmean(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """Like :func:`mean`, of the elements that are not nan; nan where all are.

    Raises:
        RuntimeError: The elements are integers, bools or complex.
    """

def nanmedian(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, out: Any = None) -> Any:
    """Like :func:`median`, of the elements that are not nan; nan where all are.

    Raises:
        IndexError: There is no such dimension, or it has size 0. RuntimeError: the elements are bools or complex.
    """

def nanquantile(input: Tensor, q: builtins.float | Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: builtins.str = 'linear', out: Any = None) -> Tensor:
    """Like :func:`quantile`, of the elements that are not nan; nan where all are.

    Raises:
        RuntimeError: There is no element, a dtype does not fit, or an argument is out of its range.
        IndexError: There is no such dimension.
    """

def nansum(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """Like :func:`sum`, with nan counted as 0.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice, or the elements are complex.
    """

def narrow(input: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
    """The ``length`` elements from ``start`` along ``dim``, as a view.

    Raises:
        RuntimeError: They reach over the end.
    """

def native_channel_shuffle(input: Tensor, groups: builtins.int) -> Tensor:
    """Let channels change places: those that come first in each of ``groups`` groups first, then the second ones, ….

    Args:
        input: (N, C, …).
        groups: Into how many groups of neighbours the channels are parted.

    Returns:
        (N, C, …), so that a convolution in groups sees channels of all groups of the one before.

    Raises:
        RuntimeError: There are less than 3 dimensions, ``groups`` is not positive, or does not divide the channels.

    Reference:
        Zhang et al., ShuffleNet, 2017, section 3.1, https://arxiv.org/abs/1707.01083
    """

def ne(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input != other``, element by element."""

def neg(input: Any, *, out: Any = None) -> Tensor:
    """``-input``."""

def negative(input: Any, *, out: Any = None) -> Tensor:
    """``-input``."""

def nextafter(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """The next representable float after ``input`` towards ``other``; its gradient is that of ``input``."""

def nonzero(input: Tensor, *, as_tuple: builtins.bool = False, out: Any = None) -> Any:
    """Where the elements are not 0: ``(count, ndim)`` indices, or a tuple of one tensor a dimension."""

def nonzero_static(input: Tensor, *, size: builtins.int, fill_value: builtins.int = -1, out: Any = None) -> Tensor:
    """Where the elements are not 0, in a result whose shape does not depend on how many there are.

    Args:
        size: How many to give: further ones are left out. fill_value: what stands where there are fewer.

    Returns:
        int64 indices, ``(size, ndim)``.

    Raises:
        RuntimeError: ``size`` is negative.
    """

def norm(input: Tensor, p: builtins.float | builtins.str | None = 'fro', dim: builtins.int | Sequence[builtins.int] | None = None, keepdim: builtins.bool = False, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """The ``p``-norm of the elements over ``dim``, of all by default; or the nuclear norm of matrices.

    Args:
        p: The order; ``"fro"`` (the default) and None mean 2. inf and -inf take the largest and smallest size.
            ``"nuc"`` is the sum of the singular values, over two dimensions.
        dim: Dimensions to reduce. keepdim: keep them with size 1. dtype: convert to it first; it must be able to hold
            the values.

    Raises:
        RuntimeError: The elements are integers or bools; another string; the inf norm of no element; ``"nuc"`` of
            other than two dimensions.
    """

def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Normal numbers of the given means and standard deviations.

    ``normal(mean, std)`` with tensors draws an element for each of theirs, which broadcast; ``normal(mean, std, size)``
    with numbers draws a tensor of that shape, for which ``dtype``, ``device`` and ``requires_grad`` may be given.

    Raises:
        RuntimeError: A deviation is negative or NaN, or not real. TypeError: neither form is meant.
    """

def not_equal(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """Whether ``input != other``, element by element."""

def numel(input: Tensor) -> builtins.int:
    """The number of elements."""

def ones(*sizes: Any, size: Any = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Ones of a shape, given as sizes or a tuple."""

def ones_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Ones of the shape, and by default the dtype, device and order in memory, of ``input``."""

def outer(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor:
    """All products of two vectors' elements: ``(n,), (m,) -> (n, m)``.

    Raises:
        RuntimeError: They are no vectors. TypeError: one is no Tensor.
    """

def pdist(input: Tensor, p: builtins.float = 2) -> Tensor:
    """The distances of all rows from each other: the ``p``-norms of their differences, one for each pair.

    Args:
        input: ``(N, M)``. p: the norm, 0 or more.

    Returns:
        ``(N * (N - 1) / 2,)``: of row 0 from 1, 2, …, then of row 1 from 2, 3, ….

    Raises:
        RuntimeError: It is no matrix of a floating-point dtype, or ``p`` is negative. TypeError: ``p`` is no number.
    """

def permute(input: Tensor, *order: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
    """A view with the dimensions in another order.

    Args:
        order: All dimensions, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        RuntimeError: ``order`` does not name every dimension once. TypeError: they are no ints.
    """

def pinverse(input: Tensor, rcond: builtins.float = 1e-15, *, out: Any = None) -> Tensor:
    """The pseudo-inverses of matrices, ``(…, m, n) -> (…, n, m)``; see :func:`lamella.linalg.pinv`.

    Args:
        input: Matrices. rcond: singular values up to this share of the largest count as zero.

    Raises:
        RuntimeError: ``input`` is no batch of floating matrices, or has infs or nans.
    """

def pixel_shuffle(input: Tensor, upscale_factor: builtins.int) -> Tensor:
    """Larger pictures of fewer channels: r * r channels become squares of r by r pixels, r the ``upscale_factor``.

    Args:
        input: (*, C * r * r, H, W).
        upscale_factor: How many times as high and wide the result is.

    Returns:
        (*, C, H * r, W * r).

    Raises:
        RuntimeError: There are less than 3 dimensions, r is not positive, or r * r does not divide the channels.

    Reference:
        Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
        Neural Network, 2016, https://arxiv.org/abs/1609.05158
    """

def pixel_unshuffle(input: Tensor, downscale_factor: builtins.int) -> Tensor:
    """Smaller pictures of more channels: squares of r by r pixels become r * r channels; undoes :func:`pixel_shuffle`.

    Args:
        input: (*, C, H * r, W * r).
        downscale_factor: r, how many times as high and wide the input is.

    Returns:
        (*, C * r * r, H, W).

    Raises:
        RuntimeError: There are less than 3 dimensions, r is not positive, or does not divide height and width.
    """

def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson counts of the rate in each element of ``input``, in its dtype.

    Raises:
        RuntimeError: A rate is negative or NaN, or ``input`` holds no floats.
    """

def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor:
    """Complex numbers of their absolute values and angles: ``abs * cos(angle) + i abs * sin(angle)``.

    Args:
        abs: float32 or float64. angle: of the same dtype, in radians.

    Raises:
        RuntimeError: They have other dtypes, or shapes that can't be broadcast together.
        TypeError: One is no Tensor.
    """

def polygamma(n: builtins.int, input: Tensor, *, out: Any = None) -> Tensor:
    """The n-th derivative of :func:`digamma`: ``(-1)ⁿ⁺¹ n! ζ(n + 1, input)`` for n >= 1.

    Args:
        n: How often to differentiate; 0 gives ``digamma`` itself.
        input: Tensor of any shape. As a method, ``input.polygamma(n)``.

    Raises:
        RuntimeError: ``n`` is negative, or ``input`` is complex. TypeError: ``n`` is no int.

    Example:
        >>> lamella.polygamma(1, lamella.tensor([1.0, 2.0]))
        tensor([1.6449, 0.6449])
    """

def polynomial(xp: Any, x: Any, coefficients: Sequence[builtins.float], *, out: Any = None) -> Any:
    """Horner's rule in one array of its own; coefficients from the highest power down."""

def positive(input: Tensor) -> Tensor:
    """The tensor itself, like ``+x``.

    Raises:
        RuntimeError: The elements are bool.
    """

def pow(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """``input ** exponent`` element by element, with broadcasting.

    Args:
        input: A tensor, or a number if the exponent is a tensor.
        exponent: The same.

    Raises:
        RuntimeError: Integers are to be raised to a negative integer power, or the shapes do not broadcast.
    """

def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``input`` above 0, ``weight * input`` elsewhere, with a learned weight for each channel.

    Args:
        input: ``(N, C, …)``, real floating point.
        weight: One number, ``()`` or ``(1,)``, or ``(C,)``; of the same dtype.

    Raises:
        RuntimeError: ``weight`` does not fit the channels, or the dtypes differ or are not real floating point.
    """

def prod(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """The product along ``dim``, or of all elements; 1 over no element.

    Args:
        dim: Dimension to reduce. keepdim: keep it with size 1.
        dtype: Convert to it first. Integers and bools are multiplied as int64 by default.

    Raises:
        IndexError: There is no such dimension.
    """

def put(input: Tensor, index: Tensor, source: Tensor, accumulate: builtins.bool = False) -> Tensor:
    """A copy of ``input`` with the elements of ``source`` at flat positions: those in ``input.flatten()``.

    Args:
        index: int64, of any shape; negative ones count from the end.
        source: As many elements, of the dtype of ``input``.
        accumulate: Add to what is there instead of replacing it.

    Raises:
        IndexError: An index points outside, or there are more or fewer of them than elements.
        RuntimeError: A dtype does not fit.
    """

def qr(input: Tensor, some: builtins.bool = True, *, out: Any = None) -> Any:
    """The QR decomposition; see :func:`lamella.linalg.qr`.

    Args:
        input: Matrices. some: the mode "reduced", otherwise "complete".
    """

def quantile(input: Tensor, q: builtins.float | Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: builtins.str = 'linear', out: Any = None) -> Tensor:
    """The ``q``-quantiles along ``dim``: below each lies the share ``q`` of the elements. nan where there is a nan.

    Args:
        input: float32 or float64.
        q: A number from 0 to 1, or a tensor of them, of at most one dimension and of the dtype of ``input``.
        dim: Along which to look; all elements by default. keepdim: keep the dimension with size 1.
        interpolation: Of the two elements between which a quantile falls: ``"linear"``, ``"lower"``, ``"higher"``,
            ``"midpoint"`` or ``"nearest"``.

    Returns:
        The quantiles; for a 1-D ``q`` in a new first dimension.

    Raises:
        RuntimeError: There is no element, a dtype does not fit, or an argument is out of its range.
        IndexError: There is no such dimension.

    Example:
        >>> import lamella
        >>> lamella.quantile(lamella.tensor([0.0, 1.0, 2.0, 3.0]), 0.5)
        tensor(1.5000)
    """

def rad2deg(input: Tensor, *, out: Any = None) -> Tensor:
    """Angles in radians, converted to degrees.

    Raises:
        RuntimeError: ``input`` is complex.
    """

def rand(*sizes: Any, size: Any = None, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Uniform on [0, 1), of a shape given as sizes or a tuple."""

def rand_like(input: Tensor, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Uniform on [0, 1), with the shape, and by default the dtype, device and order in memory, of ``input``."""

def randint(low: Any = None, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Integers from ``low`` (0 if only one bound is given) to ``high - 1``, all equally likely.

    Raises:
        RuntimeError: There is no integer in between. TypeError: a bound or the size is missing.
    """

def randint_like(input: Tensor, low: Any = None, high: Any = None, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Integers from ``low`` (0 if only one bound is given) to ``high - 1``, with all else that of ``input``.

    Raises:
        RuntimeError: There is no integer in between, or the dtype can't hold them.
    """

def randn(*sizes: Any, size: Any = None, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Normal with mean 0 and variance 1, of a shape given as sizes or a tuple."""

def randn_like(input: Tensor, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Normal with mean 0 and variance 1, with the shape and by default all else of ``input``."""

def randperm(n: builtins.int, *, generator: Generator | None = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """The integers below ``n`` in random order.

    Raises:
        RuntimeError: ``n`` is negative, or the dtype can't hold the numbers.
    """

def range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """``start, start + step, …`` up to and with ``end``. Deprecated: ``arange`` leaves the end out, as Python does.

    Raises:
        RuntimeError: ``step`` leads away from ``end`` or is 0; a bound is not finite; a complex or bool dtype.
        TypeError: There is no ``end``, or something that is no number.
    """

def ratio(xp: Any, x: Any, numerator: Sequence[builtins.float], denominator: Sequence[builtins.float], *, out: Any = None) -> Any:
    """The quotient of two polynomials."""

def ravel(input: Tensor) -> Tensor:
    """All elements along one dimension: a view of a contiguous tensor, else a copy."""

def real(input: Tensor) -> Tensor:
    """The real part of a complex tensor, a view of its memory; real tensors as they are."""

def reciprocal(input: Any, *, out: Any = None) -> Tensor:
    """``1 / input``."""

def relu(input: Any) -> Tensor:
    """``max(input, 0)``; its gradient at 0 is 0."""

def remainder(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input % other``: what :func:`floor_divide` leaves; its sign is that of ``other``, as in Python."""

def renorm(input: Tensor, p: builtins.float, dim: builtins.int, maxnorm: builtins.float, *, out: Any = None) -> Tensor:
    """``input`` with each part along ``dim`` whose ``p``-norm is above ``maxnorm`` scaled down to it.

    Args:
        input: Of 2 dimensions or more, floating-point or complex. p: the norm, above 0.
        dim: The dimension whose parts are looked at one by one. maxnorm: 0 or more.

    Raises:
        RuntimeError: ``p``, ``maxnorm``, the dtype or the number of dimensions is not as said.
        IndexError: There is no such dimension.
    """

def repeat_interleave(input: Tensor, repeats: builtins.int | Tensor | None = None, dim: builtins.int | None = None, *, output_size: builtins.int | None = None) -> Tensor:
    """Each element, or each slice along ``dim``, several times in a row.

    Called with one tensor of counts alone, it gives the positions ``0, 1, …``, each as often as its count says.

    Args:
        repeats: How often: one number for all, or an int64 or int32 tensor with one for each.
        dim: Along which to repeat; by default ``input`` is flattened first.
        output_size: The size along ``dim`` that will result, if known.

    Raises:
        RuntimeError: A count is negative, ``repeats`` does not fit, or ``output_size`` is wrong.
        TypeError: ``repeats`` is neither an int nor a tensor.

    Example:
        >>> lamella.repeat_interleave(lamella.tensor([5, 6]), lamella.tensor([1, 2]))
        tensor([5, 6, 6])
    """

def reshape(input: Tensor, *sizes: Any, shape: Sequence[builtins.int] | None = None) -> Tensor:
    """The same elements in another shape: a view where the strides allow it, else a copy.

    Args:
        sizes: The new sizes, one by one or as a tuple; one may be -1, to be worked out. shape: the same, by keyword.

    Raises:
        RuntimeError: The sizes do not hold as many elements. TypeError: they are no ints.
    """

def resolve_conj(input: Tensor) -> Tensor:
    """``input``: no tensor here waits to be conjugated."""

def resolve_neg(input: Tensor) -> Tensor:
    """``input``: no tensor here waits to be negated."""

def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of the result of an arithmetic op on the two tensors or numbers."""

def rms_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None = None, eps: builtins.float | None = None) -> Tensor:
    """Divide by the root of the mean square over the last dimensions, then scale by ``weight``.

    ``input / sqrt(mean(input²) + eps) * weight``

    Args:
        input: Any shape that ends in ``normalized_shape``, floating point.
        normalized_shape: Sizes of the dimensions to normalize over.
        weight: Of shape ``normalized_shape``; none for 1.
        eps: Added to the mean square; the difference of 1 and the next number, where left out.

    Returns:
        A tensor of the shape and dtype of ``input``.

    Raises:
        RuntimeError: Shapes do not fit each other, or the input holds integers.

    Reference:
        B. Zhang and R. Sennrich, Root Mean Square Layer Normalization (2019), https://arxiv.org/abs/1910.07467.
    """

def roll(input: Tensor, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None = None) -> Tensor:
    """A copy with the elements moved on along dimensions; those that leave at the end come in at the start.

    Args:
        shifts: By how many places; for each of ``dims`` one.
        dims: Along which dimensions; by default in row-major order, as if there were but one.

    Raises:
        RuntimeError: ``shifts`` and ``dims`` are not as many. IndexError: there is no such dimension.
        TypeError: they are no ints.

    Example:
        >>> lamella.arange(5).roll(2)
        tensor([3, 4, 0, 1, 2])
    """

def rot90(input: Tensor, k: builtins.int = 1, dims: Sequence[builtins.int] = (0, 1)) -> Tensor:
    """A copy turned ``k`` times by 90 degrees, from the first of the two ``dims`` towards the second.

    Raises:
        RuntimeError: ``dims`` are not two different ones, or there are less than two dimensions.
        IndexError: There is no such dimension.
    """

def round(input: Tensor, *, decimals: builtins.int = 0, out: Any = None) -> Tensor:
    """The nearest whole number, ties going to the even one.

    Args:
        decimals: Decimals to keep; negative ones round to tens, hundreds, ….

    Raises:
        RuntimeError: Decimals are asked of integers, or the elements are bool or complex.
    """

def row_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors, those of one dimension as rows, on top of each other.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """

def rrelu(input: Tensor, lower: builtins.float = 0.125, upper: builtins.float = 0.3333333333333333, training: builtins.bool = False, generator: Generator | None = None) -> Tensor:
    """``input`` above 0, a multiple of it elsewhere: in training a random one for each element, else their mean.

    Args:
        input: Real floating point.
        lower: The multiples are uniform between this
        upper: and this.
        training: Whether to draw.
        generator: Where the random numbers come from; the default generator if left out.

    Raises:
        RuntimeError: ``lower`` is above ``upper``, or the dtype is not real floating point.
    """

def rsqrt(input: Any, *, out: Any = None) -> Tensor:
    """``1 / sqrt(input)``."""

def rsub(input: Tensor, other: Any, *, alpha: builtins.float = 1) -> Tensor:
    """``other - alpha * input``, with broadcasting.

    Raises:
        RuntimeError: One is a bool, or the shapes can't be broadcast together.
    """

def scalar_tensor(s: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """A 0-dim tensor of a number; of the default dtype, unlike ``tensor(s)``.

    Raises:
        TypeError: ``s`` is no number. RuntimeError: it does not fit the dtype.
    """

def scatter(input: Tensor, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: builtins.str | None = None, out: Any = None) -> Tensor:
    """A copy of ``input`` with the elements of ``src`` at other places along ``dim``.

    ``out[index[i][j]][j] = src[i][j]`` for ``dim`` 0, and so on for other dimensions. Where several elements go to one
    place the last stays.

    Args:
        dim: Along which to place.
        index: int64 or int32, none negative; as many dimensions as ``input``, and no larger than it but along ``dim``.
        src: Of the dtype of ``input``, in each dimension at least as large as ``index``; or one number.
        value: The number, by name.
        reduce: ``"add"`` or ``"multiply"`` to combine with what is there, instead of replacing it.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside.
        TypeError: There is neither ``src`` nor ``value``, or both.

    Example:
        >>> lamella.zeros(2, 3).scatter(1, lamella.tensor([[2], [0]]), 1.0)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """

def scatter_add(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor:
    """A copy of ``input`` with the elements of ``src`` added at other places along ``dim``.

    ``out[index[i][j]][j] += src[i][j]`` for ``dim`` 0, and so on for other dimensions. Args as for :func:`scatter`.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, or an index points outside.

    Example:
        >>> lamella.zeros(3).scatter_add(0, lamella.tensor([0, 2, 2]), lamella.ones(3))
        tensor([1., 0., 2.])
    """

def scatter_reduce(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: builtins.str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
    """A copy of ``input`` with all elements of ``src`` that go to one place along ``dim`` reduced there.

    Args:
        dim: Along which to place. index: where, as for :func:`scatter`. src: what, as for :func:`scatter`.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: Whether what is there counts too; the places where nothing goes keep it in any case.

    Raises:
        RuntimeError: Shapes or dtypes do not fit, an index points outside, or there is no such reduction.

    Example:
        >>> x, i = lamella.tensor([1.0, 2.0, 3.0, 4.0]), lamella.tensor([0, 0, 1, 1])
        >>> lamella.zeros(2).scatter_reduce(0, i, x, "mean", include_self=False)
        tensor([1.5000, 3.5000])
    """

def searchsorted(sorted_sequence: Tensor, input: Tensor | builtins.float, *, out_int32: builtins.bool = False, right: builtins.bool = False, side: builtins.str | None = None, sorter: Tensor | None = None, out: Any = None) -> Tensor:
    """Where to insert values so that a sequence stays sorted: before equal elements, or after them.

    Args:
        sorted_sequence: Ascending along its last dimension: ``(N,)``, or ``(..., N)`` with rows searched one by one.
        input: The values: a number or a tensor of any shape, or ``(..., M)`` beside rows.
        out_int32: Whether the result is int32 rather than int64.
        right: Whether to insert after equal elements. side: the same as ``"left"`` or ``"right"``.
        sorter: int64 indices that sort an unsorted ``sorted_sequence``.

    Returns:
        Indices from 0 to ``N``, in the shape of ``input``.

    Raises:
        RuntimeError: The shapes or dtypes don't fit, or ``side`` contradicts ``right``.

    Example:
        >>> import lamella
        >>> lamella.searchsorted(lamella.tensor([1, 3, 5]), lamella.tensor([0, 3, 6]))
        tensor([0, 1, 3])
    """

def select(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """The part at ``index`` along ``dim``, without that dimension, as a view.

    Raises:
        IndexError: There is no such index.
    """

def select_scatter(input: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of ``input.select(dim, index)``.

    Raises:
        IndexError: There is no such dimension or index. RuntimeError: ``src`` has another shape.
    """

def selu(input: Tensor) -> Tensor:
    """ELU times a scale, with the two numbers that keep activations at mean 0 and variance 1.

    Raises:
        RuntimeError: The dtype is not real floating point.
    """

def set_default_device(device: Any) -> None:
    """Make ``device`` that of new tensors, in this thread; None stands for the CPU.

    ``with lamella.device("cuda"):`` does so for a block.

    Raises:
        RuntimeError: There is no such device here.
    """

def set_default_tensor_type(t: Any, /) -> None:
    """Make the dtype of a tensor type such as ``lamella.DoubleTensor``, or its name, the default. Deprecated.

    One such as ``lamella.cuda.DoubleTensor`` makes its device the default too.

    Raises:
        TypeError: There is no such type, or it is none of floats.
        RuntimeError: There is no such device here.
    """

def sgn(input: Tensor, *, out: Any = None) -> Tensor:
    """-1, 0 or 1; of complex elements, those divided by their absolute values, and 0 of 0."""

def sigmoid(input: Any, *, out: Any = None) -> Tensor:
    """The logistic function, ``1 / (1 + exp(-input))``."""

def sign(input: Tensor, *, out: Any = None) -> Tensor:
    """-1, 0 or 1.

    Raises:
        RuntimeError: The tensor is complex.
    """

def signbit(input: Any, *, out: Any = None) -> Tensor:
    """Whether the sign of each element is set: it is negative, -0.0 included."""

def sin(input: Any, *, out: Any = None) -> Tensor:
    """The sine of angles in radians."""

def sinc(input: Any, *, out: Any = None) -> Tensor:
    """``sin(π input) / (π input)``, and 1 at 0."""

def sinh(input: Any, *, out: Any = None) -> Tensor:
    """The hyperbolic sine."""

def slice_scatter(input: Tensor, src: Tensor, dim: builtins.int = 0, start: builtins.int | None = None, end: builtins.int | None = None, step: builtins.int = 1, *, out: Any = None) -> Tensor:
    """A copy of ``input`` with ``src`` in the place of the slice ``start:end:step`` along ``dim``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: ``src`` has another shape, or the step is not positive.
    """

def slogdet(input: Tensor, *, out: Any = None) -> Any:
    """See :func:`lamella.linalg.slogdet`."""

def softmax(input: Tensor, dim: builtins.int, dtype: dtype | None = None, *, out: Any = None) -> Tensor:
    """``exp(input)`` divided by its sum along ``dim``, without overflow.

    Args:
        dim: Along which the results sum to 1. dtype: convert to it first.

    Raises:
        RuntimeError: The elements are integers, and no ``dtype`` is given.
    """

def solve(input: Tensor, A: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> NoReturn:
    """Removed, as in PyTorch: use :func:`lamella.linalg.solve`, whose arguments have the other order.

    Raises:
        RuntimeError: Always.
    """

def sort(input: Tensor, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool | None = False, out: Any = None) -> Any:
    """The elements along ``dim`` in order, and where they were. nan counts as the largest.

    Args:
        dim: Along which to sort. descending: the largest first.
        stable: Whether equal elements must stay in their order. They always do.

    Returns:
        A named tuple ``(values, indices)``, both in the shape of ``input``; the indices are int64.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex.

    Example:
        >>> import lamella
        >>> lamella.sort(lamella.tensor([3, 1, 2])).values
        tensor([1, 2, 3])
    """

def split(input: Tensor, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
    """Pieces along ``dim``, as views: of one size, the last maybe smaller, or of the sizes listed.

    Raises:
        RuntimeError: The sizes do not add up to that of ``dim``, or the tensor has no dimension.
    """

def split_with_sizes(input: Tensor, split_sizes: Sequence[builtins.int], dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
    """Pieces of the sizes listed along ``dim``, as views.

    Raises:
        RuntimeError: The sizes do not add up to that of ``dim``, or the tensor has no dimension.
        TypeError: ``split_sizes`` is no sequence.
    """

def sqrt(input: Any, *, out: Any = None) -> Tensor:
    """The square root; nan for negative elements."""

def square(input: Any, *, out: Any = None) -> Tensor:
    """``input * input``."""

def squeeze(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None = None) -> Tensor:
    """A view without the dimensions of size 1, or without those of ``dim`` that have it.

    Raises:
        IndexError: There is no such dimension.
    """

def stack(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension.

    Args:
        axis: NumPy's name for ``dim``.

    Raises:
        RuntimeError: There are none, or their shapes differ. TypeError: one is no Tensor.
    """

def std(input: Tensor, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, out: Any = None) -> Tensor:
    """The standard deviation over ``dim``: the root of :func:`var`, with the same arguments.

    Raises:
        RuntimeError: The elements are integers or bools.
    """

def std_mean(input: Tensor, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> builtins.tuple[Tensor, Tensor]:
    """:func:`std` and :func:`mean` over the same dimensions.

    Raises:
        RuntimeError: The elements are integers or bools.
    """

def stft(input: Tensor, n_fft: builtins.int, hop_length: builtins.int | None = None, win_length: builtins.int | None = None, window: Tensor | None = None, center: builtins.bool = True, pad_mode: builtins.str = 'reflect', normalized: builtins.bool = False, onesided: builtins.bool | None = None, return_complex: builtins.bool | None = None, align_to_window: builtins.bool | None = None) -> Tensor:
    """The Fourier transforms of overlapping frames of a signal: ``(*, L) -> (*, F, T)``.

    ``X[w, t] = sum_k window[k] input[t hop_length + k] exp(-2 pi i k w / n_fft)``

    Args:
        input: Signals, of shape (L,) or (B, L); floating or complex.
        n_fft: The length of a frame.
        hop_length: The distance between two frames; ``n_fft // 4`` by default.
        win_length: The length of the window, ``n_fft`` by default. A shorter one has zeros on both sides.
        window: Of shape (win_length,), such as :func:`hann_window`; ones by default.
        center: Whether frame t is centered at element ``t hop_length``, for which the signal is extended at both
            ends; otherwise it begins there.
        pad_mode: With what the signal is extended: ``"constant"``, or of itself ``"reflect"``, ``"replicate"`` or
            ``"circular"``.
        normalized: Whether to divide by ``sqrt(n_fft)``.
        onesided: Whether to give only the frequencies that tell the others, ``F = n_fft // 2 + 1``; otherwise all
            ``F = n_fft``. True by default, if input and window are real.
        return_complex: Must be given for a real input. False gives pairs of real and imaginary parts, (*, F, T, 2).
        align_to_window: With ``center=False`` and a window shorter than ``n_fft``: whether frame t begins where its
            window does, and the last where a window still fits in.

    Raises:
        RuntimeError: A length does not fit the others, or what must be given is not.

    Example:
        >>> lamella.stft(lamella.ones(8), 4, window=lamella.hann_window(4), return_complex=True).shape
        lamella.Size([3, 9])
    """

def sub(input: Any, other: Any, *old: Any, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``input - alpha * other``, with broadcasting.

    Args:
        input, other: The minuend and the subtrahend.
        old: The subtrahend, after the factor: PyTorch's old form, ``sub(input, alpha, other)``, which warns.
        alpha: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: One is a bool, the shapes can't be broadcast together, or ``alpha`` is a fraction and both hold
            integers.
    """

def subtract(input: Any, other: Any, *old: Any, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """``input - alpha * other``, with broadcasting.

    Args:
        input, other: The minuend and the subtrahend.
        old: The subtrahend, after the factor: PyTorch's old form, ``sub(input, alpha, other)``, which warns.
        alpha: The factor.

    Raises:
        TypeError: There are too many arguments.
        RuntimeError: One is a bool, the shapes can't be broadcast together, or ``alpha`` is a fraction and both hold
            integers.
    """

def sum(input: Tensor, dim: Dims = None, keepdim: builtins.bool = False, *, dtype: dtype | None = None, out: Any = None) -> Tensor:
    """The sum over ``dim``, one or several dimensions; over all by default.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        dtype: Convert to it first. Integers and bools are summed as int64 by default.

    Raises:
        IndexError: There is no such dimension. RuntimeError: one is named twice.
    """

def svd(input: Tensor, some: builtins.bool = True, compute_uv: builtins.bool = True, *, out: Any = None) -> Any:
    """The singular value decomposition ``U diag(S) V^H``; see :func:`lamella.linalg.svd`, which returns ``V^H``.

    Args:
        input: Matrices ``(…, m, n)``. some: U and V have as many columns as there are singular values; otherwise they
            are square, as they always are without ``compute_uv``. compute_uv: False leaves them zero.

    Returns:
        A named tuple of ``U``, ``S`` and ``V``.
    """

def swapaxes(input: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
    """A view with two dimensions swapped; NumPy's name for :func:`lamella.transpose`.

    Raises:
        IndexError: There is no such dimension.
    """

def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """A view with two dimensions swapped.

    Raises:
        IndexError: There is no such dimension.
    """

def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; tensors of fewer dimensions as they are.

    Raises:
        RuntimeError: There are more than two dimensions.
    """

def take(input: Tensor, index: Tensor, *, out: Any = None) -> Tensor:
    """The elements at flat positions: those in ``input.flatten()``.

    Args:
        index: int64, of the shape that the result is to have; negative ones count from the end.

    Raises:
        IndexError: An index points outside. RuntimeError: the indices are not int64.

    Example:
        >>> lamella.tensor([[5, 6], [7, 8]]).take(lamella.tensor([0, -1]))
        tensor([5, 8])
    """

def take_along_dim(input: Tensor, indices: Tensor, dim: builtins.int | None = None, *, out: Any = None) -> Tensor:
    """``input`` at ``indices`` along ``dim``; in the other dimensions the two are broadcast together.

    What ``argmax`` with ``keepdim`` and ``argsort`` give are such indices.

    Args:
        indices: int64; along ``dim`` they wrap around at both ends.
        dim: Along which to pick; by default both are flattened first, and the indices do not wrap.

    Raises:
        RuntimeError: The indices have another dtype or do not fit, or point outside of the flat tensor.
        IndexError: There is no such dimension.
    """

def tan(input: Any, *, out: Any = None) -> Tensor:
    """The tangent of angles in radians."""

def tanh(input: Any, *, out: Any = None) -> Tensor:
    """The hyperbolic tangent."""

def tensor(data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False, layout: Any = ...) -> Tensor:
    """A new leaf tensor with a copy of ``data``.

    Args:
        data: A number, nested lists of numbers, a NumPy array or a Tensor.
        dtype: Element type; inferred by default (Python floats give the default dtype).
        device: Where to put it; the CPU by default.
        requires_grad: Whether to record what is computed from it.
        pin_memory: Accepted for PyTorch's sake; host memory is never pinned here.

    Raises:
        ValueError: Nested lists of unequal lengths, strings, ints of more than 64 bits.
        TypeError: Complex numbers for a real dtype; lists beside numbers.
        RuntimeError: Something that is no number, or a number that does not fit an integer dtype.
    """

def tensor_split(input: Tensor, indices_or_sections: builtins.int | Sequence[builtins.int] | Tensor | None = None, dim: builtins.int = 0, *, sections: builtins.int | None = None, indices: Sequence[builtins.int] | None = None) -> builtins.tuple[Tensor, ...]:
    """Pieces along ``dim``, as views, that need not be of one size.

    Args:
        indices_or_sections: How many pieces, the first ones longer by one where they can't all be of one size; or
            the indices at which pieces after the first start, as in ``x[a:b]``. A tensor is read as such a number or
            such indices. sections, indices: the same, by keyword.

    Raises:
        RuntimeError: The tensor has no dimension, the number is not positive, or a tensor given is of another dtype
            or has more than one dimension. TypeError: what is given is no int and no sequence of ints.

    Example:
        >>> lamella.arange(5).tensor_split(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        >>> lamella.arange(5).tensor_split((1, 4))
        (tensor([0]), tensor([1, 2, 3]), tensor([4]))
    """

def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The sums of products over some dimensions of ``a`` paired with some of ``b``.

    Args:
        a: Its other dimensions come first in the result. b: its other dimensions come last.
        dims: How many to contract, the last of ``a`` with the first of ``b``, in order; or two lists that name them.
            An int or a tensor of one int is the number, a tensor of shape ``(2, n)`` the lists.

    Raises:
        RuntimeError: The sizes of a pair differ and neither is 1, the dtypes differ, or ``dims`` makes no pairs.
        IndexError: There is no such dimension. TypeError: one is no Tensor, or ``dims`` holds something else.

    Example:
        >>> lamella.tensordot(lamella.ones(2, 3, 4), lamella.ones(4, 3), ([1, 2], [1, 0])).tolist()
        [12.0, 12.0]
    """

def threshold(input: Tensor, threshold: builtins.float, value: builtins.float, *, out: Any = None) -> Tensor:
    """``input`` above ``threshold``, ``value`` elsewhere.

    Raises:
        RuntimeError: The dtype is bool or complex, or ``value`` does not fit it.
    """

def tile(input: Tensor, *sizes: Any, dims: Sequence[builtins.int] | None = None) -> Tensor:
    """A copy repeated along its last dimensions; like :meth:`repeat`, with 1 for dimensions not named.

    Args:
        sizes: How often, one by one or as a tuple. dims: the same, by keyword.

    Raises:
        RuntimeError: A number is negative. TypeError: they are no ints.
    """

def topk(input: Tensor, k: builtins.int, dim: builtins.int = -1, largest: builtins.bool = True, sorted: builtins.bool = True, *, out: Any = None) -> Any:
    """The ``k`` largest, or smallest, elements along ``dim``, and where they are. nan counts as the largest.

    Args:
        k: How many. dim: along which to look.
        largest: Whether the largest are asked for, the largest first; else the smallest, the smallest first.
        sorted: Whether they must be in order. They always are.

    Returns:
        A named tuple ``(values, indices)``, of size ``k`` along ``dim``; the indices are int64.

    Raises:
        IndexError: There is no such dimension.
        RuntimeError: There are not so many elements along ``dim``, or they are bools or complex.

    Example:
        >>> import lamella
        >>> lamella.topk(lamella.tensor([3, 1, 2]), 2).values
        tensor([3, 2])
    """

def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal; of integers an int64.

    Raises:
        RuntimeError: It is no matrix, or of bools.
    """

def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """A view with two dimensions swapped.

    Raises:
        IndexError: There is no such dimension.
    """

def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: builtins.float | None = None, dim: builtins.int = -1) -> Tensor:
    """The integral along ``dim`` by the trapezoidal rule: ``sum((y[i] + y[i+1]) / 2 * (x[i+1] - x[i]))``.

    Args:
        y: Samples of the function. x: where they were taken: a vector for ``dim``, or a tensor that broadcasts with
            ``y``. dx: instead of ``x``, their distance; 1 by default. dim: the dimension to integrate along.

    Returns:
        ``y`` without ``dim``; of integers the default float dtype. 0 for one sample or none.

    Raises:
        RuntimeError: ``x`` does not fit, a tensor is of bools, or ``dx`` is not real.
        IndexError: There is no such dimension. TypeError: ``y`` is no Tensor, or both ``x`` and ``dx`` are given.
    """

def trapz(y: Tensor, x: Tensor | None = None, *, dx: builtins.float | None = None, dim: builtins.int = -1) -> Tensor:
    """Another name of :func:`trapezoid`."""

def triangular_solve(input: Tensor, A: Tensor, upper: builtins.bool = True, transpose: builtins.bool = False, unitriangular: builtins.bool = False, *, out: Any = None) -> Any:
    """The solution X of ``A X = input`` with a triangle A; see :func:`lamella.linalg.solve_triangular`.

    Args:
        input: Right sides ``(…, n, k)``. A: triangles ``(…, n, n)``; the other triangle is not read.
        upper: Whether A is an upper one. transpose: solve with its transpose. unitriangular: take its diagonal as ones.

    Returns:
        A named tuple of ``solution`` and ``cloned_coefficient``, a copy of A.

    Raises:
        RuntimeError: The shapes do not fit, or the dtypes are no floating ones or differ.
    """

def tril(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """The lower triangles of matrices, with zeros above.

    Args:
        input: ``(..., rows, columns)``.
        diagonal: The last diagonal to keep: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: There are fewer than two dimensions.

    Example:
        >>> lamella.ones(2, 3).tril()
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
    """

def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0, *, dtype: dtype = ..., device: Any = None) -> Tensor:
    """Where the lower triangle of a matrix is: ``(2, count)`` row and column numbers, row after row.

    Args:
        row: Number of rows. col: number of columns.
        offset: The last diagonal that counts: 0 is the main one, positive ones are above it, negative ones below.
        dtype: int64 or int32.

    Raises:
        RuntimeError: A size is negative, or the dtype is another.

    Example:
        >>> lamella.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """

def triu(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """The upper triangles of matrices, with zeros below.

    Args:
        input: ``(..., rows, columns)``.
        diagonal: The first diagonal to keep: 0 is the main one, positive ones are above it, negative ones below.

    Raises:
        RuntimeError: There are fewer than two dimensions.
    """

def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0, *, dtype: dtype = ..., device: Any = None) -> Tensor:
    """Where the upper triangle of a matrix is: ``(2, count)`` row and column numbers, row after row.

    Args:
        row: Number of rows. col: number of columns.
        offset: The first diagonal that counts: 0 is the main one, positive ones are above it, negative ones below.
        dtype: int64 or int32.

    Raises:
        RuntimeError: A size is negative, or the dtype is another.
    """

def true_divide(input: Any, other: Any, *, rounding_mode: builtins.str | None = None, out: Any = None) -> Tensor:
    """``input / other``, with broadcasting.

    Args:
        rounding_mode: None for the true quotient (integers give the default float dtype), ``"trunc"`` to round it to
            zero, ``"floor"`` to round it down; rounded quotients of integers are integers.

    Raises:
        RuntimeError: Another rounding mode, or an integer is divided by 0 and rounded.
    """

def trunc(input: Any, *, out: Any = None) -> Tensor:
    """Each element without its fraction."""

def unbind(input: Tensor, dim: builtins.int = 0) -> builtins.tuple[Tensor, ...]:
    """The parts along ``dim``, without that dimension, as views.

    Raises:
        IndexError: There is no such dimension.
    """

def unflatten(input: Tensor, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor:
    """Several dimensions of ``sizes`` in place of ``dim``; the reverse of :func:`flatten`.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the sizes do not multiply to its size.
    """

def unique(input: Tensor, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None) -> Any:
    """The distinct elements, or the distinct slices along ``dim``. Each nan is distinct.

    Args:
        sorted: Whether they must be in ascending order. They always are.
        return_inverse: Whether to tell, for each element or slice, which of the distinct it is.
        return_counts: Whether to tell how often each occurs.
        dim: Along which to compare slices; by default elements are compared.

    Returns:
        The distinct elements, ``(N,)``, or slices, ``N`` along ``dim``; if asked for, in a tuple with the int64 inverse
        (in the shape of ``input``, or one for each slice) and the int64 counts, ``(N,)``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex, or slices hold no element.

    Example:
        >>> import lamella
        >>> lamella.unique(lamella.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """

def unique_consecutive(input: Tensor, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None) -> Any:
    """The elements, or slices along ``dim``, without those that equal the one before.

    Args:
        return_inverse: Whether to tell, for each element or slice, which of the result it is.
        return_counts: Whether to tell how many each stands for.
        dim: Along which to compare slices; by default elements are compared.

    Returns:
        As :func:`unique`, in the order of ``input``.

    Raises:
        IndexError: There is no such dimension. RuntimeError: the elements are complex, or slices hold no element.
    """

def unravel_index(indices: Tensor, shape: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
    """Flat positions in a tensor of ``shape`` as one int64 tensor of indices for each of its dimensions.

    Args:
        indices: Integers, of any shape. Beyond the last element they start again.
        shape: The sizes; an int stands for one dimension.

    Raises:
        TypeError: ``indices`` are no integers, or a size is none. ValueError: a size is negative.

    Example:
        >>> lamella.unravel_index(lamella.tensor([4, 5]), (2, 3))
        (tensor([1, 1]), tensor([1, 2]))
    """

def unsqueeze(input: Tensor, dim: builtins.int) -> Tensor:
    """A view with a dimension of size 1 inserted at ``dim``.

    Raises:
        IndexError: ``dim`` is further out than one beyond the last.
    """

def vander(x: Tensor, N: builtins.int | None = None, increasing: builtins.bool = False) -> Tensor:
    """The powers of a vector's elements as columns: the Vandermonde matrix.

    Args:
        x: ``(n,)``. N: the number of columns, from ``x**(N-1)`` down to ``x**0``; n by default.
        increasing: From ``x**0`` up to ``x**(N-1)`` instead.

    Returns:
        ``(n, N)``; of integers and bools an int64.

    Raises:
        RuntimeError: It is no vector, or ``N`` is negative. TypeError: ``N`` is no int.
    """

def var(input: Tensor, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, out: Any = None) -> Tensor:
    """The variance over ``dim``, one or several dimensions; over all by default.

    Args:
        dim: Dimensions to reduce. keepdim: keep them with size 1.
        correction: What is taken off the number of elements before dividing by it; 1 by default.
        unbiased: The older name: True for a correction of 1, False for 0. May also stand in place of ``dim``.

    Raises:
        RuntimeError: The elements are integers or bools.
    """

def var_mean(input: Tensor, dim: Dims | builtins.bool = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None) -> builtins.tuple[Tensor, Tensor]:
    """:func:`var` and :func:`mean` over the same dimensions.

    Raises:
        RuntimeError: The elements are integers or bools.
    """

def vdot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The sum of the products of the first vector's conjugate elements and the second's: ``(n,), (n,) -> ()``.

    Raises:
        RuntimeError: They are no vectors, or their sizes or dtypes differ. TypeError: one is no Tensor.
    """

def view(input: Tensor, *sizes: Any, size: Sequence[builtins.int] | None = None, dtype: Dtype | None = None) -> Tensor:
    """Like :func:`reshape`, but never copies; or the same bytes as elements of another dtype.

    Args:
        sizes: The new sizes, one by one or as a tuple; or a dtype. size, dtype: the same, by keyword.

    Raises:
        RuntimeError: The strides do not allow a view. TypeError: the sizes are no ints.
    """

def view_as_complex(input: Any) -> Tensor:
    """A view of a real tensor whose last dimension holds real and imaginary parts: ``(*, 2) -> (*)``.

    Raises:
        RuntimeError: The last dimension is not of size 2, the tensor is neither float32 nor float64, or its pairs do
            not lie in memory as those of complex numbers do.

    Example:
        >>> lamella.view_as_complex(lamella.tensor([[1.0, 2.0]]))
        tensor([1.+2.j])
    """

def view_as_real(input: Any) -> Tensor:
    """A view of a complex tensor with the real and the imaginary parts side by side: ``(*) -> (*, 2)``.

    Raises:
        RuntimeError: The tensor is real.

    Example:
        >>> lamella.view_as_real(lamella.tensor([1 + 2j]))
        tensor([[1., 2.]])
    """

def vsplit(input: Tensor, indices_or_sections: builtins.int | Sequence[builtins.int]) -> builtins.tuple[Tensor, ...]:
    """Pieces along the first dimension, as views.

    Args:
        indices_or_sections: How many pieces of one size, or the indices at which those after the first start.

    Raises:
        RuntimeError: The tensor has less than two dimensions, or the pieces can't be of one size.
    """

def vstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors, those of one dimension as rows, on top of each other.

    Raises:
        RuntimeError: There are none, or their other sizes differ. TypeError: one is no Tensor.
    """

def where(condition: Any, input: Any = None, other: Any = None, *, out: Any = None) -> Any:
    """``input`` where ``condition`` holds, ``other`` elsewhere; of a condition alone, where it holds.

    Args:
        condition: A bool tensor; alone, a tensor of any dtype, which holds where it is not 0.
        input: A tensor that broadcasts with the others, or a number.
        other: The same.

    Returns:
        The chosen elements; without ``input`` and ``other``, a tuple of one index tensor a dimension.

    Raises:
        RuntimeError: The shapes do not broadcast, or the condition is not bool.
        TypeError: Only one of ``input`` and ``other`` is given.
    """

def xlogy(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """``input * log(other)``, and 0 where ``input`` is 0 (unless ``other`` is nan)."""

def zeros(*sizes: Any, size: Any = None, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None, layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Zeros of a shape, given as sizes or a tuple."""

def zeros_like(input: Tensor, *, dtype: dtype | None = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = ..., layout: Any = ..., pin_memory: builtins.bool = False) -> Tensor:
    """Zeros of the shape, and by default the dtype, device and order in memory, of ``input``."""

