"""Modules that are imported when something in them is first asked for, without the asker's knowing.

Python locks a module while it is imported. A process that is forked just then, to load data for instance, has that lock
but not the thread that would open it, and waits for ever when it needs the module. So forks wait until no other thread
is at an import of these.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from importlib import import_module
from types import ModuleType

_changed = threading.Condition()
_importing: Counter[int] = Counter()  # how deep each thread is in imports


def import_late(name: str) -> ModuleType:
    """Import a module by its full name, while no process is forked."""
    thread = threading.get_ident()
    with _changed:
        _importing[thread] += 1
    try:
        return import_module(name)
    finally:
        with _changed:
            _importing[thread] -= 1
            if not _importing[thread]:
                del _importing[thread]
            _changed.notify_all()


def _before_fork() -> None:
    _changed.acquire()
    _changed.wait_for(lambda: _importing.total() == _importing[threading.get_ident()])


def _after_fork() -> None:
    _changed.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
