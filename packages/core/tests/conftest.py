"""A folder of real distributions, for tests of plugins; nothing of what they import outlives its test."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lamella.core.plugins import Manager


class Site:
    """A folder of installed distributions, written as pip writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(
        self,
        distribution: str,
        *,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        entry_points: str = "",
        metadata: str | None = None,
    ) -> None:
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        if metadata is None:
            lines = [
                f"Name: {distribution}",
                f"Version: {version}",
                *(f"Requires-Dist: {r}" for r in requires),
            ]
            metadata = "\n".join(["Metadata-Version: 2.4", *lines]) + "\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(entry_points)

    def install_plugin(self, distribution: str, code: str, **metadata: object) -> None:
        """Install a distribution with one module, named after it, that is its plugin."""
        module = distribution.replace("-", "_")
        (self.folder / f"{module}.py").write_text(textwrap.dedent(code))
        self.install(distribution, entry_points=f"[lamella]\n{distribution} = {module}\n", **metadata)

    def install_optimizers(self, distribution: str, **targets: str) -> None:
        """Install a distribution whose plugin offers optimizers: their names, and where they are."""
        adds = "".join(f"\n    registry.add({name!r}, {target!r})" for name, target in targets.items())
        hook = f"@hookimpl\ndef register_optimizers(registry):{adds}\n"
        self.install_plugin(distribution, f"from lamella.core.plugins import hookimpl\n\n\n{hook}")

    def manager(self, **environ: str) -> Manager:
        """A manager that sees this folder alone, these variables, and its ``pyproject.toml``."""
        return Manager([str(self.folder)], environ, self.folder / "pyproject.toml")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Site(tmp_path)
    theirs = [name for name in set(sys.modules) - before if str(tmp_path) in place(sys.modules[name])]
    for name in theirs:
        del sys.modules[name]


def place(module: ModuleType) -> str:
    """Where a module was found, a package without ``__init__`` included."""
    return getattr(module, "__file__", None) or str(list(getattr(module, "__path__", ())))
