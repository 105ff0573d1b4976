"""Apply an optimizer's rule to tensors instead of arrays, so that a gradient passes through the step.

A rule fills arrays: ``xp.multiply(a, b, out=c)``. Here ``a``, ``b`` and ``c`` are cells that hold tensors, ``xp``
computes a new tensor by the op of that name and puts it into the cell ``c``, and at the end the parameter and the state
take over what their cells hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import lamella
from lamella import Tensor


class _Cell:
    """Where a rule finds and leaves a tensor."""

    __slots__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value


class _RecordedOps:
    """The array functions of a rule, on cells."""

    def __getattr__(self, name: str) -> Callable[..., _Cell]:
        op = getattr(lamella, name)

        def call(*cells: _Cell, out: _Cell | None = None) -> _Cell:
            out = _Cell() if out is None else out
            out.value = op(*[cell.value for cell in cells])
            return out

        return call


_ops = _RecordedOps()


def recorded_step(rule: Callable[..., Any], rows: Sequence[Sequence[Tensor]], **hyper: Any) -> None:
    """Update the parameters in ``rows``, which hold tensors of one dtype, and record how.

    Args:
        rule: As :class:`~lamella.optim.update.Update` takes it.
        rows: For each parameter ``(param, grad, *state)``.
        hyper: The rule's numbers. They may be tensors of no dimensions where the rule does arithmetic only.
    """

    def constant(number: Any) -> _Cell:
        if isinstance(number, Tensor):
            return _Cell(number.to(dtype))
        return _Cell(lamella.tensor(number, dtype=dtype))

    with lamella.enable_grad():
        for row in rows:
            # Clones: what the ops save for their gradients must not be what is written to below.
            parts = [lamella.view_as_real(t) if t.is_complex() else t for t in row]
            dtype = parts[0].dtype
            cells = [_Cell(part.clone()) for part in parts]
            before = [cell.value for cell in cells]
            rule(_ops, constant, **hyper)(_Cell(), _Cell(), *cells)
            for tensor, cell, old in zip(row, cells, before, strict=True):
                if cell.value is not old:
                    tensor.copy_(lamella.view_as_complex(cell.value) if tensor.is_complex() else cell.value)
