"""The memory policy, each case in a process of its own because its thresholds belong to the process."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from lamella.core.backends import memory

has_glibc = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
POLICY_VARIABLES = (
    "LAMELLA_MEMORY_POLICY",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "GLIBC_TUNABLES",
)

# Takes 96 MiB in blocks of 16 MiB three times, counts the page faults of the last time, and releases them.
PROGRAM = """
import resource
import numpy as np
from lamella.core.backends import memory

print(memory.ensure(), memory.ensure())

def fault_in():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(2**22, np.float32) for _ in range(6)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

fault_in(), fault_in()
print(fault_in())

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

kept = resident()
print(memory.release(), (kept - resident()) // 2**20)
"""


def run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in POLICY_VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_pages_are_kept_and_given_back_on_request():
    if not has_glibc:
        assert (memory.ensure(), memory.release()) == (False, False)
        return
    done = run(PROGRAM)
    in_force, faults, released = done.stdout.splitlines()
    assert in_force == "True True", done.stderr
    assert int(faults) < 100
    gave_back, mebibytes = released.split()
    assert gave_back == "True"
    assert int(mebibytes) >= 90


@pytest.mark.parametrize(
    "variables",
    [
        {"LAMELLA_MEMORY_POLICY": "off"},
        {"MALLOC_MMAP_THRESHOLD_": "1000000"},
        {"MALLOC_TRIM_THRESHOLD_": "1000000"},
        {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1000000"},
    ],
)
def test_policy_leaves_the_process_alone_when_told_to(variables):
    done = run("from lamella.core.backends import memory; print(memory.ensure())", **variables)
    assert done.stdout == "False\n", done.stderr


def test_unknown_policy_is_an_error():
    done = run("from lamella.core.backends import memory; memory.ensure()", LAMELLA_MEMORY_POLICY="offf")
    assert "ArgumentError: LAMELLA_MEMORY_POLICY: expected 'on' or 'off', got 'offf'" in done.stderr


def test_importing_sets_nothing():
    program = PROGRAM.replace("print(memory.ensure(), memory.ensure())", "print()")
    if has_glibc:
        faults = run(program).stdout.splitlines()[1]
        assert int(faults) > 1000
