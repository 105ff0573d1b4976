"""Keywords that the functions of the public namespaces take besides their own, so that PyTorch code runs.

``out=`` puts the result into a tensor that is given. The function computes as ever, and its result is then copied:
nothing is saved but the caller's allocation. ``layout=`` and ``pin_memory=`` can say of a new tensor only what it is
anyway: strided, in ordinary memory.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from lamella.core import dtypes
from lamella.core.errors import ArgumentTypeError, DeviceError, DtypeError, GradError
from lamella.core.layouts import strided
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor


def taking_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, taking ``out=`` too: a tensor for the result, or a tuple of them for several results.

    Raises:
        RuntimeError: The result needs a gradient, or its dtype can't be stored in that of ``out``.
        TypeError: ``out`` is no Tensor, or there are not as many as results.
    """
    from_nothing = makes_a_tensor(getattr(function, "__wrapped__", function))

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if from_nothing and isinstance(out, Tensor) and not any(isinstance(a, Tensor) for a in args):
            kwargs.setdefault("dtype", out.dtype)  # of what is made from nothing, the dtype is up to `out`
        return _store(function.__name__, function(*args, **kwargs), out)

    return call


def taking_placement(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, which makes a tensor, taking ``layout=`` and ``pin_memory=`` too."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        check_placement(function.__name__, kwargs)
        return function(*args, **kwargs)

    return call


def check_placement(name: str, kwargs: dict[str, Any]) -> None:
    """Take ``layout`` and ``pin_memory`` out of keyword arguments.

    Raises:
        RuntimeError: They ask for something else than a strided tensor in ordinary memory.
    """
    if kwargs.pop("layout", None) not in (None, strided):
        raise DeviceError(f"{name}(): expected layout=lamella.strided, which is the only one here")
    if kwargs.pop("pin_memory", None):
        raise DeviceError(
            f"{name}(): pin_memory=True is for copies to a CUDA device, and there is none. Leave it away."
        )


def makes_a_tensor(function: Callable[..., Any]) -> bool:
    """Whether a function has the parameters of those that make a tensor."""
    return {"dtype", "device", "requires_grad"} <= set(_parameters(function))


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def public(family: ModuleType, name: str) -> Callable[..., Any]:
    """A function of an op family as the namespaces show it.

    It takes ``out=``, unless the family says that it doesn't, and ``layout=`` and ``pin_memory=`` if it makes a tensor.
    """
    function: Callable[..., Any] = getattr(family, name)
    if makes_a_tensor(function):
        function = taking_placement(function)
    if name not in getattr(family, "NO_OUT", ()):
        function = taking_out(function)
    if function is not getattr(family, name):
        function.__module__ = "lamella"  # where pickle finds it, as its family has another of that name
    return function


def add_out(namespace: dict[str, Any], without: Collection[str] = ()) -> None:
    """Let the functions of a module of re-exports take ``out=``, but for those ``without``."""
    for name in namespace["__all__"]:
        if name not in without:
            namespace[name] = taking_out(namespace[name])
            namespace[name].__module__ = namespace["__name__"]


def _store(name: str, result: Any, out: Any) -> Any:
    if isinstance(result, Tensor):
        if not isinstance(out, Tensor):
            raise ArgumentTypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
        _fill(name, out, result)
        return out
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise ArgumentTypeError(f"{name}(): argument 'out' must be a tuple of {len(result)} Tensors, got {out!r}")
    for target, value in zip(out, result, strict=True):
        _store(name, value, target)
    # a named tuple keeps its names
    return type(result)(*out) if hasattr(result, "_fields") else tuple(out)


def _fill(name: str, out: Tensor, result: Tensor) -> None:
    if result.requires_grad or out.requires_grad:
        raise GradError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad. Leave out= away, or compute in no_grad()."
        )
    if not dtypes.can_cast(result.dtype, out.dtype):
        raise DtypeError(
            f"{name}(): result type {result.dtype} can't be cast to the desired output type {out.dtype}. Give an out= "
            f"of dtype {result.dtype}."
        )
    if out.shape != result.shape:
        if out.numel():
            warnings.warn(
                f"{name}(): an output with one or more elements was resized since it had shape {list(out.shape)}, "
                f"which does not match the required output shape {list(result.shape)}. Give an empty out= to have it "
                "sized, or one of the right shape.",
                UserWarning,
                stacklevel=4,
            )
        out.resize_(result.shape)
    with no_grad():
        out.copy_(result)
