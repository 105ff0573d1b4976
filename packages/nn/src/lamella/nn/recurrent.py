"""Recurrent layers."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.core.ops.creation import empty
from lamella.core.ops.matmul import linear
from lamella.core.ops.shapes import cat, stack
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.ops.recurrent import lstm_layer
from lamella.nn.parameter import Parameter

#: Gates of an LSTM cell, in the order of their rows in the weights: input, forget, cell, output.
GATES = 4
#: The parameters of a layer and direction, those that it does without included.
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


class LSTM(Module):
    """Long short-term memory: reads sequences step by step, keeping a state.

    Args:
        input_size, hidden_size: Features of the input and of the state.
        num_layers: Layers one above the other; each reads what the one below gives.
        bias: Whether to add learned vectors.
        batch_first: Whether batches are ``(N, L, …)`` rather than ``(L, N, …)``.
        dropout: Probability of dropping an element between layers, in training.
        bidirectional: Whether each layer reads backward too.
        proj_size: If not 0, the hidden state is projected to this many features at each step.
        device, dtype: Of the parameters.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: Parameters of layer 0 and likewise of the others, with
            ``_reverse`` for those that read backward, and ``weight_hr_l0`` where there is a projection; uniform between
            ``±1 / sqrt(hidden_size)`` at first.

    Shape:
        Input ``(L, N, input_size)``, or ``(L, input_size)`` without a batch, and states
        ``(num_layers * directions, N, hidden_size)``; result ``(L, N, directions * hidden_size)`` and the last states.
        With a projection, the result and the hidden state have ``proj_size`` for ``hidden_size``.

    Raises:
        ValueError: A size is not positive, or ``dropout`` is no probability. TypeError: a size is no int.

    Reference:
        Hochreiter and Schmidhuber, Long short-term memory (1997).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(hidden_size, int):
            raise ArgumentTypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
        if hidden_size <= 0:
            raise ArgumentError(f"hidden_size must be greater than zero, got {hidden_size}")
        if num_layers <= 0:
            raise ArgumentError(f"num_layers must be greater than zero, got {num_layers}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ArgumentError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
                f"got {dropout}"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=2,
            )
        if not 0 <= proj_size < hidden_size:
            raise ArgumentError(
                "proj_size should be a positive integer or zero to disable projections, and has to be smaller than "
                f"hidden_size, got {proj_size} with hidden_size={hidden_size}"
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        given = proj_size or hidden_size
        rows = GATES * hidden_size
        for layer in range(num_layers):
            below = input_size if layer == 0 else given * self._directions
            sizes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, below), "weight_hh": (rows, given)}
            if bias:
                sizes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if proj_size:
                sizes |= {"weight_hr": (proj_size, hidden_size)}
            for suffix in self._suffixes(layer):
                for name, size in sizes.items():
                    self.register_parameter(name + suffix, Parameter(empty(size, device=device, dtype=dtype)))
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> tuple[str, ...]:
        return (f"_l{layer}", f"_l{layer}_reverse")[: self._directions]

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing: PyTorch needs it on some GPUs, and programs written for it call it."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        suffixes = [s for layer in range(self.num_layers) for s in self._suffixes(layer)]
        found = [[self._parameters.get(name + suffix) for name in NAMES] for suffix in suffixes]
        return [[parameter for parameter in given if parameter is not None] for given in found]

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if input.ndim not in (2, 3):
            raise ArgumentError(f"LSTM: Expected input to be 2D or 3D, got {input.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        batched = input.ndim == 3
        if not batched:
            input = input.unsqueeze(1)
        elif self.batch_first:
            input = input.transpose(0, 1)
        states = self._states(input, hx, batched)
        hidden: list[Tensor] = []
        cells: list[Tensor] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                h, c = (s[layer * self._directions + direction] for s in states)
                w_ih, w_hh, b_ih, b_hh, w_hr = (self._parameters.get(name + suffix) for name in NAMES)
                if w_hr is None:
                    output, h, c = lstm_layer(input, h, c, w_ih, w_hh, b_ih, b_hh, direction == 1)
                else:
                    output, h, c = _projected_layer(input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, direction == 1)
                outputs.append(output)
                hidden.append(h)
                cells.append(c)
            input = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                input = F.dropout(input, self.dropout, self.training)
        last_h, last_c = stack(hidden), stack(cells)
        if not batched:
            return input.squeeze(1), (last_h.squeeze(1), last_c.squeeze(1))
        return (input.transpose(0, 1) if self.batch_first else input), (last_h, last_c)

    def _states(self, input: Tensor, hx: Any, batched: bool) -> tuple[Tensor, Tensor]:
        """The first hidden and cell states, ``(layers * directions, N, features)``; zeros if not given."""
        layers, batch = self.num_layers * self._directions, input.shape[1]
        expected = ((layers, batch, self.proj_size or self.hidden_size), (layers, batch, self.hidden_size))
        if hx is None:
            return input.new_zeros(expected[0]), input.new_zeros(expected[1])
        ndim = 3 if batched else 2
        h, c = hx
        if h.ndim != ndim or c.ndim != ndim:
            what = "batched 3-D" if batched else "unbatched 2-D"
            raise ShapeError(
                f"For {what} input, hx and cx should also be {ndim}-D but got ({h.ndim}-D, {c.ndim}-D) tensors"
            )
        if not batched:
            h, c = h.unsqueeze(1), c.unsqueeze(1)
        for i, given in enumerate((h, c)):
            if tuple(given.shape) != expected[i]:
                raise ShapeError(f"Expected hidden[{i}] size {expected[i]}, got {list(given.shape)}")
        return h, c

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size:
            text += f", proj_size={self.proj_size}"
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


def _projected_layer(
    input: Tensor,
    h: Tensor,
    c: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    weight_hr: Tensor,
    reverse: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer whose hidden state is projected, step by step; rare, so in plain ops.

    Reference:
        Sak, Senior and Beaufays, Long short-term memory recurrent neural network architectures (2014).
    """
    outputs = []
    steps = linear(input, weight_ih, bias_ih).unbind(0)
    for step in reversed(steps) if reverse else steps:
        i, f, g, o = (step + linear(h, weight_hh, bias_hh)).chunk(GATES, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = linear(o.sigmoid() * c.tanh(), weight_hr)
        outputs.append(h)
    return stack(outputs[::-1] if reverse else outputs), h, c


__all__ = ["LSTM"]
