"""Which function computes an op on which kind of array.

An op's own forward always works: bound to the backend's namespace, or computed on the host where that lacks something.
A backend may know a better function for some ops, and plugins may offer kernels with a priority. :func:`resolve` puts
the candidates in order; what it finds is kept in the op's own table until the kernels change.
"""

from __future__ import annotations

import os
from _thread import RLock  # `import threading` would be a twentieth of the time that importing lamella takes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from lamella.core.backends.host import host_kernel
from lamella.core.backends.numpy_backend import NumpyBackend
from lamella.core.backends.protocol import Backend
from lamella.core.errors import ArgumentError


class Kernel:
    """A way to compute one op on one device type.

    Attributes:
        op: The op's name. device_type: where it runs.
        provider: Who offers it; what :func:`use` takes.
        priority: Higher is asked first. A backend's own kernels have 0, the op's forward comes last.
        function: ``function(*inputs, *attributes)`` on raw arrays; may answer NotImplemented, and the next is asked.
    """

    __slots__ = ("device_type", "function", "op", "priority", "provider")

    def __init__(self, op: str, device_type: str, provider: str, priority: int, function: Callable[..., Any]) -> None:
        self.op = op
        self.device_type = device_type
        self.provider = provider
        self.priority = priority
        self.function = function


#: The provider of an op's own forward on the backend's namespace, and of the same computed on the host.
REFERENCE, HOST = "reference", "host"

#: Ops whose forwards ask the backends themselves, and no namespace.
BETWEEN_DEVICES = ("move",)

_ON_HOST = NumpyBackend()
_lock = RLock()
_offered: dict[tuple[str, str], list[Kernel]] = {}
_only: str | None = None
_caches: list[dict[Any, Any]] = []


def _after_fork_in_child() -> None:
    """Another thread may have held the lock, and a child has none of these."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


class KernelTable(dict[type, Callable[..., Any]]):
    """An op's kernels by array type, found on first use."""

    __slots__ = ("find",)

    def __init__(self, find: Callable[[type], Callable[..., Any]]) -> None:
        super().__init__()
        self.find = find
        forget_on_change(self)

    def __missing__(self, array_type: type) -> Callable[..., Any]:
        kernel = self.find(array_type)
        with _lock:
            self[array_type] = kernel
        return kernel


def forget_on_change(cache: dict[Any, Any]) -> None:
    """Empty ``cache``, which holds kernels that were found, whenever others may be found."""
    _caches.append(cache)


def _changed() -> None:
    for cache in _caches:
        cache.clear()


def offer(kernel: Kernel) -> None:
    """Add a kernel; it takes effect at the next call of its op. The same one again changes nothing.

    Raises:
        ValueError: The same provider already offers another one for this op and device type.
    """
    with _lock:
        known = _offered.setdefault((kernel.op, kernel.device_type), [])
        if kernel in known:
            return
        if any(k.provider == kernel.provider for k in known):
            raise ArgumentError(
                f"{kernel.provider!r} already offers a kernel for {kernel.op!r} on {kernel.device_type!r}. "
                "Offer one kernel an op and device type; let it answer NotImplemented where it does not apply."
            )
        known.append(kernel)
        known.sort(key=lambda k: -k.priority)
        _changed()


def withdraw(provider: str) -> None:
    """Remove all kernels of ``provider``."""
    with _lock:
        for known in _offered.values():
            known[:] = [k for k in known if k.provider != provider]
        _changed()


def candidates(op: str, forward: Callable[..., Any], backend: Backend) -> list[Kernel]:
    """All kernels for ``op`` on ``backend``, first choice first."""
    found = [_own(op, forward, backend)]
    if op in backend.kernels:
        found.insert(0, Kernel(op, backend.device_type, backend.name, 0, backend.kernels[op]))
    found = sorted([*_offered.get((op, backend.device_type), ()), *found], key=lambda k: -k.priority)
    if _only is not None:
        found = [k for k in found if k.provider in (_only, REFERENCE, HOST)]
    return found


def _own(op: str, forward: Callable[..., Any], backend: Backend) -> Kernel:
    """The op's own forward, which any backend can run."""
    if backend.native is None or op in backend.native or op in BETWEEN_DEVICES:
        return Kernel(op, backend.device_type, REFERENCE, -1, partial(forward, backend.xp))
    return Kernel(op, backend.device_type, HOST, -1, host_kernel(resolve(op, forward, _ON_HOST), backend))


def resolve(op: str, forward: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """The function that computes ``op`` on ``backend``'s arrays."""
    found = candidates(op, forward, backend)
    functions = [k.function for k in found]
    if found[0].provider in (backend.name, REFERENCE, HOST):  # these never decline
        return functions[0]

    def first_willing(*arguments: Any, **attributes: Any) -> Any:
        for function in functions:
            result = function(*arguments, **attributes)
            if result is not NotImplemented:
                return result
        raise AssertionError("the op's own forward does not decline")

    return first_willing


@contextmanager
def use(provider: str) -> Iterator[None]:
    """Compute with the kernels of ``provider`` alone (``"reference"``: the ops' own forwards), in the whole process."""
    global _only
    with _lock:
        outer, _only = _only, provider
        _changed()
    try:
        yield
    finally:
        with _lock:
            _only = outer
            _changed()


def listing() -> list[Kernel]:
    """The kernels that plugins offer, by op, first choice first."""
    with _lock:
        return [k for known in _offered.values() for k in known]
