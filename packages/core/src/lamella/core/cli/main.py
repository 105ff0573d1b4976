"""``lamella``: finds the command that is meant, and runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from lamella.core import plugins
from lamella.core.cli.tables import printable
from lamella.core.errors import LamellaError
from lamella.core.plugins.suggestions import did_you_mean


@dataclass(frozen=True)
class BuiltIn:
    """A command of the core's own.

    Attributes:
        target: Its function, as ``"package.module:function"``.
        summary: What it does, in half a line.
    """

    target: str
    summary: str


BUILT_IN = {
    "convert": BuiltIn("lamella.core.cli.checkpoint_commands:convert_command", "write a checkpoint in another format"),
    "doctor": BuiltIn("lamella.core.cli.doctor:command", "examine the installation, with a one-second self-test"),
    "inspect": BuiltIn("lamella.core.cli.checkpoint_commands:inspect_command", "say what is in a checkpoint"),
    "new-plugin": BuiltIn("lamella.core.scaffold.command:command", "write the package of a new plugin"),
    "plugins": BuiltIn("lamella.core.cli.plugin_list:command", "list the plugins, what they offer, and how they fare"),
    "run": BuiltIn("lamella.core.cli.run_script:command", "run a PyTorch script, with Lamella as its torch"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows ``lamella``; None means the arguments of this process.

    Returns:
        The exit status: 0, what the command returned, 1 if it raised an error of Lamella's, or 2 if the arguments
        could not be understood.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _run(words)
        sys.stdout.flush()  # here, where a reader who is gone can be told from an error
        return status
    except LamellaError as error:
        print("\n".join(map(printable, f"lamella: {error}".splitlines())), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `lamella inspect … | head`: the reader has seen enough. Python would complain once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if words[0] == "--version":
        import lamella

        print(f"lamella {lamella.__version__}")
        return 0
    name, *rest = words
    if name in BUILT_IN:
        module, _, function = BUILT_IN[name].target.partition(":")
        command = getattr(import_module(module), function)
    elif name in plugins.commands:
        command = plugins.commands.load(name)
    else:
        known = [*BUILT_IN, *plugins.commands]
        print(
            f"lamella: {name!r} is no command.{did_you_mean(name, known)} `lamella --help` lists them.", file=sys.stderr
        )
        return 2
    return command(rest) or 0


def _overview() -> str:
    rows = [(name, command.summary) for name, command in BUILT_IN.items()]
    plugins.configure(strict=False)  # help is for those whose installation is broken, too
    offered = [name for name in sorted(plugins.commands) if name not in BUILT_IN]  # which no other can replace
    rows += [(printable(name), printable(f"from {plugins.commands[name].distribution}")) for name in offered]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        [
            "usage: lamella COMMAND [ARGUMENT ...]",
            "",
            "Lamella, a PyTorch-shaped deep-learning framework in separately installable packages.",
            "",
            *(f"  {name:{width}}  {summary}" for name, summary in rows),
            "",
            "`lamella COMMAND --help` tells more of a command; `lamella --version` the version.",
        ]
    )
