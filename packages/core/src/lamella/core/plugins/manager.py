"""Finds plugins, loads them one by one, and keeps a broken one from breaking anything else."""

from __future__ import annotations

import os
import threading
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NoReturn

from lamella.core.errors import ArgumentError, PackageMissing, PluginError
from lamella.core.plugins.discovery import Candidate, Scan, scan
from lamella.core.plugins.first_party import FIRST_PARTY
from lamella.core.plugins.policy import Policy, normalize, read_policy
from lamella.core.plugins.registry import KINDS, Registrar, Registration, Registry
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.plugins.versions import in_range

if TYPE_CHECKING:
    import pluggy

PluginState = Literal["available", "loaded", "blocked", "incompatible", "failed"]
"""How a plugin fares.

``available``: found, its code not imported yet. ``loaded``: all its hooks have run. ``blocked``: the user's
setting keeps it out. ``incompatible``: it requires another core version. ``failed``: its metadata is broken,
or it raised when imported or registering. The code of a blocked or an incompatible plugin is never imported.
"""


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What is known of one plugin.

    Attributes:
        name: The name of its entry point.
        distribution: The distribution that declares it.
        version: That distribution's version.
        state: How it fares.
        cause: Why it was set aside, or None.
        load_time_s: How long importing and registering took, or None if that was not tried.
        offers: The names it adds, by kind; for a failed plugin, those it had added until it failed.
    """

    name: str
    distribution: str
    version: str
    state: PluginState = "available"
    cause: BaseException | None = None
    load_time_s: float | None = None
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The distribution with its version, as in ``"lamella-optim 0.1.0"``."""
        return f"{self.distribution} {self.version}"

    @property
    def story(self) -> str:
        """Why the plugin was set aside, in words."""
        if isinstance(self.cause, PluginError):
            why = str(self.cause)
        else:  # formatted by the standard library, which survives a stranger's broken __str__
            why = traceback.format_exception_only(self.cause)[-1].strip()
        return f"plugin {self.name!r} of {self.source} ({self.state}: {why})"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Everything that loading produces; made whole or not at all."""

    tables: Mapping[str, Mapping[str, Registration]]
    records: tuple[PluginRecord, ...]
    strict: bool

    @property
    def broken(self) -> list[PluginRecord]:
        return [record for record in self.records if record.state in ("failed", "incompatible")]


class Manager:
    """Discovers, loads and remembers plugins. One serves the whole process: see ``lamella.core.plugins``.

    Making one costs nothing: the metadata is read by :meth:`records` and code is imported by :meth:`load`,
    which the first look-up in a registry calls. Any thread may call anything.

    Args:
        path: The folders whose distributions count; None means ``sys.path``.
        environ: Where ``LAMELLA_PLUGINS`` and ``LAMELLA_PLUGINS_STRICT`` are read; None means ``os.environ``.
    """

    def __init__(self, path: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environ = os.environ if environ is None else environ
        self._lock = threading.RLock()
        self._scan: Scan | None = None
        self._loaded: _Loaded | None = None
        self._loading = False
        self.registries = {kind: Registry(kind, partial(self._table, kind), self._refuse) for kind in KINDS}

    def records(self) -> tuple[PluginRecord, ...]:
        """List every plugin found, as it fares now. Reads metadata; imports no plugin.

        Returns:
            The records, in the order in which plugins load. Before :meth:`load`, those that may load are
            ``available``.
        """
        with self._lock:
            if self._loaded is not None:
                return self._loaded.records
            found, policy = self._scanned(), read_policy(self._environ)
            return tuple(_admit(candidate, policy, found.core_version) for candidate in found.candidates)

    def load(self) -> None:
        """Load every plugin that may load, if that has not happened yet.

        A plugin that cannot be loaded is set aside, with one warning.

        Raises:
            PluginError: In strict mode, if a plugin was set aside as failed or incompatible; and if a plugin
                looks something up while plugins are being loaded.
            ArgumentError: If ``LAMELLA_PLUGINS`` or ``LAMELLA_PLUGINS_STRICT`` cannot be read.
        """
        self._load()

    def reset(self) -> None:
        """Forget everything, so that the next look-up starts afresh. For tests.

        Modules that plugins have brought in stay imported.
        """
        with self._lock:
            self._scan = None
            self._loaded = None

    def _scanned(self) -> Scan:
        if self._scan is None:
            self._scan = scan(self._path)
        return self._scan

    def _load(self) -> _Loaded:
        loaded = self._loaded  # one read: another thread may reset
        if loaded is None:
            loaded = self._load_now()
        if loaded.strict and loaded.broken:
            raise PluginError(
                "LAMELLA_PLUGINS_STRICT is set, and these plugins cannot be loaded: "
                + "; ".join(record.story for record in loaded.broken)
            ) from loaded.broken[0].cause
        return loaded

    def _load_now(self) -> _Loaded:
        with self._lock:
            if self._loaded is not None:  # another thread was first
                return self._loaded
            if self._loading:
                raise PluginError(
                    "A plugin looked something up in a registry while plugins were being loaded."
                    " Move the look-up into the function that needs it."
                )
            self._loading = True
            try:
                policy = read_policy(self._environ)
                loaded = self._loaded = _load_all(self._scanned(), policy)
            finally:
                self._loading = False
        if not loaded.strict:  # strict mode raises instead
            for record in loaded.broken:
                warnings.warn(f"Lamella set aside the {record.story}", RuntimeWarning, stacklevel=2)
        return loaded

    def _table(self, kind: str) -> Mapping[str, Registration]:
        return self._load().tables[kind]

    def _refuse(self, kind: str, name: str) -> NoReturn:
        """Raise the error for a name that a registry lacks: set aside, not installed, or unknown."""
        loaded = self._load()
        noun = KINDS[kind]
        set_aside = [record for record in loaded.records if record.cause is not None]
        for record in set_aside:
            if name in record.offers.get(kind, ()):
                raise PluginError(
                    f"The {noun} {name!r} comes with the {record.story}, which was set aside."
                ) from record.cause
        known = sorted(loaded.tables[kind])
        parts = [f"No {noun} is named {name!r}.{did_you_mean(name, known)}"]
        parts.append(f"Registered: {', '.join(known)}." if known else f"No {noun} is registered at all.")
        if set_aside:
            stories = "; ".join(record.story for record in set_aside)
            parts.append(f"Set aside, so what they offer is missing: {stories}.")
        likeliest = sorted(set_aside, key=lambda record: record.state == "blocked")
        cause = likeliest[0].cause if likeliest else None
        installed = {normalize(record.distribution) for record in loaded.records}
        for package in FIRST_PARTY:
            if kind in package.kinds and package.distribution not in installed:
                hint = f"pip install {package.distribution}"
                parts.append(f"Lamella's own {kind} are in a package that is not installed: {hint}")
                raise PackageMissing(" ".join(parts)) from cause
        raise PluginError(" ".join(parts)) from cause


def _admit(candidate: Candidate, policy: Policy, core_version: str | None) -> PluginRecord:
    """Decide from the metadata alone whether a plugin may load."""
    record = PluginRecord(candidate.name, candidate.distribution, candidate.version)
    if not policy.permits(candidate.name, candidate.distribution):
        return replace(record, state="blocked", cause=PluginError(f"kept out by {policy.source}"))
    if candidate.defect is not None:
        return replace(record, state="failed", cause=candidate.defect)
    try:
        # Where core itself is not installed, there is no version to hold the ranges against.
        misfits = [text for text in candidate.core_ranges if core_version and not in_range(core_version, text)]
    except ArgumentError as defect:
        return replace(record, state="failed", cause=defect)
    if misfits:
        cause = PluginError(
            f"it requires lamella-core {misfits[0]}, and {core_version} is installed;"
            f" pip install --upgrade {candidate.distribution} lamella-core"
        )
        return replace(record, state="incompatible", cause=cause)
    return record


def _load_all(found: Scan, policy: Policy) -> _Loaded:
    """Load every plugin that may load, each in isolation."""
    import pluggy  # takes milliseconds: the first look-up pays for it, not `import lamella`

    from lamella.core.plugins import hookspecs

    hooks = pluggy.PluginManager("lamella")
    hooks.add_hookspecs(hookspecs)
    tables: dict[str, dict[str, Registration]] = {kind: {} for kind in KINDS}
    records = []
    for candidate in found.candidates:
        record = _admit(candidate, policy, found.core_version)
        if record.state == "available":
            record = _load_one(candidate, record, hooks, tables)
        records.append(record)
    return _Loaded(tables, tuple(records), policy.strict)


def _load_one(
    candidate: Candidate,
    record: PluginRecord,
    hooks: pluggy.PluginManager,
    tables: dict[str, dict[str, Registration]],
) -> PluginRecord:
    """Import one plugin, call its hooks, and keep what they add if none of it raises."""
    assert candidate.entry_point is not None  # _admit lets no plugin with broken metadata pass
    registrars = {kind: Registrar(kind, record.source, tables[kind]) for kind in KINDS}
    started = time.perf_counter()
    state: PluginState = "loaded"
    cause: BaseException | None = None
    try:
        plugin = candidate.entry_point.load()
        _call_hooks(plugin, f"{record.distribution}:{record.name}", hooks, registrars)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  kept and told; even a plugin's `sys.exit` must end nothing
        state, cause = "failed", error
    else:
        for kind, registrar in registrars.items():
            tables[kind].update(registrar.additions)
    return replace(
        record,
        state=state,
        cause=cause,
        load_time_s=time.perf_counter() - started,
        offers={kind: tuple(registrars[kind].additions) for kind in KINDS if registrars[kind].additions},
    )


def _call_hooks(plugin: object, name: str, hooks: pluggy.PluginManager, registrars: Mapping[str, Registrar]) -> None:
    """Register a plugin with pluggy, which checks its signatures, and call the hooks that it implements."""
    others = hooks.get_plugins()
    hooks.register(plugin, name)
    callers = hooks.get_hookcallers(plugin) or []
    if not callers:
        raise PluginError("it implements no hook: mark its functions with lamella.core.plugins.hookimpl")
    for caller in callers:
        if caller.has_spec():
            registrar = registrars[caller.name.removeprefix("register_")]
            hooks.subset_hook_caller(caller.name, others)(registry=registrar)
        elif not all(impl.optionalhook for impl in caller.get_hookimpls() if impl.plugin is plugin):
            known = [f"register_{kind}" for kind in KINDS]
            raise PluginError(
                f"it implements {caller.name!r}, which is no hook.{did_you_mean(caller.name, known)}"
                f" The hooks are {', '.join(known)}."
            )
