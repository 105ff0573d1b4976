"""``LayerConformance`` and ``LossConformance``: the layers and losses that a plugin registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from lamella.core.testing.suite import Case, Conformance, crossed, offered, record_of
from lamella.nn.testing import layer_checks, loss_checks
from lamella.nn.testing.layer_samples import LayerMake, LayerSubject

Samples = Callable[[LayerMake], Any]


class LayerConformance(Conformance):
    """The layers and activations of one plugin, made and called as their ``conformance_samples`` say.

    Attributes:
        layers: The name of the plugin's entry point.
        samples: ``conformance_samples`` by registered name, for classes that have none of their own.

    Example:
        >>> class TestMine(LayerConformance):
        ...     layers = "acme"
    """

    kind = "layers"
    layers: str
    samples: ClassVar[Mapping[str, Samples]] = MappingProxyType({})

    def cases(self) -> list[Case]:
        """Every check of every layer.

        Raises:
            PluginError: There is no such plugin, or it registers no layer.
        """
        offers = record_of(self.of_what).offers
        kinds = [kind for kind in ("layers", "activations") if kind in offers] or ["layers"]
        subjects = [
            LayerSubject(kind, name, cls, self.samples.get(name))
            for kind in kinds
            for name, cls in offered(self.of_what, kind).items()
        ]
        return crossed(subjects, layer_checks.CHECKS)


class LossConformance(Conformance):
    """The losses of one plugin, made and called as their ``conformance_samples`` say.

    Attributes:
        losses: The name of the plugin's entry point.
        samples: ``conformance_samples`` by registered name, for classes that have none of their own.

    Example:
        >>> class TestMine(LossConformance):
        ...     losses = "acme"
    """

    kind = "losses"
    losses: str
    samples: ClassVar[Mapping[str, Samples]] = MappingProxyType({})

    def cases(self) -> list[Case]:
        """Every check of every loss.

        Raises:
            PluginError: There is no such plugin, or it registers no loss.
        """
        found = offered(self.of_what, "losses")
        subjects = [LayerSubject("losses", name, cls, self.samples.get(name)) for name, cls in found.items()]
        return crossed(subjects, (*layer_checks.CHECKS, *loss_checks.CHECKS))


__all__ = ["LayerConformance", "LossConformance"]
