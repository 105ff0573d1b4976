"""Discrete Fourier transforms, for ``lamella.fft``.

Three ops do all: of complex numbers, of real ones to half of the spectrum, and of half a spectrum to real numbers.
Transforms of several dimensions, other lengths and Hermitian signals are composed of them.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from lamella.core import dtypes, rules
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentTypeError, DtypeError, IndexRangeError, ShapeError
from lamella.core.ops.pointwise import conj
from lamella.core.ops.shapes import along, getitem, getitem_backward
from lamella.core.rules import DtypeRule, Shape, one_dim
from lamella.core.tensor import Tensor, check_tensor

#: The scaling of the opposite transform that is the adjoint's.
_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}

# --- the primitives: dims are counted from the front, and norm is a word


def _wide(operands: Any) -> dtypes.dtype:
    d = dtypes.to_floating(dtypes.result_dtype(operands))
    if d.itemsize < dtypes.float32.itemsize:
        raise DtypeError(f"Unsupported dtype {d}. Convert it first with x.float().")
    return d


def _spectrum(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = _wide(operands)
    return d.numpy, d.to_complex().numpy


def _signal(operands: Any, *attributes: Any) -> tuple[Any, Any]:
    d = _wide(operands).to_complex()
    return d.numpy, d.to_real().numpy


_COMPLEX = frozenset((dtypes.complex64.numpy, dtypes.complex128.numpy))
_REAL = frozenset((dtypes.float32.numpy, dtypes.float64.numpy))


def _checked(shape: Shape, dims: Shape) -> Shape:
    for d in dims:
        if shape[d] < 1:
            raise ShapeError(
                f"Invalid number of data points ({shape[d]}) specified: a transform needs at least one, but input has "
                f"shape {shape} and is transformed along dimension {d}"
            )
    return shape


def _of_size(shape: Shape, dim: int, size: int) -> Shape:
    return (*shape[:dim], size, *shape[dim + 1 :])


@define_op(
    inputs=("input",),
    shape=lambda shape, dims, norm, inverse: _checked(shape, dims),
    dtype=DtypeRule(_spectrum, _COMPLEX | _REAL),
    linear=("input",),
    autocast="float32",
    samples=lambda make: [
        make(make.array(5) + 1j * make.array(5), (0,), "backward", False),
        make(make.array(2, 4), (1,), "ortho", True),
        make(make.array(2, 3, 2) + 1j, (2, 0), "forward", False),
        make(make.transposed(3, 2) + 1j, (0, 1), "backward", True),
        make(make.array(0, 3), (1,), "backward", False),
        make(make.array(1), (0,), "backward", False),
    ],
    errors=lambda make: [
        make.error((make.array(2, 0), (1,), "backward", False), ShapeError, r"Invalid number of data points \(0\)"),
        make.error((make.array(2).astype("float16"), (0,), "backward", False), DtypeError, r"Unsupported dtype"),
    ],
)
def fft_c2c(xp: Any, input: Any, dims: Any, norm: Any, inverse: Any) -> Any:
    """The Fourier transform of ``input`` along ``dims``, or the inverse one."""
    return (xp.fft.ifftn if inverse else xp.fft.fftn)(input, axes=dims, norm=norm)


fft_c2c.vjp(
    input=lambda F, grad, dims, norm, inverse: F.fft_c2c(grad, dims, _OPPOSITE[norm], not inverse),
)


@define_op(
    inputs=("input",),
    shape=lambda shape, dims, norm: _of_size(_checked(shape, dims), dims[-1], shape[dims[-1]] // 2 + 1),
    dtype=DtypeRule(rules.refusing(DtypeRule(_spectrum), "complex").find, _REAL),
    linear=("input",),
    autocast="float32",
    samples=lambda make: [
        make(make.array(5), (0,), "backward"),
        make(make.array(2, 4), (1,), "ortho"),
        make(make.array(2, 3, 4), (0, 2), "forward"),
        make(make.transposed(3, 2), (1, 0), "backward"),
        make(make.array(0, 3), (1,), "backward"),
        make(make.array(1), (0,), "backward"),
    ],
    errors=lambda make: [
        make.error((make.array(2, 0), (1,), "backward"), ShapeError, r"Invalid number of data points \(0\)"),
        make.error((make.array(2) + 1j, (0,), "backward"), DtypeError, r"fft_r2c: not defined for dtype .*complex128"),
    ],
)
def fft_r2c(xp: Any, input: Any, dims: Any, norm: Any) -> Any:
    """The Fourier transform of a real ``input``; along the last of ``dims`` only the half that tells the other."""
    return xp.fft.rfftn(input, axes=dims, norm=norm)


fft_r2c.vjp(
    input=lambda F, grad, input_shape, dims, norm: F.fft_c2r(
        F.fft_weighted(grad, dims[-1], input_shape[dims[-1]], 0.5), dims, _OPPOSITE[norm], input_shape[dims[-1]]
    )
)


@define_op(
    inputs=("input",),
    shape=lambda shape, dims, norm, size: _of_size(_checked(shape, dims), dims[-1], size),
    dtype=DtypeRule(_signal, _COMPLEX),
    linear=("input",),
    autocast="float32",
    samples=lambda make: [
        make(make.array(3) + 1j * make.array(3), (0,), "backward", 5),
        make(make.array(3) + 1j * make.array(3), (0,), "forward", 4),
        make(make.array(2, 3), (1,), "ortho", 4),
        make(make.array(2, 3, 2) + 1j * make.array(2, 3, 2), (0, 2), "forward", 3),
        make(make.transposed(3, 2) + 1j, (1, 0), "backward", 4),
        make(make.array(0, 3), (1,), "backward", 4),
        make(make.array(1) + 1j, (0,), "backward", 1),
    ],
    errors=lambda make: [
        make.error((make.array(2, 0), (1,), "backward", 0), ShapeError, r"Invalid number of data points \(0\)")
    ],
)
def fft_c2r(xp: Any, input: Any, dims: Any, norm: Any, size: Any) -> Any:
    """The inverse Fourier transform of half a spectrum, whose real result is of ``size`` along the last of ``dims``."""
    sizes = [*(input.shape[d] for d in dims[:-1]), size]
    return xp.fft.irfftn(input, s=sizes, axes=dims, norm=norm)


fft_c2r.vjp(
    input=lambda F, grad, dims, norm, size: F.fft_weighted(F.fft_r2c(grad, dims, _OPPOSITE[norm]), dims[-1], size, 2.0)
)


@define_op(
    inputs=("input",),
    shape=rules.same,
    dtype=rules.only_floating,
    samples=lambda make: [
        make(make.array(2, 3) + 1j, 1, 5, 2.0),
        make(make.array(3, 2), 0, 4, 0.5),
        make(make.array(1), 0, 1, 2.0),
        make(make.array(2), 0, 2, 2.0),
    ],
)
def fft_weighted(xp: Any, input: Any, dim: Any, size: Any, weight: Any) -> Any:
    """Half a spectrum along ``dim``, with the elements that stand for two of the ``size`` multiplied by ``weight``.

    An op because gradients through half a spectrum need it: all but the first, and the last of an even size, count
    twice.
    """
    result = xp.asarray(input, copy=True)
    result[along(dim, slice(1, (size + 1) // 2))] *= weight
    return result


fft_weighted.vjp(input=lambda F, grad, dim, size, weight: F.fft_weighted(grad, dim, size, weight))

# --- what was asked for, as the primitives take it


def _norm(given: str | None) -> str:
    if given is not None and given not in _OPPOSITE:
        raise ShapeError(f'Invalid normalization mode: "{given}". Expected "forward", "backward", "ortho" or None.')
    return given or "backward"


def ints(name: str, argument: str, given: Any) -> tuple[int, ...]:
    """One int or several, as a tuple; anything else is a TypeError."""
    try:
        return tuple(operator.index(i) for i in ((given,) if hasattr(given, "__index__") else given))
    except TypeError:
        raise ArgumentTypeError(f"fft.{name}(): argument '{argument}' must be ints, not {given!r}") from None


def _dims_and_sizes(name: str, input: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], list[int]]:
    """The dimensions to transform, and the size asked for along each, or -1."""
    ndim = input.array.ndim
    sizes = None if s is None else ints(name, "s", s)
    if dim is None:
        count = ndim if sizes is None else len(sizes)
        if count > ndim:
            raise ShapeError(f"fft.{name}: Got shape with {count} values but input tensor only has {ndim} dimensions.")
        dims = tuple(range(ndim - count, ndim))
    else:
        given = ints(name, "dim", dim)
        if given and not ndim:
            raise IndexRangeError(f"fft.{name}: Dimension specified as {given[0]} but tensor has no dimensions")
        dims = tuple(one_dim(d, ndim) for d in given)
        if len(set(dims)) != len(dims):
            raise ShapeError(f"fft.{name}: FFT dims must be unique, got {dim}")
    if sizes is not None and len(sizes) != len(dims):
        raise ShapeError(f"fft.{name}: dim and shape arguments must have the same length, got dim={dim} and s={s}")
    return dims, [-1] * len(dims) if sizes is None else list(sizes)


def _resized(name: str, input: Tensor, dims: tuple[int, ...], sizes: Sequence[int]) -> Tensor:
    """``input`` cut, or filled with zeros, to ``sizes`` along ``dims``; -1 leaves a size as it is."""
    shape = input.array.shape
    wanted = list(shape)
    for d, size in zip(dims, sizes, strict=True):
        if size != -1:
            wanted[d] = size
        if wanted[d] < 1:
            raise ShapeError(
                f"fft.{name}: Invalid number of data points ({wanted[d]}) specified; expected at least 1 along "
                f"dimension {d} of input {shape}"
            )
    key = tuple(slice(0, min(have, want)) for have, want in zip(shape, wanted, strict=True))
    if any(want < have for have, want in zip(shape, wanted, strict=True)):
        input = getitem(input, key)
    return getitem_backward(input, tuple(wanted), key) if input.array.shape != tuple(wanted) else input


def _complex(name: str, input: Tensor, s: Any, dim: Any, norm: str | None, inverse: bool) -> Tensor:
    check_tensor(f"fft.{name}", "input", input)
    scaling = _norm(norm)
    dims, sizes = _dims_and_sizes(name, input, s, dim)
    if not dims:
        return input.to(_wide([input.array]).to_complex(), copy=True)
    done: Tensor = fft_c2c(_resized(name, input, dims, sizes), dims, scaling, inverse)
    return done


def _halved(name: str, input: Tensor, s: Any, dim: Any, norm: str) -> Tensor:
    if check_tensor(f"fft.{name}", "input", input).is_complex():
        raise DtypeError(f"{name} expects a real input tensor, but got {input.dtype}. Use fft() or ifft().")
    dims, sizes = _dims_and_sizes(name, input, s, dim)
    if not dims:
        raise ShapeError(f"{name} must transform at least one axis")
    done: Tensor = fft_r2c(_resized(name, input, dims, sizes), dims, norm)
    return done


def _restored(name: str, input: Tensor, s: Any, dim: Any, norm: str) -> Tensor:
    check_tensor(f"fft.{name}", "input", input)
    dims, sizes = _dims_and_sizes(name, input, s, dim)
    if not dims:
        raise ShapeError(f"{name} must transform at least one axis")
    size = sizes[-1] if sizes[-1] != -1 else 2 * (input.array.shape[dims[-1]] - 1)
    if size < 1:
        raise ShapeError(
            f"fft.{name}: Invalid number of data points ({size}) specified; expected at least 1 along dimension "
            f"{dims[-1]}, where the input {tuple(input.shape)} has half a spectrum"
        )
    done: Tensor = fft_c2r(_resized(name, input, dims, [*sizes[:-1], size // 2 + 1]), dims, norm, size)
    return done


def _one(name: str, n: int | None) -> Any:
    """The size along one dimension, where -1 has no meaning of its own."""
    if n is None:
        return None
    sizes = ints(name, "n", (n,))
    if sizes[0] < 1:
        raise ShapeError(f"fft.{name}: Invalid number of data points ({n}) specified; n must be at least 1")
    return sizes


# --- the public functions: PyTorch's signatures


def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The discrete Fourier transform along one dimension: ``X[k] = sum_j x[j] exp(-2 pi i j k / n)``.

    Args:
        input: Real or complex; integers become the default float. Half precision is refused.
        n: The length to cut or fill with zeros to before; the size of ``dim`` by default.
        dim: Along which dimension.
        norm: ``"backward"``, the default: this transform is as above, and the inverse is divided by n. ``"forward"``:
            this one is, ``"ortho"``: both are divided by ``sqrt(n)``.

    Returns:
        complex64 for float32 and complex64, complex128 for float64 and complex128.

    Raises:
        RuntimeError: There is no element to transform, or the norm or the dtype is none of these.
        IndexError: There is no such dimension.

    Example:
        >>> lamella.fft.fft(lamella.tensor([1.0, 2.0, 3.0, 4.0]))
        tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])
    """
    return _complex("fft", input, _one("fft", n), (dim,), norm, False)


