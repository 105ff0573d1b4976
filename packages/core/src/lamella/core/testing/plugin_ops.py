"""``OpConformance``: every check of each op that a plugin registers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lamella.core.op import Op
from lamella.core.testing import conformance
from lamella.core.testing.suite import Case, Conformance, offered


class OpConformance(Conformance):
    """The ops of one plugin, from their records; what they should compute is in a module ``reference`` beside theirs.

    Attributes:
        ops: The name of the plugin's entry point.

    Example:
        >>> class TestMine(OpConformance):
        ...     ops = "acme"
    """

    kind = "ops"
    ops: str

    def cases(self) -> list[Case]:
        """Every check of every op.

        Raises:
            PluginError: There is no such plugin, or it registers no op.
        """
        found = [function.op for function in offered(self.of_what, "ops").values()]
        return [case for op in found for case in conformance.cases([op], _references(op))]


def _references(op: Op) -> Any:
    """The module ``reference`` of the package that defines the op."""
    return import_module(f"{op.forward.__module__.rpartition('.')[0]}.reference")


__all__ = ["OpConformance"]
