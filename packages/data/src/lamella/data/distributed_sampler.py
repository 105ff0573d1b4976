"""One process's part of a dataset, where several train together."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sized

import lamella
from lamella import Generator
from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index, beginning with ``rank``, of an order that all processes draw alike.

    Args:
        dataset: The dataset.
        num_replicas: How many processes there are; ``None`` means the environment's ``WORLD_SIZE``.
        rank: Which of them this is, from 0 on; ``None`` means the environment's ``RANK``.
        shuffle: Whether the order is random, from ``seed`` and the epoch.
        seed: The same in all processes.
        drop_last: Leave out the indices at the end that do not make one for each process. Otherwise indices
            from the beginning come once more.

    Raises:
        ArgumentRangeError: If a number is neither given nor in the environment.
        ArgumentError: If ``rank`` is not between 0 and ``num_replicas - 1``.

    Example:
        >>> list(DistributedSampler("abcde", num_replicas=2, rank=1, shuffle=False))
        [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None:
            num_replicas = _from_environment("num_replicas", "WORLD_SIZE")
        if rank is None:
            rank = _from_environment("rank", "RANK")
        if not 0 <= rank < num_replicas:
            raise ArgumentError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}].")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0
        size = len(dataset)
        self.num_samples = size // num_replicas if drop_last else math.ceil(size / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = lamella.randperm(size, generator=generator).tolist()
        else:
            order = list(range(size))
        return iter([order[i % size] for i in range(self.rank, self.total_size, self.num_replicas)])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch is next. Without it each epoch has the same order.

        Args:
            epoch: Its number, the same in all processes.
        """
        self.epoch = epoch


def _from_environment(argument: str, variable: str) -> int:
    value = os.environ.get(variable, "")
    if not value.isdecimal():
        raise ArgumentRangeError(
            f"DistributedSampler: expected {argument}, or the environment variable {variable}; found "
            f"{argument}=None and {variable}={value!r}, and there is no process group to ask. Pass {argument}."
        )
    return int(value)
