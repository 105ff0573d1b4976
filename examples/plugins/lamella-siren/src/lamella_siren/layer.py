"""Networks of sines."""

from __future__ import annotations

import math
from typing import Any

import lamella
from lamella import Tensor, nn
from lamella.core.errors import ArgumentError


class Sine(nn.Module):
    """``sin(omega * input)``.

    Args:
        omega: Radians for each unit of the input.

    Shape:
        ``(*) -> (*)``.
    """

    def __init__(self, omega: float = 1.0) -> None:
        super().__init__()
        self.omega = omega

    def forward(self, input: Tensor) -> Tensor:
        return lamella.sin(self.omega * input)

    def extra_repr(self) -> str:
        return f"omega={self.omega}"

    @staticmethod
    def conformance_samples(make: Any) -> list[Any]:
        """How tests make and call the activation."""
        return [make.layer(2.0)(make.array(2, 3)), make.layer()(make.array())]


class Siren(nn.Module):
    """``sin(omega (weight x + bias))``, with weights that keep the spread of a deep network's activations.

    Args:
        in_features: Size of the last dimension. out_features: the same of the result.
        omega: How fast the sines of the first layer turn; larger for finer detail.
        is_first: Whether this is the first layer of its network, whose weights begin elsewhere.

    Shape:
        ``(*, in_features) -> (*, out_features)``.

    Raises:
        ValueError: ``omega`` is not positive.

    Reference:
        V. Sitzmann, J. N. P. Martel, A. W. Bergman, D. B. Lindell, G. Wetzstein: Implicit neural representations with
        periodic activation functions, 2020, https://arxiv.org/abs/2006.09661, section 3.2.
    """

    def __init__(self, in_features: int, out_features: int, omega: float = 30.0, is_first: bool = False) -> None:
        if not omega > 0:
            raise ArgumentError(f"omega must be positive, got {omega}")
        super().__init__()
        self.is_first = is_first
        self.linear = nn.Linear(in_features, out_features)
        self.sine = Sine(omega)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; the biases stay as ``nn.Linear`` drew them."""
        fan_in = self.linear.in_features
        bound = 1 / fan_in if self.is_first else math.sqrt(6 / fan_in) / self.sine.omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return self.sine(self.linear(input))

    @staticmethod
    def conformance_samples(make: Any) -> list[Any]:
        """How tests make and call the layer."""
        # A slow sine: finite differences of a fast one are far from its gradient.
        return [make.layer(3, 2, omega=1.5)(make.array(2, 3)), make.layer(3, 2, 1.5, True)(make.array(2, 4, 3))]
