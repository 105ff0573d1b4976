"""Moving and converting what a module holds: to another device, to another dtype, into other memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from lamella.core import dtypes
from lamella.core.devices import device as Device
from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import ArgumentTypeError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import empty_like
from lamella.core.tensor import Tensor


class Convertible:
    """What moves and converts; a base of Module."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    children: Callable[[], Iterable[Any]]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the values of all parameters, of their gradients, and of all buffers, by what ``fn`` makes of them.

        Parameters stay the same objects, so that an optimizer still holds them.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad = parameter._grad
                    parameter.data = fn(parameter.detach())
                    parameter._grad = None if grad is None else fn(grad.detach())
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move parameters and buffers to a device, convert the floating-point ones to a dtype, or both.

        ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` and ``to(tensor)`` are understood. Works in place.

        Raises:
            TypeError: The dtype is not a floating-point one, or an argument is none of these.
        """
        place, kind = _destination(args, kwargs)
        if kind is not None and not (kind.is_floating_point or kind.is_complex):
            raise ArgumentTypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={kind}"
            )

        def moved(tensor: Tensor) -> Tensor:
            converts = tensor.dtype.is_floating_point or tensor.dtype.is_complex
            return tensor.to(device=place, dtype=kind if converts else None)

        return self._apply(moved)

    def _to_floating(self, kind: Dtype) -> Self:
        return self._apply(lambda t: t.to(kind) if t.dtype.is_floating_point else t)

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self._to_floating(dtypes.float32)

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self._to_floating(dtypes.float64)

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self._to_floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Convert floating-point parameters and buffers to bfloat16."""
        return self._to_floating(dtypes.bfloat16)

    def cpu(self) -> Self:
        """Move parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: int | Device | None = None) -> Self:
        """Move parameters and buffers to a CUDA device."""
        place = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self._apply(lambda t: t.to(device=place))

    def type(self, dst_type: Dtype) -> Self:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.to(dst_type))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move parameters and buffers to a device without copying their values."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self) -> Self:
        """Refuse, as :meth:`Tensor.share_memory_` does: tensors live in memory of this process alone.

        Raises:
            RuntimeError: There is a parameter or a buffer.
        """
        return self._apply(lambda t: t.share_memory_())


def _destination(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Dtype | None]:
    """The device and dtype that the arguments of :meth:`Module.to` ask for."""
    place, kind, other = kwargs.get("device"), kwargs.get("dtype"), kwargs.get("tensor")
    unknown = set(kwargs) - {"device", "dtype", "tensor", "non_blocking", "memory_format"}
    if unknown:
        raise ArgumentTypeError(f"to() got an unexpected keyword argument '{min(unknown)}'")
    for arg in args:
        if isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, Dtype):
            kind = arg
        elif isinstance(arg, (str, Device)):
            place = arg
        elif arg is not None and not isinstance(arg, bool):  # a bool is non_blocking
            raise ArgumentTypeError(
                f"to() received an invalid argument: {arg!r}. Expected a device, a floating-point dtype, or a Tensor "
                "that has them."
            )
    return (place, kind) if other is None else (other.device, other.dtype)


__all__ = ["Convertible"]
