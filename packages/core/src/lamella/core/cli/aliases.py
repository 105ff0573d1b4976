"""Modules under another name: ``torch.nn`` is ``lamella.nn``, the same object."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType

import lamella

ALIASES = {
    "torch": {"torch": "lamella", "torchvision": "lamella.data", "torchvision.utils": "lamella.data.grids"},
}
"""What can be stood for: modules, each with the module of ours that answers for it and, if there is no nearer one, for
what is below it."""

VERSIONS = {"torch": "2.13.0"}
"""Which version of each is stood for: the one whose names and results ours are."""


def alias(name: str) -> None:
    """Let Lamella answer to the modules of another framework, from now on and in this process.

    Programs ask for the version to learn what the framework can do. So that of ``lamella`` becomes the other's here,
    with ours behind it: ``2.13.0+lamella.0.1.0``.

    Args:
        name: A key of :data:`ALIASES`.
    """
    sys.meta_path.insert(0, _Finder(ALIASES[name]))
    lamella.__version__ = f"{VERSIONS[name]}+lamella.{lamella.__version__}"


class _Finder(Loader):
    """Finds an aliased module by importing the one that it stands for; also its loader."""

    def __init__(self, stand_ins: dict[str, str]) -> None:
        self.stand_ins = stand_ins

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname.partition(".")[0] in self.stand_ins else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        real = self._stand_in(spec.name)
        try:
            module = import_module(real)
        except ModuleNotFoundError as error:
            if error.name != real:
                raise  # it is there, and misses another one, which the message names
            raise ModuleNotFoundError(f"Lamella has no {real}, which {spec.name} would be.", name=spec.name) from None
        spec.loader_state = module.__spec__
        for name, below in self.stand_ins.items():
            outer, _, attribute = name.rpartition(".")
            if outer == spec.name:  # `from torchvision import utils` looks for an attribute
                setattr(module, attribute, import_module(below))
        return module

    def _stand_in(self, name: str) -> str:
        """The module of ours for a name."""
        nearest, rest = name, ""
        while nearest not in self.stand_ins:
            nearest, _, last = nearest.rpartition(".")
            rest = f".{last}{rest}"
        return self.stand_ins[nearest] + rest

    def exec_module(self, module: ModuleType) -> None:
        # The module was executed under its own name. The import system has just put the alias's spec in place of
        # its own.
        spec = module.__spec__
        if spec is not None:
            module.__spec__ = spec.loader_state
