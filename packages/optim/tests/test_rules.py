"""Each optimizer's rule against its definition, written out in float64.

And nothing but the numbers matters: not the size, the layout, the dtype or the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import optim
from lamella.core.backends import kernels, threads
from lamella.optim import adam, update

Array = np.ndarray


def sgd(
    p: Array, grads: list[Array], lr: float = 1e-3, momentum: float = 0, dampening: float = 0, nesterov: bool = False
) -> Array:
    v = None
    for g in grads:
        v = g if v is None else momentum * v + (1 - dampening) * g
        p = p - lr * (g + momentum * v if nesterov else v)
    return p


def adam_(
    p: Array,
    grads: list[Array],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    amsgrad: bool = False,
    shrink: float = 0,
) -> Array:
    m, v, largest = 0 * p, 0 * p, 0 * p
    for t, g in enumerate(grads, start=1):
        p = p - lr * shrink * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = np.maximum(largest, v) if amsgrad else v
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(largest / (1 - betas[1] ** t)) + eps)
    return p


def adamw(p: Array, grads: list[Array]) -> Array:
    return adam_(p, grads, shrink=0.01)


def rmsprop(
    p: Array,
    grads: list[Array],
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    momentum: float = 0,
    centered: bool = False,
) -> Array:
    s, a, v = 0 * p, 0 * p, 0 * p
    for g in grads:
        s = alpha * s + (1 - alpha) * g**2
        a = alpha * a + (1 - alpha) * g
        v = momentum * v + g / (np.sqrt(s - a**2 if centered else s) + eps)
        p = p - lr * v
    return p


def adagrad(
    p: Array,
    grads: list[Array],
    lr: float = 1e-2,
    lr_decay: float = 0,
    initial_accumulator_value: float = 0,
    eps: float = 1e-10,
) -> Array:
    s = 0 * p + initial_accumulator_value
    for t, g in enumerate(grads, start=1):
        s = s + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)
    return p


def adadelta(p: Array, grads: list[Array], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6) -> Array:
    s, a = 0 * p, 0 * p
    for g in grads:
        s = rho * s + (1 - rho) * g**2
        d = np.sqrt(a + eps) / np.sqrt(s + eps) * g
        a = rho * a + (1 - rho) * d**2
        p = p - lr * d
    return p


def adamax(
    p: Array,
    grads: list[Array],
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> Array:
    m, u = 0 * p, 0 * p
    for t, g in enumerate(grads, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        u = np.maximum(betas[1] * u, abs(g) + eps)
        p = p - lr / (1 - betas[0] ** t) * m / u
    return p


def asgd(
    p: Array,
    grads: list[Array],
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
) -> Array:
    for t, g in enumerate(grads):
        # numbers of the state are float32
        eta = float(np.float32(lr if t == 0 else lr / (1 + lambd * lr * t) ** alpha))
        p = (1 - lambd * eta) * p - eta * g
    return p


def nadam(
    p: Array,
    grads: list[Array],
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> Array:
    m, v, product = 0 * p, 0 * p, np.float32(1)
    for t, g in enumerate(grads, start=1):
        mu, after = (betas[0] * (1 - 0.96 ** (n * momentum_decay) / 2) for n in (t, t + 1))
        product *= np.float32(mu)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        d = (1 - mu) / (1 - float(product)) * g + after / (1 - float(product) * after) * m
        p = p - lr * d / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return p


def radam(
    p: Array,
    grads: list[Array],
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> Array:
    m, v, longest = 0 * p, 0 * p, 2 / (1 - betas[1]) - 1
    for t, g in enumerate(grads, start=1):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        rho = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        d = m / (1 - betas[0] ** t)
        if rho > 5:
            r = np.sqrt((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho))
            d = d * r * np.sqrt(1 - betas[1] ** t) / (np.sqrt(v) + eps)
        p = p - lr * d
    return p


#: Optimizer, its definition, options.
CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (optim.Adam, adam_, {}),
    (optim.Adam, adam_, {"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1}),
    (optim.Adam, adam_, {"lr": 0.1, "betas": (0.5, 0.6), "amsgrad": True}),
    (optim.AdamW, adamw, {}),
    (optim.RMSprop, rmsprop, {}),
    (optim.RMSprop, rmsprop, {"lr": 0.1, "alpha": 0.5, "eps": 0.1}),
    (optim.RMSprop, rmsprop, {"momentum": 0.9}),
    (optim.RMSprop, rmsprop, {"momentum": 0.9, "centered": True}),
    (optim.Adagrad, adagrad, {}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "lr_decay": 0.5, "initial_accumulator_value": 0.3, "eps": 0.1}),
    (optim.Adadelta, adadelta, {}),
    (optim.Adadelta, adadelta, {"lr": 0.5, "rho": 0.5, "eps": 0.1}),
    (optim.Adamax, adamax, {}),
    (optim.Adamax, adamax, {"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1}),
    (optim.ASGD, asgd, {}),
    (optim.ASGD, asgd, {"lr": 0.1, "lambd": 0.1, "alpha": 0.5}),
    (optim.NAdam, nadam, {}),
    (optim.NAdam, nadam, {"lr": 0.1, "betas": (0.5, 0.6), "eps": 0.1, "momentum_decay": 0.3}),
    (optim.RAdam, radam, {}),
    (optim.RAdam, radam, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 0.1}),
]
each_case = pytest.mark.parametrize(
    ("optimizer", "definition", "options"), CASES, ids=lambda x: x.__name__ if callable(x) else str(x)
)
STEPS = 4


def drawn(*shape: int, dtype: Any = np.float64) -> tuple[Array, list[Array]]:
    """A parameter and its gradients in some steps; no gradient is near 0, where signs decide."""
    rng = np.random.default_rng(0)
    sign = np.where(rng.random((STEPS, *shape)) < 0.5, -1, 1)
    return rng.standard_normal(shape).astype(dtype), list((sign * rng.uniform(0.5, 2, (STEPS, *shape))).astype(dtype))


def trained(optimizer: Any, start: Array, grads: list[Array], **options: Any) -> Array:
    """The parameter after a step with each of ``grads``; ``start`` is its memory if it can be, layout and all."""
    param = lamella.from_numpy(start).requires_grad_()
    stepper = optimizer([param], **options)
    for g in grads:
        given = g.copy()
        param.grad = lamella.from_numpy(g)
        stepper.step()
        assert np.array_equal(g, given), "the gradient was changed"
    assert start.size == 0 or param.data_ptr() == start.__array_interface__["data"][0]
    return param.detach().numpy()


@each_case
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(3, 4), (), (0, 2)], ids=str)
def test_definition(optimizer: Any, definition: Any, options: dict[str, Any], dtype: Any, shape: Any) -> None:
    start, grads = drawn(*shape, dtype=dtype)
    start, expected = np.asarray(start), definition(start.astype(float), [g.astype(float) for g in grads], **options)
    result = trained(optimizer, start, [np.asarray(g) for g in grads], **options)
    assert result.dtype == dtype
    tolerance = 1e-12 if dtype is np.float64 else 2e-5
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


@each_case
def test_maximize_climbs_where_the_opposite_gradient_descends(
    optimizer: Any, definition: Any, options: dict[str, Any]
) -> None:
    start, grads = drawn(5)
    down = trained(optimizer, start.copy(), [-g for g in grads], **options)
    assert np.array_equal(trained(optimizer, start.copy(), grads, **options, maximize=True), down)


@each_case
def test_weight_decay_adds_to_the_gradient(optimizer: Any, definition: Any, options: dict[str, Any]) -> None:
    start, grads = drawn(5)
    options = {**options, "weight_decay": 0.3}
    sign = {True: -1, False: 1}
    for maximize in (False, True):
        param, plain = (lamella.from_numpy(start.copy()).requires_grad_() for _ in range(2))
        decaying = optimizer([param], maximize=maximize, **options)
        by_hand = optimizer([plain], **{**options, "weight_decay": 0})
        for g in grads:
            param.grad = lamella.from_numpy(g)
            decay = 0.0 if optimizer is optim.AdamW else 0.3 * plain.detach().numpy()
            plain.grad = lamella.from_numpy(sign[maximize] * g + decay)
            if optimizer is optim.AdamW:  # it shrinks the parameter instead
                plain.data.mul_(1 - 1e-3 * 0.3)
            decaying.step()
            by_hand.step()
        np.testing.assert_allclose(param.detach().numpy(), plain.detach().numpy(), rtol=1e-12)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


@each_case
@pytest.mark.usefixtures("two_threads")
def test_pieces_and_threads_change_nothing(optimizer: Any, definition: Any, options: dict[str, Any]) -> None:
    """A parameter of many pieces, which two threads share, holds what its parts hold when each is a parameter."""
    size = 2 * update.GRAIN + 12_345
    start, grads = drawn(size, dtype=np.float32)
    cuts = [0, 7, size // 3, size]
    parts = [
        trained(optimizer, start[i:j].copy(), [g[i:j].copy() for g in grads], **options, weight_decay=0.1)
        for i, j in pairwise(cuts)
    ]
    whole = trained(optimizer, start, grads, **options, weight_decay=0.1)
    assert np.array_equal(whole, np.concatenate(parts))


@each_case
@pytest.mark.parametrize("size", [6, 300], ids=["small", "large"])
@pytest.mark.parametrize("which", ["param", "grad", "both"])
def test_layout_changes_nothing(
    optimizer: Any, definition: Any, options: dict[str, Any], size: int, which: str
) -> None:
    start, grads = drawn(size, size)
    expected = trained(optimizer, start.copy(), grads, **options, weight_decay=0.1)
    if which != "grad":
        memory = np.zeros((size, 2 * size))
        memory[:, ::2] = start
        start = memory[:, ::2]
    if which != "param":
        grads = [np.asfortranarray(g) for g in grads]
    assert np.array_equal(trained(optimizer, start, grads, **options, weight_decay=0.1), expected)
    assert which == "grad" or not memory[:, 1::2].any(), "memory between the elements was changed"


@each_case
def test_parameters_of_all_kinds_in_one_group(optimizer: Any, definition: Any, options: dict[str, Any]) -> None:
    """Each does what it does alone: float64 and float32, one that joins late, one without a gradient."""
    start, grads = drawn(3, 4)
    params = [lamella.tensor(start).requires_grad_() for _ in range(4)]
    params[1] = lamella.tensor(start.astype(np.float32)).requires_grad_()
    stepper = optimizer(params, **options)
    for i, g in enumerate(grads):
        params[0].grad = lamella.from_numpy(g)
        params[1].grad = lamella.from_numpy(g.astype(np.float32))
        params[2].grad = lamella.from_numpy(g) if i >= 2 else None
        stepper.step()
    np.testing.assert_allclose(params[0].detach().numpy(), definition(start, grads, **options), rtol=1e-12)
    np.testing.assert_allclose(params[1].detach().numpy(), definition(start, grads, **options), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(params[2].detach().numpy(), definition(start, grads[2:], **options), rtol=1e-12)
    assert np.array_equal(params[3].detach().numpy(), start)


@each_case
def test_overflow_is_no_error(optimizer: Any, definition: Any, options: dict[str, Any]) -> None:
    start, grads = drawn(2)
    with np.errstate(all="raise"):
        trained(optimizer, start, [g * 1e300 for g in grads], **options, weight_decay=1e10)


def test_a_kernel_offered_by_a_package_runs_and_may_decline() -> None:
    def descend(lr: float) -> Array:
        return trained(optim.Adam, np.ones(3), [np.full(3, 2.0)], lr=lr)

    def kernel(rows: list[Any], **hyper: Any) -> Any:
        if hyper["lr"] > 1:
            return NotImplemented
        for param, grad, *_ in rows:
            param[...] -= 100 * grad
        return None

    kernels.offer(kernels.Kernel(adam.adam_step.name, "cpu", "acme", 5, kernel))
    try:
        assert descend(0.5).tolist() == [-199.0] * 3
        np.testing.assert_allclose(descend(2.0), [-1.0] * 3)
        with kernels.use("reference"):
            np.testing.assert_allclose(descend(0.5), [0.5] * 3)
    finally:
        kernels.withdraw("acme")
    np.testing.assert_allclose(descend(0.5), [0.5] * 3)
