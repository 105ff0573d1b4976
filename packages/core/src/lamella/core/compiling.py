"""PyTorch's ``torch.compile``, without a compiler."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """Give back ``model`` itself: there is no compiler, so it computes what it would, as fast as it did.

    It warns of that, unless no compiler is asked for.

    Args:
        model: A function or a module; None to decorate one: ``@lamella.compile(mode="max-autotune")``.
        fullgraph, dynamic, mode, options: What PyTorch's compiler is told. Without effect.
        backend: Which compiler: ``"eager"`` asks for none. Any other has no effect.
        disable: Whether to ask for none.

    Returns:
        ``model``, or a decorator that gives back what it decorates.
    """
    if not disable and backend != "eager":
        warnings.warn(
            "compile: Lamella has no compiler; what is given to compile() runs as it is. Leave it away, or pass "
            "disable=True.",
            UserWarning,
            stacklevel=2,
        )
    return model if model is not None else lambda decorated: decorated


__all__ = ["compile"]
