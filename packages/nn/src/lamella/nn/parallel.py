"""Data parallelism within one process, of which there is none here: there is one device, and it runs the module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamella.nn.module import Module


class DataParallel(Module):
    """Runs ``module``. In PyTorch it splits the batch over several GPUs of this process; here one device does all.

    So a program and a ``state_dict`` written for it work, whose keys begin with ``module.``.

    Args:
        module: What to run.
        device_ids, output_device, dim: The GPUs, the one for the result and the dimension to split, without effect.
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []  # as in PyTorch where there is no GPU
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


__all__ = ["DataParallel"]
