"""Datasets for the tests of loaders, in a module that worker processes can import."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import numpy as np

import lamella
from lamella.data import Dataset, IterableDataset, get_worker_info


class Augmented(Dataset):
    """Samples with random numbers beside them."""

    def __init__(self, size: int = 22) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index):
        return index, lamella.rand(2), np.full((80, 80), index, np.float32)


class Python(Augmented):
    """Draws from Python's and NumPy's generators."""

    def __getitem__(self, index):
        return index, random.random(), np.random.rand()  # noqa: NPY002  # this one is what workers seed


class Shards(IterableDataset):
    """Numbers, divided among the workers."""

    def __init__(self, size: int = 23) -> None:
        self.size = size

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        for number in range(first, self.size, step):
            yield number, lamella.rand(())

    def __len__(self) -> int:
        return self.size


class Resumable(Shards):
    """The same, which knows where it stands."""

    def __init__(self, size: int = 23) -> None:
        super().__init__(size)
        self.given = 0

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        while (number := first + step * self.given) < self.size:
            self.given += 1
            yield number, lamella.rand(())
        self.given = 0

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state):
        self.given = state["given"]


class Unevenly(IterableDataset):
    """A stream that is longer in the first worker."""

    def __iter__(self):
        worker = get_worker_info().id
        return iter([10 * worker + i for i in range(1 if worker else 5)])


class Who(Dataset):
    """Tells about the worker."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index):
        info = get_worker_info()
        return info.id, info.num_workers, info.seed, os.getpid(), lamella.get_num_threads(), info.dataset is self


class Fails(Dataset):
    """Ten samples, of which number 5 goes wrong in the way told."""

    def __init__(self, how: str) -> None:
        self.how = how

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index):
        if index == 5:
            getattr(self, self.how)()
        return index

    def value_error(self):
        raise ValueError("sample five is bad")

    def key_error(self):
        raise KeyError("five")

    def decoding(self):
        b"\xff".decode()

    def local(self):
        class LocalError(Exception):
            pass

        raise LocalError("five")

    def stop(self):
        raise StopIteration

    def sys_exit(self):
        sys.exit(3)

    def os_exit(self):
        os._exit(7)

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def hangs(self):
        time.sleep(60)


def identity(batch):
    return batch


def lambda_in_batch(batch):
    return lambda: batch


class Noted(Exception):
    """An exception that does not show its message."""

    def __str__(self) -> str:
        return "noted"
