"""A training run that is stopped and resumed in another process ends as if it had never stopped, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Stops in the middle of an epoch: 40 samples make 5 batches.
HALF = 7

TRAIN = """
import random, sys
import numpy as np
import lamella
from lamella import nn, optim
from lamella.core.checkpoints import Training
from lamella.data import DataLoader, Dataset

folder, stop, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Samples(Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, index):  # augmented by Lamella's random numbers
        return lamella.full((6,), index / 40.0) + 0.1 * lamella.randn(6), index % 3


lamella.manual_seed(3), random.seed(3), np.random.seed(3)
model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
optimizer = optim.AdamW(model.parameters(), lr=0.01, amsgrad=True)
scheduler = optim.lr_scheduler.MultiStepLR(optimizer, [4, 9], gamma=0.5)
scaler = lamella.amp.GradScaler("cpu", init_scale=16.0, growth_interval=3)
loader = DataLoader(Samples(), batch_size=8, shuffle=True, num_workers=workers, workers="thread" if workers else None)
checkpoints = Training(
    folder, keep_last=2, model=model, optimizer=optimizer, scheduler=scheduler, scaler=scaler, loader=loader
)

step = checkpoints.resume() or 0
losses = checkpoints.values.get("losses", [])
while step < stop:
    for inputs, targets in loader:
        loss = nn.functional.cross_entropy(model(inputs), targets) + random.random() * 1e-3 + np.random.rand() * 1e-3
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        losses.append(loss.item())
        step += 1
        if step == stop:
            break
checkpoints.save(step, losses=losses)
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_stopping_and_resuming_changes_no_bit(tmp_path: Path, workers: int) -> None:
    def train(folder: str, stop: int) -> bytes:
        command = [sys.executable, "-c", TRAIN, str(tmp_path / folder), str(stop), str(workers)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        # Parameters, the optimizer's state, the generators', the losses: equal contents make equal files.
        return (tmp_path / folder / f"step-{stop:012}.lam").read_bytes()

    whole = train("straight", 2 * HALF)
    train("stopped", HALF)
    assert train("stopped", 2 * HALF) == whole
