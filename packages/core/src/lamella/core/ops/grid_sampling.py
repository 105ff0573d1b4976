"""Pictures seen through a grid: the values of a tensor at places between its elements; and the grids of affine maps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from math import prod
from operator import mul
from typing import Any

from lamella.core.errors import ArgumentError, DtypeError, ShapeError
from lamella.core.ops.creation import arange, linspace, ones_like, zeros_like
from lamella.core.ops.indexing import index_select
from lamella.core.ops.matmul import matmul
from lamella.core.ops.pieces import stack
from lamella.core.ops.rounding import floor, remainder
from lamella.core.ops.selection import where
from lamella.core.ops.shapes import expand, movedim, reshape
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]

#: The numbers by which :func:`grid_sampler` knows them.
INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")

# --- places


def _place(coordinate: Tensor, size: int, align_corners: bool) -> Tensor:
    """A coordinate from -1 to 1, edge to edge or middle to middle of the outer elements, as an index."""
    return (coordinate + 1) * ((size - 1) / 2) if align_corners else ((coordinate + 1) * size - 1) / 2


def _bordered(place: Tensor, size: int) -> Tensor:
    """A place moved into the picture; what is on the border or outside has no gradient, and nan is at 0."""
    inside = where(place > 0, place, zeros_like(place))
    return where(inside < size - 1, inside, zeros_like(inside) + (size - 1))


def _reflected(place: Tensor, low: float, high: float) -> Tensor:
    """A place outside of ``low`` to ``high`` mirrored at these until it is inside."""
    span = high - low
    if span <= 0:
        return zeros_like(place)
    away = place - low
    away = where(away < 0, -away, away)  # not abs(): at the border PyTorch's slope is 1, not 0
    turns = floor(away.detach() / span)
    rest = away - turns * span
    return where(remainder(turns, 2) == 0, rest + low, high - rest)


def _padded(place: Tensor, size: int, padding: str, align_corners: bool) -> Tensor:
    """The place to look at instead of one outside."""
    if padding == "reflection":
        low, high = (0, size - 1) if align_corners else (-0.5, size - 0.5)
        place = _reflected(place, low, high)
    return place if padding == "zeros" else _bordered(place, size)


# --- elements


class _Picture:
    """Pictures as rows of channels, from which elements are picked by their places."""

    def __init__(self, input: Tensor) -> None:
        batch, self.channels, *sizes = input.array.shape
        self.sizes = tuple(sizes)
        # a row at once is picked faster than an element at a time from each channel
        self.rows = reshape(movedim(input, 1, -1), (batch * prod(sizes), self.channels))
        self.batch = batch

    def at(self, places: Sequence[Tensor]) -> Tensor:
        """The channels at whole places, of shape (N, …, 1) each, and zeros outside: (N, …, C)."""
        shape = places[0].array.shape
        inside: Any = None
        flat: Any = arange(self.batch, device=places[0].device).view(-1, *(1,) * (len(shape) - 1))
        for place, size in zip(places, self.sizes, strict=True):
            here = (place >= 0) & (place <= size - 1)
            inside = here if inside is None else inside & here
            flat = flat * size + where(here, place, zeros_like(place)).long()
        picked = reshape(index_select(self.rows, 0, reshape(flat, (-1,))), (*shape[:-1], self.channels))
        return where(inside, picked, zeros_like(picked))


def _linear(picture: _Picture, places: Sequence[Tensor]) -> Tensor:
    """Between the 2, 4 or 8 neighbours of each place, each by how near it is."""
    lows = [floor(place.detach()) for place in places]
    parts = []
    for corner in product((0, 1), repeat=len(places)):
        shares = [place - low if up else low + 1 - place for up, place, low in zip(corner, places, lows, strict=True)]
        neighbour = [low + up for up, low in zip(corner, lows, strict=True)]
        share = reduce(mul, shares)
        if len(places) == 3:  # as in PyTorch, nan and infinity are places outside of volumes; of pictures they give nan
            share = where(share == share, share, zeros_like(share))
        parts.append(picture.at(neighbour) * share)
    return reduce(lambda a, b: a + b, parts)


def _cubic_weights(t: Tensor) -> list[Tensor]:
    """The weights of the four neighbours of a place ``t`` behind the second; Keys's cubics with a = -0.75."""
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _cubic(picture: _Picture, places: Sequence[Tensor], padding: str, align_corners: bool) -> Tensor:
    """Between the 16 neighbours of each place, each of which may have to be looked for elsewhere."""
    lows = [floor(place.detach()) for place in places]
    weights = [_cubic_weights(place - low) for place, low in zip(places, lows, strict=True)]
    neighbours = [
        [_padded(low + (k - 1), size, padding, align_corners) for k in range(4)]
        for low, size in zip(lows, picture.sizes, strict=True)
    ]
    parts = [
        picture.at([neighbours[0][i], neighbours[1][j]]) * (weights[0][i] * weights[1][j])
        for i, j in product(range(4), repeat=2)
    ]
    return reduce(lambda a, b: a + b, parts)


