"""What autocast regions there are, and what functions compute in inside them.

An op says it in its record (``define_op(autocast=…)``). A function that is composed of ops says it with
:func:`autocast_as`, where its parts alone would compute in something else than PyTorch's function does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from lamella.core.dtypes import dtype, float32, float64
from lamella.core.op import OPS
from lamella.core.tensor import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])


class Region:
    """What autocast does on one device type.

    Attributes:
        dtype: The lower precision; None, where nothing is cast, for that of the device type.
        enabled: Whether anything is cast.
        caches: Whether casts of leaves are kept, to be used again.
    """

    __slots__ = ("caches", "dtype", "enabled")

    def __init__(self, dtype: dtype | None, enabled: bool, caches: bool) -> None:
        self.dtype = dtype
        self.enabled = enabled
        self.caches = caches


#: The regions in force here, by device type.
regions: ContextVar[Mapping[str, Region]] = ContextVar("lamella_autocast", default={})  # noqa: B039  # never changed


@contextmanager
def within(state: Mapping[str, Region]) -> Iterator[None]:
    """Put other regions in force, such as those that ``regions.get()`` gave earlier; a context manager."""
    token = regions.set(state)
    try:
        yield
    finally:
        regions.reset(token)


def cast_all(value: Any, policy: str, cast: Callable[[Tensor, dtype], Tensor]) -> Any:
    """``value``, a tensor or a tuple or list of them, with what is eligible converted; anything else as it is.

    Args:
        policy: ``"lower"`` or ``"float32"``. cast: how to convert.
    """
    if isinstance(value, (tuple, list)):
        return type(value)([cast_all(v, policy, cast) for v in value])
    if not isinstance(value, Tensor):
        return value
    kind = value.dtype
    if not kind.is_floating_point or kind is float64:
        return value
    region = regions.get().get(value.device.type)
    if region is None or not region.enabled:
        return value
    wanted = region.dtype if policy == "lower" else float32
    return value if kind is wanted or wanted is None else cast(value, wanted)


def converted(x: Tensor, kind: dtype) -> Tensor:
    """``x`` in another dtype, by an op call."""
    result: Tensor = OPS["cast"].call(x, kind.numpy)
    return result


def autocast_as(policy: str) -> Callable[[Function], Function]:
    """Say what a composed function computes in inside an autocast region; a decorator.

    Args:
        policy: ``"lower"`` for the region's dtype, ``"float32"``, or ``"given"``: the dtypes that it is given.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not regions.get():
                return function(*args, **kwargs)
            if policy != "given":
                args = tuple([cast_all(a, policy, converted) for a in args])
                kwargs = {name: cast_all(a, policy, converted) for name, a in kwargs.items()}
            with within({}):  # its parts take what they get
                return function(*args, **kwargs)

        return cast(Function, call)

    return decorate


__all__ = ["Region", "autocast_as", "cast_all", "converted", "regions", "within"]
