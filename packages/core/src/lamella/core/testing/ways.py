"""One op computed in two ways that must agree: on two devices, or with two sets of kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from lamella.core import autograd, backends
from lamella.core.backends import Backend, kernels
from lamella.core.devices import device
from lamella.core.errors import DtypeError
from lamella.core.op import Op
from lamella.core.placement import backend_for
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall, random_like
from lamella.core.testing.subject import Subject, arrays_of


class Way:
    """Where tensors are, and whose kernels compute.

    Args:
        place: The device.
        provider: Whose kernels alone to use; None for all.
    """

    def __init__(self, place: device, provider: str | None = None) -> None:
        self.place = place
        self.provider = provider
        self.backend: Backend = backend_for(place)

    def computing(self) -> AbstractContextManager[None]:
        """Inside, ops are computed in this way."""
        return nullcontext() if self.provider is None else kernels.use(self.provider)

    def tensor(self, array: np.ndarray, wanted: bool = False) -> Tensor:
        """A copy of ``array`` as a tensor; it requires a gradient if ``wanted``."""
        made: Tensor = Tensor._wrap(self.backend.asarray(np.array(array), self.place), wanted)
        return made

    def tensors(self, arrays: Sequence[np.ndarray]) -> list[Tensor]:
        """Copies of the arrays as tensors."""
        return [self.tensor(array) for array in arrays]

    def holds(self, dtype: np.dtype[Any]) -> bool:
        """Whether the backend has the dtype."""
        try:
            self.backend.asarray(np.zeros(1, dtype), self.place)
        except DtypeError:
            return False
        return True

    def host(self, tensors: Sequence[Tensor | None]) -> list[Any]:
        """The tensors' elements as NumPy arrays, None where there is none."""
        for tensor in tensors:
            if tensor is not None:
                backend = backends.of_array_type(type(tensor.array))
                assert backend is self.backend, f"a result is an array of backend {backend.name!r}"
        return [None if a is None else np.array(self.backend.to_numpy(a)) for a in arrays_of(tensors)]

    # --- what an op gives

    def values(self, call: OpCall) -> list[Any]:
        """The op's results."""
        with self.computing():
            return self.host(call.run(self.tensors(call.arrays)))

    def gradients(self, call: OpCall, cotangents: Sequence[Any]) -> list[Any]:
        """The gradients of the inputs, computed on raw arrays."""
        with self.computing():
            return self.host(call.gradients(self._placed(cotangents), self._leaves(call)))

    def second_gradients(self, call: OpCall, cotangents: Sequence[Any]) -> list[Any]:
        """The gradients computed on tensors, and their own gradients by the inputs and by what was sent in."""
        with self.computing():
            leaves = self._leaves(call)
            sent = [None if c is None else self.tensor(c, True) for c in cotangents]
            first = call.gradients(sent, leaves, create_graph=True)
            rng = np.random.default_rng(2)
            roots = [(g, self.tensor(random_like(a, rng))) for g, a in zip(first, self.host(first), strict=True)
                     if g is not None and g.requires_grad]  # fmt: skip
            wanted = [t for t in (*leaves, *sent) if t is not None and t.requires_grad]
            if not roots:
                return self.host(first)
            outputs, weights = zip(*roots, strict=True)
            return self.host([*first, *autograd.grad(outputs, wanted, weights, allow_unused=True)])

    def _leaves(self, call: OpCall) -> list[Tensor]:
        return [self.tensor(a, w) for a, w in zip(call.arrays, call.differentiable, strict=True)]

    def _placed(self, arrays: Sequence[Any]) -> list[Tensor | None]:
        return [None if a is None else self.tensor(a) for a in arrays]


class TwoWays(Subject):
    """An op, the way that is held to account, and the way that says what is right.

    Args:
        op: The op.
        way: Held to account.
        right: Says what is right.
    """

    def __init__(self, op: Op, way: Way, right: Way) -> None:
        super().__init__(op, None)
        self.way = way
        self.right = right

    @property
    def placed(self) -> list[OpCall]:
        """The sample calls that have an array to be on a device."""
        return [call for call in self.calls if call.arrays]

    @property
    def slopes(self) -> list[OpCall]:
        """The sample calls in which some input has a gradient."""
        return [call for call in self.placed if any(call.differentiable)]


def outcome(run: Callable[[], list[Any]]) -> list[Any] | type[Exception]:
    """What ``run`` gives, or the type of what it raises."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001  # two ways must fail alike, however they do
        return type(error)


__all__ = ["TwoWays", "Way", "outcome"]
