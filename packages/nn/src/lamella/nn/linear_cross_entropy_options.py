"""How much memory ``linear_cross_entropy`` may take."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class LinearCrossEntropyOptions:
    """Says that ``nn.functional.linear_cross_entropy`` is to take some rows at a time.

    Args:
        allow_retain_graph: Without meaning here: backward can always run again.
        batch_chunk_size: Rows at a time; None to let ``chunking_method`` decide.
        chunking_method: ``"aspect_ratio"`` takes so many rows that their scores need the memory of ``input``,
            ``"aspect_ratio:N"`` an N-th of it. ``"auto"`` means ``"aspect_ratio:2"``, or ``batch_chunk_size`` where
            that is given. None means ``batch_chunk_size``, or all rows.
        acc_policy, acc_dtype: Without meaning here: sums are exact to the dtype of ``input`` in any case.

    Raises:
        ValueError: An option has a value that it can't have.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Dtype | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ArgumentError(
                f"invalid acc_policy: {self.acc_policy!r}; expected auto, accurate, balanced or compact"
            )
        if self.chunking_method is not None and not re.fullmatch(
            r"auto|aspect_ratio(:0*[1-9][0-9]*)?", self.chunking_method
        ):
            raise ArgumentError(
                f"invalid chunking_method: {self.chunking_method!r}; expected None, 'auto', 'aspect_ratio' or "
                "'aspect_ratio:N' with N >= 1"
            )
        size = self.batch_chunk_size
        if size is not None and (not isinstance(size, int) or size < 1):
            raise ArgumentError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype is not None and not self.acc_dtype.is_floating_point:
            raise ArgumentError(f"acc_dtype must be a floating-point dtype or None, got {self.acc_dtype!r}")

    def rows(self, count: int, in_features: int, classes: int) -> int:
        """How many of ``count`` rows to take at a time.

        Raises:
            ValueError: ``batch_chunk_size`` and ``chunking_method`` say different numbers.
        """
        method = self.chunking_method
        if method is None or (method == "auto" and self.batch_chunk_size is not None):
            return max(min(self.batch_chunk_size or count, count), 1)
        share = 2 if method == "auto" else int(method.partition(":")[2] or 1)
        wanted = -(-count // max(-(-classes // in_features), 1))
        found = max(min((1 << max(wanted - 1, 0).bit_length()) // share, count), 1)
        if self.batch_chunk_size is not None and self.batch_chunk_size != found:
            raise ArgumentError(
                f"batch_chunk_size (={self.batch_chunk_size}) and chunking_method ({method!r}) give different chunk "
                f"sizes ({self.batch_chunk_size} vs {found}); pass only one."
            )
        return found


__all__ = ["LinearCrossEntropyOptions"]
