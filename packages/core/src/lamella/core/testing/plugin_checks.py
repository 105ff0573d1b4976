"""Checks of a plugin's registration module, and of what it registers."""

from __future__ import annotations

import contextlib
import io
import pickle  # noqa: TID251  # the check that what is registered survives it; the bytes are its own
import subprocess
import sys
import tempfile
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from lamella.core.plugins import Registry
from lamella.core.tensor import Tensor

#: Libraries of arrays, which registration modules must not bring in.
ARRAY_LIBRARIES = ("cupy", "jax", "numba", "numpy", "tensorflow", "torch")
LINES = 60


class Registration:
    """The subject: a plugin's registration module."""

    area = "registration"

    def __init__(self, plugin: str) -> None:
        self.name = plugin
        (target,) = {entry_point.value for entry_point in entry_points(group="lamella", name=plugin)}
        self.module = target.partition(":")[0]


class Offer:
    """The subject: one registered name."""

    def __init__(self, kind: str, name: str, registry: Registry) -> None:
        self.area = kind
        self.name = f"{kind}.{name}"
        self._key = name
        self._registry = registry

    @property
    def target(self) -> Any:
        """What is registered, imported now."""
        return self._registry.load(self._key)

    def made(self, folder: str) -> Any:
        """An object of it: made with what its ``conformance_arguments(folder)`` gives, or with nothing."""
        arguments = getattr(self.target, "conformance_arguments", _nothing)
        return self.target(*arguments(folder))


def _nothing(folder: str) -> tuple[Any, ...]:
    return ()


# --- the module


def imports_no_array_library(subject: Registration) -> None:
    """Importing the registration module brings in no array library: it is imported with every first look-up."""
    code = f"import sys, {subject.module}; print(*sorted({set(ARRAY_LIBRARIES)} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not ran.returncode, f"importing {subject.module} fails:\n{ran.stderr}"
    assert not ran.stdout.split(), (
        f"importing {subject.module} imports {ran.stdout.strip()}. Name what you register by strings, and keep the "
        "package's __init__ light."
    )


def is_short(subject: Registration) -> None:
    """The registration module only registers: it has under 60 lines."""
    spec = find_spec(subject.module)
    assert spec is not None
    assert spec.origin is not None
    lines = len(Path(spec.origin).read_text(encoding="utf-8").splitlines())
    assert lines < LINES, f"{subject.module} has {lines} lines, expected under {LINES}. Move what it does elsewhere."


# --- each name


def loads(subject: Offer) -> None:
    """The target can be imported."""
    assert subject.target is not None, f"{subject.name} is None"


def docstring(subject: Offer) -> None:
    """The target, or its class, has a docstring."""
    assert subject.target.__doc__, f"{subject.name} has no docstring"


def pickles(subject: Offer) -> None:
    """A class or a function is found again by its name."""
    target = subject.target
    if callable(target) and hasattr(target, "__qualname__"):
        assert pickle.loads(pickle.dumps(target)) is target, f"{subject.name} is not where its __qualname__ says"


# --- by kind


def dataset(subject: Offer) -> None:
    """A dataset has a length, gives the same sample twice and when pickled, and raises IndexError at its end."""
    with tempfile.TemporaryDirectory() as folder:
        made = subject.made(folder)
        size = len(made)
        assert size > 0, f"{subject.name} is empty"
        copied = pickle.loads(pickle.dumps(made))
        for index in {0, size // 2, size - 1}:
            sample = made[index]
            _assert_same(made[index], sample)
            _assert_same(copied[index], sample)
        ended = False
        try:
            made[size]
        except IndexError:
            ended = True
        assert ended, f"{subject.name}[{size}] of {size} samples does not raise IndexError"


def _assert_same(a: Any, b: Any) -> None:
    if isinstance(b, (tuple, list)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            _assert_same(x, y)
    elif isinstance(b, dict):
        _assert_same(list(a.items()), list(b.items()))
    else:
        left, right = (x.numpy(force=True) if isinstance(x, Tensor) else x for x in (a, b))
        np.testing.assert_array_equal(left, right, err_msg="the same sample is not the same twice")


def logger(subject: Offer) -> None:
    """A logger makes its folder, writes numbers and tensors, shows them after ``flush``, and closes twice."""
    with tempfile.TemporaryDirectory() as folder:
        log_dir = Path(folder, "runs", "one")
        made = subject.target(str(log_dir))
        made.add_scalar("loss/train", 0.5, 1)
        made.add_scalar("loss/train", Tensor._wrap(np.array(0.25)), global_step=2, walltime=1.0)
        made.add_scalar("lr", 0.1)
        made.flush()
        assert any(file.stat().st_size for file in log_dir.rglob("*")), (
            f"{subject.name}: after flush() nothing is there"
        )
        made.close()
        made.close()


def command(subject: Offer) -> None:
    """A command says how it is used, with ``--help``, and ends well."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            status = subject.target(["--help"])
        except SystemExit as end:  # as argparse does
            status = end.code
    assert not status, f"{subject.name} --help ends with {status}"
    assert output.getvalue().strip(), f"{subject.name} --help prints nothing"


OF_THE_MODULE = (imports_no_array_library, is_short)
OF_EACH = (loads, docstring, pickles)
BY_KIND = {"datasets": (dataset,), "loggers": (logger,), "commands": (command,)}

__all__ = ["BY_KIND", "OF_EACH", "OF_THE_MODULE", "Offer", "Registration"]
