"""``OptimizerConformance``: the optimizers that a plugin registers."""

from __future__ import annotations

from lamella.core.testing.suite import Case, Conformance, crossed, offered
from lamella.optim.testing import optimizer_checks
from lamella.optim.testing.problems import OptimizerSubject


class OptimizerConformance(Conformance):
    """The optimizers of one plugin.

    Each is made as ``cls(params, **cls.conformance_options)``, on tensors of ``cls.conformance_shapes``.

    Attributes:
        optimizers: The name of the plugin's entry point.

    Example:
        >>> class TestMine(OptimizerConformance):
        ...     optimizers = "acme"
    """

    kind = "optimizers"
    optimizers: str

    def cases(self) -> list[Case]:
        """Every check of every optimizer.

        Raises:
            PluginError: There is no such plugin, or it registers no optimizer.
        """
        found = offered(self.of_what, "optimizers")
        return crossed([OptimizerSubject(name, cls) for name, cls in found.items()], optimizer_checks.CHECKS)


__all__ = ["OptimizerConformance"]