# --- the public functions


def sampled(name: str, input: Tensor, grid: Tensor, mode: str, padding: str, align_corners: bool) -> Tensor:
    """What :func:`grid_sampler` does, for messages of ``name``."""
    check_tensor(name, "input", input)
    shape, of_grid = input.array.shape, check_tensor(name, "grid", grid).array.shape
    count = len(shape) - 2
    if count not in (2, 3) or len(of_grid) != len(shape):
        raise ShapeError(
            f"{name}: expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{shape} and grid with sizes {of_grid}"
        )
    if of_grid[0] != shape[0] or of_grid[-1] != count:
        raise ShapeError(
            f"{name}: expected grid to have size {count} in last dimension and the batch size of the input, "
            f"{shape[0]}, but got grid with sizes {of_grid} and input with sizes {shape}"
        )
    if 0 in shape[2:]:
        raise ShapeError(f"{name}: expected input to have non-empty spatial dimensions, but got sizes {shape}")
    if input.dtype is not grid.dtype or not input.is_floating_point():
        raise DtypeError(
            f"{name}: expected input and grid to have the same floating-point dtype, but got {input.dtype} and "
            f"{grid.dtype}"
        )
    if mode == "bicubic" and count != 2:
        raise ShapeError(f"{name}: bicubic interpolation only supports 4D input, got sizes {shape}")
    # the grid's last dimension has x first, and its own stays to broadcast over channels
    coordinates = [grid[..., k : k + 1] for k in reversed(range(count))]
    places = [_place(c, size, align_corners) for c, size in zip(coordinates, shape[2:], strict=True)]
    picture = _Picture(input)
    if mode == "bicubic":
        found = _cubic(picture, places, padding, align_corners)
    else:
        places = [_padded(p, size, padding, align_corners) for p, size in zip(places, shape[2:], strict=True)]
        found = picture.at([p.round() for p in places]) if mode == "nearest" else _linear(picture, places)
    return movedim(found, -1, 1).contiguous()


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """The values of ``input`` at the places of ``grid``; see ``nn.functional.grid_sample``.

    Args:
        interpolation_mode: 0, 1 or 2 for bilinear, nearest or bicubic.
        padding_mode: 0, 1 or 2 for zeros, border or reflection.

    Raises:
        RuntimeError: Shapes or dtypes do not fit. ValueError: a mode is not known.
    """
    return _numbered("grid_sampler", input, grid, interpolation_mode, padding_mode, align_corners)


def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """:func:`grid_sampler` of pictures, ``(N, C, H, W)`` and ``(N, H_out, W_out, 2)``."""
    return _numbered("grid_sampler_2d", input, grid, interpolation_mode, padding_mode, align_corners, 4)


def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """:func:`grid_sampler` of volumes, ``(N, C, D, H, W)`` and ``(N, D_out, H_out, W_out, 3)``."""
    return _numbered("grid_sampler_3d", input, grid, interpolation_mode, padding_mode, align_corners, 5)


def _numbered(
    name: str, input: Tensor, grid: Tensor, mode: int, padding: int, align_corners: bool, ndim: int | None = None
) -> Tensor:
    if mode not in range(3) or padding not in range(3):
        raise ArgumentError(
            f"{name}: interpolation_mode and padding_mode must be 0, 1 or 2 for {INTERPOLATIONS} and {PADDINGS}, got "
            f"{mode} and {padding}"
        )
    if ndim is not None and check_tensor(name, "input", input).array.ndim != ndim:
        raise ShapeError(f"{name}: expected {ndim}D input, but got input with sizes {tuple(input.shape)}")
    return sampled(name, input, grid, INTERPOLATIONS[mode], PADDINGS[padding], bool(align_corners))


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """The places that affine maps send those of a picture to; see ``nn.functional.affine_grid``.

    Raises:
        RuntimeError: The shapes do not fit.
    """
    batch, count = size[0], len(size) - 2
    shape = check_tensor("affine_grid_generator", "theta", theta).array.shape
    if count not in (2, 3) or shape != (batch, count, count + 1):
        raise ShapeError(
            f"affine_grid_generator: expected theta of shape (N, 2, 3) for a size of 4 or (N, 3, 4) for one of 5 "
            f"numbers, but got theta {shape} and size {tuple(size)}"
        )
    sizes = size[2:]
    axes = []
    for d, n in enumerate(sizes):
        reach = 1.0 if align_corners else (n - 1) / n
        along = linspace(-reach, reach, n, dtype=theta.dtype, device=theta.device) if n > 1 else theta.new_zeros(1)
        axes.append(expand(along.view(*(n if e == d else 1 for e in range(count))), tuple(sizes)))
    base = stack([*reversed(axes), ones_like(axes[0])], -1)
    places = matmul(reshape(base, (-1, count + 1)), theta.mT)
    return reshape(places, (batch, *sizes, count))


NOT_METHODS = ("affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
#: Functions without ``out=``.
NO_OUT = NOT_METHODS

__all__ = ["affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"]
