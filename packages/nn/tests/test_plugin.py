"""The entry point that this package declares: it loads, and every import string behind it leads somewhere."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest
from importlib_metadata import EntryPoint

from lamella import nn
from lamella.core.plugins import Registrar

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def registered(kind: str) -> dict[str, Any]:
    """Register as the plugin manager would, and import what is registered."""
    plugin = EntryPoint("nn", PROJECT["entry-points"]["lamella"]["nn"], "lamella").load()
    registrar = Registrar(kind, PROJECT["name"], {})
    getattr(plugin, f"register_{kind}")(registrar)
    targets = {name: added.target for name, added in registrar.additions.items()}
    return {name: EntryPoint(name, target, kind).load() for name, target in targets.items()}


BASES_AND_CONTAINERS = {
    "DataParallel",
    "Module",
    "RNNBase",
    "RNNCellBase",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "ParameterList",
    "ParameterDict",
}


def kind_of(module: type) -> str:
    """The kind that a module's name, and the file it stands in, say that it is."""
    if "Loss" in module.__name__:
        return "losses"
    return "activations" if module.__module__ in ("lamella.nn.activations", "lamella.nn.rectifiers") else "layers"


@pytest.mark.parametrize("kind", ["layers", "activations", "losses"])
def test_every_public_class_is_registered_and_every_registration_leads_to_one(kind: str) -> None:
    public = {
        name: value
        for name, value in vars(nn).items()
        if inspect.isclass(value)
        and issubclass(value, nn.Module)
        and not name.startswith("_")
        and name not in BASES_AND_CONTAINERS
        and kind_of(value) == kind
    }
    assert registered(kind) == public
