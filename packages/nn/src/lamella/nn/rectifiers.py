"""Layers of activations that are made of straight lines."""

from __future__ import annotations

import warnings
from typing import Any

from lamella.core.errors import ConditionError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init as initial
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


class InPlace(Module):
    """Abstract: a function that can overwrite its input.

    Args:
        inplace: Whether to do so.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


def listed(module: Any, **values: Any) -> str:
    """``values`` for a repr, and whether the module works in place, if it does."""
    shown = [f"{name}={value}" for name, value in values.items()]
    return ", ".join(shown + ["inplace=True"] * module.inplace)


class ReLU(InPlace):
    """``max(input, 0)``.

    Args:
        inplace: Whether to overwrite the input.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class Hardtanh(Module):
    """``input``, held between ``min_val`` and ``max_val``.

    Args:
        min_val, max_val: The bounds. inplace: whether to overwrite the input.
        min_value, max_value: Old names of the bounds.

    Raises:
        AssertionError: The upper bound is not above the lower.
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, new in (("min_value", "min_val"), ("max_value", "max_val")):
            if {"min_value": min_value, "max_value": max_value}[old] is not None:
                warnings.warn(
                    f"keyword argument `{old}` is deprecated and rename to `{new}`", FutureWarning, stacklevel=2
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise ConditionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, min_val=self.min_val, max_val=self.max_val)


class ReLU6(Hardtanh):
    """``min(max(input, 0), 6)``.

    Args:
        inplace: Whether to overwrite the input.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return listed(self)


class LeakyReLU(Module):
    """``input`` where it is positive, ``negative_slope * input`` elsewhere.

    Args:
        negative_slope: The slope below 0. inplace: whether to overwrite the input.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, negative_slope=self.negative_slope)


class PReLU(Module):
    """``input`` where it is positive, a learned multiple of it elsewhere.

    Args:
        num_parameters: How many multiples are learned: 1, or one for each channel. init: what they are at first.
        device, dtype: Of the parameter.

    Attributes:
        weight: ``(num_parameters,)``.

    Shape:
        ``(N, C, *)``, kept; ``(*)`` for one multiple.

    Reference:
        K. He and others, Delving deep into rectifiers (2015), https://arxiv.org/abs/1502.01852.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the multiples to what they are at first."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Module):
    """``input`` where it is positive, a multiple of it elsewhere: random in training, in evaluation the mean of these.

    Args:
        lower, upper: Between which the multiples are uniform. inplace: whether to overwrite the input.

    Reference:
        B. Xu and others, Empirical evaluation of rectified activations in convolutional network (2015),
        https://arxiv.org/abs/1505.00853.
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, lower=self.lower, upper=self.upper)


class Threshold(Module):
    """``input`` where it is above ``threshold``, ``value`` elsewhere.

    Args:
        threshold, value: The two. inplace: whether to overwrite the input.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return listed(self, threshold=self.threshold, value=self.value)


class _Shrink(Module):
    """Abstract: a function that makes what is near 0 exactly 0."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(_Shrink):
    """``input``, with what lies in ``[-lambd, lambd]`` set to 0.

    Args:
        lambd: The bound.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)


class Softshrink(_Shrink):
    """``input``, moved towards 0 by ``lambd``, and 0 where it would pass it.

    Args:
        lambd: How far; 0 or more.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class Hardsigmoid(InPlace):
    """``min(max(input + 3, 0), 6) / 6``, sigmoid in three straight lines.

    Args:
        inplace: Whether to overwrite the input.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(InPlace):
    """``input * min(max(input + 3, 0), 6) / 6``.

    Args:
        inplace: Whether to overwrite the input.

    Reference:
        A. Howard and others, Searching for MobileNetV3 (2019), https://arxiv.org/abs/1905.02244.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "InPlace",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
    "listed",
]
