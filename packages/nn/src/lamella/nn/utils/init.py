"""Modules without initial values, for those that are about to load some."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from lamella.core.errors import ArgumentRangeError
from lamella.nn import init
from lamella.nn.module import Module

M = TypeVar("M", bound=Module)


def skip_init(module_cls: type[M], *args: Any, **kwargs: Any) -> M:
    """Make a module whose parameters are not filled: the functions of ``lamella.nn.init`` do nothing meanwhile.

    Args:
        module_cls: Its class, which has to take ``device``.
        args, kwargs: What to make it with.

    Returns:
        The module; its parameters hold whatever is in memory.

    Raises:
        RuntimeError: It is no Module, or takes no ``device``.

    Example:
        >>> from lamella import nn
        >>> nn.utils.skip_init(nn.Linear, 1000, 1000).weight.shape
        lamella.Size([1000, 1000])
    """
    if not issubclass(module_cls, Module):
        raise ArgumentRangeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise ArgumentRangeError("Module must support a 'device' arg to skip initialization")
    with init.skipped():
        return module_cls(*args, **kwargs)


__all__ = ["skip_init"]
