"""Remembers what plugins have registered, and answers look-ups, from any thread and after any fork."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from lamella.core.errors import PackageMissing, PluginError
from lamella.core.plugins.discovery import Scan, scan
from lamella.core.plugins.first_party import FIRST_PARTY
from lamella.core.plugins.loading import Loaded, admit, in_order, load_all
from lamella.core.plugins.policy import Policy, Setting, decide, from_environment, from_program, from_project, normalize
from lamella.core.plugins.record import PluginRecord
from lamella.core.plugins.registry import KINDS, Registration, Registry
from lamella.core.plugins.suggestions import did_you_mean

SLOW_S = 0.5
"""Seconds of loading from which a plugin is called slow."""

# One for all managers, as they share sys.modules. A fork waits for it, as for the locks of the standard library's
# logging: a child that began while another thread was importing plugins would find their modules half made and
# locked by a thread that it does not have.
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


class Manager:
    """Discovers, loads and remembers plugins. One serves the whole process: see ``lamella.core.plugins``.

    Making one costs nothing: the metadata is read by :meth:`records` and code is imported by :meth:`load`,
    which the first look-up in a registry calls. Any thread may call anything.

    Args:
        path: The folders whose distributions count; None means ``sys.path``.
        environ: Where the variables of ``lamella.core.plugins.policy`` are read; None means ``os.environ``.
        project: The file whose ``[tool.lamella]`` counts.
    """

    def __init__(
        self,
        path: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        project: str | os.PathLike[str] = "pyproject.toml",
    ) -> None:
        self._path = path
        self._environ = os.environ if environ is None else environ
        self._project = Path(project)
        self._scan: Scan | None = None
        self._loaded: Loaded | None = None
        self._loading = False
        self._configured: Mapping[str, Setting] = {}
        self._unregistered: frozenset[str] = frozenset()
        self.registries = {kind: Registry(kind, partial(self._table, kind), self._refuse) for kind in KINDS}

    def records(self) -> tuple[PluginRecord, ...]:
        """List every plugin found, as it fares now. Reads metadata; imports no plugin.

        Returns:
            The records, in the order in which plugins load. Before :meth:`load`, those that may load are
            ``available``.

        Raises:
            ArgumentError: If a setting cannot be read.
        """
        with _lock:
            if self._loaded is not None:
                return self._loaded.records
            found, policy = self._scanned(), self._policy()
            return tuple(admit(candidate, policy, found.core_version) for candidate in in_order(found, policy))

    def load(self) -> None:
        """Load every plugin that may load, if that has not happened yet.

        A plugin that cannot be loaded is set aside, with one warning; so is told one that takes long.

        Raises:
            PluginError: In strict mode, if a plugin was set aside as failed or incompatible; and if a plugin
                looks something up while plugins are being loaded.
            ArgumentError: If a setting cannot be read.
        """
        self._load()

    def configure(
        self,
        *,
        plugins: str | bool | Sequence[str] | None = None,
        strict: bool | None = None,
        prefer: str | Sequence[str] | None = None,
    ) -> None:
        """Say which plugins may load, in place of what was said before; it counts more than the environment.

        If plugins are loaded already, the next look-up loads them again. What has been looked up stays in use.

        Args:
            plugins: ``"off"``, ``"all"``, the names of those that may load, or names that each begin with ``!``, of
                those that may not. A name is a plugin's or its distribution's.
            strict: Whether a plugin that cannot be loaded is an error at every look-up.
            prefer: The names of plugins that get a name which others offer too, the most preferred first.
                None, in each: as the environment and the project say.

        Raises:
            ArgumentTypeError: If one of them has another type.
            ArgumentError: If one of them cannot be understood.
            PluginError: If a plugin does this while plugins are being loaded.

        Example:
            >>> from lamella.core import plugins
            >>> plugins.configure(plugins="off")
            >>> sorted(plugins.optimizers)
            []
            >>> plugins.configure()  # nothing to say any more
        """
        configured = from_program(plugins, strict, prefer)
        decide(configured)
        with _lock:
            self._refuse_while_loading()
            self._configured = configured
            self._loaded = None

    def unregister(self, name: str) -> None:
        """Take a plugin out: what it has registered leaves the registries, and its state is ``blocked``.

        A name that it had taken from another plugin is that one's from now on. What has been looked up stays in use;
        :meth:`reset` takes the plugin in again.

        Args:
            name: The name of its entry point, or of its distribution, which may have several plugins.

        Raises:
            PluginError: If there is no such plugin.
            ArgumentError: If a setting cannot be read.
        """
        with _lock:
            self._refuse_while_loading()
            records = self.records()
            known = {normalize(word) for record in records for word in (record.name, record.distribution)}
            if normalize(name) not in known:
                raise PluginError(
                    f"unregister({name!r}): there is no such plugin.{did_you_mean(name, known)} The plugins are"
                    f" {', '.join(record.name for record in records) or 'none at all'}."
                )
            self._unregistered |= {normalize(name)}
            self._loaded = None

    def reset(self) -> None:
        """Forget everything, :meth:`configure` and :meth:`unregister` too, so that the next look-up starts afresh.

        For tests. Modules that plugins have brought in stay imported.

        Raises:
            PluginError: If a plugin does this while plugins are being loaded.
        """
        with _lock:
            self._refuse_while_loading()
            self._scan = None
            self._loaded = None
            self._configured = {}
            self._unregistered = frozenset()

    def _refuse_while_loading(self) -> None:
        # The lock lets the thread that loads plugins pass: the caller is one of them.
        if self._loading:
            raise PluginError(
                "A plugin looked something up in a registry, or changed which plugins load, while plugins were being"
                " loaded. Move that into the function that needs it."
            )

    def _scanned(self) -> Scan:
        if self._scan is None:
            self._scan = scan(self._path)
        return self._scan

    def _policy(self) -> Policy:
        said = decide(self._configured, from_environment(self._environ), from_project(self._project))
        return replace(said, unregistered=self._unregistered)

    def _load(self) -> Loaded:
        loaded = self._loaded  # one read: another thread may reset
        if loaded is None:
            loaded = self._load_now()
        if loaded.policy.strict and loaded.broken:
            raise PluginError(
                f"{loaded.policy.strict_source} makes an error of plugins that cannot be loaded: "
                + "; ".join(record.story for record in loaded.broken)
            ) from loaded.broken[0].cause
        return loaded

    def _load_now(self) -> Loaded:
        with _lock:
            if self._loaded is not None:  # another thread was first
                return self._loaded
            self._refuse_while_loading()
            self._loading = True
            try:
                loaded = self._loaded = load_all(self._scanned(), self._policy())
            finally:
                self._loading = False
        told = [] if loaded.policy.strict else [f"Lamella set aside the {record.story}" for record in loaded.broken]
        told += [
            f"The plugin {record.name!r} of {record.source} took {record.load_time_s:.1f} s to load, and every program"
            " that looks up a plugin waits for it. Its registration module should import nothing but hookimpl."
            for record in loaded.records
            if record.load_time_s is not None and record.load_time_s > SLOW_S
        ]
        for text in told:
            warnings.warn(text, RuntimeWarning, stacklevel=2)
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
