"""Ops computed on the host, for a backend whose library lacks what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lamella.core.backends.protocol import Backend
from lamella.core.errors import DeviceError


def host_kernel(compute: Callable[..., Any], backend: Backend) -> Callable[..., Any]:
    """A kernel that brings its arrays to the host, computes there, and sends back what was computed.

    Args:
        compute: The op on NumPy arrays; gives None if it changes them in place, as an optimizer's step does.
        backend: Whose arrays the kernel takes and gives. Where it shares memory with the host, views stay views.
    """

    def kernel(*arguments: Any, **options: Any) -> Any:
        pairs: list[tuple[Any, np.ndarray]] = []

        def brought(value: Any) -> Any:
            if type(value) is backend.array_type:
                pairs.append((value, backend.to_numpy(value)))
                return pairs[-1][1]
            if isinstance(value, np.ndarray):
                raise DeviceError(f"expected arrays of backend {backend.name!r} alone, got one on the host")
            if isinstance(value, (tuple, list)):
                return type(value)(map(brought, value))
            return value

        result = compute(*map(brought, arguments), **options)
        if result is None:
            _write_back(pairs, backend)
            return None
        place = backend.device_of(pairs[0][0])

        def sent(value: Any) -> Any:
            if isinstance(value, (tuple, list)):
                return type(value)(map(sent, value))
            return backend.asarray(np.asarray(value), place)

        return sent(result)

    return kernel


def _write_back(pairs: Iterable[tuple[Any, np.ndarray]], backend: Backend) -> None:
    """Give arrays the elements that their copies on the host have now."""
    for array, host in pairs:
        array[...] = backend.asarray(host, backend.device_of(array))


__all__ = ["host_kernel"]
