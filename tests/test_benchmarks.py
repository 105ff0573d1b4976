"""The benchmark runs and prints its table. How long anything takes is never checked here."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
NUMBER = r"\d+\.\d+"

# Another library with PyTorch's API: Lamella under another name, because PyTorch need not be installed.
TWIN = """
import sys
import lamella, lamella.nn.functional, lamella.optim, lamella.utils.data
for name, module in list(sys.modules.items()):
    if name.split(".")[0] == "lamella":
        sys.modules["twin" + name.removeprefix("lamella")] = module
"""
#: One that has nothing.
BROKEN = TWIN.replace("twin", "broken") + "sys.modules['broken'] = type('Broken', (), {'__version__': '0'})()\n"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "twin.py").write_text(TWIN, encoding="utf-8")
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(*arguments):
        command = [sys.executable, BENCHMARKS / "run.py", "--rounds", "1", *arguments]
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            command, check=False, capture_output=True, text=True, encoding="utf-8", timeout=300, env=environment
        )

    return run


def test_two_libraries_are_compared(run):
    done = run("--vs", "twin", "--cases", "chain_10k,op_overhead")
    assert done.returncode == 0, done.stderr
    first, head, *rows, last = done.stdout.splitlines()
    assert re.fullmatch(r"lamella \S+ against twin \S+", first)
    assert head.split() == ["case", "lamella", "ms", "twin", "ms", "ratio", "from", "–", "to"]
    for row, name in zip(rows, ["chain_10k", "op_overhead"], strict=True):
        assert re.fullmatch(rf"{name} +{NUMBER} +{NUMBER} +{NUMBER} +{NUMBER} – {NUMBER}", row)
    worst = rf"worst {NUMBER} \((chain_10k|op_overhead)\)"
    assert re.fullmatch(rf"geometric mean {NUMBER}; {worst}; lamella ahead in [0-2] of 2", last)
    assert "round 1: twin op_overhead" in done.stderr  # the progress line


def test_without_the_other_library_there_are_times_alone(run):
    done = run("--vs", "no_such_library", "--cases", "op_overhead")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no_such_library is not installed here")
    assert re.fullmatch(rf"op_overhead +{NUMBER}", done.stdout.splitlines()[-1])


def test_a_case_that_fails_is_shown_and_the_others_go_on(run):
    done = run("--lib", "broken", "--vs", "none", "--cases", "op_overhead,chain_10k")
    assert done.returncode == 1
    rows = done.stdout.splitlines()[-2:]
    assert [row.split()[:2] for row in rows] == [["op_overhead", "failed"], ["chain_10k", "failed"]]
    assert "AttributeError" in rows[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cases", "op_overhead,flying"], "no case flying; there are mlp_sgd, "),
        (["--rounds", "0"], "--rounds is 0, but at least 1 is needed"),
        (["--lib", "no_such_library"], "no_such_library is not installed"),
    ],
)
def test_what_cannot_be_run_is_said(run, arguments, message):
    done = run(*arguments)
    assert done.returncode == 2 and message in done.stderr


def test_imports_are_compared():
    compare = runpy.run_path(str(BENCHMARKS / "imports.py"))["compare"]
    line = compare("lamella", "numpy", processes=1)
    assert re.fullmatch(rf"import lamella {NUMBER} ms, import numpy {NUMBER} ms: ratio {NUMBER} .*", line)
