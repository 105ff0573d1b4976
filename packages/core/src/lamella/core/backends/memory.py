"""The memory policy: ask glibc to keep the pages of large arrays that were freed.

glibc gives every freed block of 128 KiB or more back to the kernel, and the kernel zeroes each page that it
hands out anew. For operations on large tensors that is most of the time: a chain of 30 on a million elements
took 47 ms, and 6 ms with this policy. Two thresholds change it:

- blocks of up to `KEPT_BLOCK_MAX` come from the heap, not from mappings of their own;
- the heap keeps up to `KEPT_BYTES` of free memory at its end. What exceeds that goes back to the kernel as
  before, and `release` gives back the rest.

The thresholds belong to the whole process, which is not ours. So nothing happens at import, only when the
first large array is computed. ``LAMELLA_MEMORY_POLICY=off`` in the environment prevents it, and so do
thresholds that someone chose there (``MALLOC_MMAP_THRESHOLD_``, ``MALLOC_TRIM_THRESHOLD_``,
``GLIBC_TUNABLES``). With another C library (macOS, Windows, musl) nothing is changed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

from lamella.core.errors import ArgumentError

#: The largest block that glibc agrees to take from the heap: a larger threshold is refused.
KEPT_BLOCK_MAX = 32 * 2**20
#: How much free memory the heap may keep.
KEPT_BYTES = 256 * 2**20

# Parameters of mallopt, from glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3

_in_force: bool | None = None


def ensure() -> bool:
    """Set the policy, the first time this is called; later calls return at once.

    Returns:
        Whether the policy is in force: False if it is switched off, or the C library is not glibc.

    Raises:
        ArgumentError: ``LAMELLA_MEMORY_POLICY`` is neither ``off`` nor ``on``.
    """
    global _in_force
    if _in_force is None:
        _in_force = _set_thresholds()
    return _in_force


def release() -> bool:
    """Give free memory back to the system, as far as whole pages are free.

    Returns:
        Whether any memory was given back. Always False with C libraries other than glibc.
    """
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))


def _set_thresholds() -> bool:
    wanted = os.environ.get("LAMELLA_MEMORY_POLICY", "on")
    if wanted not in ("on", "off"):
        raise ArgumentError(
            f"LAMELLA_MEMORY_POLICY: expected 'on' or 'off', got {wanted!r}. Correct or unset the variable."
        )
    chosen_elsewhere = (
        "MALLOC_MMAP_THRESHOLD_" in os.environ
        or "MALLOC_TRIM_THRESHOLD_" in os.environ
        or "glibc.malloc." in os.environ.get("GLIBC_TUNABLES", "")
    )
    library = None if wanted == "off" or chosen_elsewhere else _glibc()
    if library is None:
        return False
    return bool(library.mallopt(_M_MMAP_THRESHOLD, KEPT_BLOCK_MAX) and library.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES))


def _glibc() -> Any | None:
    """The C library of this process if it is glibc, else None."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
