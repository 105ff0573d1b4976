"""Training for long takes no more memory than training for a while."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from pathlib import Path

import lamella
from lamella import nn, optim

STATUS = Path("/proc/self/status")


def resident() -> float:
    """The megabytes that the process holds; where the system does not tell, those that Python and NumPy asked for."""
    if STATUS.exists():
        (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024
    return tracemalloc.get_traced_memory()[0] / 2**20


def objects() -> Counter[type]:
    """How many tensors, and nodes of the graph, the garbage collector knows."""
    gc.collect()
    ours = (lamella.Tensor, lamella.autograd.graph.Node)
    return Counter(type(value) for value in gc.get_objects() if issubclass(type(value), ours))  # asks no object


def test_ten_thousand_steps_leave_memory_and_objects_as_they_were() -> None:
    lamella.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1000, 0.9)
    criterion = nn.CrossEntropyLoss()
    inputs, classes = lamella.randn(16, 8), lamella.arange(16) % 2
    losses: list[float] = []

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = criterion(model(inputs), classes)
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses[:] = [*losses[:1], loss.item()]

    if not STATUS.exists():
        tracemalloc.start()
    try:
        train(1000)  # the pool of arrays and the optimizer's state have their sizes now
        objects_before, before = objects(), resident()
        train(10_000)
        after, objects_after = resident(), objects()
    finally:
        tracemalloc.stop()
    assert losses[-1] < losses[0] / 2, "it has trained"
    assert objects_before[nn.Parameter] >= 4, "they are counted"
    assert objects_after == objects_before
    assert after - before < 2, f"{after - before:.2f} MB more"
