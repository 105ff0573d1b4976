"""``lamella new-plugin``."""

from __future__ import annotations

import argparse
from pathlib import Path

from lamella.core.scaffold.kinds import KINDS
from lamella.core.scaffold.package import write_plugin


def command(arguments: list[str]) -> int:
    """Write the package of a new plugin, and say what to do next.

    Args:
        arguments: What follows the command's name.

    Returns:
        0, the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="lamella new-plugin",
        description="Write the package of a new plugin: it installs, registers and passes its tests as it is.",
    )
    parser.add_argument("name", metavar="NAME", help="of the package, such as lamella-signum")
    parser.add_argument("--kind", required=True, choices=list(KINDS), help="what the plugin offers")
    parser.add_argument("--folder", type=Path, help="where to write it; a new folder NAME here if not given")
    wanted = parser.parse_args(arguments)
    folder = write_plugin(wanted.name, wanted.kind, wanted.folder)
    text = f'{folder} is ready. Next:\n\n  cd "{folder}"\n  python -m pip install -e ".[dev]"\n  pytest'
    print(text)  # noqa: T201  # a command prints
    return 0
