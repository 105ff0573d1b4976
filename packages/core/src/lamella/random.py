"""PyTorch's ``torch.random``: the default generator, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.ops.random import get_rng_state, set_rng_state
from lamella.core.random import default_generator, fork_rng, initial_seed, manual_seed, seed

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]
