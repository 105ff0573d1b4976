"""PyTorch's ``torch.autograd.graph``: nodes, edges, and what is saved for the backward pass, from ``lamella.core``."""

from __future__ import annotations

from lamella.core.graph import Node
from lamella.core.node_hooks import GradientEdge, get_gradient_edge, increment_version, register_multi_grad_hook
from lamella.core.saved_tensors import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]
