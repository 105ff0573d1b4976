"""The entry point that this package declares: it loads, and every import string behind it leads somewhere."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path
from typing import Any

import pytest
from importlib_metadata import EntryPoint

from lamella import optim
from lamella.core.plugins import Registrar
from lamella.optim import swa_utils

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def registered(kind: str) -> dict[str, Any]:
    """Register as the plugin manager would, and import what is registered."""
    plugin = EntryPoint("optim", PROJECT["entry-points"]["lamella"]["optim"], "lamella").load()
    registrar = Registrar(kind, PROJECT["name"], {})
    getattr(plugin, f"register_{kind}")(registrar)
    targets = {name: added.target for name, added in registrar.additions.items()}
    return {name: EntryPoint(name, target, kind).load() for name, target in targets.items()}


@pytest.mark.parametrize(
    ("kind", "module", "base"),
    [
        ("optimizers", optim, optim.Optimizer),
        ("schedulers", optim.lr_scheduler, optim.lr_scheduler.LRScheduler),
    ],
)
def test_every_public_class_is_registered_and_every_registration_leads_to_one(
    kind: str, module: Any, base: type
) -> None:
    public = {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, base) and value is not base
    }
    if kind == "optimizers":
        public = {name.lower(): value for name, value in public.items()}
    else:
        public["SWALR"] = swa_utils.SWALR
    assert registered(kind) == public
