"""Random programs, with views and in-place ops, on our engine and on one too simple to be wrong.

The simple engine has no graph: beside each array it carries the array's Jacobian by all leaves, a slope for each
element and leaf element. Both are NumPy arrays, and views of them are NumPy's, so aliasing needs no thought either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import lamella
from lamella.core.errors import GradError
from lamella.core.testing import assert_close

SHAPES = ((2, 3), (3,))
LEAF_ELEMENTS = 9


class Simple:
    """Values, and for each leaf element their slopes: of shape ``(LEAF_ELEMENTS, *value.shape)``."""

    def __init__(self, value: np.ndarray, slope: np.ndarray) -> None:
        self.value = value
        self.slope = slope

    def is_small(self) -> bool:
        return bool(np.abs(self.value).max() < 1e3)

    def to(self, shape: tuple[int, ...]) -> Simple:
        padded = self.slope.reshape(LEAF_ELEMENTS, *(1,) * (len(shape) - self.value.ndim), *self.value.shape)
        return Simple(np.broadcast_to(self.value, shape), np.broadcast_to(padded, (LEAF_ELEMENTS, *shape)))

    def seen_as(self, view: Callable[[np.ndarray], np.ndarray]) -> Simple:
        return Simple(view(self.value), view(self.slope))

    def become(self, other: Simple) -> None:
        other = other.to(self.value.shape)
        self.value[...], self.slope[...] = np.array(other.value), np.array(other.slope)


class Unary(NamedTuple):
    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]

    def __call__(self, x: Simple) -> Simple:
        return Simple(np.array(self.value(x.value)), np.array(self.slope(x.value) * x.slope))


class Binary(NamedTuple):
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    slope: Callable[[Simple, Simple], np.ndarray]

    def __call__(self, x: Simple, y: Simple) -> Simple:
        shape = np.broadcast_shapes(x.value.shape, y.value.shape)
        x, y = x.to(shape), y.to(shape)
        return Simple(np.array(self.value(x.value, y.value)), np.array(self.slope(x, y)))


UNARY = {
    "neg": Unary(lambda v: -v, lambda v: -np.ones_like(v)),
    "tanh": Unary(np.tanh, lambda v: 1 - np.tanh(v) ** 2),
    "square": Unary(lambda v: v**2, lambda v: 2 * v),
}
BINARY = {
    "add": Binary(lambda a, b: a + b, lambda x, y: x.slope + y.slope),
    "sub": Binary(lambda a, b: a - b, lambda x, y: x.slope - y.slope),
    "mul": Binary(lambda a, b: a * b, lambda x, y: x.slope * y.value + x.value * y.slope),
}
# The number of dimensions needed, and the view of a Tensor and of an array. All address the last dimensions, so that
# the same function serves values and slopes.
VIEWS: dict[str, tuple[int, Callable[[Any], Any], Callable[[np.ndarray], np.ndarray]]] = {
    "transpose": (2, lambda t: t.transpose(-1, -2), lambda a: a.swapaxes(-1, -2)),
    "row": (2, lambda t: t.select(-2, 0), lambda a: a[..., 0, :]),
    "element": (1, lambda t: t.select(-1, 0), lambda a: a[..., 0]),
    "slice": (1, lambda t: t.narrow(-1, 0, (t.shape[-1] + 1) // 2), lambda a: a[..., : (a.shape[-1] + 1) // 2]),
    "unsqueeze": (0, lambda t: t.unsqueeze(-1), lambda a: a[..., None]),
    "whole": (0, lambda t: t.view(t.shape), lambda a: a[...]),
}

places = st.integers(0, 30)


class Programs(RuleBasedStateMachine):
    """Builds a random program on both engines, and compares values after each step, gradients at the end."""

    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.leaves = [lamella.tensor(self.rng.uniform(-1, 1, s), requires_grad=True) for s in SHAPES]
        self.pool: list[tuple[Any, Simple]] = []
        self.changed = 0
        first = 0
        for leaf in self.leaves:
            slope = np.zeros((LEAF_ELEMENTS, *leaf.shape))
            for k, i in enumerate(np.ndindex(*leaf.shape)):
                slope[(first + k, *i)] = 1
            first += leaf.numel()
            self.pool.append((leaf.clone(), Simple(leaf.detach().numpy().copy(), slope)))

    def pick(self, place: int) -> tuple[Any, Simple]:
        return self.pool[place % len(self.pool)]

    @rule(at=places, name=st.sampled_from(sorted(UNARY)))
    def unary(self, at: int, name: str) -> None:
        x, simple = self.pick(at)
        if simple.is_small():
            self.pool.append((getattr(lamella, name)(x), UNARY[name](simple)))

    @rule(at=places, other=places, name=st.sampled_from(sorted(BINARY)))
    def binary(self, at: int, other: int, name: str) -> None:
        (x, simple_x), (y, simple_y) = self.pick(at), self.pick(other)
        if broadcast(x, y) is not None and simple_x.is_small() and simple_y.is_small():
            self.pool.append((getattr(lamella, name)(x, y), BINARY[name](simple_x, simple_y)))

    @rule(at=places, name=st.sampled_from(sorted(VIEWS)))
    def view(self, at: int, name: str) -> None:
        x, simple = self.pick(at)
        dims, ours, numpys = VIEWS[name]
        if dims <= x.dim() < 4:
            self.pool.append((ours(x), simple.seen_as(numpys)))

    @rule(at=places)
    def detach(self, at: int) -> None:
        x, simple = self.pick(at)
        self.pool.append((x.detach(), Simple(simple.value, np.zeros_like(simple.slope))))

    @rule(at=places)
    def total(self, at: int) -> None:
        x, simple = self.pick(at)
        if x.dim():
            self.pool.append((x.sum(-1), Simple(np.array(simple.value.sum(-1)), simple.slope.sum(-1))))

    @rule(at=places, name=st.sampled_from(sorted(UNARY)))
    def unary_in_place(self, at: int, name: str) -> None:
        x, simple = self.pick(at)
        if simple.is_small():
            self.change(getattr(x, f"{name}_"), simple, UNARY[name](simple))

    @rule(at=places, other=places, name=st.sampled_from([*sorted(BINARY), "copy"]))
    def binary_in_place(self, at: int, other: int, name: str) -> None:
        (x, simple_x), (y, simple_y) = self.pick(at), self.pick(other)
        if broadcast(x, y) == tuple(x.shape) and simple_x.is_small() and simple_y.is_small():
            result = simple_y if name == "copy" else BINARY[name](simple_x, simple_y)
            self.change(lambda: getattr(x, f"{name}_")(y), simple_x, result)

    def change(self, run: Callable[[], Any], simple: Simple, result: Simple) -> None:
        try:
            run()
        except GradError as refusal:  # then nothing may have changed, which the comparison of values sees
            if "not contiguous" not in str(refusal):
                raise
        else:
            simple.become(result)
            self.changed += 1
        self.values_agree()

    def values_agree(self) -> None:
        for x, simple in self.pool:
            assert_close(x.detach().numpy(), simple.value, rtol=1e-9, atol=1e-9)

    def teardown(self) -> None:
        self.values_agree()
        for x, simple in self.pool:
            cotangent = self.rng.uniform(-1, 1, simple.value.shape)
            expected = np.tensordot(simple.slope, cotangent, simple.value.ndim)
            if not x.requires_grad:
                assert not simple.slope.any()
                continue
            try:
                found = lamella.autograd.grad(
                    x, self.leaves, lamella.from_numpy(cotangent), retain_graph=True, materialize_grads=True
                )
            except GradError as refusal:  # the gradient is right or the error is clear
                if self.changed and re.search("modified by an inplace operation|not contiguous", str(refusal)):
                    continue
                raise
            assert_close(np.concatenate([g.numpy().reshape(-1) for g in found]), expected, rtol=1e-8, atol=1e-8)


def broadcast(x: Any, y: Any) -> tuple[int, ...] | None:
    """The common shape; None if there is none."""
    pairs = zip(reversed(x.shape), reversed(y.shape), strict=False)
    return np.broadcast_shapes(x.shape, y.shape) if all(a == b or 1 in (a, b) for a, b in pairs) else None


Programs.TestCase.settings = settings(
    max_examples=200, stateful_step_count=15, deadline=None, derandomize=True, database=None
)
TestPrograms = Programs.TestCase


def test_the_comparison_sees_a_missed_change() -> None:
    """The machine can fail: without the in-place change on the simple side, gradients differ."""
    machine = Programs()
    machine.start(0)
    x, _ = machine.pick(0)
    x.mul_(2)
    with pytest.raises(AssertionError, match="not close"):
        machine.teardown()


def test_a_program_with_views_and_changes_in_place() -> None:
    """One such program that must be right, and may not be refused."""
    machine = Programs()
    machine.start(1)
    machine.view(0, "row")  # 2: the first row of 0
    machine.binary_in_place(2, 1, "add")  # changes 0 too
    machine.view(0, "transpose")  # 3
    machine.view(3, "row")  # 4: the first column of 0
    machine.unary_in_place(4, "neg")
    machine.binary(0, 2, "add")
    machine.total(3)
    for x, simple in machine.pool:
        assert x.requires_grad
        found = lamella.autograd.grad(x.sum(), machine.leaves, retain_graph=True, materialize_grads=True)
        expected = simple.slope.reshape(LEAF_ELEMENTS, -1).sum(-1)
        assert_close(np.concatenate([g.numpy().reshape(-1) for g in found]), expected)
