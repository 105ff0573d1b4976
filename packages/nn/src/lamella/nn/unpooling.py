"""Layers that undo max pooling as far as that is possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn.module import Module
from lamella.nn.pooling import Sizes


class _MaxUnpool(Module):
    """Each element back where max pooling took it, zeros elsewhere."""

    _unpool: ClassVar[Callable[..., Tensor]]
    _count: ClassVar[int]

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        given = (kernel_size, kernel_size if stride is None else stride, padding)
        self.kernel_size, self.stride, self.padding = (
            (n,) * self._count if isinstance(n, int) else tuple(n) for n in given
        )

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self._unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Each element back where :class:`MaxPool1d` took it; arguments as for :class:`MaxUnpool2d`.

    Shape:
        ``(N, C, L) -> (N, C, L_out)`` or without ``N``.
    """

    _unpool = staticmethod(F.max_unpool1d)
    _count = 1


class MaxUnpool2d(_MaxUnpool):
    """Each element back where :class:`MaxPool2d` took it, zeros elsewhere.

    Args:
        kernel_size, stride, padding: Those of the pooling.

    Shape:
        ``(N, C, H, W)``, indices of the same shape ``-> (N, C, H_out, W_out)``, or without ``N``. Several sizes are
        pooled to one: ``forward`` takes the one that it was as ``output_size``, and without it gives the least.

    Example:
        >>> pool = lamella.nn.MaxPool2d(2, return_indices=True)
        >>> lamella.nn.MaxUnpool2d(2)(*pool(lamella.arange(4.0).view(1, 2, 2)))
        tensor([[[0., 0.],
                 [0., 3.]]])
    """

    _unpool = staticmethod(F.max_unpool2d)
    _count = 2


class MaxUnpool3d(_MaxUnpool):
    """Each element back where :class:`MaxPool3d` took it; arguments as for :class:`MaxUnpool2d`.

    Shape:
        ``(N, C, D, H, W) -> (N, C, D_out, H_out, W_out)`` or without ``N``.
    """

    _unpool = staticmethod(F.max_unpool3d)
    _count = 3


__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]
