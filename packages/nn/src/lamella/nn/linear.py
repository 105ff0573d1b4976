"""Layers that map features linearly, or not at all."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.lazy import LazyModuleMixin
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter, UninitializedParameter


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


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` that takes ``in_features`` from the last dimension of the first input.

    Args:
        out_features: Size of the result's last dimension. bias: whether to add a learned vector.
        device, dtype: Of the parameters.
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw new initial values, once there are shapes."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Give the parameters shapes that fit ``input``, and initial values."""
        self.in_features = input.shape[-1]
        if self.has_uninitialized_params():
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()


class Bilinear(Module):
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k.

    Args:
        in1_features, in2_features: Sizes of the inputs' last dimensions. out_features: that of the result's.
        bias: Whether to add a learned vector.
        device, dtype: Of the parameters.

    Attributes:
        weight: ``(out_features, in1_features, in2_features)``, and ``bias``: ``(out_features,)`` or None; uniform
            between ``±1 / sqrt(in1_features)`` at first.

    Shape:
        ``(…, in1_features), (…, in2_features) -> (…, out_features)``.

    Raises:
        ValueError: ``in1_features`` is not above 0.
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ArgumentError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        made = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty(out_features, in1_features, in2_features, **made))
        self.register_parameter("bias", Parameter(empty(out_features, **made)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """PyTorch's name for the output projection of attention, which prints it; a Linear in all else."""


def reset_affine(weight: Parameter, bias: Parameter | None) -> None:
    """Fill both with uniform numbers between ``±1 / sqrt(fan_in)``, as linear layers and convolutions start."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = math.prod(weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(bias, -bound, bound)


__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear", "NonDynamicallyQuantizableLinear", "reset_affine"]
