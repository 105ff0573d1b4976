"""Checkpoints of a training run: everything it needs to go on as if it had never stopped, in one file each."""

from __future__ import annotations

import os
import random
import re
from typing import Any, Protocol

import numpy as np

from lamella.core.checkpoints.files import load, save
from lamella.core.checkpoints.tree import type_name
from lamella.core.errors import ArgumentError, ArgumentTypeError, CheckpointError
from lamella.core.ops.random import get_rng_state, set_rng_state

_NAME = re.compile(r"step-(\d{12,})\.lam")
_TEMPORARY = re.compile(_NAME.pattern + r"\.[0-9a-f]+\.tmp")
_MOST_WORDS = 624
_KEYS = {"step", "parts", "random", "values"}


class Stateful(Protocol):
    """What can be part of a checkpoint: a module, an optimizer, a scheduler, a scaler, a loader."""

    def state_dict(self) -> Any:
        """What it needs to go on, as tensors and plain values."""

    def load_state_dict(self, state_dict: Any, /) -> Any:
        """Go on from what ``state_dict`` gave."""


class Training:
    """The checkpoints of one training run, in a folder of its own.

    Each holds the states of the parts, and of the random generators: Lamella's default one, Python's ``random``
    and NumPy's global one. It is written in one step: whenever the program or the machine stops, the newest
    whole checkpoint is there to resume from. One process at a time may write to a folder.

    Args:
        folder: Where the files are, ``step-000000000100.lam`` and so on; made with the first of them.
        keep_last: How many to keep, at least 1. Older ones are removed once a new one is whole.
        parts: What is saved and resumed: anything with ``state_dict`` and ``load_state_dict``, by name.

    Attributes:
        values: What else was saved with the checkpoint that was resumed from.

    Raises:
        ArgumentTypeError: A part has no such methods.
        ArgumentError: ``keep_last`` is less than 1.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from lamella.core.grad_scaler import GradScaler
        >>> with TemporaryDirectory() as folder:
        ...     Training(folder, scaler=GradScaler("cpu")).save(100, best_loss=0.5)
        ...     resumed = Training(folder, scaler=GradScaler("cpu"))
        ...     print(resumed.resume(), resumed.values)
        100 {'best_loss': 0.5}
    """

    def __init__(self, folder: str | os.PathLike[str], *, keep_last: int = 3, **parts: Stateful) -> None:
        if keep_last < 1:
            raise ArgumentError(f"Training: expected keep_last to be 1 or more, got {keep_last}.")
        for name, part in parts.items():
            if not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
                raise ArgumentTypeError(
                    f"Training: expected {name} to have state_dict() and load_state_dict(), got {type_name(part)}. "
                    "Pass plain values to save() instead."
                )
        self.folder = os.fspath(folder)
        self.keep_last = keep_last
        self.values: dict[str, Any] = {}
        self._parts = parts

    def steps(self) -> list[int]:
        """The steps of the checkpoints that are there, from the first to the last."""
        if not os.path.isdir(self.folder):
            return []
        return sorted(int(found[1]) for name in os.listdir(self.folder) if (found := _NAME.fullmatch(name)))

    def save(self, step: int, **values: Any) -> None:
        """Write a checkpoint, and remove those that are no longer to be kept.

        Args:
            step: How far the training is; not before the newest checkpoint. One of the same step is replaced.
            values: What else to save: plain values and tensors, by name.

        Raises:
            ArgumentError: There is a checkpoint of a later step, which this one would hide behind.
            CheckpointError: A state or a value cannot be saved.
        """
        steps = self.steps()
        if type(step) is not int or step < 0:
            raise ArgumentError(f"save: expected step as an int of 0 or more, got {step!r}.")
        if steps and step < steps[-1]:
            raise ArgumentError(
                f"save: step {step} comes before step {steps[-1]}, which is in {self.folder} already. Call resume() "
                "first, or use a folder of its own for each run."
            )
        os.makedirs(self.folder, exist_ok=True)
        self._remove_temporaries()
        state = {
            "step": step,
            "parts": {name: part.state_dict() for name, part in self._parts.items()},
            "random": _random_state(),
            "values": values,
        }
        save(state, self._path(step))
        for old in [earlier for earlier in steps if earlier != step][: -self.keep_last + 1 or None]:
            os.unlink(self._path(old))

    def resume(self) -> int | None:
        """Load the newest checkpoint into the parts and the random generators.

        Returns:
            Its step, or None if there is no checkpoint yet.

        Raises:
            CheckpointError: It is damaged, which no crash of a program does to it, or is not of these parts.
        """
        steps = self.steps()
        if not steps:
            return None
        path = self._path(steps[-1])
        try:
            state = load(path, "cpu")
        except CheckpointError as error:
            earlier = f"step {steps[-2]}" if len(steps) > 1 else "the beginning"
            raise CheckpointError(f"resume: {error} Remove this file to go on from {earlier}.") from error
        if not isinstance(state, dict) or state.keys() != _KEYS or not isinstance(state["parts"], dict):
            raise CheckpointError(f"resume: {path} was not written by Training.save.")
        if state["parts"].keys() != self._parts.keys():
            raise CheckpointError(
                f"resume: {path} was saved with {', '.join(state['parts']) or 'no parts'}, but this run has "
                f"{', '.join(self._parts) or 'none'}. Give Training the same parts by the same names."
            )
        for name, part in self._parts.items():
            part.load_state_dict(state["parts"][name])
        try:
            _set_random_state(state["random"])
        except (LookupError, TypeError, ValueError) as error:
            raise CheckpointError(f"resume: {path}: the state of the random generators is damaged: {error}") from error
        self.values = state["values"]
        return steps[-1]

    def _path(self, step: int) -> str:
        return os.path.join(self.folder, f"step-{step:012}.lam")

    def _remove_temporaries(self) -> None:
        """Remove what a process has left that was killed while it wrote."""
        for name in os.listdir(self.folder):
            if _TEMPORARY.fullmatch(name):
                os.unlink(os.path.join(self.folder, name))


def _random_state() -> dict[str, Any]:
    numpy_state: dict[str, Any] = dict(np.random.get_state(legacy=False))  # noqa: NPY002  # the global one is meant
    inner = {name: np.asarray(value).tolist() for name, value in numpy_state["state"].items()}
    return {"lamella": get_rng_state(), "python": random.getstate(), "numpy": {**numpy_state, "state": inner}}


def _set_random_state(state: Any) -> None:
    if not 0 <= state["numpy"]["state"].get("pos", 0) <= _MOST_WORDS:  # NumPy would read whatever lies there
        raise ValueError("a position is outside of NumPy's state")
    set_rng_state(state["lamella"])
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002  # the global one is meant
