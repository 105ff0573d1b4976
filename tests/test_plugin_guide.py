"""The guide to plugins, followed to the letter: its commands and programs run one after the other in one folder.

A block below a line that is nothing but the name of a file is a part of that file, as ``lamella new-plugin`` writes it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lamella.core.scaffold import KINDS, write_plugin

if TYPE_CHECKING:
    from conftest import Environment

GUIDE = (Path(__file__).parents[1] / "docs/plugin-guide.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
PARTS = [block for block in BLOCK.finditer(GUIDE) if block["file"]]
STEPS = [block for block in BLOCK.finditer(GUIDE) if not block["file"]]

# What a package is built with is there already, and nothing else is needed from outside.
OFFLINE = {"PIP_NO_BUILD_ISOLATION": "false", "PIP_NO_INDEX": "true", "PIP_DISABLE_PIP_VERSION_CHECK": "true"}


@pytest.fixture
def installed_here(environment: Environment) -> Iterator[None]:
    yield
    environment.uninstall("lamella-signum", "lamella-which")


@pytest.mark.usefixtures("installed_here")
def test_following_the_guide_works(environment: Environment, tmp_path: Path) -> None:
    for step in STEPS:
        text = step["text"]
        if step["language"] == "toml":
            assert tomllib.loads(text)["tool"]["lamella"].keys() == {"plugins", "strict", "prefer"}
        elif step["language"] == "python":
            environment.run("-W", "error", "-c", text, cwd=tmp_path)
        else:
            printed = environment.follow(text, cwd=tmp_path, **OFFLINE)
            if "lamella which adam" in text:
                assert "optimizers: lamella.optim" in printed
            if text.startswith("LAMELLA_PLUGINS="):
                assert re.search(r"^signum .* blocked", printed, re.MULTILINE)
    assert {path.suffix for path in (tmp_path / "lamella-signum" / "dist").iterdir()} == {".whl", ".gz"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part['file']} {part.start()}")
def test_what_the_guide_shows_is_what_is_written(part: re.Match[str], tmp_path: Path) -> None:
    name, _, path = part["file"].partition("/")
    written = [write_plugin(name, kind, tmp_path / kind) / path for kind in KINDS]
    assert any(part["text"] in file.read_text(encoding="utf-8") for file in written if file.exists())


def test_the_guide_is_read_whole() -> None:
    assert len(PARTS) + len(STEPS) == GUIDE.count("\n```") / 2
    assert {step["language"] for step in STEPS} == {"sh", "python", "toml"}
    assert set(re.findall(r"--kind (\w+)", GUIDE)) <= set(KINDS)
