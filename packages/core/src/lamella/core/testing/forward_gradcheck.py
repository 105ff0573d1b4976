"""What ``gradcheck`` checks besides gradients: derivatives along directions, and batches of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lamella.core import autograd
from lamella.core.errors import GradError
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import random_like
from lamella.core.testing.differences import parts
from lamella.core.transforms.batching import Batch
from lamella.core.transforms.forward import Forward

Outputs = Callable[..., Sequence[Tensor]]


class GradcheckError(GradError):
    """A gradient differs from what finite differences say."""


def check_forward(
    outputs: Outputs,
    given: Sequence[Any],
    checked: Sequence[Tensor],
    changed: Sequence[Sequence[np.ndarray]],
    close: Callable[..., bool],
    fast: bool,
) -> None:
    """Compare derivatives along directions with differences.

    Args:
        outputs: The function that is checked; its results as a list.
        given: What it is called with.
        checked: The inputs to differentiate by.
        changed: For each of them and each result, how that changes: of shape ``(parts of the input..., *result)``.
        close: Compares two arrays.
        fast: One random direction in place of each element.
    """
    for j, (x, changes) in enumerate(zip(checked, changed, strict=True)):
        for weights, direction in _directions(x, fast):
            for i, (tangent, change) in enumerate(zip(_pushed(outputs, given, x, direction), changes, strict=True)):
                numerical = np.tensordot(weights, change, weights.ndim)
                if not close(tangent, numerical):
                    raise GradcheckError(
                        f"Jacobian computed with forward mode mismatch for output {i} with respect to input {j},\n"
                        f"numerical:{numerical}\nanalytical:{tangent}\n"
                    )


def check_batched_forward(outputs: Outputs, given: Sequence[Any], checked: Sequence[Tensor]) -> None:
    """Compare derivatives along a batch of directions with those along each."""
    for j, x in enumerate(checked):
        directions = [random_like(x.array, np.random.default_rng(seed)) for seed in (4, 5)]
        one_by_one = zip(*[_pushed(outputs, given, x, d) for d in directions], strict=True)
        try:
            with Batch(len(directions)) as batch:
                together = _moved(outputs, given, x, batch.wrap(Tensor._wrap(np.stack(directions))))
            found = [batch.full(t).array for t in together]
        except RuntimeError as error:
            raise GradcheckError(f"While computing batched gradients, got: {error}") from error
        _compare(found, one_by_one, f"forward mode, input {j}")


def check_batched(outputs: Sequence[Tensor], checked: Sequence[Tensor]) -> None:
    """Compare gradients for a batch of output gradients with those for each."""
    for i, out in enumerate(outputs):
        if not out.requires_grad:
            continue
        sent = [random_like(out.array, np.random.default_rng(seed)) for seed in (6, 7)]
        alone = [autograd.grad(out, checked, Tensor._wrap(s), retain_graph=True, allow_unused=True) for s in sent]
        one_by_one = [[_array(g, x) for g in gs] for gs, x in zip(zip(*alone, strict=True), checked, strict=True)]
        whole = Tensor._wrap(np.stack(sent))
        try:
            together = autograd.grad(out, checked, whole, True, allow_unused=True, is_grads_batched=True)
        except RuntimeError as error:
            raise GradcheckError(f"While computing batched gradients, got: {error}") from error
        found = [np.zeros((2, *x.shape)) if g is None else g.array for g, x in zip(together, checked, strict=True)]
        _compare(found, one_by_one, f"output {i}")


def _compare(found: Sequence[np.ndarray], expected: Any, where: str) -> None:
    for batch, each in zip(found, expected, strict=True):
        if not np.allclose(batch, np.stack(list(each))):
            raise GradcheckError(
                f"Gradients computed for a batch by vmap differ from those computed one by one ({where}): "
                f"{batch} and {np.stack(list(each))}"
            )


def _array(gradient: Tensor | None, x: Tensor) -> np.ndarray:
    return np.zeros_like(x.array) if gradient is None else gradient.array


def _directions(x: Tensor, fast: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """How much of each real part of ``x`` goes into a direction, and the direction."""
    shape = parts(x.array).shape
    if fast:
        several = [random_like(np.empty(shape), np.random.default_rng(3))]
    else:
        several = []
        for place in np.ndindex(*shape):
            one = np.zeros(shape)
            one[place] = 1
            several.append(one)
    for weights in several:
        direction = weights[0] + 1j * weights[1] if x.is_complex() else weights[0]
        yield weights, np.asarray(direction, x.array.dtype)


def _pushed(outputs: Outputs, given: Sequence[Any], x: Tensor, direction: np.ndarray) -> list[np.ndarray]:
    return [t.array for t in _moved(outputs, given, x, Tensor._wrap(direction))]


def _moved(outputs: Outputs, given: Sequence[Any], x: Tensor, direction: Tensor) -> list[Tensor]:
    """The derivative of each result as ``x`` moves along ``direction``."""
    with Forward() as level:
        results = outputs(*[level.dual(a, direction) if a is x else a for a in given])
    moved = [level.tangent_of(r) for r in results]
    return [r.new_zeros(r.shape) if t is None else t for r, t in zip(results, moved, strict=True)]


__all__ = ["GradcheckError", "check_batched", "check_batched_forward", "check_forward"]
