"""An autograd too simple to be wrong, with as much of PyTorch's API as the programs of ``test_random_programs`` use.

There is no graph. Each array carries its slopes by everything that may be asked for a gradient, forward, as one more
array with a last axis. Both are NumPy arrays, views of both are NumPy's views, so what is shared needs no thought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

UNARY: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "neg": (np.negative, lambda v: -np.ones_like(v)),
    "abs": (np.abs, np.sign),
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "square": (np.square, lambda v: 2 * v),
    "tanh": (np.tanh, lambda v: 1 - np.tanh(v) ** 2),
    "relu": (lambda v: np.maximum(v, 0), lambda v: v > 0),
    "sigmoid": (lambda v: 1 / (1 + np.exp(-v)), lambda v: np.exp(-v) / (1 + np.exp(-v)) ** 2),
}
# The value, and the slopes by either operand.
BINARY: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "add": (np.add, lambda a, b: 1, lambda a, b: 1),
    "sub": (np.subtract, lambda a, b: 1, lambda a, b: -1),
    "mul": (np.multiply, lambda a, b: b, lambda a, b: a),
    "maximum": (np.maximum, lambda a, b: (a > b) + (a == b) / 2, lambda a, b: (a < b) + (a == b) / 2),
}
# Ops that add elements up or move them, to new memory. They are given arrays with or without the axis of slopes.
LINEAR: dict[str, Callable[..., Any]] = {
    "clone": np.array,
    "sum": lambda a, dim: a.sum(dim),
    "mean": lambda a, dim: a.mean(dim),
    "cumsum": np.cumsum,
    "flip": lambda a, dim: np.flip(a, dim).copy(),
    "roll": np.roll,
    "index_select": lambda a, dim, index: a.take(index.value, dim),
}
VIEWS: dict[str, Callable[..., Any]] = {
    "select": lambda a, dim, i: a[(*(slice(None),) * dim, i, ...)],
    "narrow": lambda a, dim, start, n: a[(*(slice(None),) * dim, slice(start, start + n))],
    "transpose": np.swapaxes,
    "movedim": np.moveaxis,
    "unsqueeze": np.expand_dims,
    "squeeze": lambda a, dim: a.squeeze(dim) if a.shape[dim] == 1 else a[...],
    "diagonal": lambda a: np.einsum("ii...->i...", a[: min(a.shape[:2]), : min(a.shape[:2])]),
}


class Tensor:
    """An array and its slopes: ``slope[..., k]`` by what slot ``k`` of the tape stands for."""

    def __init__(self, tape: Tape, value: Any, slope: Any = None, base: Tensor | None = None) -> None:
        self.tape, self.value = tape, np.asarray(value)
        recorded = slope is not None and tape.recording
        self.slope = slope if recorded else np.zeros((*self.value.shape, tape.slots))
        self.base = base if recorded else None
        self.grad: Any = None
        self.leaf = False

    def mark(self) -> None:
        """Give each element a slot of its own: to be asked for a gradient later, as it is now."""
        self.own = self.tape.take(self.value.size)
        self.slope[..., self.own] += np.eye(self.value.size).reshape(*self.value.shape, -1)

    def to(self, shape: tuple[int, ...]) -> Tensor:
        slope = self.slope.reshape(*(1,) * (len(shape) - self.value.ndim), *self.slope.shape)
        return Tensor(
            self.tape, np.broadcast_to(self.value, shape), np.broadcast_to(slope, (*shape, self.tape.slots)), self
        )

    def become(self, other: Any) -> Tensor:
        self[(slice(None),) * self.value.ndim] = other
        return self

    def __setitem__(self, index: Any, other: Any) -> None:
        new = self.tape.lift(other).to(np.shape(self.value[index]))
        value, slope = new.value.copy(), new.slope.copy()
        self.value[index] = value
        if self.tape.recording:
            self.slope[index] = slope
            owner = self.base or self
            owner.mark()

    def __getitem__(self, index: Any) -> Tensor:
        whole = (
            *(index if isinstance(index, tuple) else (index,)),
            ...,
        )  # and the slopes' axis; no element, but a view
        return self._shown(lambda a: a[whole])

    def _shown(self, view: Callable[[np.ndarray], np.ndarray]) -> Tensor:
        value = view(self.value)
        shared = np.shares_memory(value, self.value)
        return Tensor(self.tape, value, view(self.slope), (self.base or self) if shared else None)

    def reshape(self, *shape: int) -> Tensor:
        return self._shown(lambda a: a.reshape(*shape, *a.shape[self.value.ndim :]))

    def expand(self, *shape: int) -> Tensor:
        shown = self.to(shape)
        shown.base = (self.base or self) if self.tape.recording else None
        return shown

    def detach(self) -> Tensor:
        return Tensor(self.tape, self.value)

    def amax(self, dim: int) -> Tensor:
        top = self.value == self.value.max(dim, keepdims=True)
        share = (top / top.sum(dim, keepdims=True))[..., None]
        return Tensor(self.tape, self.value.max(dim), (self.slope * share).sum(dim))

    def matmul(self, other: Tensor) -> Tensor:
        first, second = (np.moveaxis(t.slope, -1, 0) for t in (self, other))
        slope = np.moveaxis(first @ other.value + self.value @ second, 0, -1)
        return Tensor(self.tape, self.value @ other.value, slope)

    def copy(self, other: Tensor) -> Tensor:
        return other

    def zero(self) -> Tensor:
        return self.tape.lift(0.0)

    def __gt__(self, other: float) -> np.ndarray:
        return self.value > other

    def __getattr__(self, name: str) -> Callable[..., Tensor]:
        """The methods of the tables; a name that ends in ``_`` works in place."""
        if name in UNARY:
            value, slope = UNARY[name]
            return lambda: Tensor(self.tape, value(self.value), slope(self.value)[..., None] * self.slope)
        if name in BINARY:
            return lambda other: self._with(self.tape.lift(other), *BINARY[name])
        if name in LINEAR:
            return lambda *a: Tensor(self.tape, LINEAR[name](self.value, *a), LINEAR[name](self.slope, *a))
        if name in VIEWS:
            return lambda *a: self._shown(lambda array: VIEWS[name](array, *a))
        if name.endswith("_") and not name.startswith("_"):
            return lambda *a: self.become(getattr(self, name[:-1])(*a))
        raise AttributeError(name)

    def _with(self, other: Tensor, value: Any, by_first: Any, by_second: Any) -> Tensor:
        shape = np.broadcast_shapes(self.value.shape, other.value.shape)
        a, b = self.to(shape), other.to(shape)
        slopes = [np.asarray(by(a.value, b.value))[..., None] * x.slope for by, x in ((by_first, a), (by_second, b))]
        return Tensor(self.tape, value(a.value, b.value), slopes[0] + slopes[1])

    def backward(self, gradient: Any, retain_graph: bool) -> None:
        for x in self.tape.wanted:
            sent = np.tensordot(gradient.value, self.slope[..., x.own], self.value.ndim).reshape(x.value.shape)
            x.grad = sent if x.grad is None else x.grad + sent

    def retain_grad(self) -> None:
        if self not in self.tape.wanted:
            self.tape.wanted.append(self)


class Tape:
    """The namespace: functions that make tensors, the slots that are taken, and the tensors that want gradients."""

    def __init__(self, slots: int) -> None:
        self.slots, self.used, self.recording = slots, 0, True
        self.wanted: list[Tensor] = []

    def take(self, count: int) -> slice:
        self.used += count
        assert self.used <= self.slots, "the program is longer than there are slots for"
        return slice(self.used - count, self.used)

    def lift(self, value: Any) -> Tensor:
        return value if isinstance(value, Tensor) else Tensor(self, value)

    def tensor(self, values: Any, requires_grad: bool = False) -> Tensor:
        made = Tensor(self, np.array(values))
        made.leaf = requires_grad
        if requires_grad:
            self.wanted.append(made)
        return made

    @contextmanager
    def no_grad(self) -> Iterator[None]:
        self.recording = False
        yield
        self.recording = True

    def where(self, condition: np.ndarray, a: Tensor, b: Tensor) -> Tensor:
        return a._with(b, lambda x, y: np.where(condition, x, y), lambda *_: condition, lambda *_: ~condition)

    def cat(self, tensors: list[Tensor], dim: int) -> Tensor:
        return Tensor(self, *(np.concatenate([getattr(t, part) for t in tensors], dim) for part in ("value", "slope")))

    def stack(self, tensors: list[Tensor], dim: int) -> Tensor:
        return Tensor(self, *(np.stack([getattr(t, part) for t in tensors], dim) for part in ("value", "slope")))
