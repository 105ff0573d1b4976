"""Recurrent cells: one step of a recurrent layer, for loops of one's own."""

from __future__ import annotations

import math
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, ShapeError
from lamella.core.ops.creation import empty
from lamella.core.tensor import Tensor
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.ops.gru import gru_layer
from lamella.nn.ops.lstm import lstm_layer
from lamella.nn.ops.rnn import rnn_layer
from lamella.nn.parameter import Parameter


class RNNCellBase(Module):
    """What cells share: parameters, and checks of input and states.

    Args:
        input_size, hidden_size: Features of the input and of the state.
        bias: Whether to add learned vectors.
        num_chunks: How many rows the weights have for each feature of the state: one for each gate.
        device, dtype: Of the parameters.

    Attributes:
        weight_ih, weight_hh, bias_ih, bias_hh: Parameters; uniform between ``±1 / sqrt(hidden_size)`` at first.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _sequences(self, input: Tensor, states: tuple[Tensor, ...] | None, count: int) -> tuple[Tensor, ...]:
        """Input and states as a layer takes them, ``(1, N, …)`` and ``(N, …)``; states are zeros if not given."""
        name = type(self).__name__
        if input.ndim not in (1, 2):
            raise ArgumentError(f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead")
        for i, state in enumerate(states or ()):
            if state.ndim not in (1, 2):
                what = "hidden" if count == 1 else f"hx[{i}]"
                raise ArgumentError(f"{name}: Expected {what} to be 1D or 2D, got {state.ndim}D instead")
        if input.shape[-1] != self.input_size:
            raise ShapeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}")
        rows = input if input.ndim == 2 else input.unsqueeze(0)
        if states is None:
            states = (rows.new_zeros(rows.shape[0], self.hidden_size),) * count
        given = tuple(s if s.ndim == 2 else s.unsqueeze(0) for s in states)
        for i, state in enumerate(given):
            if state.shape[0] != rows.shape[0]:
                raise ShapeError(
                    f"Input batch size {rows.shape[0]} doesn't match hidden{i} batch size {state.shape[0]}"
                )
            if state.shape[1] != self.hidden_size:
                raise ShapeError(
                    f"hidden{i} has inconsistent hidden_size: got {state.shape[1]}, expected {self.hidden_size}"
                )
        return rows.unsqueeze(0), *given

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class RNNCell(RNNCellBase):
    """A step of :class:`RNN`.

    Args:
        input_size, hidden_size, bias, device, dtype: See :class:`RNNCellBase`. nonlinearity: ``"tanh"`` or ``"relu"``.

    Shape:
        Input ``(N, input_size)`` and state ``(N, hidden_size)``, zeros by default; result ``(N, hidden_size)``. All may
        come without ``N``.

    Raises:
        ValueError: Input or state have other numbers of dimensions. RuntimeError: sizes do not fit, or
            ``nonlinearity`` is unknown.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> cell, h = nn.RNNCell(3, 5), None
        >>> for x in lamella.zeros(7, 4, 3):
        ...     h = cell(x, h)
        >>> h.shape
        lamella.Size([4, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise ArgumentRangeError(f"Unknown nonlinearity: {self.nonlinearity}; expected tanh or relu")
        x, h = self._sequences(input, None if hx is None else (hx,), 1)
        _, h = rnn_layer(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, self.nonlinearity)
        return h if input.ndim == 2 else h.squeeze(0)


class GRUCell(RNNCellBase):
    """A step of :class:`GRU`.

    Args:
        input_size, hidden_size, bias, device, dtype: See :class:`RNNCellBase`.

    Shape:
        As for :class:`RNNCell`.

    Raises:
        ValueError: Input or state have other numbers of dimensions. RuntimeError: sizes do not fit.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x, h = self._sequences(input, None if hx is None else (hx,), 1)
        _, h = gru_layer(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return h if input.ndim == 2 else h.squeeze(0)


class LSTMCell(RNNCellBase):
    """A step of :class:`LSTM`.

    Args:
        input_size, hidden_size, bias, device, dtype: See :class:`RNNCellBase`.

    Shape:
        Input ``(N, input_size)`` and the hidden and the cell state, ``(N, hidden_size)``, zeros by default; result:
        both states. All may come without ``N``.

    Raises:
        ValueError: Input or a state have other numbers of dimensions. RuntimeError: sizes do not fit. TypeError: the
            states are no pair.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        if hx is not None and not isinstance(hx, (tuple, list)):
            raise ArgumentTypeError(f"LSTMCell: hx must be a pair of tensors, (h, c), got {type(hx).__name__}")
        x, h, c = self._sequences(input, hx, 2)
        _, h, c = lstm_layer(x, h, c, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return (h, c) if input.ndim == 2 else (h.squeeze(0), c.squeeze(0))


__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]
