"""Recurrent layers: simple, with gates (GRU), and with a memory (LSTM)."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.ops.matmul import linear
from lamella.core.ops.pieces import stack
from lamella.core.tensor import Tensor
from lamella.nn.ops.gru import gru_layer
from lamella.nn.ops.lstm import lstm_layer
from lamella.nn.ops.recurrent import Sizes, carried
from lamella.nn.ops.rnn import rnn_layer
from lamella.nn.recurrent_base import GATES, RNNBase


def _refuse_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ArgumentError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """Simple recurrence, ``h = tanh(W_ih x + b_ih + W_hh h + b_hh)``: reads sequences step by step, keeping a state.

    Args:
        input_size, hidden_size, num_layers: See :class:`RNNBase`.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        bias, batch_first, dropout, bidirectional, device, dtype: See :class:`RNNBase`, and for the parameters' names.

    Shape:
        Input ``(L, N, input_size)``, or ``(L, input_size)`` without a batch, or a ``PackedSequence``, and state
        ``(num_layers * directions, N, hidden_size)``, zeros by default; result ``(L, N, directions * hidden_size)``,
        packed if the input is, and the last states.

    Raises:
        ValueError: ``nonlinearity`` is unknown; as :class:`RNNBase` does.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> output, h = nn.RNN(3, 5, num_layers=2)(lamella.zeros(7, 4, 3))
        >>> output.shape, h.shape
        (lamella.Size([7, 4, 5]), lamella.Size([2, 4, 5]))

    Reference:
        Elman, Finding structure in time (1990).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        _refuse_projection(kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kwargs)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        output, (h,) = self._read(input, None if hx is None else (hx,))
        return output, h

    def _layer(
        self, input: Tensor, states: tuple[Tensor, ...], suffix: str, reverse: bool, sizes: Sizes
    ) -> tuple[Tensor, ...]:
        (h,), (w_ih, w_hh, b_ih, b_hh, _) = states, self._weights(suffix)
        return rnn_layer(input, h, w_ih, w_hh, b_ih, b_hh, self.nonlinearity, reverse, sizes)


class GRU(RNNBase):
    """Gated recurrent units: read sequences step by step, keeping a state.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: See
            :class:`RNNBase`, also for the parameters' names.

    Shape:
        As for :class:`RNN`.

    Raises:
        ValueError, TypeError: As :class:`RNNBase` does.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> output, h = nn.GRU(3, 5, bidirectional=True)(lamella.zeros(7, 4, 3))
        >>> output.shape, h.shape
        (lamella.Size([7, 4, 10]), lamella.Size([2, 4, 5]))

    Reference:
        Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine translation
        (2014); here, as in PyTorch, the reset gate multiplies what has been computed from the state, not the state.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        output, (h,) = self._read(input, None if hx is None else (hx,))
        return output, h

    def _layer(
        self, input: Tensor, states: tuple[Tensor, ...], suffix: str, reverse: bool, sizes: Sizes
    ) -> tuple[Tensor, ...]:
        (h,), (w_ih, w_hh, b_ih, b_hh, _) = states, self._weights(suffix)
        return gru_layer(input, h, w_ih, w_hh, b_ih, b_hh, reverse, sizes)


class LSTM(RNNBase):
    """Long short-term memory: reads sequences step by step, keeping a hidden state and a cell state.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype: See
            :class:`RNNBase`, also for the parameters' names.

    Shape:
        Input ``(L, N, input_size)``, or ``(L, input_size)`` without a batch, or a ``PackedSequence``, and two states
        ``(num_layers * directions, N, hidden_size)``, zeros by default; result ``(L, N, directions * hidden_size)``,
        packed if the input is, and the last states. With a projection, the result and the hidden state have
        ``proj_size`` for ``hidden_size``.

    Raises:
        ValueError, TypeError: As :class:`RNNBase` does.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> output, (h, c) = nn.LSTM(3, 5, batch_first=True)(lamella.zeros(4, 7, 3))
        >>> output.shape, c.shape
        (lamella.Size([4, 7, 5]), lamella.Size([1, 4, 5]))

    Reference:
        Hochreiter and Schmidhuber, Long short-term memory (1997).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        output, (h, c) = self._read(input, hx)
        return output, (h, c)

    def _states(self, batch: int) -> tuple[tuple[str, tuple[int, int, int]], ...]:
        layers = self.num_layers * self._directions
        hidden, cell = (layers, batch, self.proj_size or self.hidden_size), (layers, batch, self.hidden_size)
        return (("hidden[0] size", hidden), ("hidden[1] size", cell))

    def _layer(
        self, input: Tensor, states: tuple[Tensor, ...], suffix: str, reverse: bool, sizes: Sizes
    ) -> tuple[Tensor, ...]:
        (h, c), (w_ih, w_hh, b_ih, b_hh, w_hr) = states, self._weights(suffix)
        if w_hr is None:
            return lstm_layer(input, h, c, w_ih, w_hh, b_ih, b_hh, reverse, sizes)
        return _projected_layer(input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, reverse, sizes)


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
    sizes: Sizes,
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer whose hidden state is projected, step by step; rare, so in plain ops.

    Reference:
        Sak, Senior and Beaufays, Long short-term memory recurrent neural network architectures (2014).
    """
    outputs = []
    steps = list(zip(linear(input, weight_ih, bias_ih).unbind(0), sizes or [input.shape[1]] * len(input), strict=True))
    for step, n in reversed(steps) if reverse else steps:
        i, f, g, o = (step[:n] + linear(h[:n], weight_hh, bias_hh)).chunk(GATES["LSTM"], -1)
        cell = f.sigmoid() * c[:n] + i.sigmoid() * g.tanh()
        h, c = carried(linear(o.sigmoid() * cell.tanh(), weight_hr), h), carried(cell, c)
        outputs.append(h)
    return stack(outputs[::-1] if reverse else outputs), h, c


__all__ = ["GRU", "LSTM", "RNN"]
