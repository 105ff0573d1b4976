"""One call of an op with NumPy arrays, and what can be done with it: run, differentiate, convert, lay out anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamella.core import autograd
from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.op import Op
from lamella.core.tensor import Tensor
from lamella.core.testing.samples import Call


def each_array(value: Any, function: Callable[[np.ndarray], Any]) -> Any:
    """``value`` with ``function`` applied to every array in it, within tuples too."""
    if isinstance(value, (tuple, list)):
        return tuple(each_array(v, function) for v in value)
    return function(value) if isinstance(value, np.ndarray) else value


class OpCall:
    """A call of an op: its inputs, as arrays, numbers, None and tuples of these, and its attributes.

    Attributes:
        op: The op. inputs, attributes: what it is called with.
        arrays: All arrays in ``inputs``, in order.
        differentiable: For each of them, whether it is floating and its input has a gradient rule.
    """

    def __init__(self, op: Op, inputs: tuple[Any, ...], attributes: tuple[Any, ...]) -> None:
        self.op = op
        self.inputs = inputs
        self.attributes = attributes
        self.arrays: list[np.ndarray] = []
        self.differentiable: list[bool] = []
        rules = op.rules or [None] * len(inputs)
        for value, rule in zip(inputs, rules, strict=True):
            each_array(value, self.arrays.append)
            for array in self.arrays[len(self.differentiable) :]:
                self.differentiable.append(rule is not None and array.dtype in DIFFERENTIABLE)

    @classmethod
    def bound(cls, op: Op, call: Call) -> OpCall:
        """The call that a sample stands for. Its arrays are read-only: who changes an input fails."""
        inputs, attributes = op.bind(call.args, call.kwargs)
        return cls(op, each_array(inputs, _frozen), attributes)

    def with_arrays(self, arrays: Sequence[Any]) -> OpCall:
        """The same call with other arrays."""
        return OpCall(self.op, self.filled(arrays), self.attributes)

    def filled(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """The inputs with other arrays, or with tensors, in place of the arrays."""
        left = iter(arrays)
        filled: tuple[Any, ...] = each_array(self.inputs, lambda _: next(left))
        return filled

    def tensors(self) -> list[Tensor]:
        """The arrays as tensors."""
        return [Tensor._wrap(a) for a in self.arrays]

    def run(self, tensors: Sequence[Tensor] | None = None) -> list[Tensor]:
        """The op's results, on ``tensors`` in place of the arrays if given."""
        result = self.op.call(*self.filled(self.tensors() if tensors is None else tensors), *self.attributes)
        return list(result) if isinstance(result, (tuple, list)) else [result]

    def values(self) -> list[np.ndarray]:
        """The op's results as arrays."""
        return [t.array for t in self.run()]

    def leaves(self) -> list[Tensor]:
        """The arrays as new tensors, requiring a gradient where there is one."""
        return [Tensor._wrap(a, wanted) for a, wanted in zip(self.arrays, self.differentiable, strict=True)]

    def cotangents(self) -> list[np.ndarray | None]:
        """A random gradient for each result that can have one; the same every time."""
        rng = np.random.default_rng(0)
        return [random_like(v, rng) if v.dtype in DIFFERENTIABLE else None for v in self.values()]

    def gradients(
        self,
        cotangents: Sequence[Any],
        leaves: Sequence[Tensor] | None = None,
        *,
        create_graph: bool = False,
    ) -> list[Tensor | None]:
        """For each array its gradient, or None.

        Args:
            cotangents: The gradient of each result, an array or a Tensor; None for none.
            leaves: Tensors in place of the arrays.
            create_graph: Compute on Tensors, so that the gradients can be differentiated, and not on raw arrays.
        """
        leaves = self.leaves() if leaves is None else leaves
        results = self.run(leaves)
        roots = [(r, c) for r, c in zip(results, cotangents, strict=True) if c is not None and r.requires_grad]
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        if not roots or not wanted:
            return [None] * len(leaves)
        found = autograd.grad(
            [r for r, _ in roots],
            wanted,
            [c if isinstance(c, Tensor) else Tensor._wrap(c) for _, c in roots],
            create_graph=create_graph,
            allow_unused=True,
        )
        left = iter(found)
        return [next(left) if leaf.requires_grad else None for leaf in leaves]

    def __repr__(self) -> str:
        names = self.op.inputs + self.op.attributes
        given = zip(names, self.inputs + self.attributes, strict=True)
        return f"{self.op.name}({', '.join(f'{name}={value!r}' for name, value in given)})"


def random_like(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values of either sign between 0.5 and 1.5, far from 0, so that a factor on them shows."""

    def part() -> Any:
        return rng.uniform(0.5, 1.5, array.shape) * rng.choice([-1, 1], array.shape)

    values = np.array(part() + 1j * part() if array.dtype.kind == "c" else part(), array.dtype)
    values.flags.writeable = False
    return values


def _frozen(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
