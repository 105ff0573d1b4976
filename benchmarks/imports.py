"""How long it takes until Lamella can compute, against `import numpy`, which is most of it.

    python benchmarks/imports.py

`import lamella` itself loads next to nothing: its names come, and NumPy with them, when one is first used. So what
is timed is the import of the module that holds the names. Each import is made by 20 fresh processes, in turns; the
medians are compared.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

PROCESSES = 20
LIMIT = 1.3
TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def import_ms(module):
    """Milliseconds that the import takes in a fresh process."""
    command = [sys.executable, "-c", TIMED.format(module)]
    return 1e3 * float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare(module, with_module, processes=PROCESSES):
    """A line with both medians and their ratio."""
    times = {module: [], with_module: []}
    for name in times:
        import_ms(name)  # the first import of all may compile files and fill the disk's cache
    for _ in range(processes):
        for name, found in times.items():
            found.append(import_ms(name))
    ours, theirs = (statistics.median(found) for found in times.values())
    return (
        f"import {module} {ours:.1f} ms, import {with_module} {theirs:.1f} ms: ratio {ours / theirs:.2f} "
        f"(at most {LIMIT} is wanted)"
    )


if __name__ == "__main__":
    print(compare("lamella.core.facade", "numpy"))
