"""Our packages and the example plugins as plugins among others: what they register, and that it costs little to ask."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lamella.core.plugins.registry import KINDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(ROOT.glob("packages/*/src/lamella/*/plugin.py"))
EXAMPLES = sorted(ROOT.glob("examples/plugins/*/src/*/plugin.py"))
PROJECTS = [path.parents[3] / "pyproject.toml" for path in PACKAGES]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def implemented(path: Path) -> set[str]:
    """The hooks that a registration module implements; the source is read, not run."""
    return {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and any("hookimpl" in ast.unparse(d) for d in node.decorator_list)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_is_used_by_a_package_of_ours_or_an_example(kind: str) -> None:
    users = [named(path) for path in (*PACKAGES, *EXAMPLES) if f"register_{kind}" in implemented(path)]
    assert users


@pytest.mark.parametrize("path", [*PACKAGES, *EXAMPLES], ids=named)
def test_a_registration_module_is_short_and_imports_nothing_but_what_it_marks_hooks_with(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 60
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= {"__future__", "lamella.core.plugins"}
    assert implemented(path)


def run(folder: Path, *arguments: str) -> str:
    """Run Python where our packages are installed, and nothing but them offers anything; what it prints."""
    for project_file in (ROOT / "packages/core/pyproject.toml", *PROJECTS):
        project = tomllib.loads(project_file.read_text(encoding="utf-8"))["project"]
        info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir(exist_ok=True)
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in project["dependencies"])
        metadata = f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n{needs}"
        (info / "METADATA").write_text(metadata)
        declared = project.get("entry-points", {}).get("lamella", {})
        lines = "".join(f"{name} = {target}\n" for name, target in declared.items())
        (info / "entry_points.txt").write_text(f"[lamella]\n{lines}" if lines else "")
    sources = [str(path) for path in ROOT.glob("packages/*/src")]
    ours = ",".join(project_file.parent.name for project_file in PROJECTS)
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder), *sources, *sys.path]),
            "LAMELLA_PLUGINS": ours,
            "LAMELLA_PLUGINS_STRICT": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOOKING_UP = """
import json, sys
from lamella.core import plugins
plugins.load()
heavy = [name for name in sys.modules if name.split(".")[:2] in (["numpy"], ["lamella", "nn"], ["lamella", "data"])]
offers = {record.name: {kind: list(names) for kind, names in record.offers.items()} for record in plugins.records()}
print(json.dumps({"heavy": heavy, "offers": offers}))
"""


def test_learning_every_name_of_ours_imports_no_array_library_and_none_of_the_packages(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, "-c", LOOKING_UP))
    assert found["heavy"] == []
    offered = {name: its for name, its in found["offers"].items() if its}
    assert offered.keys() == {project_file.parent.name for project_file in PROJECTS}
    assert "Linear" in offered["nn"]["layers"]
    assert "ReLU" in offered["nn"]["activations"]
    assert "adam" in offered["optim"]["optimizers"]


@pytest.mark.parametrize("arguments", [["--help"], ["plugins"], ["plugins", "--json"]])
def test_the_command_line_asks_all_plugins_and_imports_no_array_library(tmp_path: Path, arguments: list[str]) -> None:
    program = (
        "import sys; from lamella.core.cli import main; status = main(sys.argv[1:]);"
        "assert 'numpy' not in sys.modules; assert 'pluggy' in sys.modules; sys.exit(status)"
    )
    assert run(tmp_path, "-c", program, *arguments)


def test_the_benchmark_prints_what_plugins_cost(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark = runpy.run_path(str(ROOT / "benchmarks" / "plugins.py"))
    benchmark["main"](processes=1, plugins=2)
    imported, looked_up, _ = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"import lamella: +[\d.]+ ms without, [\d.]+ ms with 2 plugins more", imported)
    assert re.fullmatch(r"first look-up: +[\d.]+ ms without, [\d.]+ ms with them: [+-][\d.]+ ms", looked_up)
