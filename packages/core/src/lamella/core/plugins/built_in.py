"""What the core has under names of its own: no plugin can take these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuiltInCommand:
    """A command of the core's own.

    Attributes:
        target: Its function, as ``"package.module:function"``.
        summary: What it does, in half a line.
    """

    target: str
    summary: str


COMMANDS = {
    "convert": BuiltInCommand(
        "lamella.core.cli.checkpoint_commands:convert_command", "write a checkpoint in another format"
    ),
    "doctor": BuiltInCommand(
        "lamella.core.cli.doctor:command", "examine the installation, with a one-second self-test"
    ),
    "inspect": BuiltInCommand("lamella.core.cli.checkpoint_commands:inspect_command", "say what is in a checkpoint"),
    "new-plugin": BuiltInCommand("lamella.core.scaffold.command:command", "write the package of a new plugin"),
    "plugins": BuiltInCommand(
        "lamella.core.cli.plugin_list:command", "list the plugins, what they offer, and how they fare"
    ),
    "run": BuiltInCommand("lamella.core.cli.run_script:command", "run a PyTorch script, with Lamella as its torch"),
}
"""The commands by name, in the order in which they are listed."""

RESERVED = {"backends": frozenset({"cpu"}), "commands": frozenset({*COMMANDS, "help"})}
"""The names that are not to be had, by kind."""
