"""Replacing a file in one step: whoever opens it sees the old one or the new one, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from lamella.core.errors import CheckpointError


def replace_file(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside ``path``, bring it to the disk, and let it take the place of ``path``.

    A crash at any moment leaves the old file or the new one. A link is followed: what it points at is replaced.

    Args:
        path: The file to replace, or to make.
        write: Writes the contents to the file that it is given.

    Raises:
        CheckpointError: There is no folder for it.
    """
    path = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(path)):
        raise CheckpointError(f"save: the folder {os.path.dirname(path)!r} does not exist. Make it first.")
    if os.path.exists(path) and not os.path.isfile(path):
        # A pipe or a device has no place to take, and a folder raises here.
        with open(path, "wb") as file:
            write(file)
        return
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:  # also when interrupted: nothing half written is left
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # the new name reaches the disk with the folder
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
