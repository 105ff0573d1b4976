"""The command, run as users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lamella


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lamella", "count-parameters", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_elements_of_a_checkpoint_are_counted(tmp_path: Path) -> None:
    file = str(tmp_path / "model.lamella")
    state = {"weight": lamella.ones(200, 30), "deep": [lamella.ones(5), lamella.tensor(3)], "epoch": 7}
    lamella.save(state, file)
    done = run(file)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["6,005", "float32"],
        ["1", "int64"],
        ["6,006", "in", "3", "tensors"],
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "model.lamella"))
    assert done.returncode == 1
    assert "model.lamella can't be read" in done.stderr


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.lamella"
    file.write_text("no model")
    done = run(str(file))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
