"""Apply an optimizer's rule to many parameters at once: in place, without large temporaries, on several threads.

A rule is written once, for one parameter, as the plain mathematics of its paper. Written that way it makes about ten
passes over four arrays, and would read and write main memory ten times. So large parameters are worked through in
pieces that stay in the cache, and the pieces are shared out to threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lamella.core import backends
from lamella.core.backends import kernels
from lamella.core.backends.threads import parallel_for
from lamella.core.tensor import Tensor

#: Bytes of one array that are worked on at a time. On 2 cores with 1 MiB of cache each, Adam on 4e6 float32 took 6.5 ms
#: with 128 KiB (the threads wait for the interpreter between the short calls), 4.5 with 256, and 3.2 with 512.
PIECE_BYTES = 512 * 1024
#: Elements that make another thread worth it; waking one takes 60 µs.
GRAIN = 256 * 1024

#: What an update does to one parameter: ``apply(scratch, spare, param, grad, *state)``, all arrays of one shape.
#: It changes ``param`` and the state in place, leaves ``grad`` alone, and may write to the first two as it likes.
Apply = Callable[..., None]
#: What a parameter's update works on: its array, its gradient's, and those of its state.
Row = Sequence[Any]


class Update:
    """An optimizer's rule, ready for lists of parameters.

    A package can offer a faster kernel for it, under the rule's name, as for any op
    (:mod:`lamella.core.backends.kernels`): ``kernel(rows, **hyper)``, which changes the arrays of each row in place.
    All rows of a call have the same dtype; a row is ``(param, grad, *state)``.

    Args:
        rule: ``rule(xp, constant, **hyper)`` prepares what all parameters of a call share and returns the function
            that updates one. ``xp`` holds the array functions; ``constant(number)`` is the number as an array of
            the parameters' dtype, which NumPy takes in half the time of a Python number.
        elementwise: Whether each element is updated by itself. If not, a parameter is never cut into pieces, and a
            complex one stays complex.

    Example:
        >>> def sign_step(xp, constant, lr):
        ...     rate = constant(lr)
        ...
        ...     def apply(scratch, spare, param, grad):
        ...         xp.sign(grad, out=scratch)
        ...         xp.multiply(scratch, rate, out=scratch)
        ...         xp.subtract(param, scratch, out=param)
        ...
        ...     return apply
        >>> param = np.zeros(2)
        >>> Update(sign_step)([(param, np.array([3.0, -4.0]))], lr=0.5)
        >>> param
        array([-0.5,  0.5])
    """

    def __init__(self, rule: Callable[..., Apply], elementwise: bool = True) -> None:
        self.rule = rule
        self.elementwise = elementwise
        self.name = rule.__name__
        self.__doc__ = rule.__doc__
        self.kernels = kernels.KernelTable(self._kernel)

    def _kernel(self, array_type: type) -> Callable[..., Any]:
        if issubclass(array_type, Tensor):  # a step that a gradient is to pass through
            from lamella.optim.recorded import recorded_step

            return partial(recorded_step, self.rule)
        return kernels.resolve(self.name, self.forward, backends.of_array_type(array_type))

    def __call__(self, rows: Sequence[Row], **hyper: Any) -> None:
        """Update the parameters in ``rows``, with the fastest kernel there is for each kind of array."""
        kinds: dict[Any, list[Row]] = {}
        for row in rows:
            array = row[0]
            kind = type(array), array.dtype
            if kind in kinds:
                kinds[kind].append(row)
            else:
                kinds[kind] = [row]
        for (array_type, _), same in kinds.items():
            self.kernels[array_type](same, **hyper)

    def forward(self, xp: Any, rows: Sequence[Row], **hyper: Any) -> None:
        """The rule itself, for rows of one dtype."""
        dtype = rows[0][0].dtype
        if dtype.kind == "c" and self.elementwise:  # the real and the imaginary part count as two parameters
            rows = [[getattr(array, part) for array in row] for row in rows for part in ("real", "imag")]
            dtype = rows[0][0].dtype
        apply = self.rule(xp, lambda number: xp.asarray(number, dtype=dtype), **hyper)
        if isinstance(rows[0][0], np.ndarray):
            # An infinite or undefined result is the caller's business, as in PyTorch: no warning from us. And no
            # exception either, which could leave half of the parameters changed.
            with np.errstate(all="ignore"):
                if self.elementwise:
                    _in_pieces(apply, rows, dtype)
                else:
                    _each_whole(xp, apply, rows)
        else:
            _each_whole(xp, apply, rows)


class _Scratch(threading.local):
    """A thread's memory for temporaries, kept because fresh pages would cost as much as the update."""

    def __init__(self) -> None:
        self.of_dtype: dict[Any, tuple[np.ndarray, np.ndarray]] = {}

    def two(self, dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Two one-dimensional arrays as large as a piece."""
        found = self.of_dtype.get(dtype)
        if found is None:
            size = PIECE_BYTES // dtype.itemsize
            found = self.of_dtype[dtype] = np.empty(size, dtype), np.empty(size, dtype)
        return found


_scratch = _Scratch()


def _in_pieces(apply: Apply, rows: Sequence[Row], dtype: np.dtype[Any]) -> None:
    """Update small parameters one after the other, then the large ones piece by piece on several threads."""
    scratch, spare = _scratch.two(dtype)
    piece = len(scratch)
    large = []
    for row in rows:
        param = row[0]
        size = param.size
        if size <= piece:
            shape = param.shape
            apply(scratch[:size].reshape(shape), spare[:size].reshape(shape), *row)
        elif all(array.flags.c_contiguous for array in row):
            large.append([array.reshape(-1) for array in row])
        else:
            _whole(np, apply, row)
    if large:
        _spread(apply, large, dtype)


def _spread(apply: Apply, rows: list[list[np.ndarray]], dtype: np.dtype[Any]) -> None:
    """Update flat parameters, as if laid end to end and cut into one length for each thread."""

    def work(start: int, stop: int) -> None:
        scratch, spare = _scratch.two(dtype)
        piece = len(scratch)
        begin = 0
        for row in rows:
            size = row[0].size
            end = min(stop - begin, size)
            for i in range(max(start - begin, 0), end, piece):
                j = min(i + piece, end)
                apply(scratch[: j - i], spare[: j - i], *[array[i:j] for array in row])
            begin += size

    parallel_for(work, sum(row[0].size for row in rows), grain=GRAIN)


def _each_whole(xp: Any, apply: Apply, rows: Sequence[Row]) -> None:
    for row in rows:
        _whole(xp, apply, row)


def _whole(xp: Any, apply: Apply, row: Row) -> None:
    """Update one parameter in one go, with temporaries of its size."""
    apply(xp.empty_like(row[0]), xp.empty_like(row[0]), *row)


def descent(xp: Any, constant: Callable[[float], Any], weight_decay: float, maximize: bool) -> Callable[..., Any]:
    """Where to step down: the gradient (its opposite to climb), plus ``weight_decay`` times the parameter.

    Args:
        xp: The array functions.
        constant: Makes an array of a number; see :class:`Update`.
        weight_decay: Factor of the L2 penalty.
        maximize: Whether the loss shall grow.

    Returns:
        ``function(spare, param, grad)``, which gives ``grad`` itself, or ``spare`` filled with the direction.
    """
    if weight_decay:
        decay = constant(weight_decay)
        combine = xp.subtract if maximize else xp.add

        def decayed(spare: Any, param: Any, grad: Any) -> Any:
            xp.multiply(param, decay, out=spare)
            return combine(spare, grad, out=spare)

        return decayed
    if maximize:
        return lambda spare, param, grad: xp.negative(grad, out=spare)
    return lambda spare, param, grad: grad
