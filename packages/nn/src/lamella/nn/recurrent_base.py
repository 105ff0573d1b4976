"""What recurrent layers share; they stand in ``lamella.nn.recurrent``."""

from __future__ import annotations

import math
import warnings
from typing import Any

from lamella.core.autocast import is_autocast_enabled
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, ShapeError
from lamella.core.ops.creation import empty
from lamella.core.ops.pieces import cat, stack
from lamella.core.tensor import Tensor
from lamella.nn import functional as F
from lamella.nn import init
from lamella.nn.module import Module
from lamella.nn.ops.recurrent import Sizes
from lamella.nn.packed import PackedSequence, packed, padded
from lamella.nn.parameter import Parameter

#: How many rows the weights have for each feature of the state: one for each gate.
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "GRU": 3, "LSTM": 4}
#: The parameters of a layer and direction, those that it does without included.
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


class RNNBase(Module):
    """What recurrent layers share: parameters, and reading sequences layer by layer in both directions.

    Args:
        mode: ``"RNN_TANH"``, ``"RNN_RELU"``, ``"GRU"`` or ``"LSTM"``.
        input_size, hidden_size: Features of the input and of the state.
        num_layers: Layers one above the other; each reads what the one below gives.
        bias: Whether to add learned vectors.
        batch_first: Whether batches are ``(N, L, …)`` rather than ``(L, N, …)``.
        dropout: Probability of dropping an element between layers, in training.
        bidirectional: Whether each layer reads backward too.
        proj_size: If not 0, the hidden state of an LSTM is projected to this many features at each step.
        device, dtype: Of the parameters.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: Parameters of layer 0 and likewise of the others, with
            ``_reverse`` for those that read backward, and ``weight_hr_l0`` where there is a projection; uniform between
            ``±1 / sqrt(hidden_size)`` at first.

    Raises:
        ValueError: ``mode`` is unknown, a size is not positive, or ``dropout`` is no probability.
        TypeError: A size is no int, or a choice no bool.
    """

    def __init__(
        self,
        mode: str,
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
        if mode not in GATES:
            raise ArgumentError(f"Unrecognized RNN mode: {mode}; expected one of {', '.join(GATES)}")
        _check_choices(bias, batch_first, dropout, num_layers)
        _check_sizes(input_size, hidden_size, num_layers, proj_size)
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        given = proj_size or hidden_size
        rows = GATES[mode] * hidden_size
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

    def _weights(self, suffix: str) -> list[Any]:
        """The parameters of one direction of one layer, by :data:`NAMES`; None for those that it does without."""
        return [self._parameters.get(name + suffix) for name in NAMES]

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
        return [[parameter for parameter in self._weights(suffix) if parameter is not None] for suffix in suffixes]

    def _layer(
        self, input: Tensor, states: tuple[Tensor, ...], suffix: str, reverse: bool, sizes: Sizes
    ) -> tuple[Tensor, ...]:
        """One direction of one layer: the output and the last states; for subclasses to define."""
        raise NotImplementedError(f"{type(self).__name__} defines one direction of one layer")

    def _states(self, batch: int) -> tuple[tuple[str, tuple[int, int, int]], ...]:
        """What errors call each state, and its shape."""
        return (("hidden size", (self.num_layers * self._directions, batch, self.hidden_size)),)

    def _read(self, input: Any, hx: tuple[Tensor, ...] | None) -> tuple[Any, tuple[Tensor, ...]]:
        """The output of the last layer, packed if ``input`` is, and the last states of all layers."""
        if isinstance(input, PackedSequence):
            sizes = tuple(input.batch_sizes.tolist())
            self._check_input(input.data, 2)
            if hx is not None and input.sorted_indices is not None:
                hx = tuple(s.index_select(1, input.sorted_indices) for s in hx)
            hx = self._initial(input.data, sizes[0], hx)
            output, last = self._through_layers(padded(input.data, sizes), hx, sizes)
            if input.unsorted_indices is not None:
                last = tuple(s.index_select(1, input.unsorted_indices) for s in last)
            return PackedSequence(packed(output, sizes), *input[1:]), last
        name = type(self).__name__
        if input.ndim not in (2, 3):
            raise ArgumentError(f"{name}: Expected input to be 2D or 3D, got {input.ndim}D instead")
        batched = input.ndim == 3
        if hx is not None and any(s.ndim != input.ndim for s in hx):
            what, named = "batched 3-D" if batched else "unbatched 2-D", "hx" if len(hx) == 1 else "hx and cx"
            dims = ", ".join(f"{s.ndim}-D" for s in hx)
            raise ShapeError(f"For {what} input, {named} should also be {input.ndim}-D but got ({dims}) tensors")
        self._check_input(input, input.ndim)
        if not batched:
            input = input.unsqueeze(1)
            hx = hx and tuple(s.unsqueeze(1) for s in hx)
        elif self.batch_first:
            input = input.transpose(0, 1)
        if not input.shape[0]:
            raise ShapeError("Expected sequence length to be larger than 0 in RNN")
        output, last = self._through_layers(input, self._initial(input, input.shape[1], hx), None)
        if not batched:
            return output.squeeze(1), tuple(s.squeeze(1) for s in last)
        return (output.transpose(0, 1) if self.batch_first else output), last

    def _check_input(self, input: Tensor, ndim: int) -> None:
        weight: Tensor = self.weight_ih_l0
        if input.dtype is not weight.dtype and not is_autocast_enabled(input.device.type):
            raise ArgumentRangeError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.ndim != ndim:
            raise ShapeError(f"input must have {ndim} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def _initial(self, input: Tensor, batch: int, hx: tuple[Tensor, ...] | None) -> tuple[Tensor, ...]:
        """The first states, ``(layers * directions, N, features)``; zeros if not given."""
        expected = self._states(batch)
        if hx is None:
            return tuple(input.new_zeros(shape) for _, shape in expected)
        for given, (what, shape) in zip(hx, expected, strict=True):
            if tuple(given.shape) != shape:
                raise ShapeError(f"Expected {what} {shape}, got {list(given.shape)}")
        return hx

    def _through_layers(self, input: Tensor, hx: tuple[Tensor, ...], sizes: Sizes) -> tuple[Tensor, tuple[Tensor, ...]]:
        last: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                states = tuple([s[layer * self._directions + direction] for s in hx])
                output, *states_now = self._layer(input, states, suffix, direction == 1, sizes)
                outputs.append(output)
                last.append(tuple(states_now))
            input = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                input = F.dropout(input, self.dropout, self.training)
        return input, tuple([stack(states) for states in zip(*last, strict=True)])

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.proj_size:
            text += f", proj_size={self.proj_size}"
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text


def _check_choices(bias: Any, batch_first: Any, dropout: Any, num_layers: Any) -> None:
    for name, given in (("bias", bias), ("batch_first", batch_first)):
        if not isinstance(given, bool):
            raise ArgumentTypeError(f"{name} should be of type bool, got: {type(given).__name__}")
    if isinstance(dropout, (bool, str)) or not 0 <= dropout <= 1:
        raise ArgumentError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {dropout!r}"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
            f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )


def _check_sizes(input_size: Any, hidden_size: Any, num_layers: Any, proj_size: int) -> None:
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if not isinstance(size, int):
            raise ArgumentTypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ArgumentError(f"{name} must be greater than zero, got {size}")
    if not 0 <= proj_size < hidden_size:
        raise ArgumentError(
            "proj_size should be a positive integer or zero to disable projections, and has to be smaller than "
            f"hidden_size, got {proj_size} with hidden_size={hidden_size}"
        )


__all__ = ["GATES", "RNNBase"]
