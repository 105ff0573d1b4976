"""Layers that map features linearly, or not at all."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class Identity(Module):
    """Returns its input. Takes any arguments, so that it can stand in for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """``input @ weight.T + bias``.

    Args:
        in_features: Size of the input's last dimension. out_features: that of the result's.
        bias: Whether to add a learned vector.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(out_features, in_features)``, and ``bias``: ``(out_features,)`` or None; uniform between
            ``±1 / sqrt(in_features)`` at first.

    Shape:
        ``(…, in_features) -> (…, out_features)``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> nn.Linear(20, 30)(lamella.ones(128, 20)).shape
        lamella.Size([128, 30])
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """PyTorch's name for the output projection of attention, which prints it; a Linear in all else."""


def reset_affine(weight: Parameter, bias: Parameter | None) -> None:
    """Fill both with uniform numbers between ``±1 / sqrt(fan_in)``, as linear layers and convolutions start."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = math.prod(weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(bias, -bound, bound)


__all__ = ["Identity", "Linear", "NonDynamicallyQuantizableLinear", "reset_affine"]
