"""``lamella run --as torch SCRIPT``: an unmodified PyTorch script, with Lamella in PyTorch's place."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from types import TracebackType

from lamella.core.cli.aliases import ALIASES, alias
from lamella.core.cli.missing_names import missing_names
from lamella.core.errors import ArgumentError, NameMissing


def command(arguments: list[str]) -> int:
    """Run a script in this process, as ``python SCRIPT`` would.

    Returns:
        0 when the script ends; 1 if it raises an error, which is shown as Python shows it. If it asks for something
        that Lamella lacks, all that it lacks is named. The script's exits go through.

    Raises:
        ArgumentError: There is no such script, or no such name to stand for.
    """
    parser = argparse.ArgumentParser(
        prog="lamella run",
        description="Run an unmodified PyTorch script: `import torch`, and whatever is below it, gives Lamella. "
        "`torchvision.datasets` and `.transforms` are those of lamella-data.",
        epilog="Processes that the script starts by the method 'spawn' import the real torch.",
    )
    parser.add_argument("--as", dest="name", required=True, metavar="torch", help="the name that Lamella answers to")
    parser.add_argument("script", metavar="SCRIPT", help="path of the script")
    parser.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER, help="what the script is given")
    wanted = parser.parse_args(arguments)
    if wanted.name not in ALIASES:
        raise ArgumentError(f"run: --as {wanted.name} is not possible: Lamella can stand for {', '.join(ALIASES)}.")
    if not os.path.isfile(wanted.script):
        raise ArgumentError(f"run: there is no file {wanted.script!r}. Give the path of a script.")
    sys.argv = [wanted.script, *wanted.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(wanted.script)))
    alias(wanted.name)
    try:
        runpy.run_path(wanted.script, run_name="__main__")
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the script's, and is shown
        own = _within(wanted.script, error)
        print("".join(traceback.format_exception(error.with_traceback(own))), end="", file=sys.stderr)
        if isinstance(error, (NameMissing, ImportError)):
            for file in _files(own):
                _print_missing(file, wanted.name)
        return 1
    return 0


def _within(script: str, error: BaseException) -> TracebackType | None:
    """The part of an error's traceback that begins in the script: the rest is how it was started."""
    at = error.__traceback__
    while at is not None and at.tb_frame.f_code.co_filename != script:
        at = at.tb_next
    return at


def _files(at: TracebackType | None) -> list[str]:
    """The files of a traceback that are none of Lamella's: those that ask it for names."""
    frames = [frame for frame, _ in traceback.walk_tb(at)]
    files = [f.f_code.co_filename for f in frames if f.f_globals.get("__name__", "").partition(".")[0] != "lamella"]
    return [file for file in dict.fromkeys(files) if os.path.isfile(file)]


def _print_missing(file: str, framework: str) -> None:
    missing = missing_names(file, framework)
    if missing:
        lines = [f"  {name}  (line {', '.join(map(str, where))})" for name, where in missing.items()]
        print("\n".join(["", f"Lamella lacks, of what {file} uses:", *lines]), file=sys.stderr)
