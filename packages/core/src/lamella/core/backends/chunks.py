"""Work through arrays piece by piece, so that what an op makes on the way stays in the cache.

An op of ten NumPy passes over a large array reads and writes main memory ten times. Cut into pieces of
`CHUNK` elements it does so once, and the pieces can be shared out to threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.core.backends.threads import parallel_for

#: Elements of one piece: half a MiB of float32. With a quarter of it, a cross-entropy takes a quarter longer.
CHUNK = 128 * 1024
#: Elements that make another thread worth it.
GRAIN = 2 * CHUNK


def along_first(function: Callable[..., object], out: Any, *arrays: Any) -> Any:
    """Call ``function(out_part, *parts)`` for pieces of ``out`` and ``arrays`` along their first axis.

    Arrays of other libraries than NumPy are passed whole: on a GPU there is nothing to gain.

    Args:
        function: Fills ``out_part``; each piece must depend on the same rows of ``arrays`` alone.
        out: The array to fill.
        arrays: Arrays with as many rows as ``out``.

    Returns:
        ``out``.
    """
    rows = len(out)
    size = max(out.size, *(a.size for a in arrays))
    if type(out) is not np.ndarray or size <= CHUNK:
        function(out, *arrays)
        return out
    step = max(1, rows * CHUNK // size)

    def run(start: int, stop: int) -> None:
        for i in range(start, stop, step):
            j = min(i + step, stop)
            function(out[i:j], *(a[i:j] for a in arrays))

    parallel_for(run, rows, grain=max(1, rows * GRAIN // size))
    return out


def elementwise(function: Callable[..., object], *arrays: Any) -> Any:
    """A new array like the first of ``arrays``, filled by ``function(out_part, *parts)`` piece by piece.

    Args:
        function: Fills ``out_part`` from the elements in the same places.
        arrays: Arrays of one shape and dtype.
    """
    if isinstance(arrays[0], np.generic):  # 0-dim results of NumPy's functions
        arrays = tuple(np.asarray(a) for a in arrays)
    first = arrays[0]
    if type(first) is np.ndarray and first.ndim and first.size <= CHUNK:  # one piece, as it lies
        out = np.empty_like(first)
        function(out, *arrays)
        return out
    out = np.empty_like(first) if type(first) is np.ndarray else first.copy()
    if out.ndim == 0 or (out.flags.c_contiguous and all(a.flags.c_contiguous for a in arrays)):
        along_first(function, out.reshape(-1), *(a.reshape(-1) for a in arrays))
    else:
        along_first(function, out, *arrays)
    return out
