"""What is known of a plugin: the record that users and ``lamella plugins`` see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lamella.core.errors import PluginError

PluginState = Literal["available", "loaded", "blocked", "incompatible", "failed"]
"""How a plugin fares.

``available``: found, its code not imported yet. ``loaded``: all its hooks have run. ``blocked``: the user's
setting, or ``unregister``, keeps it out. ``incompatible``: it requires another core version. ``failed``: its metadata
is broken, or it raised when imported or registering. The code of a blocked or an incompatible plugin is never imported.
"""


def in_words(error: BaseException) -> str:
    """Say what a stranger's exception is, as in ``"ValueError: it is empty"``, whatever its ``__str__`` does."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001  it is said that there is no message, and a `sys.exit` in it ends nothing
        text = "<its message cannot be shown>"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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
    def reason(self) -> str | None:
        """Why the plugin was set aside, in a sentence; None if it was not."""
        if self.cause is None:
            return None
        return str(self.cause) if type(self.cause) is PluginError else in_words(self.cause)

    @property
    def story(self) -> str:
        """The plugin, its state, and why it was set aside."""
        return f"plugin {self.name!r} of {self.source} ({self.state}: {self.reason})"
