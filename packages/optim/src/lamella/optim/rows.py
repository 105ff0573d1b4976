"""The state of parameters, and the rows that an optimizer's rule works on (see :mod:`lamella.optim.update`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lamella.core import backends
from lamella.core.dtypes import float32
from lamella.core.ops.creation import tensor
from lamella.core.tensor import Tensor

if TYPE_CHECKING:
    from lamella.optim.optimizer import Optimizer

#: For each count of steps, the rows of the parameters that have taken so many.
Counted = dict[float, list[tuple[Any, ...]]]


def filled_like(param: Tensor, value: float = 0.0) -> Tensor:
    """A state tensor of one value, laid out as ``param``."""
    array = param.array
    made = backends.of_array_type(type(array)).xp.zeros_like(array)
    if value:
        # a complex parameter counts as two real ones
        made[...] = complex(value, value) if param.is_complex() else value
    return Tensor._wrap(made)


def host_number(value: float) -> Tensor:
    """A number of the state in PyTorch's format, on the host, where it is read in each step."""
    return tensor(value, dtype=float32)


def first_state(param: Tensor, names: Mapping[str, float]) -> dict[str, Tensor]:
    """The state before the first step: tensors like ``param`` with these values, and a count of steps."""
    return {"step": host_number(0.0), **{name: filled_like(param, value) for name, value in names.items()}}


def counted_rows(optimizer: Optimizer, group: dict[str, Any], names: Mapping[str, float]) -> Counted:
    """What a step of a rule that counts its steps works on; the counts go up by one.

    Args:
        optimizer: Whose state to use.
        group: One of its groups.
        names: The tensors of the state that the rule takes, in its order, with their values before the first step.

    Returns:
        For each count the rows (see :class:`~lamella.optim.update.Update`) of the parameters with gradients.
    """
    rows: Counted = {}
    differentiable = group["differentiable"]
    row: tuple[Any, ...]
    for param in group["params"]:
        grad = param.grad
        if grad is None:
            continue
        state = optimizer.state[param]
        if not state:
            state.update(first_state(param, names))
        count = state["step"].array
        step = count.item() + 1.0
        count.fill(step)
        if differentiable:
            row = (param, grad, *[state[name] for name in names])
        else:
            param._bump()
            row = (param.array, grad.array, *[state[name].array for name in names])
        if step in rows:
            rows[step].append(row)
        else:
            rows[step] = [row]
    return rows


def numbered_rows(
    optimizer: Optimizer, group: dict[str, Any], names: Mapping[str, float], numbers: Mapping[str, float]
) -> Iterator[tuple[tuple[float, ...], list[dict[str, Any]], list[tuple[Any, ...]]]]:
    """As :func:`counted_rows`, for rules that keep more numbers of each parameter than the count.

    Args:
        optimizer: Whose state to use.
        group: One of its groups.
        names: The tensors of the state that the rule takes, in its order, with their first values.
        numbers: The numbers of the state, with their first values.

    Returns:
        For parameters that agree in all numbers: the count with these numbers, the states (in which to set the new
        ones), and the rows.
    """
    alike: dict[tuple[float, ...], list[Tensor]] = {}
    for param in group["params"]:
        if param.grad is None:
            continue
        state = optimizer.state[param]
        if not state:
            state.update(first_state(param, names))
            state.update((name, host_number(value)) for name, value in numbers.items())
        key = tuple(state[name].item() for name in ("step", *numbers))
        alike.setdefault(key, []).append(param)
    for (before, *rest), params in alike.items():
        rows = counted_rows(optimizer, {**group, "params": params}, names)[before + 1.0]
        yield (before + 1.0, *rest), [optimizer.state[param] for param in params], rows


def rate_of(group: dict[str, Any]) -> Any:
    """The group's learning rate: a number, or a tensor of no dimensions where a gradient may pass through it."""
    lr = group["lr"]
    if group["differentiable"] and isinstance(lr, Tensor):
        return lr.reshape(())
    return float(lr)
