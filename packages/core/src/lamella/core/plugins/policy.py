"""Which plugins may load: what the environment says.

``LAMELLA_PLUGINS`` is one of

- not set, empty, ``1``, ``true``, ``yes``, ``on`` or ``all``: every plugin may load;
- ``0``, ``false``, ``no``, ``off`` or ``none``: no plugin loads;
- names joined by commas, ``optim,acme-layers``: only these load;
- names that each begin with ``!`` or ``-``, ``!acme-layers``: all but these load.

A name is a plugin's (that of its entry point) or that of its distribution; capitals, ``-``, ``_`` and ``.``
make no difference. ``LAMELLA_PLUGINS_STRICT`` set to ``1``, ``true``, ``yes`` or ``on`` makes a plugin that
cannot be loaded an error at the first look-up; not set, empty, ``0``, ``false``, ``no`` or ``off`` leaves it
a warning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lamella.core.errors import ArgumentError

_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


def normalize(name: str) -> str:
    """Spell a distribution's name the one way that all its spellings share.

    Args:
        name: A name such as ``"Lamella_Optim"``.

    Returns:
        The name as in ``"lamella-optim"``.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Policy:
    """Which plugins may load.

    Attributes:
        source: The setting it comes from, for messages.
        allowed: The only ones that may load; None means all.
        blocked: The ones that may not, whatever ``allowed`` says.
        strict: Whether a plugin that cannot be loaded is an error.
    """

    source: str
    allowed: frozenset[str] | None
    blocked: frozenset[str]
    strict: bool

    def permits(self, plugin: str, distribution: str) -> bool:
        """Say whether a plugin may load.

        Args:
            plugin: The name of its entry point.
            distribution: The name of its distribution.

        Returns:
            Whether neither name keeps it out.
        """
        names = {normalize(plugin), normalize(distribution)}
        return not names & self.blocked and (self.allowed is None or bool(names & self.allowed))


def read_policy(environ: Mapping[str, str]) -> Policy:
    """Read the policy from environment variables.

    Args:
        environ: The environment, such as ``os.environ``.

    Returns:
        What it says.

    Raises:
        ArgumentError: If a variable has none of the forms above.
    """
    text = environ.get("LAMELLA_PLUGINS", "").strip()
    source = f"LAMELLA_PLUGINS={text}"
    strict = _read_strict(environ.get("LAMELLA_PLUGINS_STRICT", "").strip())
    if text.lower() in ("", "all", *_YES):
        return Policy(source, None, frozenset(), strict)
    if text.lower() in ("none", *_NO):
        return Policy(source, frozenset(), frozenset(), strict)
    words = [word.strip() for word in text.split(",") if word.strip()]
    blocked = frozenset(normalize(word[1:].strip()) for word in words if word[0] in "!-")
    allowed = frozenset(normalize(word) for word in words if word[0] not in "!-")
    if "" in blocked or not words or (blocked and allowed):
        raise ArgumentError(
            f"{source} is neither a list of plugins to load, such as 'optim,acme-layers', nor a list of plugins to "
            "leave out, each with a '!' before its name, such as '!acme-layers'. Use one or the other."
        )
    return Policy(source, allowed or None, blocked, strict)


def _read_strict(text: str) -> bool:
    if text.lower() not in ("", *_YES, *_NO):
        raise ArgumentError(f"LAMELLA_PLUGINS_STRICT={text} is not understood: set it to 1 or 0.")
    return text.lower() in _YES
