"""What installed plugins cost: `import lamella`, and the first look-up, with and without fifty of them.

    python benchmarks/plugins.py

The plugins are real distributions in a temporary folder. Each time is the median of 20 fresh processes, taken in
turns. A first look-up reads the metadata of everything installed, loads pluggy and importlib-metadata, and imports
every plugin's registration module; what fifty plugins add to it is wanted under 60 ms, what they add to the import
under 5 %.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROCESSES = 20
PLUGINS = 50
LIMIT_MS = 60
PROGRAM = """
import time
start = time.perf_counter()
import lamella
imported = time.perf_counter()
from lamella.core import plugins
plugins.load()
print(1e3 * (imported - start), 1e3 * (time.perf_counter() - imported), len(plugins.records()))
"""
MODULE = """
from lamella.core.plugins import hookimpl


@hookimpl
def register_optimizers(registry):
    registry.add("own{number}", "acme_{number}.optimizer:Own")
"""


def install(folder, number):
    """A distribution as pip leaves it: a package whose own import would be dear, its plugin, its metadata."""
    package = folder / f"acme_{number}"
    package.mkdir()
    (package / "__init__.py").write_text("import numpy\n")
    (package / "plugin.py").write_text(MODULE.format(number=number))
    info = describe(folder, f"acme_{number}")
    (info / "entry_points.txt").write_text(f"[lamella]\nacme-{number} = acme_{number}.plugin\n")


def describe(folder, name):
    """The metadata of a distribution."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    fields = f"Name: {name.replace('_', '-')}\nVersion: 1.0\nRequires-Dist: lamella-core>=0.1\nRequires-Dist: numpy>=2"
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\n{fields}\n\n" + "What it is for.\n" * 100)
    return info


def times_ms(folder):
    """Milliseconds of the import and of the first look-up in a fresh process, and how many plugins there were."""
    path = os.pathsep.join([str(folder), *sys.path[1:]])
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}
    run = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, env=environ)
    return [float(word) for word in run.stdout.split()]


def main(processes=PROCESSES, plugins=PLUGINS):
    """Print both times, with and without the plugins."""
    with tempfile.TemporaryDirectory() as without, tempfile.TemporaryDirectory() as among:
        for number in range(plugins):
            install(Path(among), number)
        for folder in (without, among):
            describe(Path(folder), "lamella_core")  # as where it is installed: its version is read in any case
        found = {without: [], among: []}
        for folder in found:
            times_ms(folder)  # the first import of all compiles files and fills the disk's cache
        for _ in range(processes):
            for folder, times in found.items():
                times.append(times_ms(folder))
        medians = [[statistics.median(column) for column in zip(*times, strict=True)] for times in found.values()]
    (import_0, lookup_0, count_0), (import_1, lookup_1, count_1) = medians
    print(f"import lamella:  {import_0:.1f} ms without, {import_1:.1f} ms with {count_1 - count_0:.0f} plugins more")
    print(f"first look-up:   {lookup_0:.1f} ms without, {lookup_1:.1f} ms with them: {lookup_1 - lookup_0:+.1f} ms")
    print(f"                 (at most {LIMIT_MS:+} ms is wanted)")


if __name__ == "__main__":
    main()
