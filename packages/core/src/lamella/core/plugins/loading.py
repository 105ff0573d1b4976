"""Loads plugins one by one, each in a transaction of its own. Keeps no state."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from types import AsyncGeneratorType, CoroutineType, GeneratorType

from lamella.core.errors import ArgumentError, PluginError
from lamella.core.plugins.discovery import Candidate, Scan
from lamella.core.plugins.importing import import_alone
from lamella.core.plugins.policy import Policy
from lamella.core.plugins.record import PluginRecord, PluginState
from lamella.core.plugins.registry import KINDS, Registrar, Registration
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.plugins.versions import in_range


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that loading produces; made whole or not at all.

    Attributes:
        tables: The registrations, by kind and name.
        records: The plugins, in the order in which they were loaded.
        policy: What let them load, or did not.
    """

    tables: Mapping[str, Mapping[str, Registration]]
    records: tuple[PluginRecord, ...]
    policy: Policy

    @property
    def broken(self) -> list[PluginRecord]:
        """The plugins that were to load and could not."""
        return [record for record in self.records if record.state in ("failed", "incompatible")]


def in_order(found: Scan, policy: Policy) -> list[Candidate]:
    """Put plugins in the order in which they load: the preferred ones first, as an earlier plugin keeps its names."""
    return sorted(found.candidates, key=lambda candidate: policy.rank(candidate.name, candidate.distribution))


def admit(candidate: Candidate, policy: Policy, core_version: str | None) -> PluginRecord:
    """Decide from the metadata alone whether a plugin may load.

    Args:
        candidate: The plugin.
        policy: What the user allows.
        core_version: The version of the installed core, or None where it is not known.

    Returns:
        Its record: ``available``, or set aside with the cause.
    """
    record = PluginRecord(candidate.name, candidate.distribution, candidate.version)
    objection = policy.objection(candidate.name, candidate.distribution)
    if objection is not None:
        return replace(record, state="blocked", cause=PluginError(objection))
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


def load_all(found: Scan, policy: Policy) -> Loaded:
    """Load every plugin that may load, each in isolation.

    Args:
        found: The plugins.
        policy: What the user allows.

    Returns:
        What they have registered, and how each fared.
    """
    tables: dict[str, dict[str, Registration]] = {kind: {} for kind in KINDS}
    records = []
    preferred: frozenset[str] = frozenset()
    for candidate in in_order(found, policy):
        record = admit(candidate, policy, found.core_version)
        if record.state == "available":
            record = _load_one(candidate, record, tables, preferred)
        if policy.rank(record.name, record.distribution) < len(policy.preferred):
            preferred |= {record.source}
        records.append(record)
    return Loaded(tables, tuple(records), policy)


def _load_one(
    candidate: Candidate,
    record: PluginRecord,
    tables: dict[str, dict[str, Registration]],
    preferred: frozenset[str],
) -> PluginRecord:
    """Import one plugin, call its hooks, and keep what they add if none of it raises."""
    assert candidate.entry_point is not None  # `admit` lets no plugin with broken metadata pass
    registrars = {kind: Registrar(kind, record.source, tables[kind], preferred) for kind in KINDS}
    started = time.perf_counter()
    state: PluginState = "loaded"
    cause: BaseException | None = None
    try:
        module = import_alone(candidate.entry_point.module)
        plugin = reduce(getattr, filter(None, (candidate.entry_point.attr or "").split(".")), module)
        _call_hooks(plugin, registrars)
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


def _call_hooks(plugin: object, registrars: Mapping[str, Registrar]) -> None:
    """Register a plugin with pluggy, which checks its signatures, and call the hooks that it implements."""
    import pluggy  # takes milliseconds: the first look-up pays for it, not `import lamella`

    from lamella.core.plugins import hookspecs

    hooks = pluggy.PluginManager("lamella")  # one for each plugin: no call reaches another's hooks
    hooks.add_hookspecs(hookspecs)
    hooks.register(plugin)
    callers = hooks.get_hookcallers(plugin) or []
    if not callers:
        raise PluginError("it implements no hook: mark its functions with lamella.core.plugins.hookimpl")
    for caller in callers:
        if caller.has_spec():
            for result in caller(registry=registrars[caller.name.removeprefix("register_")]):
                if isinstance(result, GeneratorType | CoroutineType | AsyncGeneratorType):
                    if isinstance(result, CoroutineType):
                        result.close()  # or Python warns later that nobody awaited it
                    raise PluginError(f"its {caller.name!r} has not run: write it without yield, await and async")
        elif not all(implementation.optionalhook for implementation in caller.get_hookimpls()):
            known = [f"register_{kind}" for kind in KINDS]
            raise PluginError(
                f"it implements {caller.name!r}, which is no hook.{did_you_mean(caller.name, known)}"
                f" The hooks are {', '.join(known)}."
            )
