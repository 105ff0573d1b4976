"""PyTorch's ``out=``: a function of the public namespaces puts its result into a tensor that is given.

The function computes as ever, and its result is then copied: nothing is saved but the caller's allocation, and code
that uses ``out=`` runs.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from lamella.core import dtypes
from lamella.core.errors import ArgumentTypeError, DtypeError, GradError
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor


def taking_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, taking ``out=`` too: a tensor for the result, or a tuple of them for several results.

    Raises:
        RuntimeError: The result needs a gradient, or its dtype can't be stored in that of ``out``.
        TypeError: ``out`` is no Tensor, or there are not as many as results.
    """

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if isinstance(out, Tensor) and _makes_from_nothing(function, (*args, *kwargs.values())):
            kwargs.setdefault("dtype", out.dtype)
        return _store(function.__name__, function(*args, **kwargs), out)

    return call


def public(family: ModuleType, name: str) -> Callable[..., Any]:
    """A function of an op family as the namespaces show it: taking ``out=``, unless the family says it doesn't."""
    function: Callable[..., Any] = getattr(family, name)
    return function if name in getattr(family, "NO_OUT", ()) else taking_out(function)


def add_out(namespace: dict[str, Any], without: Collection[str] = ()) -> None:
    """Let the functions of a module of re-exports take ``out=``, but for those ``without``."""
    for name in namespace["__all__"]:
        if name not in without:
            namespace[name] = taking_out(namespace[name])


def _makes_from_nothing(function: Callable[..., Any], given: tuple[Any, ...]) -> bool:
    """Whether a call makes a tensor without being given one: then its dtype is up to ``out``."""
    code = getattr(function, "__code__", None)
    named = () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return "dtype" in named and not any(isinstance(value, Tensor) for value in given)


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
