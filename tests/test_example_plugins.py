"""The example plugins, each built and installed as a stranger installs it, beside the others and without them."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Environment

EXAMPLES = {
    path.parent.name: path.parent for path in Path(__file__).parents[1].glob("examples/plugins/*/pyproject.toml")
}
IDS = sorted(EXAMPLES)


def project(name: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((EXAMPLES[name] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def entry_point(name: str) -> str:
    (entry,) = project(name)["entry-points"]["lamella"]
    return str(entry)


def registration(name: str) -> Path:
    """The plugin's registration module."""
    (module,) = project(name)["entry-points"]["lamella"].values()
    return EXAMPLES[name] / "src" / (module.replace(".", "/") + ".py")


@pytest.fixture(scope="module")
def installed(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """All examples, installed; and for each a folder with nothing but its tests and its README."""
    folder = tmp_path_factory.mktemp("examples")
    with environment.having({name: environment.build(EXAMPLES[name]) for name in IDS}):
        for name in IDS:
            shutil.copytree(EXAMPLES[name] / "tests", folder / name / "tests")
            shutil.copy(EXAMPLES[name] / "README.md", folder / name)
        yield {name: folder / name for name in IDS}


@pytest.mark.parametrize("name", IDS)
def test_an_example_passes_its_tests(name: str, installed: dict[str, Path], environment: Environment) -> None:
    done = environment.pytest("-W", "error", "--import-mode=importlib", "tests", cwd=installed[name])
    assert done.returncode == 0, done.stdout
    assert "lamella-plugin[" in done.stdout, "Lamella's own checks are among them"


@pytest.mark.parametrize("name", IDS)
def test_the_readme_of_an_example_runs(name: str, installed: dict[str, Path], environment: Environment) -> None:
    text = (installed[name] / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        environment.run("-W", "error", "-c", block, cwd=installed[name])


DOCTESTS = """
import doctest, importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
    result = doctest.testmod(importlib.import_module(module.name), optionflags=doctest.ELLIPSIS)
    assert not result.failed
"""


@pytest.mark.parametrize("name", IDS)
def test_what_the_docstrings_of_an_example_show_is_so(
    name: str, installed: dict[str, Path], environment: Environment
) -> None:
    environment.run("-c", DOCTESTS, registration(name).parent.name, cwd=installed[name])


LOADED = """
from lamella.core import plugins
plugins.load()
print(*(record.name for record in plugins.records() if record.state == "loaded"))
"""


def test_the_examples_stand_side_by_side_and_one_less_is_not_missed(
    installed: dict[str, Path], environment: Environment, tmp_path: Path
) -> None:
    every = {entry_point(name) for name in installed}
    assert every <= set(environment.run("-W", "error", "-c", LOADED, cwd=tmp_path).split())
    gone = "lamella-lion"
    environment.uninstall(gone)
    try:
        left = set(environment.run("-W", "error", "-c", LOADED, cwd=tmp_path).split())
        flags = [f"--lamella-plugin={entry_point(name)}" for name in installed if name != gone]
        done = environment.pytest("-W", "error", *flags, "-k", "loads", cwd=tmp_path)
    finally:
        environment.install(*(environment.folder / "wheels" / gone).iterdir())
    assert every - left == {entry_point(gone)}
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", IDS)
def test_an_example_is_a_package_like_a_strangers(name: str) -> None:
    about = project(name)
    package = registration(name).parent
    assert about["name"] == name
    assert package.name.startswith("lamella_"), "a top-level module of its own"
    assert (package / "py.typed").is_file()
    assert len(registration(name).read_text(encoding="utf-8").splitlines()) < 60
    used = {
        f"{node.module}.{alias.name}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert not [one for one in used if one.startswith("lamella.") and "._" in one], "public names alone"
    needed = {re.split(r"[^\w-]", requirement)[0] for requirement in about["dependencies"]}
    layers = {re.match(r"lamella\.(nn|optim|data)\b", one) for one in used} - {None}
    assert {f"lamella-{layer[1]}" for layer in layers if layer} <= needed
