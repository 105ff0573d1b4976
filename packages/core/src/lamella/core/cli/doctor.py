"""``lamella doctor``: what is installed, what it runs on, and whether it computes."""

from __future__ import annotations

import argparse
import io
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import importlib_metadata

from lamella.core import plugins
from lamella.core.cli.tables import printable
from lamella.core.errors import LamellaError

BESIDE = ("numpy", "pluggy", "importlib-metadata", "ml-dtypes", "cupy", "numba")
"""What Lamella stands on, or uses where it is there."""


def command(arguments: list[str]) -> int:
    """Examine the installation.

    Returns:
        0, or 1 if a plugin was set aside or the self-test failed.
    """
    parser = argparse.ArgumentParser(
        prog="lamella doctor",
        description="Show versions, BLAS, caches, backends, kernels and plugins, and compute something small on each "
        "backend.",
    )
    parser.parse_args(arguments)
    plugins.configure(strict=False)  # broken plugins are told below, and the examination goes on
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        plugins.load()
    fine = True
    for title, section in (
        ("Versions", versions),
        ("BLAS", blas),
        ("Caches", caches),
        ("Backends", backends),
        ("Kernels", kernels),
        ("Plugins", plugin_states),
        ("Self-test", self_test),
    ):
        rows = list(section())
        fine = fine and all(row[1] != "FAILED" for row in rows)
        print(title)
        width = max(len(row[0]) for row in rows)
        print("\n".join(printable(f"  {name:{width}}  {value}") for name, value in rows), end="\n\n")
    print("All is well." if fine else "Something is wrong: see FAILED above.")
    return int(not fine)


Row = tuple[str, str]


def versions() -> Iterator[Row]:
    """Python, the system, Lamella's packages, and the libraries they use."""
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"
    yield "system", f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"
    installed = {found.name.lower(): found.version for found in importlib_metadata.distributions() if found.name}
    for name in [*sorted(name for name in installed if name.startswith("lamella-")), *BESIDE]:
        if name in installed:
            yield name, installed[name]


def blas() -> Iterator[Row]:
    """The library that multiplies matrices, and the threads it and we may use."""
    import numpy as np

    from lamella.core.backends import threads

    built: dict[str, dict[str, dict[str, str]]] = np.show_config(mode="dicts")  # type: ignore[assignment]  # NumPy says less
    library = built.get("Build Dependencies", {}).get("blas", {})
    yield "library", f"{library.get('name', 'unknown')} {library.get('version', '')}".strip()
    count = threads.blas_threads()
    yield "its threads", "unknown: it is not OpenBLAS" if count is None else str(count)
    yield "our threads", str(threads.get_num_threads())


def caches() -> Iterator[Row]:
    """What is kept for later: freed memory of large arrays (see ``lamella.core.backends.memory``)."""
    from lamella.core.backends.memory import KEPT_BYTES, ensure

    kept = f"up to {KEPT_BYTES // 2**20} MiB that large tensors freed; lamella.release_memory() gives them back"
    yield "memory", kept if ensure() else "nothing (switched off, or the C library is not glibc)"


def backends() -> Iterator[Row]:
    """Each device type, and why it cannot be used if it cannot."""
    yield from _attempts(lambda device_type: "available")


def kernels() -> Iterator[Row]:
    """What plugins offer in place of our own kernels."""
    providers = {name: plugins.kernels[name].distribution for name in sorted(plugins.kernels)}
    for name, distribution in providers.items():
        yield name, f"from {distribution}; lamella.kernels.load({name!r}) takes them into use"
    if not providers:
        yield "none", "no plugin offers any; NumPy computes everything"


def plugin_states() -> Iterator[Row]:
    """How each plugin fares, and why."""
    for record in plugins.records():
        bad = record.state in ("failed", "incompatible")
        yield f"{record.name} ({record.source})", "FAILED" if bad else record.state
        if record.reason:
            yield "", record.reason
    if not plugins.records():
        yield "none", "no package that offers anything is installed"


def self_test() -> Iterator[Row]:
    """Train, differentiate and save something small, in about a second."""
    start = time.perf_counter()
    for device_type, result in _attempts(_learns):
        yield f"gradient descent on {device_type}", result
    yield "save and load", _passes(_saves)
    yield "random numbers", _passes(_draws)
    yield "time", f"{time.perf_counter() - start:.2f} s"


def _attempts(attempt: Callable[[str], str]) -> Iterator[Row]:
    """What came of trying each device type that there is a backend for."""
    from lamella.core.devices import device
    from lamella.core.placement import backend_for

    for device_type in dict.fromkeys(["cpu", *sorted(plugins.backends)]):
        try:
            backend_for(device(device_type))
        except LamellaError as unavailable:
            yield device_type, f"not available: {unavailable}"
        else:
            yield device_type, _passes(partial(attempt, device_type))


def _passes(attempt: Callable[[], str]) -> str:
    try:
        return attempt()
    except Exception as error:  # noqa: BLE001  # whatever goes wrong is the finding
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return "FAILED"


def _learns(device_type: str) -> str:
    """Fit a line by gradient descent: operators, broadcasting, a product, a reduction and their gradients."""
    import lamella

    x = lamella.linspace(-1, 1, 32).reshape(32, 1).to(device_type)
    weight = lamella.zeros(1, 1, device=device_type, requires_grad=True)
    bias = lamella.zeros(1, device=device_type, requires_grad=True)
    for _ in range(60):
        loss = ((x @ weight + bias - (3 * x - 1)) ** 2).mean()
        gradients = lamella.autograd.grad(loss, [weight, bias])
        with lamella.no_grad():
            weight -= 0.5 * gradients[0]
            bias -= 0.5 * gradients[1]
    off = max(abs(weight.item() - 3), abs(bias.item() + 1))
    return "passed" if off < 1e-3 else "FAILED"


def _saves() -> str:
    import lamella

    saved = {"weight": lamella.arange(6.0).reshape(2, 3), "step": 3}
    file = io.BytesIO()
    lamella.save(saved, file)
    file.seek(0)
    found = lamella.load(file)
    return "passed" if found["step"] == 3 and lamella.equal(found["weight"], saved["weight"]) else "FAILED"


def _draws() -> str:
    """The same seed gives the same numbers everywhere, so a few are known."""
    import lamella

    drawn = lamella.rand(3, generator=lamella.Generator().manual_seed(0)).tolist()
    return "passed" if drawn == KNOWN_UNIFORMS else "FAILED"


KNOWN_UNIFORMS = [0.034741878509521484, 0.011546730995178223, 0.6119502186775208]
"""``rand(3)`` with seed 0."""
