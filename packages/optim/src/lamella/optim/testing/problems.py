"""Small problems for optimizers, and how one under test is made and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import lamella
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Optimizer

Problem = Callable[[Sequence[Tensor]], Tensor]


class OptimizerSubject:
    """A registered optimizer.

    Args:
        name: The registered name.
        cls: The class. Its ``conformance_options``, if any, are given to the constructor; ``conformance_shapes`` are
            the shapes of parameters that it takes, where it does not take all.
    """

    area = "optimizers"

    def __init__(self, name: str, cls: type[Optimizer]) -> None:
        self.name = name
        self.cls = cls
        self.options: dict[str, Any] = dict(getattr(cls, "conformance_options", {}))
        self.shapes: Sequence[tuple[int, ...]] = getattr(cls, "conformance_shapes", ((2, 3), (4,), ()))

    def params(self, dtype: Any = lamella.float64) -> list[Tensor]:
        """New parameters, always with the same values."""
        rng = np.random.default_rng(0)
        return [lamella.tensor(rng.normal(size=s), dtype=dtype, requires_grad=True) for s in self.shapes]

    def made(self, params: Any, **options: Any) -> Optimizer:
        """The optimizer for ``params``."""
        return self.cls(params, **{**self.options, **options})


def quadratic(params: Sequence[Tensor]) -> Tensor:
    """The distance to 2, weighted by parameter."""
    return sum(((i + 1) * ((p - 2) ** 2).sum() for i, p in enumerate(params)), start=lamella.zeros(()))


def rosenbrock(params: Sequence[Tensor]) -> Tensor:
    """A long curved valley: each element and the next are a pair. Rosenbrock, 1960, with walls a twentieth as steep."""
    x = lamella.cat([p.reshape(-1) for p in params])
    return (5 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def run(optimizer: Optimizer, params: Sequence[Tensor], problem: Problem, steps: int, sign: float = 1) -> list[float]:
    """Take steps, each with a closure; the losses before each of them."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = sign * problem(params)
        loss.backward()
        return loss

    return [float(optimizer.step(closure)) for _ in range(steps)]


def values(params: Sequence[Tensor]) -> list[np.ndarray]:
    """Copies of the parameters' values."""
    return [p.detach().numpy().copy() for p in params]


def assert_identical(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    """Assert that values are the same bit for bit."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


__all__ = ["OptimizerSubject", "assert_identical", "quadratic", "rosenbrock", "run", "values"]
