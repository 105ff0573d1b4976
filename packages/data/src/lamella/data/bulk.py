"""Doing for a whole batch at once what is otherwise done sample by sample.

Three names let a class offer that. Each must give what the method beside it would, sample by sample:

- A dataset's ``fetch_batch(indices)`` stands for ``__getitem__`` and collating: it gives what
  ``default_collate`` would make of the samples, or ``NotImplemented``.
- A dataset's ``__getitems__(indices)``, PyTorch's hook, stands for ``__getitem__``: it gives a list of
  samples.
- A transform's ``batched()`` stands for ``__call__``: it gives a function from a stack of samples to the
  stack of their results, or ``None``.

A subclass that overrides the single form alone has changed the meaning, so the bulk form it inherits no
longer counts: :func:`bulk_form` is how we look one up.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import lamella
from lamella import Tensor


def bulk_form(owner: object, name: str, single: str) -> Callable[..., Any] | None:
    """Look up the bulk form ``name`` of the method ``single``.

    Args:
        owner: The object that may offer it.
        name: Method that works on many samples.
        single: Method that works on one.

    Returns:
        The bound method, or ``None`` if there is none, or a subclass has overridden ``single`` alone.

    Example:
        >>> class Doubling:
        ...     def __call__(self, x): return 2 * x
        ...     def batched(self): return self
        >>> class Tripling(Doubling):
        ...     def __call__(self, x): return 3 * x
        >>> bulk_form(Doubling(), "batched", "__call__") is None
        False
        >>> bulk_form(Tripling(), "batched", "__call__") is None
        True
    """
    for cls in type(owner).__mro__:
        if name in vars(cls):
            return getattr(owner, name)
        if single in vars(cls):
            return None
    return None


def positions(indices: Iterable[Any]) -> Tensor:
    """Make an index tensor of the numbers that a batch sampler gave: Python's, NumPy's or 0-d tensors."""
    return lamella.tensor([operator.index(index) for index in indices], dtype=lamella.int64)
