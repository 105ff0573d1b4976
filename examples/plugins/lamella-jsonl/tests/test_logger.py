"""What is logged is read back, whatever happens in between."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
from lamella_jsonl.logger import FILE, JsonLines, read

import lamella
from lamella.core.errors import DataError


def test_what_is_logged_is_read_back(tmp_path: Path) -> None:
    folder = str(tmp_path / "new" / "run")
    with JsonLines(folder) as logger:
        logger.add_scalar("loss/train", lamella.tensor(0.5), 3, walltime=1.0)
        logger.add_scalar('a "tag"\nin two lines', 1, walltime=2.0)
    assert list(read(folder)) == [
        {"tag": "loss/train", "value": 0.5, "step": 3, "time": 1.0},
        {"tag": 'a "tag"\nin two lines', "value": 1.0, "step": None, "time": 2.0},
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_not_are_read_back(value: float, tmp_path: Path) -> None:
    with JsonLines(str(tmp_path)) as logger:
        logger.add_scalar("loss", value)
    (found,) = read(str(tmp_path))
    assert repr(found["value"]) == repr(value)


DIES = """
import os, sys
from lamella_jsonl.logger import JsonLines
logger = JsonLines(sys.argv[1])
for step in range(3):
    logger.add_scalar("loss", 0.5, step)
os._exit(7)  # at once: nothing is flushed or closed
"""


def test_a_process_that_dies_loses_nothing(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False).returncode == 7
    assert [line["step"] for line in read(str(tmp_path))] == [0, 1, 2]


def test_half_a_line_is_not_read_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    for step in range(2):
        with JsonLines(str(tmp_path)) as logger:
            logger.add_scalar("loss", 0.5, step)
        with (tmp_path / FILE).open("ab") as file:
            file.write(b'{"tag": "lo')
        assert [line["step"] for line in read(str(tmp_path))] == list(range(step + 1))


@pytest.mark.parametrize("line", [b"loss 0.5", b"[]", b'{"tag": "loss"}', b'{"value": "many"}', b"[" * 100_000])
def test_a_line_of_something_else_is_refused(line: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(line + b"\n")
    with pytest.raises(DataError, match="line 1 is not a logged number"):
        list(read(str(tmp_path)))


def test_nothing_is_logged_after_the_end(tmp_path: Path) -> None:
    logger = JsonLines(str(tmp_path))
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match="closed file"):
        logger.add_scalar("loss", 0.5)
