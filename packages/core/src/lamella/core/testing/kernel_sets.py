"""``KernelConformance``: each kernel of a provider, compared with its op's own forward."""

from __future__ import annotations

from lamella.core import ops, plugins
from lamella.core.backends import kernels
from lamella.core.backends.kernels import Kernel
from lamella.core.devices import device
from lamella.core.errors import PluginError
from lamella.core.op import OPS
from lamella.core.testing import two_way_checks
from lamella.core.testing.suite import Case, Conformance, crossed
from lamella.core.testing.ways import TwoWays, Way


class KernelConformance(Conformance):
    """The kernels of one provider, which are taken into use if they are not yet.

    Attributes:
        kernels: The provider's registered name.

    Example:
        >>> class TestFast(KernelConformance):
        ...     kernels = "fast"
    """

    kind = "kernels"
    kernels: str

    def cases(self) -> list[Case]:
        """Every check of every kernel.

        Raises:
            PluginError: No plugin has registered this provider, or an op that it names does not exist.
        """
        found = _in_use(self.of_what)
        ops.load_all()
        unknown = [kernel.op for kernel in found if kernel.op not in OPS]
        if unknown:
            raise PluginError(f"provider {self.of_what!r} has kernels for ops that do not exist: {', '.join(unknown)}")
        return crossed([KernelSubject(kernel) for kernel in found], (*two_way_checks.CHECKS, is_used))


def _in_use(provider: str) -> list[Kernel]:
    """The provider's kernels, taken into use."""
    for kernel in plugins.kernels.load(provider):
        kernels.offer(kernel)
    return [kernel for kernel in kernels.listing() if kernel.provider == provider]


class KernelSubject(TwoWays):
    """A kernel, against the op's own forward on the same device type."""

    def __init__(self, kernel: Kernel) -> None:
        place = device(kernel.device_type)
        super().__init__(OPS[kernel.op], Way(place, kernel.provider), Way(place, kernels.REFERENCE))
        self.kernel = kernel


def is_used(subject: KernelSubject) -> None:
    """The kernel takes at least one sample call, and does not answer NotImplemented to all."""
    answers = []
    for call in subject.placed:
        arrays = call.filled([t.array for t in subject.way.tensors(call.arrays)])
        answers.append(subject.kernel.function(*arrays, *call.attributes))
    assert any(answer is not NotImplemented for answer in answers), (
        f"the kernel answers NotImplemented to all {len(answers)} sample calls of {subject.op.name}: nothing was tested"
    )


__all__ = ["KernelConformance"]
