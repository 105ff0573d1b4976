"""Plugins: what other packages offer, found on first use.

A plugin's registration module needs only ``hookimpl``. A program asks the registries::

    from lamella.core import plugins

    plugins.optimizers.load("adam")   # the class, imported now
    sorted(plugins.layers)            # names; nothing is imported for them
    plugins.records()                 # every plugin found, and how it fares

Importing this module imports nothing else, pluggy and importlib_metadata least of all: each name brings in
its own module when it is first used, and the first look-up reads the metadata.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamella.core.plugins.contracts import Command as Command
    from lamella.core.plugins.contracts import Compressor as Compressor
    from lamella.core.plugins.contracts import Exporter as Exporter
    from lamella.core.plugins.contracts import Logger as Logger
    from lamella.core.plugins.contracts import ProcessGroup as ProcessGroup
    from lamella.core.plugins.installed import activations as activations
    from lamella.core.plugins.installed import backends as backends
    from lamella.core.plugins.installed import commands as commands
    from lamella.core.plugins.installed import compressors as compressors
    from lamella.core.plugins.installed import configure as configure
    from lamella.core.plugins.installed import datasets as datasets
    from lamella.core.plugins.installed import exporters as exporters
    from lamella.core.plugins.installed import kernels as kernels
    from lamella.core.plugins.installed import layers as layers
    from lamella.core.plugins.installed import load as load
    from lamella.core.plugins.installed import loggers as loggers
    from lamella.core.plugins.installed import losses as losses
    from lamella.core.plugins.installed import ops as ops
    from lamella.core.plugins.installed import optimizers as optimizers
    from lamella.core.plugins.installed import process_groups as process_groups
    from lamella.core.plugins.installed import records as records
    from lamella.core.plugins.installed import reset as reset
    from lamella.core.plugins.installed import schedulers as schedulers
    from lamella.core.plugins.installed import transforms as transforms
    from lamella.core.plugins.installed import unregister as unregister
    from lamella.core.plugins.manager import Manager as Manager
    from lamella.core.plugins.markers import hookimpl as hookimpl
    from lamella.core.plugins.markers import hookspec as hookspec
    from lamella.core.plugins.record import PluginRecord as PluginRecord
    from lamella.core.plugins.record import PluginState as PluginState
    from lamella.core.plugins.registry import Registrar as Registrar
    from lamella.core.plugins.registry import Registration as Registration
    from lamella.core.plugins.registry import Registry as Registry

_PUBLIC = {
    "contracts": ("Command", "Compressor", "Exporter", "Logger", "ProcessGroup"),
    "installed": (
        "activations",
        "backends",
        "commands",
        "compressors",
        "configure",
        "datasets",
        "exporters",
        "kernels",
        "layers",
        "load",
        "loggers",
        "losses",
        "ops",
        "optimizers",
        "process_groups",
        "records",
        "reset",
        "schedulers",
        "transforms",
        "unregister",
    ),
    "manager": ("Manager",),
    "markers": ("hookimpl", "hookspec"),
    "record": ("PluginRecord", "PluginState"),
    "registry": ("Registrar", "Registration", "Registry"),
}
_HOMES = {name: module for module, names in _PUBLIC.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
