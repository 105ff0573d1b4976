"""Which plugins may load: what the program, the environment and the project say.

A setting comes from the first of these that has it, each setting on its own:

1. the program: ``lamella.core.plugins.configure(plugins="off", strict=True, prefer=["acme-optim"])``;
2. the environment: ``LAMELLA_PLUGINS``, ``LAMELLA_PLUGINS_STRICT`` and ``LAMELLA_PLUGINS_PREFER``; an empty variable
   is as one that is not set;
3. the project: ``plugins``, ``strict`` and ``prefer`` in ``[tool.lamella]`` of the ``pyproject.toml`` in the working
   directory at the first look-up.

``plugins``, all of them if nobody says otherwise, is one of

- ``1``, ``true``, ``yes``, ``on`` or ``all``: every plugin may load;
- ``0``, ``false``, ``no``, ``off`` or ``none``: no plugin loads;
- names, ``optim,acme-layers`` or ``["optim", "acme-layers"]``: only these load;
- names that each begin with ``!`` or ``-``, ``!acme-layers`` or ``["!acme-layers"]``: all but these load.

``strict``, off if nobody says otherwise, makes a plugin that cannot be loaded an error at every look-up: ``1``,
``true``, ``yes`` or ``on`` against ``0``, ``false``, ``no`` or ``off``.

``prefer``, nobody if nobody says otherwise, is names as above, the most preferred first. Where two plugins offer
different things under one name, the name is that of the preferred one; otherwise that is an error of the later one.
``0``, ``false``, ``no``, ``off`` and ``none`` mean nobody.

A name is a plugin's (that of its entry point) or that of its distribution; capitals, ``-``, ``_`` and ``.`` make no
difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.plugins.suggestions import did_you_mean

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")

SETTINGS = {"plugins": "LAMELLA_PLUGINS", "strict": "LAMELLA_PLUGINS_STRICT", "prefer": "LAMELLA_PLUGINS_PREFER"}
"""The settings, each with its environment variable."""


def normalize(name: str) -> str:
    """Spell a distribution's name the one way that all its spellings share.

    Args:
        name: A name such as ``"Lamella_Optim"``.

    Returns:
        The name as in ``"lamella-optim"``.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as somebody made it.

    Attributes:
        value: What it was set to.
        source: Where, for messages.
    """

    value: object
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Which plugins may load.

    Attributes:
        source: The setting it comes from, for messages.
        allowed: The only ones that may load; None means all.
        blocked: The ones that may not, whatever ``allowed`` says.
        strict: Whether a plugin that cannot be loaded is an error.
        strict_source: The setting that says so, for messages.
        preferred: The ones that get a name which others offer too, the most preferred first.
        unregistered: The ones that were taken out one by one.
    """

    source: str
    allowed: frozenset[str] | None
    blocked: frozenset[str]
    strict: bool
    strict_source: str
    preferred: tuple[str, ...]
    unregistered: frozenset[str] = frozenset()

    def objection(self, plugin: str, distribution: str) -> str | None:
        """Say why a plugin may not load.

        Args:
            plugin: The name of its entry point.
            distribution: The name of its distribution.

        Returns:
            The reason; None if it may load.
        """
        names = {normalize(plugin), normalize(distribution)}
        if names & self.unregistered:
            return "taken out by plugins.unregister"
        if names & self.blocked or (self.allowed is not None and not names & self.allowed):
            return f"kept out by {self.source}"
        return None

    def rank(self, plugin: str, distribution: str) -> int:
        """Say how much a plugin is preferred.

        Args:
            plugin: The name of its entry point.
            distribution: The name of its distribution.

        Returns:
            Its place in ``preferred``, from 0; the length of ``preferred`` if it is not there.
        """
        names = {normalize(plugin), normalize(distribution)}
        return next((place for place, name in enumerate(self.preferred) if name in names), len(self.preferred))


def from_program(plugins: object, strict: object, prefer: object) -> dict[str, Setting]:
    """Take what a program says; None leaves a setting to the environment and the project."""
    given = {"plugins": plugins, "strict": strict, "prefer": prefer}
    return {
        name: Setting(value, f"plugins.configure({name}={value!r})")
        for name, value in given.items()
        if value is not None
    }


