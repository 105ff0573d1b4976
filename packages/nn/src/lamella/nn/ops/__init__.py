"""The ops that layers are made of, one module a family. Importing this package adds them to the op table."""

from __future__ import annotations

from lamella.nn.ops import attention, embedding, losses, normalization, pooling, recurrent

__all__ = ["attention", "embedding", "losses", "normalization", "pooling", "recurrent"]
