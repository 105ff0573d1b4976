"""``lamella``: finds the command that is meant, and runs it."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from importlib import import_module

from lamella.core import plugins
from lamella.core.cli.tables import printable
from lamella.core.errors import LamellaError, PluginError
from lamella.core.plugins.built_in import COMMANDS
from lamella.core.plugins.suggestions import did_you_mean


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
        if not _reader_is_gone():
            raise  # another pipe of the command's
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
    if name in COMMANDS:
        module, _, function = COMMANDS[name].target.partition(":")
        command = getattr(import_module(module), function)
    elif name in plugins.commands:
        command = plugins.commands.load(name)
    else:
        known = [*COMMANDS, *plugins.commands]
        print(
            f"lamella: {name!r} is no command.{did_you_mean(name, known)} `lamella --help` lists them.", file=sys.stderr
        )
        return 2
    status = command(rest)
    if status is not None and type(status) is not int:
        raise PluginError(
            f"the command {name!r} returned {status!r}, which is no exit status: a whole number, or None."
        )
    return status or 0


def _reader_is_gone() -> bool:
    """Whether nobody reads our output any more."""
    if sys.platform == "win32":
        return True  # there is no asking; few commands have pipes of their own
    poller = select.poll()
    poller.register(sys.stdout, 0)  # what cannot be written to any more is told in any case
    return bool(poller.poll(0))


def _overview() -> str:
    rows = [(name, command.summary) for name, command in COMMANDS.items()]
    plugins.configure(strict=False)  # help is for those whose installation is broken, too
    rows += [(name, printable(f"from {plugins.commands[name].distribution}")) for name in sorted(plugins.commands)]
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
