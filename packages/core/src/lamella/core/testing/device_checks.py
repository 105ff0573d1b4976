"""Checks of what tensors on a device can do that no single op shows."""

from __future__ import annotations

import copy
import pickle  # noqa: TID251  # the check that tensors survive it; the bytes are its own
from typing import Any

import numpy as np

import lamella
from lamella.core import dtypes
from lamella.core.devices import CPU
from lamella.core.errors import ArgumentTypeError
from lamella.core.testing.subject import assert_raises, assert_same
from lamella.core.testing.ways import Way


class OnDevice:
    """The subject: a device, through the public names."""

    name = area = "device"

    def __init__(self, way: Way) -> None:
        self.way = way


def availability(subject: OnDevice) -> None:
    """The backend says that it can be used, and tensors say where they are."""
    assert subject.way.backend.unavailable() is None
    made = lamella.ones(2, device=subject.way.place)
    assert made.device.type == subject.way.place.type, f"a tensor made on {subject.way.place} is on {made.device}"
    assert subject.way.place.type in repr(made), "the repr of a tensor does not name its device"


def transfer(subject: OnDevice) -> None:
    """A tensor goes to the device and back as a copy, in every dtype; nothing goes there or back by itself."""
    for dtype in dtypes.ALL:
        if not subject.way.holds(dtype.numpy):
            continue
        values = np.arange(6).reshape(2, 3).astype(dtype.numpy)
        there = lamella.from_numpy(values).to(subject.way.place)
        assert there.dtype is dtype
        back = there.to(CPU)
        assert back.device == CPU
        assert_same(back.numpy(), values)
        there.zero_()
        assert_same(back.numpy(), values)
        assert_raises(there.numpy, ArgumentTypeError, "cpu")


def creation(subject: OnDevice) -> None:
    """Tensors made on the device hold what those made on the host hold: random ones too, from the same seed."""
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("zeros", (2, 3)),
        ("ones", (2, 3)),
        ("full", ((2, 3), 1.5)),
        ("arange", (1, 9, 2)),
        ("linspace", (0, 1, 5)),
        ("eye", (3,)),
        ("tensor", ([[1.0, 2.0]],)),
        ("rand", (2, 3)),
        ("randn", (2, 3)),
        ("randint", (0, 9, (4,))),
    ]
    for name, arguments in calls:
        lamella.manual_seed(3)
        expected = getattr(lamella, name)(*arguments)
        lamella.manual_seed(3)
        found = getattr(lamella, name)(*arguments, device=subject.way.place)
        assert found.device.type == subject.way.place.type, f"{name}(device=…) made a tensor on {found.device}"
        assert found.dtype is expected.dtype, f"{name}: dtype {found.dtype}, expected {expected.dtype}"
        assert_same(found.cpu().numpy(), expected.numpy())


def in_place_changes(subject: OnDevice) -> None:
    """In-place ops and assignments, of views too, change what they should, and their gradients are right."""

    def run(place: Any) -> list[Any]:
        leaf = lamella.arange(6.0, device=place).reshape(2, 3).requires_grad_()
        x = leaf * 2
        x[0].mul_(3)
        x[:, 1] = 7
        x += leaf
        x.exp_()
        (x * x).sum().backward()
        return [x.detach().cpu().numpy(), leaf.grad.cpu().numpy()]

    for found, right in zip(run(subject.way.place), run(CPU), strict=True):
        assert_same(found, right)


def pickling(subject: OnDevice) -> None:
    """Copies and pickles of a tensor are on the device, and hold the same."""
    made = lamella.arange(5.0, device=subject.way.place).requires_grad_()
    for copied in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert copied.device == made.device, f"the copy is on {copied.device}"
        assert copied.requires_grad
        assert_same(copied.detach().cpu().numpy(), made.detach().cpu().numpy())


def training(subject: OnDevice) -> None:
    """A small network learns on the device just what it learns on the host."""

    def losses(place: Any) -> list[float]:
        rng = np.random.default_rng(0)
        x, y = (lamella.tensor(rng.normal(size=(16, n)), device=place) for n in (3, 2))
        weights = [
            lamella.tensor(0.5 * rng.normal(size=s), device=place, requires_grad=True) for s in ((3, 8), (8,), (8, 2))
        ]
        found = []
        for _ in range(10):
            w1, b, w2 = weights
            loss = (((x @ w1 + b).tanh() @ w2 - y) ** 2).mean()
            loss.backward()
            with lamella.no_grad():
                for weight in weights:
                    weight -= 0.1 * weight.grad  # noqa: PLW2901  # in place
                    weight.grad = None
            found.append(loss.item())
        return found

    found, right = losses(subject.way.place), losses(CPU)
    assert_same(np.array(found), np.array(right))
    assert found[-1] < found[0], f"the loss went from {found[0]} to {found[-1]}"


#: In the order in which they run.
CHECKS = (availability, transfer, creation, in_place_changes, pickling, training)

__all__ = ["CHECKS", "OnDevice"]
