"""``lamella.nn`` finds the layers, activations and losses that other packages registered."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import lamella
from lamella import nn
from lamella.core import plugins
from lamella.core.errors import PluginError

LAYERS = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_layers(registry):
        registry.add("Doubling", "acme_layers.doubling:Doubling")
        registry.add("Lost", "acme_layers.lost:Lost")

    @hookimpl
    def register_activations(registry):
        registry.add("Halving", "acme_layers.doubling:Halving")

    @hookimpl
    def register_losses(registry):
        registry.add("GapLoss", "acme_layers.doubling:GapLoss")
"""
DOUBLING = """
    from lamella import nn

    class Doubling(nn.Module):
        def forward(self, input):
            return input * 2

    class Halving(nn.Module):
        def forward(self, input):
            return input / 2

    class GapLoss(nn.Module):
        def forward(self, input, target):
            return (input - target).sum()
"""
BROKEN = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_layers(registry):
        registry.add("Tripling", "acme_broken:Tripling")
        raise OSError("no licence found")
"""


def install(folder: Path, module: str, files: dict[str, str]) -> None:
    """Write a distribution as pip does: its files, its metadata, its entry point."""
    for name, code in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(code))
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {module.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lamella]\n{module} = {module}\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that distributions are found in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    plugins.reset()
    plugins.configure(plugins="all")  # whatever the environment of the suite says
    yield tmp_path
    plugins.reset()
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):
            del sys.modules[name]


@pytest.fixture
def acme(folder: Path) -> Path:
    install(folder, "acme_layers", {"acme_layers/__init__.py": LAYERS, "acme_layers/doubling.py": DOUBLING})
    return folder


@pytest.mark.usefixtures("acme")
def test_a_registered_layer_is_found_and_imported_when_it_is_asked_for() -> None:
    assert isinstance(nn.Linear(2, 3), nn.Module)
    assert not hasattr(nn, "__nothing__")
    assert "acme_layers" not in sys.modules  # what is there needs no plugin, and Python's own questions load none
    model = nn.Sequential(nn.Linear(2, 3), nn.Doubling())
    assert type(model[1]) is sys.modules["acme_layers.doubling"].Doubling
    assert nn.Doubling()(lamella.ones(2)).tolist() == [2.0, 2.0]
    assert nn.Halving()(lamella.ones(2)).tolist() == [0.5, 0.5]
    assert nn.GapLoss()(lamella.ones(2), lamella.zeros(2)).item() == 2.0
    namespace: dict[str, object] = {}
    exec("from lamella.nn import Doubling", namespace)
    assert namespace["Doubling"] is nn.Doubling


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("asked", "near"),
    [("Conv2D", "Conv2d"), ("Lineer", "Linear"), ("relu", "ReLU"), ("CrossEntropy", "CrossEntropyLoss"),
     ("Dubling", "Doubling"), ("Halvin", "Halving"), ("GapLos", "GapLoss")],
)  # fmt: skip
def test_an_unknown_name_suggests_the_near_one(asked: str, near: str) -> None:
    with pytest.raises(AttributeError, match=f"'lamella.nn' has no attribute '{asked}'. Did you mean '{near}'"):
        getattr(nn, asked)


@pytest.mark.usefixtures("acme")
def test_a_layer_that_cannot_be_imported_says_why() -> None:
    with pytest.raises(PluginError, match=r"layer 'Lost' of acme-layers 1.0 cannot be imported .*No module named"):
        _ = nn.Lost


def test_a_layer_whose_plugin_was_set_aside_says_so(folder: Path) -> None:
    install(folder, "acme_broken", {"acme_broken.py": BROKEN})
    with pytest.warns(RuntimeWarning, match="set aside the plugin 'acme_broken'"):
        plugins.load()
    with pytest.raises(
        AttributeError, match="no attribute 'Tripling'. It comes with the .*no licence found.* set aside"
    ) as missing:
        _ = nn.Tripling
    assert isinstance(missing.value.__cause__, OSError)


def test_a_layer_that_a_plugin_might_have_had_which_failed_when_imported_says_so(folder: Path) -> None:
    install(folder, "acme_broken", {"acme_broken.py": "raise OSError('no licence found')"})
    with pytest.warns(RuntimeWarning, match="set aside the plugin 'acme_broken'"):
        plugins.load()
    with pytest.raises(
        AttributeError, match="no attribute 'Tripling'. Set aside, so what they offer is missing: .*no licence found"
    ) as missing:
        _ = nn.Tripling
    assert isinstance(missing.value.__cause__, OSError)
