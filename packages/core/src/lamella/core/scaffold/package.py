"""Fills the templates and writes the package."""

from __future__ import annotations

import re
from dataclasses import asdict
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from lamella.core import plugins
from lamella.core.errors import ArgumentError
from lamella.core.plugins.built_in import RESERVED
from lamella.core.plugins.registry import KINDS as REGISTRIES
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.scaffold.kinds import KINDS, Kind
from lamella.core.scaffold.naming import names_of
from lamella.core.suites import SUITES

_TEMPLATES: Traversable = files("lamella.core.scaffold") / "templates"

_EVERY = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "CHANGELOG.md": "CHANGELOG.md.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/test.yml": "test.yml.txt",
    "src/{{module}}/__init__.py": "init.py.txt",
    "src/{{module}}/plugin.py": "plugin.py.txt",
    "src/{{module}}/py.typed": "py.typed.txt",
    "tests/test_conformance.py": "test_conformance.py.txt",
}
"""The files that every plugin has, with their templates. A kind's own templates say by their names where they go."""


def write_plugin(name: str, kind: str, folder: Path | None = None) -> Path:
    """Write the package of a new plugin: one that builds, installs, registers, and passes its tests as it is.

    Args:
        name: Of the package, such as ``"lamella-signum"``.
        kind: A key of :data:`~lamella.core.scaffold.kinds.KINDS`.
        folder: Where to; None means a new folder of the package's name here.

    Returns:
        The folder.

    Raises:
        ArgumentError: The name or the kind cannot be, something has the name already, or the folder holds something
            or cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = write_plugin("lamella-signum", "optimizer", Path(folder, "new"))
        ...     sorted(file.name for file in (written / "src/lamella_signum").iterdir())
        ['__init__.py', 'optimizer.py', 'plugin.py', 'py.typed']
    """
    if kind not in KINDS:
        raise ArgumentError(f"there is no kind {kind!r}.{did_you_mean(kind, KINDS)} There are: {', '.join(KINDS)}.")
    target = Path(name) if folder is None else folder
    contents = package_files(name, kind)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ArgumentError(f"{target} is there already. Give another folder: --folder FOLDER.")
        for path, text in contents.items():
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
    except OSError as error:
        raise ArgumentError(f"the plugin can't be written to {target}: {error}") from error
    return target


def package_files(name: str, kind: str) -> dict[str, str]:
    """The files of a plugin's package, by path.

    Args:
        name: Of the package.
        kind: A key of :data:`~lamella.core.scaffold.kinds.KINDS`.

    Raises:
        ArgumentError: The name cannot be, or something has it already.
    """
    about = KINDS[kind]
    values: dict[str, str] = {**asdict(names_of(name)), "kind": kind, "registry": about.registry}
    values["what"], values["what_inside"] = about.what, about.what[:1].lower() + about.what[1:]
    values["attribute"], values["registered"] = _filled(about.attribute, values), _filled(about.registered, values)
    _check_is_free(about, values["registered"])
    own = {item.name: item.read_text(encoding="utf-8") for item in (_TEMPLATES / kind).iterdir()}
    values["series"] = _series()
    needed = ("lamella-core~={{series}}", *about.needs)
    values["dependencies"] = "\n".join(f'    "{_filled(need, values)}",' for need in needed)
    values["use"] = _filled(own.pop("use.md.txt"), values)
    values["suites"] = "\n\n\n".join(_suites(about, values))
    every = {path: (_TEMPLATES / "every" / item).read_text(encoding="utf-8") for path, item in _EVERY.items()}
    placed = {_place(item): text for item, text in own.items()}
    return {_filled(path, values): _filled(text, values) for path, text in (every | placed).items()}


def _place(template: str) -> str:
    file = template.removesuffix(".txt")
    return f"tests/{file}" if file.startswith("test_") else f"src/{{{{module}}}}/{file}"


def _filled(text: str, values: dict[str, str]) -> str:
    # Without spaces inside the braces, so that the expressions of workflows, ${{ matrix.python }}, stay as they are.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text)


def _suites(about: Kind, values: dict[str, str]) -> list[str]:
    """The classes that run Lamella's own checks: of the registration, and of what is registered."""
    classes = [f'class TestPlugin(lamella.testing.PluginConformance):\n    plugin = "{values["name"]}"']
    if about.suite:
        suite = SUITES[about.suite].class_name
        head = f"class Test{suite.removesuffix('Conformance')}(lamella.testing.{suite}):"
        classes.append(f'{head}\n    {about.suite} = "{_filled(about.subject, values)}"')
    return classes


def _series() -> str:
    """The range of versions that goes with this core: ``0.1.0`` in ``~=0.1.0``."""
    import lamella

    major, minor, *_ = lamella.__version__.split(".")
    return f"{major}.{minor}.0"


def _check_is_free(about: Kind, registered: str) -> None:
    """Refuse a name that a plugin, or Lamella itself, offers already."""
    singular = REGISTRIES[about.registry]
    offered = getattr(plugins, about.registry).get(registered)
    if offered is not None:
        raise ArgumentError(
            f"The {singular} {registered!r} exists already: {offered.target} of {offered.distribution}. "
            "Take another name."
        )
    if registered in _built_in(about.registry):
        raise ArgumentError(f"The {singular} {registered!r} is Lamella's own. Take another name.")


def _built_in(registry: str) -> set[str]:
    """The names that the core has without registering them."""
    if registry == "ops":
        import lamella
        from lamella.core.op import OPS

        return {*OPS, *OPS.modules, *dir(lamella)}
    return set(RESERVED.get(registry, ()))
