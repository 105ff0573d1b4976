"""Fifty-six installed plugins, six of them bad in six ways: the fifty work, and the six stories are told right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lamella.core.errors import LamellaError

SRC = Path(__file__).parents[1] / "src"
HEALTHY = [f"healthy-{number:02}" for number in range(50)]


@pytest.fixture
def crowd(site: Any) -> Any:
    """The folder with all of them, beside a core of version 0.1.0."""
    site.install("lamella-core", version="0.1.0")
    for number, name in enumerate(HEALTHY):
        site.install_optimizers(name, **{f"own{number}": f"{name.replace('-', '_')}:Own"})
        with (site.folder / f"{name.replace('-', '_')}.py").open("a") as module:
            module.write("\n\nclass Own:\n    pass\n")
    site.install_plugin("bad-raising", "raise OSError('no licence')")
    site.install_plugin("bad-exiting", "import sys\nsys.exit('no GPU')")
    site.install_optimizers("bad-sleeping", late="bad_sleeping:Late")
    code = (site.folder / "bad_sleeping.py").read_text()
    (site.folder / "bad_sleeping.py").write_text(f"import time\ntime.sleep(1)\n{code}")
    site.install_optimizers("zz-duplicate", own7="zz_duplicate:Own")
    site.install_plugin("bad-version", "raise AssertionError", requires=("lamella-core ~= 9.0",))
    site.install_plugin("bad-metadata", "raise AssertionError", metadata="")
    return site


STORIES = {
    "bad-raising": ("failed", "OSError: no licence"),
    "bad-exiting": ("failed", "SystemExit: no GPU"),
    "bad-sleeping": ("loaded", None),
    "zz-duplicate": (
        "failed",
        "The optimizer 'own7' is healthy_07:Own of healthy-07 1.0, and zz-duplicate 1.0 offers zz_duplicate:Own",
    ),
    "bad-version": ("incompatible", "it requires lamella-core ~= 9.0, and 0.1.0 is installed"),
    "bad-metadata": ("failed", "its metadata in"),
}


def test_all_healthy_ones_work_and_the_others_say_what_became_of_them(crowd: Any) -> None:
    manager = crowd.manager()
    with pytest.warns(RuntimeWarning) as warned:
        manager.load()
    optimizers = manager.registries["optimizers"]
    assert sorted(optimizers) == sorted([*(f"own{number}" for number in range(50)), "late"])
    assert len(warned) == 6  # one for each, and no other
    for number in range(50):
        assert optimizers.load(f"own{number}").__module__ == f"healthy_{number:02}"
    records = {record.name: record for record in manager.records()}
    assert {name for name, record in records.items() if record.state != "loaded"} == STORIES.keys() - {"bad-sleeping"}
    for name, (state, reason) in STORIES.items():
        assert records[name].state == state
        assert (reason or "") in (records[name].reason or "")
    assert records["bad-sleeping"].load_time_s > 1
    with pytest.raises(LamellaError, match="'bad-raising' of bad-raising 1.0 .failed: OSError: no licence") as refused:
        optimizers.load("what-it-would-have-had")
    assert refused.value.__cause__ in [record.cause for record in records.values()]


def test_the_command_line_tells_the_six_stories(crowd: Any) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LAMELLA_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "lamella", "plugins", "--json"],
        cwd=crowd.folder,
        env={**environ, "PYTHONPATH": os.pathsep.join([str(crowd.folder), str(SRC), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "")
    told = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
    for name, (state, reason) in STORIES.items():
        assert told[name]["state"] == state
        assert (reason or "") in (told[name]["cause"] or "")
    assert told["bad-sleeping"]["load_time_s"] > 1
    assert {told[name]["state"] for name in HEALTHY} == {"loaded"}
