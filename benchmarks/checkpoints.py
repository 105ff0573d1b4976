"""How fast checkpoints load, against reading the same bytes with NumPy.

    python benchmarks/checkpoints.py

A file of 400 MB is written to a temporary folder and read from the system's cache; each number is the best of the
rounds, in which all ways take turns.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

import lamella
from lamella.checkpoints import inspect, load, safetensors, save

TENSORS = 100
ELEMENTS = 1_000_000  # of 4 bytes
ROUNDS = 7


def timed_s(run):
    """Seconds that a call takes, without what freeing its result takes."""
    start = time.perf_counter()
    kept = run()
    seconds = time.perf_counter() - start
    del kept
    return seconds


def main():
    state = {f"layers.{i}.weight": lamella.full((ELEMENTS,), float(i)) for i in range(TENSORS)}
    with tempfile.TemporaryDirectory() as folder:
        safe, own, npz = (Path(folder, f"model.{suffix}") for suffix in ("safetensors", "lam", "npz"))
        writing = {path.name: timed_s(lambda path=path: save(state, path)) for path in (safe, own, npz)}
        ways = {
            "np.fromfile, all of it": lambda: np.fromfile(safe, np.uint8),
            "load safetensors": lambda: load(safe),
            "load safetensors, mapped": lambda: load(safe, mmap=True),
            "load safetensors, mapped, and sum": lambda: [tensor.sum() for tensor in load(safe, mmap=True).values()],
            "safe_open, one tensor of 100": lambda: one_of(safe),
            "load .lam, with checksums": lambda: load(own),
            "load .lam, mapped": lambda: load(own, mmap=True),
            "load .npz, with checksums": lambda: load(npz),
            "inspect safetensors": lambda: inspect(safe),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, run in ways.items():
                best[name] = min(best[name], timed_s(run))
    megabytes = 4 * TENSORS * ELEMENTS / 1e6
    for name, seconds in writing.items():
        print(f"save {name:34} {1e3 * seconds:8.1f} ms  {megabytes / seconds / 1e3:8.2f} GB/s, to the disk")
    for name, seconds in best.items():
        print(f"{name:39} {1e3 * seconds:8.1f} ms  {megabytes / seconds / 1e3:8.2f} GB/s")
    ratio = best["np.fromfile, all of it"] / best["load safetensors"]
    mapped = 1e3 * best["load safetensors, mapped"]
    print(f"reading: {ratio:.2f} of np.fromfile's speed (at least 0.8 is wanted); mapping: {mapped:.1f} ms (below 50)")


def one_of(path):
    with safetensors.safe_open(path) as file:
        return file.get_tensor("layers.7.weight")


if __name__ == "__main__":
    main()