def from_environment(environ: Mapping[str, str]) -> dict[str, Setting]:
    """Take what environment variables say."""
    texts = {name: environ.get(variable, "").strip() for name, variable in SETTINGS.items()}
    return {name: Setting(text, f"{SETTINGS[name]}={text}") for name, text in texts.items() if text}


def from_project(path: Path) -> dict[str, Setting]:
    """Take what ``[tool.lamella]`` says in a project's file, if it is there.

    Args:
        path: The ``pyproject.toml``.

    Returns:
        Its settings; none if there is no such file or table.

    Raises:
        ArgumentError: If the file cannot be read, or its table has a setting that does not exist.
        ArgumentTypeError: If ``tool.lamella`` is no table.
    """
    try:
        content = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise ArgumentError(f"{path.absolute()} cannot be read, so its [tool.lamella] is unknown: {error}") from error
    if b"lamella" not in content:
        return {}  # as almost always, and without paying for a parser
    import tomllib

    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path.absolute()} mentions lamella, but is not valid TOML: {error}") from error
    tool = document.get("tool", {})
    table = tool.get("lamella", {}) if isinstance(tool, dict) else {}
    where = f"[tool.lamella] of {path.absolute()}"
    if not isinstance(table, dict):
        raise ArgumentTypeError(f"{where} is {table!r}, but must be a table of settings: {', '.join(SETTINGS)}.")
    for name in table:
        if name not in SETTINGS:
            raise ArgumentError(
                f"{where} has {name!r}, which is no setting.{did_you_mean(name, SETTINGS)}"
                f" The settings are {', '.join(SETTINGS)}."
            )
    return {name: Setting(value, f"{name} = {value!r} in {where}") for name, value in table.items()}


def decide(*layers: Mapping[str, Setting]) -> Policy:
    """Make one policy of what several say.

    Args:
        layers: The settings of each, those that count most first.

    Returns:
        The policy.

    Raises:
        ArgumentTypeError: If a setting is neither text nor what its kind allows beside it.
        ArgumentError: If a text, or a list of texts, has none of the forms above.
    """
    setting = {
        name: next((layer[name] for layer in layers if name in layer), Setting("", f"{variable} (not set)"))
        for name, variable in SETTINGS.items()
    }
    allowed, blocked = _choice(setting["plugins"])
    return Policy(
        setting["plugins"].source,
        allowed,
        blocked,
        _switch(setting["strict"]),
        setting["strict"].source,
        _preferred(setting["prefer"]),
    )


def _choice(setting: Setting) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Read which plugins may load, and which may not."""
    word = str(setting.value).lower()
    if word in ("", "all", *_YES):
        return None, frozenset()
    if word in ("none", *_NO):
        return frozenset(), frozenset()
    words = _names(setting)
    blocked = frozenset(normalize(name[1:].strip()) for name in words if name[0] in "!-")
    allowed = frozenset(normalize(name) for name in words if name[0] not in "!-")
    if "" in blocked or not words or (blocked and allowed):
        raise ArgumentError(
            f"{setting.source} is neither a list of plugins to load, such as 'optim,acme-layers', nor a list of plugins"
            " to leave out, each with a '!' before its name, such as '!acme-layers'. Use one or the other, or 'all',"
            " or 'off'."
        )
    return allowed or None, blocked


def _switch(setting: Setting) -> bool:
    word = str(setting.value).lower()
    if word not in ("", *_YES, *_NO):
        raise ArgumentError(f"{setting.source} is not understood: it must be true (1) or false (0).")
    return word in _YES


def _preferred(setting: Setting) -> tuple[str, ...]:
    if str(setting.value).lower() in ("", "none", *_NO):
        return ()
    return tuple(normalize(name) for name in _names(setting))


def _names(setting: Setting) -> list[str]:
    """Read names: a text with commas, or several texts."""
    given = setting.value.split(",") if isinstance(setting.value, str) else setting.value
    if not isinstance(given, Sequence) or not all(isinstance(name, str) for name in given):
        raise ArgumentTypeError(f"{setting.source} must be text, or a list of texts, each the name of a plugin.")
    return [name.strip() for name in given if name.strip()]
