"""The conformance suites by name: which there are, what each holds to account, and where it is.

Nothing is imported for this table, so that the pytest plugin and ``lamella.testing`` can read it for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lamella.core.plugins.first_party import FIRST_PARTY


@dataclass(frozen=True, slots=True)
class SuiteEntry:
    """One suite.

    Attributes:
        kind: Names the flag ``--lamella-<kind>`` and the attribute of the class.
        class_name: The class that an author inherits from.
        home: The module that it is in, within ``testing`` of the package whose kind of thing it tests.
        takes: What the flag is given. runs: what it does, for ``--help``.
    """

    kind: str
    class_name: str
    home: str
    takes: str
    runs: str


SUITES = {
    entry.kind: entry
    for entry in (
        SuiteEntry("backend", "BackendConformance", "backends", "NAME", "every op on a device type"),
        SuiteEntry("kernels", "KernelConformance", "kernel_sets", "PROVIDER", "the kernels of a provider"),
        SuiteEntry("ops", "OpConformance", "plugin_ops", "PLUGIN", "the ops of a plugin"),
        SuiteEntry("layers", "LayerConformance", "layers", "PLUGIN", "the layers of a plugin"),
        SuiteEntry("losses", "LossConformance", "layers", "PLUGIN", "the losses of a plugin"),
        SuiteEntry(
            "optimizers",
            "OptimizerConformance",
            "optimizers",
            "PLUGIN",
            "the optimizers of a plugin",
        ),
        SuiteEntry(
            "plugin",
            "PluginConformance",
            "registrations",
            "PLUGIN",
            "a plugin's registration, its datasets, loggers and commands",
        ),
    )
}

#: The property under which a test's report carries ``[suite, area, subject]`` to the summary.
SUMMARY = "lamella_conformance"
#: 1 / 0 is inf without comment, but pytest undoes the filter that sees to it (``lamella.core.op.keep_quiet``).
QUIET = "ignore::RuntimeWarning"


def suite_class(kind: str) -> type[Any]:
    """The class of a suite, a ``lamella.core.testing.suite.Conformance``, imported now.

    Raises:
        PackageMissing: It is in a package that is not installed.
    """
    entry = SUITES[kind]
    owner = next((package.module for package in FIRST_PARTY if kind in package.kinds), "lamella.core")
    found: type[Any] = getattr(import_module(f"{owner}.testing.{entry.home}"), entry.class_name)
    return found
