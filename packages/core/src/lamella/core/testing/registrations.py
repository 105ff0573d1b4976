"""``PluginConformance``: a plugin's registration, and the kinds of thing that have no suite of their own."""

from __future__ import annotations

from lamella.core import plugins
from lamella.core.testing import plugin_checks
from lamella.core.testing.plugin_checks import Offer, Registration
from lamella.core.testing.suite import Case, Conformance, crossed, record_of


class PluginConformance(Conformance):
    """The registration module of one plugin, everything that it registers, its datasets, loggers and commands.

    Attributes:
        plugin: The name of the plugin's entry point.

    Example:
        >>> class TestMine(PluginConformance):
        ...     plugin = "acme"
    """

    kind = "plugin"
    plugin: str

    def cases(self) -> list[Case]:
        """Every check of the registration and of each name.

        Raises:
            PluginError: There is no such plugin, or it was set aside.
        """
        record = record_of(self.of_what)
        found = crossed([Registration(record.name)], plugin_checks.OF_THE_MODULE)
        for kind, names in record.offers.items():
            offers = [Offer(kind, name, getattr(plugins, kind)) for name in names]
            found += crossed(offers, (*plugin_checks.OF_EACH, *plugin_checks.BY_KIND.get(kind, ())))
        return found


__all__ = ["PluginConformance"]
