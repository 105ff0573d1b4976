"""``BackendConformance``: every op on a backend, compared with NumPy; and what only tensors on a device can do."""

from __future__ import annotations

import re

import numpy as np

from lamella.core import ops, plugins
from lamella.core.backends import kernels
from lamella.core.devices import CPU, device
from lamella.core.dtypes import DIFFERENTIABLE
from lamella.core.errors import DeviceError
from lamella.core.op import OPS, Op
from lamella.core.testing import device_checks, two_way_checks
from lamella.core.testing.calls import OpCall
from lamella.core.testing.subject import assert_raises, reproducible
from lamella.core.testing.suite import Case, Conformance, crossed
from lamella.core.testing.ways import TwoWays, Way, outcome


class BackendConformance(Conformance):
    """Every op that there is, and each that an installed plugin registers, on the backend of a device type.

    Attributes:
        backend: The device type, such as ``"cuda"``.

    Example:
        >>> class TestStrict(BackendConformance):
        ...     backend = "strict"
    """

    kind = "backend"
    backend: str

    def cases(self) -> list[Case]:
        """Every check of every op, and those of the device.

        Raises:
            RuntimeError: There is no such backend, or it cannot be used here.
        """
        way, right = Way(device(self.of_what)), Way(CPU)
        subjects = [OnBackend(op, way, right) for op in all_ops()]
        checks = (*two_way_checks.CHECKS, mixed_devices)
        return [*crossed([device_checks.OnDevice(way)], device_checks.CHECKS), *crossed(subjects, checks)]


class OnBackend(TwoWays):
    """An op on the backend, against the same on the host."""

    @property
    def area(self) -> str:
        """The op's family, and whether the backend leaves the op to the host."""
        chosen, *_ = kernels.candidates(self.op.name, self.op.forward, self.way.backend)
        return f"{super().area}, on the host" if chosen.provider == kernels.HOST else super().area


def all_ops() -> list[Op]:
    """Every op on one device: the core's, those that plugins register, and those that their layers are made of."""
    ops.load_all()
    for registry in (plugins.ops, plugins.layers, plugins.losses):
        for name in registry:
            registry.load(name)
    return [OPS[name] for name in sorted(OPS) if OPS[name].samples is not None and name not in kernels.BETWEEN_DEVICES]


def mixed_devices(subject: TwoWays) -> None:
    """With one input on the host and the others on the device, an error names both."""
    for call in subject.placed:
        if len(call.arrays) < 2:
            continue
        mine, hosts = subject.way.tensors(call.arrays), subject.right.tensors(call.arrays)
        for given in ([mine[0], *hosts[1:]], [hosts[0], *mine[1:]]):
            with reproducible(call, "with inputs on two devices"):
                found = outcome(lambda: call.run(given))  # noqa: B023  # called at once
                if isinstance(found, type) or not _looks_away(subject, call):
                    names = "".join(f"(?=.*{re.escape(str(t.device))})" for t in given)
                    assert_raises(lambda: call.run(given), DeviceError, names)  # noqa: B023  # called at once


def _looks_away(subject: TwoWays, call: OpCall) -> bool:
    """Whether the results are the same whatever some input holds, as with no element: then nobody looks at it."""
    expected = subject.right.values(call)
    for i, array in enumerate(call.arrays):
        if array.dtype in DIFFERENTIABLE:
            others = subject.right.values(call.with_arrays([*call.arrays[:i], array * 0.5, *call.arrays[i + 1 :]]))
            if all(np.array_equal(a, b) for a, b in zip(others, expected, strict=True)):
                return True
    return False


__all__ = ["BackendConformance", "all_ops"]
