"""The command line, ``lamella``: its commands, and those that plugins add.

A command is a function from the arguments that follow its name to an exit status (None means 0). Built-in ones and
those of plugins are the same: a name, and an import string that is followed when the command is run. Nothing here
needs an array library.
"""

from __future__ import annotations

from lamella.core.cli.main import main

__all__ = ["main"]
