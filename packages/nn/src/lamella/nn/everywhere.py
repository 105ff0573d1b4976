"""Hooks of all modules at once: around every ``forward``, in every backward pass, at every registration of a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.graph import Handle
from lamella.nn.hooks import EVERYWHERE, Hook, add_hook, of_kind

#: Called when a module is given a part.
_REGISTRATION: list[Hook] = []


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """As :meth:`Module.register_forward_pre_hook`, for every module; called before the module's own."""
    return add_hook(EVERYWHERE, Hook("forward_pre", hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> Handle:
    """As :meth:`Module.register_forward_hook`, for every module; called before the module's own.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> from lamella.nn.modules.module import register_module_forward_hook
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> with register_module_forward_hook(lambda module, args, output: print(type(module).__name__, output.shape)):
        ...     _ = model(lamella.ones(1, 2))
        Linear lamella.Size([1, 3])
        ReLU lamella.Size([1, 3])
        Sequential lamella.Size([1, 3])
    """
    return add_hook(EVERYWHERE, Hook("forward", hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> Handle:
    """As :meth:`Module.register_full_backward_pre_hook`, for every module."""
    return add_hook(EVERYWHERE, Hook("backward_pre", hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> Handle:
    """As :meth:`Module.register_full_backward_hook`, for every module."""
    return add_hook(EVERYWHERE, Hook("backward", hook))


def register_module_backward_hook(hook: Callable[..., Any]) -> Handle:
    """PyTorch's older name of :func:`register_module_full_backward_hook`."""
    return register_module_full_backward_hook(hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> Handle:
    """Call ``hook(module, name, parameter)`` when a module is given a parameter; it may return another."""
    return add_hook(_REGISTRATION, Hook("parameter", hook))


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> Handle:
    """Call ``hook(module, name, buffer)`` when a module is given a buffer; it may return another."""
    return add_hook(_REGISTRATION, Hook("buffer", hook))


def register_module_module_registration_hook(hook: Callable[..., Any]) -> Handle:
    """Call ``hook(module, name, submodule)`` when a module is given a child; it may return another."""
    return add_hook(_REGISTRATION, Hook("child module", hook))


def registered(kind: str, module: Any, name: str, value: Any) -> Any:
    """What to keep as the part ``name`` of ``module``: ``value``, or what the hooks of that kind return for it."""
    for hook in of_kind(_REGISTRATION, kind) if _REGISTRATION else ():
        replaced = hook.function(module, name, value)
        if replaced is not None:
            value = replaced
    return value


__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
    "registered",
]
