"""Finds plugins in the metadata of installed distributions. Imports none of their code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lamella.core.errors import PluginError
from lamella.core.plugins.first_party import FIRST_PARTY
from lamella.core.plugins.policy import normalize

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

GROUP = "lamella"
"""The entry-point group in which plugins are declared."""

# Name, extras, and either a range (in parentheses in old metadata) or nothing. A requirement with a URL names
# no range; one with a marker (after the semicolon) may not apply here. Neither is matched, so neither is
# checked. Nothing is tried twice (`*+`): a line of many spaces would take minutes.
_REQUIREMENT = re.compile(r"\s*+([\w.-]++)\s*+(?:\[[^\]]*+\]\s*+)?\(?([^;@()]*+)\)?\s*+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin as its metadata tells it.

    Attributes:
        name: The name of its entry point.
        distribution: The name of the distribution that declares it.
        version: That distribution's version.
        core_ranges: The ranges of core versions that it requires; a requirement with an environment marker or a URL
            states none that could be compared.
        entry_point: What to import, or None if the metadata is broken.
        defect: Why the metadata cannot be read, or None.
    """

    name: str
    distribution: str
    version: str
    core_ranges: tuple[str, ...] = ()
    entry_point: EntryPoint | None = None
    defect: Exception | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What one reading of the metadata found.

    Attributes:
        candidates: The plugins, in the order in which they load.
        core_version: The version of the installed core, or None where core runs without being installed.
    """

    candidates: tuple[Candidate, ...]
    core_version: str | None


def scan(path: Sequence[str] | None = None) -> Scan:
    """Read the metadata of every installed distribution.

    Args:
        path: The folders to look in; None means ``sys.path``.

    Returns:
        The plugins declared there. Of a distribution that is there twice, the first on the path counts.
    """
    import importlib_metadata

    where: dict[str, Any] = {} if path is None else {"path": list(path)}
    by_distribution: dict[str, list[Candidate]] = {}
    for distribution in importlib_metadata.distributions(**where):
        candidates = _candidates(distribution)
        if candidates:
            by_distribution.setdefault(normalize(candidates[0].distribution), candidates)
    core = next(iter(importlib_metadata.distributions(name="lamella-core", **where)), None)
    return Scan(
        tuple(sorted((c for found in by_distribution.values() for c in found), key=_loading_order)),
        None if core is None else core.version,
    )


def _candidates(distribution: Any) -> list[Candidate]:  # the name of its type differs between releases
    """List the plugins that a distribution declares: usually none, at once."""
    folder = getattr(distribution, "_path", None)  # it says what the metadata cannot, where they are broken
    names: list[str] = []
    try:
        declared = distribution.read_text("entry_points.txt")
        if declared is None or f"[{GROUP}]" not in declared:
            return []
        entry_points = distribution.entry_points.select(group=GROUP)
        names = sorted(entry_points.names)
        metadata = distribution.metadata  # parsed anew each time it is asked for
        name, version = metadata["Name"], metadata["Version"]
        if not name or not version:
            raise PluginError("they do not name the distribution and its version")
        ranges = _core_ranges(metadata.get_all("Requires-Dist") or distribution.requires or [])
    except Exception as error:  # noqa: BLE001  a stranger's broken files become that plugin's state
        defect = PluginError(f"its metadata in {folder} cannot be read: {type(error).__name__}: {error}")
        defect.__cause__ = error
        name, _, version = getattr(folder, "stem", "unknown").partition("-")
        return [Candidate(plugin, name, version or "unknown", defect=defect) for plugin in names or [name]]
    return [Candidate(entry.name, name, version, ranges, entry) for entry in entry_points]


def _core_ranges(requirements: Sequence[str]) -> tuple[str, ...]:
    """Pick the ranges stated for lamella-core, as in ``Requires-Dist: lamella-core~=0.1.0``."""
    matches = (_REQUIREMENT.fullmatch(requirement) for requirement in requirements)
    return tuple(match[2].strip() for match in matches if match and normalize(match[1]) == "lamella-core")


def _loading_order(candidate: Candidate) -> tuple[bool, str, str]:
    """Order plugins the same way on every machine.

    Ours come first: the later of two plugins that take one name is set aside whole, and installing some
    package must not be a way to take ``adam`` from users of lamella-optim.
    """
    ours = {package.distribution for package in FIRST_PARTY}
    distribution = normalize(candidate.distribution)
    return distribution not in ours, distribution, candidate.name
