"""PyTorch's ``torch.utils.checkpoint``: memory for time, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.checkpointing import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    noop_context_fn,
    set_checkpoint_early_stop,
)

__all__ = [
    "CheckpointError",
    "checkpoint",
    "checkpoint_sequential",
    "noop_context_fn",
    "set_checkpoint_early_stop",
]
