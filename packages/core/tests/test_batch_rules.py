"""Ops that take dimensions in front as a batch anyway, and others with rules of their own, under ``vmap``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.core.dispatch import Interpreter
from lamella.func import grad, vmap


def numbers(*shape: int, seed: int = 0) -> lamella.Tensor:
    return lamella.from_numpy(np.random.default_rng(seed).standard_normal(shape))


class Calls(Interpreter):
    """Remembers the op calls that run inside."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def process(self, op: Any, inputs: Any, attrs: Any) -> Any:
        self.names.append(op.name)
        return self.run(op, inputs, attrs)


MATRICES = numbers(7, 3, 3) + 4 * lamella.eye(3)
ONCE: list[tuple[str, Callable[..., Any]]] = [
    ("linalg_det", lamella.linalg.det),
    ("linalg_inv_ex", lamella.linalg.inv),
    ("linalg_eigh", lambda a: lamella.linalg.eigh(a + a.mT).eigenvalues),
    ("linalg_svd", lambda a: lamella.linalg.svd(a).S),
    ("linalg_qr", lambda a: lamella.linalg.qr(a).R),
    ("cdist", lambda a: lamella.cdist(a, a + 1)),
    ("repeat", lambda a: a.repeat(2, 2)),
    ("median_index", lamella.median),
    ("any", lambda a: lamella.isin(a, a[0])),
]


@pytest.mark.parametrize(("name", "function"), ONCE, ids=[name for name, _ in ONCE])
def test_an_op_runs_once_for_all_samples(name: str, function: Callable[..., Any]) -> None:
    with Calls() as calls:
        found = vmap(function)(MATRICES)
    assert calls.names.count(name) == 1
    for one, sample in zip(found, MATRICES, strict=True):
        np.testing.assert_allclose(one.numpy(), function(sample).numpy(), rtol=1e-9)


@pytest.mark.parametrize(("a", "b"), [((3, 3), (2, 3, 2)), ((5, 3, 3), (2, 1, 3, 1)), ((2, 1, 3, 3), (3, 4))])
@pytest.mark.parametrize("batched", [(0, 0), (0, None), (None, 0)])
def test_dimensions_in_front_of_a_samples_own_broadcast(
    a: tuple[int, ...], b: tuple[int, ...], batched: tuple[int | None, int | None]
) -> None:
    """Which needs the samples' dimension in front of all of them, also where an input has fewer."""
    sizes = [() if d is None else (4,) for d in batched]
    x = numbers(*sizes[0], *a) + 4 * lamella.eye(3)
    y = numbers(*sizes[1], *b, seed=1)
    found = vmap(lamella.linalg.solve_ex, in_dims=batched)(x, y)
    for i in range(4):
        alone = lamella.linalg.solve_ex(x if batched[0] is None else x[i], y if batched[1] is None else y[i])
        np.testing.assert_allclose(found[0][i].numpy(), alone[0].numpy(), rtol=1e-9)
        assert found[1][i].shape == alone[1].shape


@pytest.mark.parametrize(
    "function",
    [
        lamella.linalg.det,
        lambda a: lamella.linalg.solve(a, a[0]).sum(),
        lambda a: lamella.linalg.eigvalsh(a + a.mT).prod(),
        lambda a: lamella.cdist(a, a * a).sum(),
        lambda a: (a.repeat(2, 1) * a.flatten()[:6].reshape(6, 1)).sum(),
        lamella.median,
    ],
)
def test_gradients_of_samples_are_those_of_each_alone(function: Callable[..., Any]) -> None:
    found = vmap(grad(function))(MATRICES)
    for one, sample in zip(found, MATRICES, strict=True):
        np.testing.assert_allclose(one.numpy(), grad(function)(sample).numpy(), rtol=1e-9, atol=1e-12)


def test_values_put_differ_between_samples() -> None:
    x, values, rows = numbers(4, 5, 3), numbers(4, 2, 3, seed=1), lamella.tensor([[0, 3], [1, 1], [4, 0], [2, 3]])

    def put(x: lamella.Tensor, values: lamella.Tensor, rows: lamella.Tensor) -> lamella.Tensor:
        return x.index_put((rows,), values, accumulate=True)

    for in_dims in ((0, 0, 0), (0, None, None), (None, 0, 0), (0, 0, None), (None, None, 0)):
        given = [t if d == 0 else t[0] for t, d in zip((x, values, rows), in_dims, strict=True)]
        found = vmap(put, in_dims=in_dims)(*given)
        for i in range(4):
            alone = put(*[t[i] if d == 0 else t for t, d in zip(given, in_dims, strict=True)])
            np.testing.assert_allclose(found[i].numpy(), alone.numpy(), rtol=1e-12)
