"""PyTorch's switches of the whole process that change little or nothing here.

Programs set them, and some ask after them: what is set is remembered and given back. Each function says what its switch
does here; plugins may read them too.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType
from typing import Any

from lamella.core.backends.threads import get_num_threads
from lamella.core.devices import default_device, device
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DeviceError

PRECISIONS = ("highest", "high", "medium")


class _Settings:
    """What is set; class attributes are the defaults."""

    warn_always = False
    deterministic = False
    deterministic_warn_only = False
    matmul_precision = "highest"
    interop_threads: int | None = None


_settings = _Settings()


def set_warn_always(b: bool) -> None:
    """Ask for warnings each time, and not only the first.

    Here Python's own filters decide how often a warning is shown (``warnings.simplefilter("always")``); the switch is
    remembered and changes none of them.

    Raises:
        RuntimeError: ``b`` is no bool.
    """
    if not isinstance(b, bool):
        raise ArgumentRangeError(f"set_warn_always: expected a bool, got {b!r} ({type(b).__name__})")
    _settings.warn_always = b


def is_warn_always_enabled() -> bool:
    """What was last given to :func:`set_warn_always`; False at first."""
    return _settings.warn_always


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for ops that give the same results in every run.

    All ops on the CPU do so, so that none is refused or changes; a backend of another device may ask
    :func:`are_deterministic_algorithms_enabled`.

    Args:
        mode: Whether to ask for it.
        warn_only: Whether an op that can't do so should warn, and not raise.

    Raises:
        TypeError: An argument is no bool.
    """
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, bool):
            raise ArgumentTypeError(
                f"use_deterministic_algorithms(): argument '{name}' must be bool, not {type(value).__name__}"
            )
    _settings.deterministic, _settings.deterministic_warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """Whether :func:`use_deterministic_algorithms` has asked for them; False at first."""
    return _settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether an op that gives other results in each run should only warn; False at first."""
    return _settings.deterministic_warn_only


def set_flush_denormal(mode: bool) -> bool:
    """Ask for the smallest floats, those below ``finfo(dtype).tiny``, to be taken for zero.

    NumPy has no such mode: nothing changes.

    Args:
        mode: Whether to do so.

    Returns:
        Whether this is supported, which is False.

    Raises:
        RuntimeError: ``mode`` is no bool.
    """
    if not isinstance(mode, bool):
        raise ArgumentRangeError(f"set_flush_denormal: expected a bool, got {mode!r} ({type(mode).__name__})")
    return False


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products of float32 matrices must be.

    On the CPU they are always computed in float32; a backend of another device may ask
    :func:`get_float32_matmul_precision`.

    Args:
        precision: ``"highest"`` for float32 throughout, ``"high"`` or ``"medium"`` where less will do. Anything else
            warns and changes nothing.

    Raises:
        RuntimeError: ``precision`` is no string.
    """
    if not isinstance(precision, str):
        raise ArgumentRangeError(
            f"set_float32_matmul_precision: expected a str, got {precision!r} ({type(precision).__name__})"
        )
    if precision not in PRECISIONS:
        warnings.warn(
            f"set_float32_matmul_precision: {precision!r} is none of {', '.join(PRECISIONS)}; nothing was changed",
            UserWarning,
            stacklevel=2,
        )
        return
    _settings.matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What was last given to :func:`set_float32_matmul_precision`; ``"highest"`` at first."""
    return _settings.matmul_precision


def set_num_interop_threads(num: int) -> None:
    """Say how many ops may run at once, each with threads of its own.

    Ops run one after another here, so this changes nothing; :func:`lamella.set_num_threads` sets how many threads one
    op may use.

    Args:
        num: At least 1.

    Raises:
        RuntimeError: ``num`` is no positive int, or it was set before, which can be done once.
    """
    if isinstance(num, bool) or not isinstance(num, int):
        raise ArgumentRangeError(f"set_num_interop_threads: expected an int, got {num!r} ({type(num).__name__})")
    if num < 1:
        raise ArgumentRangeError(f"set_num_interop_threads: expected at least 1 thread, got {num}")
    if _settings.interop_threads is not None:
        raise ArgumentRangeError(
            f"set_num_interop_threads: the number can be set once, and is {_settings.interop_threads} since"
        )
    _settings.interop_threads = num


def get_num_interop_threads() -> int:
    """What was given to :func:`set_num_interop_threads`; before that, the number of threads that one op may use."""
    return get_num_threads() if _settings.interop_threads is None else _settings.interop_threads


def get_device_module(device: Any = None) -> ModuleType:
    """The module for a kind of device, such as ``lamella.cuda``: with ``is_available()`` and the like.

    Args:
        device: The device or its name; by default that of new tensors.

    Raises:
        RuntimeError: There is no such device or module.
    """
    return _module_of(default_device() if device is None else device)


def _module_of(place: Any) -> ModuleType:
    if not isinstance(place, (str, device)):
        raise DeviceError(f"get_device_module: expected a device, its name or None, got {place!r}")
    kind = device(place).type
    try:
        return import_module(f"lamella.{kind}")
    except ModuleNotFoundError as missing:
        raise DeviceError(f"get_device_module: device {kind!r} has no module lamella.{kind}") from missing


__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_device_module",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]
