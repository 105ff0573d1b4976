"""The entry point that this package declares: it loads, and every import string behind it leads somewhere."""

from __future__ import annotations

import inspect
import tomllib
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from importlib_metadata import EntryPoint

from lamella.core.plugins import Registrar
from lamella.data import datasets, transforms

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def registered(kind: str) -> dict[str, Any]:
    """Register as the plugin manager would, and import what is registered."""
    plugin = EntryPoint("data", PROJECT["entry-points"]["lamella"]["data"], "lamella").load()
    registrar = Registrar(kind, PROJECT["name"], {})
    getattr(plugin, f"register_{kind}")(registrar)
    targets = {name: added.target for name, added in registrar.additions.items()}
    return {name: EntryPoint(name, target, kind).load() for name, target in targets.items()}


@pytest.mark.parametrize(("kind", "module"), [("datasets", datasets), ("transforms", transforms)])
def test_every_public_class_is_registered_and_every_registration_leads_to_one(kind: str, module: Any) -> None:
    public = {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__.startswith(module.__name__)
        # neither a base to derive from nor a choice of values is a transform or dataset
        and not inspect.isabstract(value)
        and not issubclass(value, Enum)
    }
    assert registered(kind) == public
