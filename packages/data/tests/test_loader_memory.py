"""Many epochs with worker processes take no more memory, descriptors or shared memory than a few."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")

pytestmark = pytest.mark.skipif(
    not STATUS.exists() or "fork" not in multiprocessing.get_all_start_methods(),
    reason="memory and descriptors are counted by /proc",
)

SCRIPT = """
import gc, json, os, sys, warnings
import lamella
from lamella.data import DataLoader

warnings.simplefilter("ignore", DeprecationWarning)


class Pictures:
    def __len__(self):
        return 128

    def __getitem__(self, index):
        return lamella.full((3, 64, 64), float(index)), index  # 48 KB each, so batches cross in shared memory


loader = DataLoader(
    Pictures(), batch_size=16, shuffle=True, num_workers=2, multiprocessing_context="fork",
    persistent_workers=json.loads(sys.argv[1]),
)


def epochs(count):
    for _ in range(count):
        seen = 0
        for images, places in loader:
            assert (images[:, 0, 0, 0] == places).all()
            seen += len(places)
        assert seen == 128


def held():
    gc.collect()
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmRSS:")]
    segments = sum("memfd:" in line or "/dev/shm" in line for line in open("/proc/self/maps"))
    return int(line.split()[1]) / 1024, len(os.listdir("/proc/self/fd")), segments


epochs(5)
before = held()
epochs(50)
print(json.dumps([before, held()]))
"""


@pytest.mark.parametrize("kept", [False, True], ids=["new workers each epoch", "kept workers"])
def test_fifty_epochs_leave_everything_flat(kept: bool) -> None:
    command = [sys.executable, "-c", SCRIPT, json.dumps(kept)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    (memory, descriptors, segments), (memory_after, descriptors_after, segments_after) = json.loads(done.stdout)
    assert (descriptors_after, segments_after) == (descriptors, segments)
    # a copy of what one epoch sends would be 6 MB, and of all 300
    assert memory_after - memory < 2, f"{memory_after - memory:.2f} MB more"
