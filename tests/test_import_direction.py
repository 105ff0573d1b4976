"""Imports point one way: plugins to the core, and inside the core downward. The source itself is read."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

PACKAGES = Path(__file__).resolve().parents[1] / "packages"

# The modules of the core, from the ground up: each imports only what stands before it. A package is one
# entry, whose parts may import one another.
CORE_ORDER = (
    "errors",
    "late_imports",
    "dtypes",
    "devices",
    "layouts",
    "trees",
    "backends",
    "random",
    "plugins",
    "namespaces",
    "placement",
    "modes",
    "graph",
    "rules",
    "printing",
    "tensor",
    "op",
    "autocast_policy",
    "aliasing",
    "recording",
    "dispatch",
    "algebra",
    "inplace",
    "folding",
    "ops",
    "settings",
    "accelerators",
    "compiling",
    "node_hooks",
    "watchers",
    "profiling",
    "saved_tensors",
    "call_sites",
    "anomaly",
    "autocast",
    "grad_scaler",
    "function",
    "autograd",
    "checkpointing",
    "tensor_info",
    "interchange",
    "keywords",
    "methods",
    "legacy",
    "facade",
    "transforms",
    "derivatives",
    "forward_ad",
    "debug",
    "checkpoints",
    "cli",
    "suites",
    "scaffold",
    "pytest_plugin",
    "",  # lamella.core itself, which names the public surface
    "testing",
)

# Imports against the order, made inside a function when it is called:
# (importing module, imported module) -> reason.
UPWARD: dict[tuple[str, str], str] = {
    ("lamella.core.ops.making", "lamella.core.interchange"): "asarray() takes what DLPack offers",
    ("lamella.core.graph", "lamella.core.node_hooks"): "few programs hook nodes",
    ("lamella.core.function", "lamella.core.transforms.functions"): "few user-written functions run in transforms",
    ("lamella.core.autograd", "lamella.core.transforms.batching"): (
        "gradients for a batch of incoming gradients run under vmap, which few programs need"
    ),
}

# Where a distribution's import name is not its own name with underscores.
IMPORT_NAMES = {"pillow": "PIL"}


@dataclass(frozen=True)
class Import:
    """One name that a module imports: ``from target import name``, or ``import target`` with no name."""

    module: str
    target: str
    name: str | None
    line: int
    when: str  # "loading", "called" (inside a function) or "typing" (under TYPE_CHECKING: never at run time)

    def __str__(self) -> str:
        what = f"from {self.target} import {self.name}" if self.name else f"import {self.target}"
        return f"{self.module}, line {self.line}: {what}"


def imports_of(module: str, source: str) -> list[Import]:
    """Every import in a module's source, wherever it stands."""
    found: list[Import] = []

    def visit(node: ast.AST, when: str) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(module, alias.name, None, node.lineno, when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: relative import; write the whole name"
            found.extend(Import(module, str(node.module), alias.name, node.lineno, when) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.body:
                visit(child, "typing")
            for child in node.orelse:
                visit(child, when)
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                visit(child, "called" if inside and when == "loading" else when)

    visit(ast.parse(source, module), "loading")
    return found


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a source file under ``root``."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, list[Import]]:
    """The imports of every module of every package."""
    return {
        module_name(path, source): imports_of(module_name(path, source), path.read_text(encoding="utf-8"))
        for source in sorted(PACKAGES.glob("*/src"))
        for path in sorted(source.rglob("*.py"))
    }


def resolved(found: Import, known: Iterable[str]) -> str:
    """The module that an import loads: ``from package import module`` loads the module."""
    inner = f"{found.target}.{found.name}"
    return inner if inner in known else found.target


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def layer(module: str) -> str:
    """The entry of ``CORE_ORDER`` that a module of the core belongs to."""
    return [*module.split("."), ""][2]


def order_violations(found: Iterable[Import], known: Iterable[str]) -> Iterator[str]:
    """Imports inside the core that do not point downward."""
    for item in found:
        target = resolved(item, known)
        inside = within(item.module, "lamella.core") and within(target, "lamella.core")
        if not inside or item.when == "typing":
            continue
        here, there = layer(item.module), layer(target)
        if not {here, there} <= set(CORE_ORDER):
            yield f"{item} (one of them has no place in CORE_ORDER)"
        elif CORE_ORDER.index(there) > CORE_ORDER.index(here) or here == there == "":
            if item.when == "called" and (item.module, target) in UPWARD:
                continue
            yield str(item)


def declared(package: str) -> set[str]:
    """The top-level modules (for ours: the sub-packages) that a package's own pyproject lets it import."""
    project: dict[str, Any] = tomllib.loads((PACKAGES / package / "pyproject.toml").read_text())["project"]
    requirements = list(project.get("dependencies", []))
    for extra in project.get("optional-dependencies", {}).values():
        requirements.extend(extra)
    names = [re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower() for requirement in requirements]
    return {
        re.sub(r"^lamella-", "lamella.", name).replace("-", "_")
        if name.startswith("lamella-")
        else IMPORT_NAMES.get(name, name.replace("-", "_"))
        for name in names
    }


def direction_violations(package: str, found: Iterable[Import], facade: frozenset[str]) -> Iterator[str]:
    """Imports that a package has not declared, or that are none of its business."""
    own = f"lamella.{package}"
    allowed = declared(package) | {own}
    for item in found:
        whole = f"{item.target}.{item.name}" if item.name else item.target
        top = item.target.partition(".")[0]
        if top in sys.stdlib_module_names or within(whole, own):
            continue
        if item.target == "lamella" and (item.name is None or item.name in facade):
            continue
        if not any(within(whole, name) for name in allowed):
            yield f"{item} (neither a dependency of lamella-{package} nor a public name of the facade)"
        elif top == "lamella" and "._" in whole:
            yield f"{item} (private to the other package)"


def none_of(violations: Iterable[str]) -> None:
    """Fails with every violation on a line of its own."""
    if found := list(violations):
        pytest.fail("\n".join(found), pytrace=False)


def facade_names() -> frozenset[str]:
    import lamella

    return frozenset(name for name in dir(lamella) if not name.startswith("_"))


def imports_in(package: str) -> list[Import]:
    prefix = f"lamella.{package}"
    return [item for name, found in modules().items() if within(name, prefix) for item in found]


PACKAGE_NAMES = sorted(path.parent.name for path in PACKAGES.glob("*/pyproject.toml"))


@pytest.mark.parametrize("package", PACKAGE_NAMES)
def test_a_package_imports_only_the_core_and_what_it_declares(package: str) -> None:
    none_of(direction_violations(package, imports_in(package), facade_names()))


def test_the_facade_imports_the_layers_only_on_first_use() -> None:
    """``lamella`` itself knows NumPy and the core; long names like ``lamella.utils.data`` know the layers too."""
    for name, found in modules().items():
        if any(within(name, f"lamella.{package}") for package in PACKAGE_NAMES):
            continue
        allowed = "lamella.core" if name == "lamella" else "lamella"
        known = {*sys.stdlib_module_names, "numpy"}
        outside = [item for item in found if item.target.partition(".")[0] not in known]
        assert not [str(item) for item in outside if item.when == "loading" and not within(item.target, allowed)]


def test_the_core_imports_downward() -> None:
    found = [item for items in modules().values() for item in items]
    none_of(order_violations(found, modules()))


def test_every_module_of_the_core_has_its_place_in_the_order() -> None:
    assert {layer(name) for name in modules() if within(name, "lamella.core")} == set(CORE_ORDER)


def test_every_exception_to_the_order_is_still_needed() -> None:
    used = {(item.module, resolved(item, modules())) for items in modules().values() for item in items}
    assert set(UPWARD) <= used


def test_the_testing_package_is_not_imported_at_run_time() -> None:
    users = [
        str(item)
        for name, items in modules().items()
        for item in items
        if within(resolved(item, modules()), "lamella.core.testing")
        and "testing" not in name.split(".")  # a package's own references for its ops stand in such a module too
    ]
    assert not users


def test_no_modules_import_one_another_in_a_circle() -> None:
    known = modules()
    edges = {
        name: {resolved(item, known) for item in items if item.when == "loading"} & known.keys() - {name}
        for name, items in known.items()
    }
    TopologicalSorter(edges).prepare()  # raises CycleError, which names the circle


PLANTED = [
    ("lamella.core.dtypes", "from lamella.core.tensor import Tensor", True),
    ("lamella.core.dtypes", "def f():\n    from lamella.core import tensor", True),
    ("lamella.core.dtypes", "import lamella.core", True),
    ("lamella.core.dtypes", "if TYPE_CHECKING:\n    from lamella.core.tensor import Tensor", False),
    ("lamella.core.dispatch", "from lamella.core.tensor import Tensor", False),
    ("lamella.core.ops.linalg", "import lamella.core.ops.shapes", False),
]


@pytest.mark.parametrize(("module", "source", "wrong"), PLANTED)
def test_a_planted_upward_import_is_seen(module: str, source: str, wrong: bool) -> None:
    known = {"lamella.core.tensor", "lamella.core.ops.shapes"}
    assert bool(list(order_violations(imports_of(module, source), known))) is wrong


PLANTED_ACROSS = [
    ("core", "import lamella.nn", True),
    ("core", "import torch", True),
    ("core", "import numpy.linalg, json", False),
    ("nn", "from lamella import Tensor", False),
    ("nn", "from lamella import optim", True),
    ("nn", "from lamella.core.graph import _mode", True),
    ("nn", "def f():\n    import tqdm", True),
    ("data", "from tqdm import tqdm", False),
]


@pytest.mark.parametrize(("package", "source", "wrong"), PLANTED_ACROSS)
def test_a_planted_import_across_packages_is_seen(package: str, source: str, wrong: bool) -> None:
    found = imports_of(f"lamella.{package}.planted", source)
    assert bool(list(direction_violations(package, found, frozenset({"Tensor"})))) is wrong


AFTER_IMPORT = """
import json, os, sys, threading
import numpy
before = set(sys.modules)
threads = len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 0
import lamella
light = sorted(set(sys.modules) - before)
lamella.Tensor  # the first use loads the public names
print(json.dumps({
    "light": light,
    "loaded": sorted(set(sys.modules) - before),
    "python_threads": threading.active_count(),
    "new_threads": (len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 0) - threads,
}))
"""


@cache
def after_import() -> dict[str, Any]:
    """What ``import lamella``, and a first use of it, do to a fresh process in which NumPy is already imported."""
    run = subprocess.run([sys.executable, "-c", AFTER_IMPORT], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def test_importing_lamella_loads_none_of_its_names() -> None:
    parts = {layer(name) for name in after_import()["light"] if within(name, "lamella.core")}
    assert parts == {"", "errors", "late_imports", "namespaces", "plugins"}


def test_importing_lamella_loads_only_numpy_from_outside() -> None:
    loaded = after_import()["loaded"]
    outside = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"lamella", "numpy"}
    assert not outside
    # ctypes costs milliseconds and waits for the first large tensor; metadata waits for the first look-up.
    assert not {"ctypes", "importlib.metadata"} & set(loaded)


def test_importing_lamella_loads_no_plugin_and_no_test_code() -> None:
    ours = [name for name in after_import()["loaded"] if within(name, "lamella")]
    assert "lamella.core" in ours
    assert not [name for name in ours if name != "lamella" and not within(name, "lamella.core")]
    assert not [name for name in ours if within(name, "lamella.core.testing")]


def test_importing_lamella_starts_no_thread() -> None:
    assert after_import()["python_threads"] == 1
    assert after_import()["new_threads"] == 0
