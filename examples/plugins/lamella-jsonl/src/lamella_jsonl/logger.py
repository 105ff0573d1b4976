"""A log of JSON lines: one file, an object a line, whole whatever happens to the process."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lamella.core.errors import DataError

FILE = "scalars.jsonl"
"""The name of the file in its ``log_dir``."""


class JsonLines:
    """Writes each number as a line such as ``{"tag": "loss", "value": 0.5, "step": 3, "time": 1718000000.0}``.

    A line is written by one call of the system as soon as it is logged, so a process that dies loses nothing it has
    logged. Half a line that a full disk or a lost machine has left behind is cut off when the log is continued. NaN and
    infinities, which JSON has no numbers for, are the texts ``"nan"``, ``"inf"`` and ``"-inf"``.

    Args:
        log_dir: The folder to write to, made if need be. A log that is there is continued, by one
            process at a time.

    Raises:
        ValueError: On logging after :meth:`close`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with JsonLines(folder) as logger:
        ...         logger.add_scalar("loss", 0.5, global_step=3, walltime=1.0)
        ...     list(read(folder))
        [{'tag': 'loss', 'value': 0.5, 'step': 3, 'time': 1.0}]
    """

    def __init__(self, log_dir: str) -> None:
        path = Path(log_dir) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        whole = path.read_bytes().rfind(b"\n") + 1
        self._file.truncate(whole)

    def add_scalar(
        self, tag: str, scalar_value: float, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Log one number.

        Args:
            tag: What it is, as in ``"loss/train"``.
            scalar_value: A number, or anything that ``float`` takes, such as a Tensor.
            global_step: The training step, or None.
            walltime: Seconds since the epoch; None means now.
        """
        value = float(scalar_value)
        line = {
            "tag": tag,
            "value": value if math.isfinite(value) else str(value),
            "step": global_step,
            "time": time.time() if walltime is None else walltime,
        }
        self._file.write(json.dumps(line).encode() + b"\n")

    def flush(self) -> None:
        """Nothing is left to do: each line is written when it is logged."""

    def close(self) -> None:
        """Close the file. Again changes nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def read(log_dir: str) -> Iterator[dict[str, Any]]:
    """Read a log, also one that is being written.

    Args:
        log_dir: The folder that the logger was made with.

    Yields:
        A dict for each line, with ``tag``, ``value``, ``step`` and ``time``. A line that has no end yet is left out.

    Raises:
        DataError: A line is not one that the logger writes.
    """
    with (Path(log_dir) / FILE).open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                found = json.loads(line)
                found["value"] = float(found["value"])
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise DataError(f"{file.name}, line {number} is not a logged number: {error}") from error
            yield found
