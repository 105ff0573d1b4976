"""Which names of a framework a script uses that Lamella lacks, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lamella.core.cli.aliases import ALIASES


def missing_names(script: str, framework: str) -> dict[str, list[int]]:
    """Find what a script asks of a framework that its stand-in does not have.

    Only names that the script spells out are found: those it imports, and attributes of modules it has imported.

    Args:
        script: The path of a Python file.
        framework: A key of :data:`~lamella.core.cli.aliases.ALIASES`; its modules can be imported now.

    Returns:
        Dotted names, such as ``"torch.jit.script"``, each with the lines that use it, in order of appearance.
    """
    tree = ast.parse(Path(script).read_bytes(), script)
    tops = ALIASES[framework]
    known: dict[str, str] = {}  # the script's name of a module -> the module
    used: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name.partition(".")[0] in tops:
                    known[item.asname or item.name.partition(".")[0]] = (
                        item.name if item.asname else item.name.partition(".")[0]
                    )
                    used.append((node.lineno, item.name))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in tops:
            for item in node.names:
                name = f"{node.module}.{item.name}".removesuffix(".*")
                known[item.asname or item.name] = name
                used.append((node.lineno, name))
    used.extend(_attributes(tree, known))
    missing: dict[str, list[int]] = {}
    for line, name in sorted(used):
        lacking = _first_lacking(name)
        if lacking and line not in missing.setdefault(lacking, []):
            missing[lacking].append(line)
    return missing


def _attributes(tree: ast.AST, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Dotted names that begin with a known one, with their lines."""
    for node in ast.walk(tree):
        names: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if names and isinstance(inner, ast.Name) and inner.id in known:
            yield node.lineno, ".".join([known[inner.id], *reversed(names)])  # type: ignore[attr-defined]  # an Attribute


def _first_lacking(name: str) -> str | None:
    """The shortest part of a dotted name that does not exist, or None if all of it does."""
    top, *parts = name.split(".")
    found, path = import_module(top), top
    for part in parts:
        path = f"{path}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = import_module(path)
            except ImportError:
                return path
    return None
