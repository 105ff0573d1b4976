"""Mixed precision: ops that gain by it compute in 16 bits, those that need the precision in 32.

What each op computes in is in its record, ``Op.autocast``. The graph records the casts, so gradients come back in the
dtype of what was cast.
"""

from __future__ import annotations

import warnings
import weakref
from types import TracebackType
from typing import Any

from lamella.core import backends, dtypes
from lamella.core.autocast_policy import Region, cast_all, regions
from lamella.core.devices import device
from lamella.core.dispatch import Interpreter
from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import ArgumentError, ArgumentTypeError, DeviceError
from lamella.core.graph import Leaf
from lamella.core.modes import Mode, ModeSwitch, current_mode, innermost_level
from lamella.core.op import OPS, Op
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor


class Caster(Interpreter):
    """Casts the inputs of each op to what its record says."""

    # gradients have the dtypes that the forward pass gave them
    sees_backward = False

    def __init__(self, outer: Interpreter | None) -> None:
        self.outer = outer
        self.cache = Cache()

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        if op.autocast is not None and regions.get():
            inputs = tuple([cast_all(x, op.autocast, self._cast) for x in inputs])
        return self.run(op, inputs, attrs)

    def _cast(self, x: Tensor, kind: Dtype) -> Tensor:
        known = self.cache.find(x, kind)
        if known is None:
            known = self.run(OPS["cast"], (x,), (kind.numpy,))
            self.cache.keep(x, kind, known)
        return known


class Cache:
    """The casts of leaves that require grad, for as long as the outermost region lasts.

    A layer that is used often casts its weight once, and its gradients are added up in the lower precision.
    """

    def __init__(self) -> None:
        # by the leaf's id: the leaf itself, for the id to stay its own, its version, and the cast
        self._kept: dict[tuple[int, Dtype], tuple[weakref.ref[Tensor], int, Tensor]] = {}

    def find(self, x: Tensor, kind: Dtype) -> Tensor | None:
        """The cast of ``x``, if one is kept and ``x`` has not been changed since."""
        found = self._kept.get((id(x), kind)) if self._holds(x) else None
        if found is None or found[0]() is not x or found[1] != x._version:
            return None
        return found[2]

    def keep(self, x: Tensor, kind: Dtype, cast: Tensor) -> None:
        """Keep ``cast`` if ``x`` is such a leaf, and the cast is recorded."""
        if self._holds(x):
            self._kept[id(x), kind] = weakref.ref(x), x._version, cast

    def _holds(self, x: Tensor) -> bool:
        region = regions.get()[x.device.type]
        return region.caches and current_mode().grad and innermost_level() is None and isinstance(x._node, Leaf)


class autocast(ModeSwitch):
    """Ops called inside compute in lower precision where that is worth it; a context manager and a decorator.

    Matrix products, convolutions, linear and recurrent layers and attention compute in ``dtype``; losses, linear
    algebra, Fourier transforms and products in float32; all others in what they are given. Only floating-point
    tensors on the device are cast, and float64 is left alone. Backward passes run in the dtypes that the forward pass
    used; call ``backward()`` outside of the region, as in PyTorch.

    Args:
        device_type: The type of device, ``"cpu"`` or that of a backend.
        dtype: The lower precision: float16 or bfloat16. None for bfloat16, and float16 on ``"cuda"``.
        enabled: If False, nothing is cast inside, even within an outer region.
        cache_enabled: Whether a parameter is cast once for all its uses in the region; None for what holds outside,
            which is True at first.

    Raises:
        ValueError: ``device_type`` is no string. RuntimeError: there is no such device type.
        AttributeError: ``dtype`` is None, bfloat16 is meant and its package is not installed.

    Example:
        >>> import lamella
        >>> x, w = lamella.ones(2, 3), lamella.ones(3, 4, requires_grad=True)
        >>> with lamella.amp.autocast("cpu", dtype=lamella.float16):
        ...     y = x @ w
        >>> y.dtype
        lamella.float16
        >>> y.sum().backward()
        >>> w.grad.dtype
        lamella.float32
    """

    def __init__(
        self, device_type: str, dtype: Dtype | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        super().__init__()
        if not isinstance(device_type, str):
            raise ArgumentError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if dtype is not None and not isinstance(dtype, Dtype):
            raise ArgumentTypeError(f"autocast: dtype must be a dtype such as lamella.bfloat16, got {dtype!r}")
        self.device = device(device_type).type
        self._given = (device_type, dtype, enabled, cache_enabled)
        if enabled and not is_autocast_available(self.device):
            if self.device not in _LOWER:
                backend_for(device(self.device))  # it says what is missing
            warnings.warn(
                f"autocast: device type {self.device!r} cannot be used here. Disabling autocast.", stacklevel=2
            )
            enabled = False
        if enabled and dtype is not None and dtype.name not in ("float16", "bfloat16"):
            warnings.warn(
                f"In {self.device.upper()} autocast, but the target dtype is not supported. Disabling autocast. "
                f"Expected lamella.bfloat16 or lamella.float16, got {dtype}.",
                stacklevel=2,
            )
            enabled = False
        if enabled and dtype is None:
            dtype = get_autocast_dtype(self.device)
        self.fast_dtype = dtype
        self._enabled = enabled
        self._cache = cache_enabled
        self._before: list[Any] = []

    def mode(self, outer: Mode) -> Mode:
        # a nested region has the caster do other things; it needs no other one
        if not self._enabled or isinstance(outer.interpreter, Caster):
            return outer
        return Mode(outer.grad, Caster(outer.interpreter), outer.inference)

    def __enter__(self) -> autocast:  # type: ignore[override]  # other modes have nothing to show
        now = regions.get()
        outer = now.get(self.device)
        caches = (outer is None or outer.caches) if self._cache is None else self._cache
        super().__enter__()
        self._before.append(now)
        regions.set({**now, self.device: Region(self.fast_dtype, self._enabled, caches)})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        regions.set(self._before.pop())
        super().__exit__(kind, error, trace)

    def _arguments(self) -> tuple[Any, ...]:
        return self._given


#: The lower precision of the device types that PyTorch knows by name.
_LOWER = {"cpu": "bfloat16", "cuda": "float16"}


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast can be used on a device type: there is a backend for it that works here."""
    if backends.of_device_type(device_type) is not None:
        return True
    try:
        backend_for(device(device_type))
    except DeviceError:
        return False
    return True


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether this is inside an enabled :class:`autocast` region for a device type."""
    region = regions.get().get(device_type)
    return region is not None and region.enabled


def get_autocast_dtype(device_type: str) -> Dtype:
    """The lower precision of the region around, or the one that a region would have by default."""
    region = regions.get().get(device_type)
    kind = None if region is None else region.dtype
    return kind or dtypes.by_name(_LOWER.get(device_type, "bfloat16"))


def is_autocast_cache_enabled() -> bool:
    """Whether casts of parameters are kept for as long as an autocast region lasts."""
    return all(region.caches for region in regions.get().values())


__all__ = [
    "autocast",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_enabled",
]
