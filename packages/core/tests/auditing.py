"""What loading does behind the scenes, as Python's own audit events tell it: run as a script, in a fresh process.

    python auditing.py FILE ...

Each file is loaded and inspected once without and once with a watcher, because the first time imports modules. What
is printed, one a line, is every event but that the file itself is opened for reading and mapped into memory; so a
program that prints nothing has imported, executed and opened nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from lamella.core.checkpoints import inspect, load
from lamella.core.errors import LamellaError


def load_all(paths: list[str]) -> None:
    for path in paths:
        for read in (load, lambda path: load(path, mmap=True), inspect):
            with contextlib.suppress(LamellaError):
                read(path)


def main(paths: list[str]) -> None:
    seen: list[str] = []
    is_watching = False

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        opens_it = event == "open" and arguments[0] in paths and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if is_watching and not opens_it and event != "mmap.__new__":
            seen.append(f"{event} {arguments!r}"[:300])

    sys.addaudithook(watch)
    load_all(paths)
    is_watching = True
    load_all(paths)
    is_watching = False
    print("\n".join(seen), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
