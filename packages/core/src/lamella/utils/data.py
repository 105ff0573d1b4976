"""PyTorch's name for ``lamella.data``: the same classes."""

from __future__ import annotations

from lamella.data import *  # noqa: F403  whatever lamella.data makes public
