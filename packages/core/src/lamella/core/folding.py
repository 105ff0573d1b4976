"""A batch of samples in dimensions that an op has already: what rules of :meth:`lamella.core.op.Op.batched` share.

All of it is made of ops, so a family that loads by itself can use it without loading ``vmap``.
"""

from __future__ import annotations

from typing import Any


def folded(F: Any, x: Any) -> Any:
    """``(B, N, …) -> (B N, …)``: samples become rows, or images."""
    shape = x.array.shape
    return F.reshape(x, (shape[0] * shape[1], *shape[2:]))


def unfolded(F: Any, size: int, x: Any) -> Any:
    """``(B N, …) -> (B, N, …)``."""
    shape = x.array.shape
    return F.reshape(x, (size, shape[0] // size if size else 0, *shape[1:]))


def for_each(F: Any, x: Any, batched: bool, size: int) -> Any:
    """``x`` with the samples in front: repeated for each, as a view, if it does not depend on them. None stays None."""
    if batched or x is None:
        return x
    shape = tuple(x.array.shape)
    return F.expand(F.reshape(x, (1, *shape)), (size, *shape))


__all__ = ["folded", "for_each", "unfolded"]
