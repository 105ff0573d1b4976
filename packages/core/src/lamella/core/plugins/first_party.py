"""Lamella's own packages beside the core: the one table that error messages take a package's name from.

It gives these packages no rights: they register as any plugin does. It exists so that a name that is missing
can be answered with the package to install, and so that no other package can take a name that one of these
uses.
"""

from __future__ import annotations


class Package:
    """One package of ours.

    Attributes:
        distribution: What pip calls it.
        module: What Python imports.
        kinds: The registries in which it has names.
    """

    __slots__ = ("distribution", "kinds", "module")

    def __init__(self, distribution: str, module: str, kinds: tuple[str, ...]) -> None:
        self.distribution = distribution
        self.module = module
        self.kinds = kinds


FIRST_PARTY = (
    Package("lamella-nn", "lamella.nn", ("layers", "losses", "activations")),
    Package("lamella-optim", "lamella.optim", ("optimizers", "schedulers")),
    Package("lamella-data", "lamella.data", ("datasets", "transforms")),
)
