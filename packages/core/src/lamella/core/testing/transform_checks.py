"""Checks of an op under the functional transforms: on a batch of samples, and along directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import OpCall, random_like
from lamella.core.testing.subject import Check, Subject, arrays_of, assert_all_same, reproducible
from lamella.core.transforms import jvp, vmap

#: What the samples of a batch are of the one given: factors that keep matrices regular and numbers in a domain.
FACTORS = (1.0, 0.75, 0.5)


def batches_agree(subject: Subject) -> None:
    """On a batch the op gives for each sample what it gives for it alone, whichever inputs differ between samples."""
    for call in subject.calls:
        count = len(call.arrays)
        if not count:
            continue
        for chosen in {tuple(range(count)), (0,), (count - 1,)}:
            with reproducible(call, f"with a batch of the arrays {chosen}"):
                _check_batch(call, chosen)


def _check_batch(call: OpCall, chosen: Sequence[int]) -> None:
    batches = {i: np.stack([_scaled(call.arrays[i], f) for f in FACTORS]) for i in chosen}

    def one(*parts: Tensor) -> Any:
        given = call.tensors()
        for i, part in zip(chosen, parts, strict=True):
            given[i] = part
        return tuple(call.run(given))

    found = vmap(one)(*[Tensor._wrap(batches[i]) for i in chosen])
    alone = [one(*[Tensor._wrap(np.asarray(batches[i][k])) for i in chosen]) for k in range(len(FACTORS))]
    expected = [np.stack([results[j].array for results in alone]) for j in range(len(found))]
    assert_all_same([t.array for t in found], expected)


def _scaled(array: np.ndarray, factor: float) -> np.ndarray:
    return np.asarray(array * factor) if array.dtype in DIFFERENTIABLE else array


def directions_agree(subject: Subject) -> None:
    """The derivative along a direction is the transpose of the gradient: ``<u, J t> = <J^T u, t>``."""
    rng = np.random.default_rng(1)
    for call in subject.differentiable:
        moving = [i for i, wanted in enumerate(call.differentiable) if wanted]
        directions = [random_like(call.arrays[i], rng) for i in moving]
        cotangents = call.cotangents()

        def varied(*parts: Tensor, call: OpCall = call, moving: list[int] = moving) -> Any:
            given = call.tensors()
            for i, part in zip(moving, parts, strict=True):
                given[i] = part
            return tuple(call.run(given))

        with reproducible(call, "along a direction"):
            primals = tuple([Tensor._wrap(call.arrays[i]) for i in moving])
            _, derivatives = jvp(varied, primals, tuple([Tensor._wrap(d) for d in directions]))
            gradients = arrays_of(call.gradients(cotangents))
            pushed = [d.array for d in derivatives]
            forward = sum(_inner(c, d) for c, d in zip(cotangents, pushed, strict=True) if c is not None)
            pulled = [gradients[i] for i in moving]
            backward = sum(_inner(g, d) for g, d in zip(pulled, directions, strict=True) if g is not None)
            size = max(1.0, abs(forward))
            assert forward == backward or abs(forward - backward) <= 1e-7 * size, f"{forward} along, {backward} back"


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum(np.conj(a) * b).real)


#: In the order in which they run.
CHECKS: tuple[Check, ...] = (batches_agree, directions_agree)

__all__ = ["CHECKS"]