def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`fft`: ``x[j] = sum_k X[k] exp(2 pi i j k / n) / n``. Arguments as there."""
    return _complex("ifft", input, _one("ifft", n), (dim,), norm, True)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """:func:`fft` of a real signal: the first ``n // 2 + 1`` elements, of which the others are the conjugates.

    Raises:
        RuntimeError: As there, or the input is complex.
    """
    return _halved("rfft", input, _one("rfft", n), (dim,), _norm(norm))


def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`rfft`: from half a spectrum to a real signal.

    Args:
        n: The length of the result; ``2 * (input.shape[dim] - 1)`` by default, so give it where that was odd.
    """
    return _restored("irfft", input, _one("irfft", n), (dim,), _norm(norm))


def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """:func:`fft` of a signal with conjugate symmetry, given its first half: real, of length ``n``.

    Args:
        n: The length of the result; ``2 * (input.shape[dim] - 1)`` by default, so give it where that was odd.
    """
    check_tensor("fft.hfft", "input", input)
    return _restored("hfft", conj(input), _one("hfft", n), (dim,), _OPPOSITE[_norm(norm)])


def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`hfft`: the first ``n // 2 + 1`` elements of :func:`ifft` of a real signal."""
    return conj(_halved("ihfft", input, _one("ihfft", n), (dim,), _OPPOSITE[_norm(norm)]))


def fftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """:func:`fft` along several dimensions.

    Args:
        s: The length along each to cut or fill with zeros to; -1 leaves one as it is.
        dim: The dimensions; by default the last ``len(s)``, or all.
        norm: As for :func:`fft`, with the product of the lengths for n.

    Raises:
        RuntimeError: As there; or a dimension is named twice, or ``s`` has another length than ``dim``.
    """
    return _complex("fftn", input, s, dim, norm, False)


def ifftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """The inverse of :func:`fftn`. Arguments as there."""
    return _complex("ifftn", input, s, dim, norm, True)


def rfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """:func:`fftn` of a real signal: along the last dimension only the first half of the result."""
    return _halved("rfftn", input, s, dim, _norm(norm))


def irfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """The inverse of :func:`rfftn`; ``s`` is the shape of the result."""
    return _restored("irfftn", input, s, dim, _norm(norm))


def hfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """:func:`fftn` of a signal with conjugate symmetry, given half of it along the last dimension; real."""
    check_tensor("fft.hfftn", "input", input)
    return _restored("hfftn", conj(input), s, dim, _OPPOSITE[_norm(norm)])


def ihfftn(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
) -> Tensor:
    """The inverse of :func:`hfftn`: half of :func:`ifftn` of a real signal."""
    return conj(_halved("ihfftn", input, s, dim, _OPPOSITE[_norm(norm)]))


def fft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`fftn` along two dimensions: the last two by default."""
    return fftn(input, s, dim, norm)


def ifft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`ifftn` along two dimensions: the last two by default."""
    return ifftn(input, s, dim, norm)


def rfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`rfftn` along two dimensions: the last two by default."""
    return rfftn(input, s, dim, norm)


def irfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`irfftn` along two dimensions: the last two by default."""
    return irfftn(input, s, dim, norm)


def hfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`hfftn` along two dimensions: the last two by default."""
    return hfftn(input, s, dim, norm)


def ihfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """:func:`ihfftn` along two dimensions: the last two by default."""
    return ihfftn(input, s, dim, norm)


__all__: list[str] = []  # its names are those of lamella.fft
