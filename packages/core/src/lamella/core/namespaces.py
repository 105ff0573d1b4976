"""Sub-modules of ``lamella``: imported on first use, and named with their package where it is not installed.

The facade asks :func:`lookup` for a name that is none of its own, and calls :func:`name_missing_packages` once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from lamella.core.errors import NameMissing, PackageMissing
from lamella.core.late_imports import import_late
from lamella.core.plugins.first_party import FIRST_PARTY
from lamella.core.plugins.suggestions import did_you_mean

SUBMODULES = {
    **{package.module: package.distribution for package in FIRST_PARTY},
    # PyTorch's long names. Each is a small module of re-exports beside the facade.
    "lamella.utils": "lamella-core",
    "lamella.utils.checkpoint": "lamella-core",
    "lamella.utils.data": "lamella-data",
    "lamella.utils.data.dataloader": "lamella-data",
    "lamella.utils.data.dataset": "lamella-data",
    "lamella.utils.data.distributed": "lamella-data",
    "lamella.utils.data.sampler": "lamella-data",
    "lamella.accelerator": "lamella-core",
    "lamella.backends": "lamella-core",
    "lamella.backends.cuda": "lamella-core",
    "lamella.backends.cudnn": "lamella-core",
    "lamella.backends.mps": "lamella-core",
    "lamella.cpu": "lamella-core",
    "lamella.cuda": "lamella-core",
    "lamella.cuda.amp": "lamella-core",
    "lamella.mps": "lamella-core",
    "lamella.version": "lamella-core",
    "lamella.xpu": "lamella-core",
    "lamella.autograd": "lamella-core",
    "lamella.autograd.anomaly_mode": "lamella-core",
    "lamella.autograd.forward_ad": "lamella-core",
    "lamella.autograd.function": "lamella-core",
    "lamella.autograd.functional": "lamella-core",
    "lamella.autograd.graph": "lamella-core",
    "lamella.autograd.profiler": "lamella-core",
    "lamella.fft": "lamella-core",
    "lamella.func": "lamella-core",
    "lamella.linalg": "lamella-core",
    "lamella.random": "lamella-core",
    "lamella.special": "lamella-core",
    "lamella.testing": "lamella-core",
    "lamella.amp": "lamella-core",
    # And three of our own.
    "lamella.checkpoints": "lamella-core",
    "lamella.debug": "lamella-core",
    "lamella.kernels": "lamella-core",
}
"""Every sub-module that attribute access imports, and the package that it needs."""


def lookup(name: str, namespace: str = "lamella") -> ModuleType:
    """Find an attribute that a module does not have yet: its ``__getattr__``, as PEP 562 defines it.

    Args:
        name: The attribute.
        namespace: The module it is asked of.

    Returns:
        The sub-module of that name, imported now. Python stores it in its parent, so this runs once for each.

    Raises:
        NameMissing: If there is no such name, or the package that has it is not installed.
    """
    full_name = f"{namespace}.{name}"
    distribution = SUBMODULES.get(full_name)
    if distribution is None:
        raise NameMissing(f"module {namespace!r} has no attribute {name!r}.{did_you_mean(name, _names(namespace))}")
    try:
        return import_late(full_name)
    except PackageMissing as missing:
        if missing.msg != _missing(distribution):
            raise  # the package is there, and misses another one
        raise NameMissing(missing.msg) from missing


def name_missing_packages() -> None:
    """Make ``import lamella.nn`` say what to install where it is absent. Again changes nothing."""
    if not any(isinstance(finder, _MissingPackageFinder) for finder in sys.meta_path):
        sys.meta_path.append(_MissingPackageFinder())


class _MissingPackageFinder:
    """Comes last on ``sys.meta_path``, so it is asked only for what no other finder has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for package in FIRST_PARTY:
            if fullname == package.module:
                # Without `name=`: `from lamella import nn` forgives the absence of the module that it names,
                # and would put a message without the hint in place of this one.
                raise PackageMissing(_missing(package.distribution))
        return None


def _missing(distribution: str) -> str:
    module = next(package.module for package in FIRST_PARTY if package.distribution == distribution)
    return f"{module} is in a package that is not installed: pip install {distribution}"


def _names(namespace: str) -> set[str]:
    """List the names that a namespace has, and those it would import."""
    inside = {full.rpartition(".")[2] for full in SUBMODULES if full.rpartition(".")[0] == namespace}
    return inside | {name for name in vars(sys.modules[namespace]) if not name.startswith("_")}
