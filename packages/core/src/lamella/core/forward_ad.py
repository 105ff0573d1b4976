"""Forward mode by hand: tensors with tangents, PyTorch's ``torch.autograd.forward_ad``."""

from __future__ import annotations

from typing import Any, NamedTuple

from lamella.core.errors import ArgumentError, GradError
from lamella.core.modes import current_mode, innermost_level
from lamella.core.tensor import Tensor
from lamella.core.transforms.forward import Forward
from lamella.core.transforms.wrapped import Wrapped


class UnpackedDualTensor(NamedTuple):
    """What :func:`unpack_dual` returns.

    Attributes:
        primal: The tensor.
        tangent: Its derivative along the direction; None if it is constant.
    """

    primal: Tensor
    tangent: Tensor | None


class dual_level(Forward):
    """Inside, tensors may have tangents, and what is computed from them gets its own.

    Raises:
        RuntimeError: It is entered inside another.

    Example:
        >>> import lamella
        >>> from lamella.autograd import forward_ad
        >>> with forward_ad.dual_level():
        ...     x = forward_ad.make_dual(lamella.tensor(3.0), lamella.tensor(1.0))
        ...     forward_ad.unpack_dual(x * x).tangent
        tensor(6.)
    """

    def __enter__(self) -> int:
        if _current() is not None:
            raise GradError("Nested forward mode AD is not supported at the moment")
        super().__enter__()
        return 0


def enter_dual_level() -> int:
    """Begin a :class:`dual_level` that lasts until :func:`exit_dual_level`."""
    return dual_level().__enter__()


def exit_dual_level(*, level: int | None = None) -> None:
    """End the :class:`dual_level` that :func:`enter_dual_level` has begun.

    Args:
        level: What that returned.

    Raises:
        RuntimeError: There is none.
    """
    found = current_mode().interpreter
    if not isinstance(found, dual_level) or level not in (None, 0):
        raise GradError("Trying to exit a forward AD level that was not the last one that was created.")
    found.__exit__(None, None, None)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """``tensor`` with a tangent.

    Args:
        tensor: Of floating or complex dtype.
        tangent: Of the same shape; converted to the tensor's dtype.
        level: For PyTorch's sake; there is one level.

    Raises:
        RuntimeError: There is no :class:`dual_level` here, or the shapes differ.
        ValueError: A dtype is neither floating nor complex.
    """
    active = _current()
    if active is None:
        raise GradError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for what, x in (("primal", tensor), ("tangent", tangent)):
        if not (x.is_floating_point() or x.is_complex()):
            raise ArgumentError(f"Expected {what} to be floating point or complex, but got: {x.dtype}")
    if tensor.shape != tangent.shape:
        raise GradError(
            f"Expected tangent to have the same shape as the primal, got {tuple(tangent.shape)} and "
            f"{tuple(tensor.shape)}"
        )
    if tangent.dtype != tensor.dtype:
        tangent = tangent.to(tensor.dtype)
    return active.dual(active.primal_of(tensor), tangent)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The tensor and its tangent.

    Args:
        tensor: Any tensor.
        level: For PyTorch's sake; there is one level.
    """
    active = _current()
    if active is None or not active.owns(tensor):
        return UnpackedDualTensor(tensor.held if isinstance(tensor, Wrapped) else tensor, None)
    return UnpackedDualTensor(active.primal_of(tensor), active.tangent_of(tensor))


def _current() -> Any:
    level = innermost_level()
    while level is not None and not isinstance(level, dual_level):
        level = level.outer
    return level


__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]
