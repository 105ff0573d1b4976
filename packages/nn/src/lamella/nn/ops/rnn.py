"""Simple recurrent layers, of tanh or ReLU: one op over whole sequences."""

from __future__ import annotations

from functools import partial
from typing import Any

from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.ops.pieces import stack
from lamella.core.tensor import Tensor
from lamella.nn.ops.dtypes import one_floating, widened
from lamella.nn.ops.recurrent import (
    Shape,
    Sizes,
    by_running_again,
    carried,
    clear_ended,
    fit,
    last,
    layer_errors,
    layer_samples,
    layer_shape,
    times,
    total,
)


def _rnn_shape(
    input: Shape,
    h0: Shape,
    w_ih: Shape,
    w_hh: Shape,
    b_ih: Shape | None,
    b_hh: Shape | None,
    nonlinearity: str,
    reverse: bool,
    sizes: Sizes,
) -> Shape:
    return layer_shape(1, input, {"h0": h0}, w_ih, w_hh, b_ih, b_hh, sizes)


@define_op(
    inputs=("input", "h0", "w_ih", "w_hh", "b_ih", "b_hh"),
    shape=_rnn_shape,
    dtype=one_floating,
    autocast="lower",
    name="rnn_layer",
    samples=lambda make: [*layer_samples(1, 1, ["tanh"])(make), *layer_samples(1, 1, ["relu"])(make)],
    errors=layer_errors(1, ("h0",), ["tanh"]),
)
def _rnn_layer(
    xp: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    nonlinearity: Any,
    reverse: Any,
    sizes: Any,
) -> Any:
    """The states at each time. An op for speed, as :func:`lstm_layer` is."""
    length, batch, features = input.shape
    hidden = w_hh.shape[1]
    if not fit(input, (h0,), w_hh, b_ih, b_hh, sizes):
        raise ShapeError("these would broadcast or be cut")  # the shape rule says it better
    kind = input.dtype
    input, h0, w_ih, w_hh, b_ih, b_hh = widened(xp, input, h0, w_ih, w_hh, b_ih, b_hh)
    output = xp.matmul(input.reshape(-1, features), w_ih.T)
    output += total(b_ih, b_hh)
    output = output.reshape(length, batch, hidden)
    h, whole = h0, xp.empty((batch, hidden), dtype=input.dtype, device=input.device)
    for t in times(length, reverse):
        n = batch if sizes is None else sizes[t]
        state = output[t, :n]
        state += xp.matmul(h[:n], w_hh.T, out=whole[:n])
        if nonlinearity == "tanh":
            xp.tanh(state, out=state)
        else:
            xp.maximum(state, 0, out=state)
        output[t, n:] = h[n:]
        h = output[t]
    return output.astype(kind, copy=False)


def _rnn_grads(
    F: Any,
    grad: Any,
    out: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih_shape: Any,
    b_hh_shape: Any,
    nonlinearity: Any,
    reverse: Any,
    sizes: Any,
    needs: Any,
) -> Any:
    of_h0, of_w_ih, of_w_hh, of_bias, *of_input = F.rnn_layer_backward(
        grad, input, h0, w_ih, w_hh, out, nonlinearity, reverse, sizes, needs[0]
    )
    return (
        of_input[0] if needs[0] else None,
        of_h0,
        of_w_ih,
        of_w_hh,
        None if b_ih_shape is None else of_bias,
        None if b_hh_shape is None else of_bias,
    )


_rnn_layer.vjp(_rnn_grads)


def _backward_shapes(*given: Any) -> list[Shape]:
    input, h0, w_ih, w_hh = given[1:5]
    return [h0, w_ih, w_hh, w_hh[:1], *([input] if given[-1] else [])]


def _backward_samples(make: Any) -> list[Any]:
    def call(length: int, nonlinearity: str, reverse: bool, sizes: Sizes, for_input: bool) -> Any:
        shapes = [(length, 2, 2), (length, 2, 3), (2, 2), (2, 3), (2, 2)]
        arrays = [make.array(*shape, low=-1, high=1) for shape in shapes]
        output = make.array(length, 2, 2, low=-1, high=1, away_from=0)
        return make(*arrays, output, nonlinearity, reverse, sizes, for_input)

    return [
        call(3, "tanh", False, None, True),
        call(2, "relu", True, None, True),
        call(1, "tanh", False, None, False),
        call(3, "relu", False, (2, 1, 1), True),
        call(3, "tanh", True, (2, 2, 1), True),
    ]


