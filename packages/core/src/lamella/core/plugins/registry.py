"""Registries: names that plugins offer, and the import strings behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

from lamella.core.errors import ArgumentError, ArgumentTypeError, PluginError
from lamella.core.late_imports import import_late
from lamella.core.plugins.built_in import RESERVED
from lamella.core.plugins.record import in_words

KINDS = {
    "backends": "backend",
    "kernels": "kernel set",
    "ops": "op",
    "layers": "layer",
    "losses": "loss",
    "activations": "activation",
    "optimizers": "optimizer",
    "schedulers": "scheduler",
    "datasets": "dataset",
    "transforms": "transform",
    "compressors": "compressor",
    "loggers": "logger",
    "exporters": "exporter",
    "process_groups": "process group",
    "commands": "command",
}
"""The registries, each with what one entry of it is called. The hook ``register_<kind>`` fills it."""

_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Registration:
    """One name in a registry.

    Attributes:
        name: The name it is looked up by.
        target: Where it is, as ``"package.module:attribute"``.
        distribution: The package that added it, with its version, as in ``"lamella-optim 0.1.0"``.
    """

    name: str
    target: str
    distribution: str


class Registrar:
    """Takes what one plugin adds to one registry: the ``registry`` that its hook is given.

    The additions count once all hooks of the plugin have returned; if one raises, none of them does.

    Args:
        kind: A key of :data:`KINDS`.
        distribution: The package that adds, with its version.
        taken: The names that are taken already.
        preferred: The packages that keep their names, because the user prefers them; one of another package that
            offers something else under such a name is passed by.
    """

    def __init__(
        self,
        kind: str,
        distribution: str,
        taken: Mapping[str, Registration],
        preferred: frozenset[str] = frozenset(),
    ) -> None:
        self._kind = kind
        self._distribution = distribution
        self._taken = taken
        self._preferred = preferred
        self._additions: dict[str, Registration] = {}

    @property
    def additions(self) -> Mapping[str, Registration]:
        """What was added, by name."""
        return MappingProxyType(self._additions)

    def add(self, name: str, target: str) -> None:
        """Offer ``target`` under ``name``.

        Adding the same again changes nothing. Nor does a name that a package which the user prefers has taken.

        Args:
            name: What users look it up by.
            target: Where it is, as ``"package.module:attribute"``; imported on first use, not now.

        Raises:
            ArgumentTypeError: If ``name`` or ``target`` is not a string.
            ArgumentError: If ``name`` is empty or could not be typed as one word, or ``target`` is not of the form
                shown.
            PluginError: If the name already stands for something else, or is the core's own.

        Example:
            >>> registrar = Registrar("optimizers", "acme-optim 1.0", taken={})
            >>> registrar.add("lion", "acme.optim:Lion")
            >>> registrar.additions["lion"].target
            'acme.optim:Lion'
        """
        call = f"register_{self._kind}: add({name!r}, {target!r})"
        if not isinstance(name, str) or not isinstance(target, str):
            raise ArgumentTypeError(
                f'{call}: both must be strings, as in add("name", "package.module:attribute").'
                " The target is imported on first use, so name it instead of passing it."
            )
        if not name:
            raise ArgumentError(f"{call}: the name is empty. Give the name that users look it up by.")
        if not name.isprintable() or " " in name or name[0] == "-":
            raise ArgumentError(
                f"{call}: the name must be one word of letters that can be seen, not beginning with '-'."
            )
        if name in RESERVED.get(self._kind, ()):
            raise PluginError(f"The {KINDS[self._kind]} {name!r} is Lamella's own. Offer yours under another name.")
        if not _TARGET.fullmatch(target):
            raise ArgumentError(f'{call}: the target must have the form "package.module:attribute".')
        theirs = self._taken.get(name)
        if theirs is not None and theirs.distribution in self._preferred:
            return
        before = self._additions.get(name) or theirs
        if before is not None and before.target != target:
            raise PluginError(
                f"The {KINDS[self._kind]} {name!r} is {before.target} of {before.distribution}, and"
                f" {self._distribution} offers {target} under the same name. Prefer one of the packages, as in"
                " LAMELLA_PLUGINS_PREFER=package, or keep one from loading, as in LAMELLA_PLUGINS=!package."
            )
        if before is None:
            self._additions[name] = Registration(name, target, self._distribution)


class Registry(Mapping[str, Registration]):
    """A read-only view of one kind of thing that plugins offer: name to :class:`Registration`.

    The first look-up in any registry finds and loads the plugins. Things themselves are imported by
    :meth:`load`.

    Args:
        kind: A key of :data:`KINDS`.
        table: Gives the names, once plugins are loaded.
        refuse: Raises the error that explains why a name is not there.
    """

    def __init__(
        self,
        kind: str,
        table: Callable[[], Mapping[str, Registration]],
        refuse: Callable[[str, str], NoReturn],
    ) -> None:
        self.kind = kind
        self._table = table
        self._refuse = refuse

    def __getitem__(self, name: str) -> Registration:
        return self._table()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table())

    def __len__(self) -> int:
        return len(self._table())

    def __repr__(self) -> str:
        return f"<registry of {self.kind}>"

    def load(self, name: str) -> Any:
        """Import what is registered under a name.

        Args:
            name: A name in this registry.

        Returns:
            The object that the registration's target names.

        Raises:
            PackageMissing: If nothing has this name, and our package that offers this kind is not installed.
            PluginError: If nothing has this name, or its plugin was set aside, or importing it fails; the
                original exception is the cause.
        """
        registration = self._table().get(name)
        if registration is None:
            self._refuse(self.kind, name)
        module, _, attribute = registration.target.partition(":")
        try:
            found: Any = import_late(module)
            for part in attribute.split("."):
                found = getattr(found, part)
        except KeyboardInterrupt:
            raise
        except BaseException as cause:
            # A plugin's code is a stranger's: even its `sys.exit` must not end the program that asks.
            raise PluginError(
                f"The {KINDS[self.kind]} {name!r} of {registration.distribution} cannot be imported from"
                f" {registration.target}: {in_words(cause)}"
            ) from cause
        return found