@define_op(
    inputs=("grad_output", "input", "h0", "w_ih", "w_hh", "output"),
    shape=_backward_shapes,
    dtype=one_floating,
    samples=_backward_samples,
)
def rnn_layer_backward(
    xp: Any,
    grad_output: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    nonlinearity: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    """The gradients of h0, w_ih, w_hh, the bias and, if asked, of the input."""
    kind = input.dtype
    grad_output, input, h0, w_ih, w_hh, output = widened(xp, grad_output, input, h0, w_ih, w_hh, output)
    length, batch, hidden = output.shape
    raw = 1 - output * output if nonlinearity == "tanh" else (output > 0).astype(output.dtype)
    clear_ended(raw, sizes)
    of_h = xp.zeros_like(h0)
    for t in times(length, not reverse):
        n = batch if sizes is None else sizes[t]
        of_h += grad_output[t]
        raw[t] *= of_h
        xp.matmul(raw[t, :n], w_hh, out=of_h[:n])

    flat = raw.reshape(-1, hidden)
    first, later, earlier = (-1, slice(0, -1), slice(1, None)) if reverse else (0, slice(1, None), slice(0, -1))
    of_w_ih = xp.matmul(flat.T, input.reshape(-1, input.shape[2]))
    of_w_hh = xp.matmul(raw[later].reshape(-1, hidden).T, output[earlier].reshape(-1, hidden))
    if length:
        of_w_hh += xp.matmul(raw[first].T, h0)
    results: tuple[Any, ...] = (of_h, of_w_ih, of_w_hh, xp.sum(flat, axis=0))
    if for_input:
        results = (*results, xp.matmul(flat, w_ih).reshape(input.shape))
    return tuple(r.astype(kind, copy=False) for r in results)


def _by_plain_ops(given: list[Tensor], nonlinearity: str, reverse: bool, sizes: Sizes, for_input: bool) -> list[Tensor]:
    """:func:`rnn_layer_backward` of the tensors ``given``, step by step, from ops that have gradients."""
    grad_output, input, h0, w_ih, w_hh, output = given
    length, batch, _ = output.shape
    raw: dict[int, Tensor] = {}
    dh, of_w_hh = h0.new_zeros(h0.shape), w_hh.new_zeros(w_hh.shape)
    for t in times(length, not reverse):
        n = batch if sizes is None else sizes[t]
        before = t + 1 if reverse else t - 1
        h, state = output[before] if 0 <= before < length else h0, output[t, :n]
        dh = dh + grad_output[t]
        now = dh[:n] * (1 - state * state if nonlinearity == "tanh" else (state > 0).to(state.dtype))
        raw[t] = carried(now, now.new_zeros(batch, now.shape[1]))
        dh = carried(now @ w_hh, dh)
        of_w_hh = of_w_hh + now.mT @ h[:n]
    flat = stack([raw[t] for t in range(length)]).flatten(0, 1)
    results = [dh, flat.mT @ input.flatten(0, 1), of_w_hh, flat.sum(0)]
    return [*results, (flat @ w_ih).reshape(input.shape)] if for_input else results


def _second(
    F: Any,
    grad: Any,
    grad_output: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    nonlinearity: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    plain = partial(_by_plain_ops, nonlinearity=nonlinearity, reverse=reverse, sizes=sizes, for_input=for_input)
    return by_running_again(plain, (grad_output, input, h0, w_ih, w_hh, output), grad)


rnn_layer_backward.vjp(_second)


def rnn_layer(
    input: Tensor,
    h0: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
    reverse: bool = False,
    sizes: Sizes = None,
) -> tuple[Tensor, Tensor]:
    """One direction of one simple recurrent layer over a sequence: ``h = tanh(w_ih x + b_ih + w_hh h + b_hh)``.

    Args:
        input: ``(L, N, F)``, time first.
        h0: The state to start from, ``(N, H)``.
        w_ih: What the input is multiplied with, ``(H, F)``.
        w_hh: What the state is multiplied with, ``(H, H)``.
        b_ih: ``(H,)`` or None.
        b_hh: ``(H,)`` or None.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        reverse: Go from the last time to the first.
        sizes: How many sequences go on at each time, the longest first; None for all.

    Returns:
        ``(output, h)``: the states at each time, ``(L, N, H)``, and at the end, ``(N, H)``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit.
    """
    output = _rnn_layer(input, h0, w_ih, w_hh, b_ih, b_hh, nonlinearity, reverse, sizes)
    return output, last(output, h0, reverse)


__all__ = ["rnn_layer"]
