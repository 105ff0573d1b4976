"""LSTM layers: one op over whole sequences."""

from __future__ import annotations

from functools import partial
from typing import Any

from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.ops.pieces import cat, stack
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


def _lstm_shapes(
    input: Shape,
    h0: Shape,
    c0: Shape,
    w_ih: Shape,
    w_hh: Shape,
    b_ih: Shape | None,
    b_hh: Shape | None,
    reverse: bool,
    sizes: Sizes,
) -> list[Shape]:
    shape = layer_shape(4, input, {"h0": h0, "c0": c0}, w_ih, w_hh, b_ih, b_hh, sizes)
    return [shape, shape, (*shape[:2], 4 * shape[2])]


@define_op(
    inputs=("input", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh"),
    shape=_lstm_shapes,
    dtype=one_floating,
    autocast="lower",
    name="lstm_layer",
    samples=layer_samples(4, 2),
    errors=layer_errors(4, ("h0", "c0")),
)
def _lstm_layer(
    xp: Any,
    input: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    reverse: Any,
    sizes: Any,
) -> Any:
    """``(hidden states, cell states, gates i, f, g, o after their sigmoid or tanh)`` at each time.

    An op for speed: one matrix product for what the input adds to the gates at all times, and no array made in the
    loop over time. Threads are left to BLAS, which waits for work by spinning: handing over steps of 50 µs between
    threads of Python takes as long as they do.
    """
    length, batch, features = input.shape
    hidden = w_hh.shape[1]
    if not fit(input, (h0, c0), w_hh, b_ih, b_hh, sizes):
        raise ShapeError("these would broadcast or be cut")  # the shape rule says it better
    kind = input.dtype
    input, h0, c0, w_ih, w_hh, b_ih, b_hh = widened(xp, input, h0, c0, w_ih, w_hh, b_ih, b_hh)
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that all four gates are one tanh
    halves = xp.asarray([0.5, 0.5, 1.0, 0.5], dtype=input.dtype, device=input.device).repeat(hidden)
    shifts = 1 - halves
    shifts[shifts != 0] = 0.5
    w_hh = w_hh * halves[:, None]
    gates = xp.matmul(input.reshape(-1, features), w_ih.T)
    gates += total(b_ih, b_hh)
    gates *= halves
    gates = gates.reshape(length, batch, 4 * hidden)
    output = xp.empty((length, batch, hidden), dtype=input.dtype, device=input.device)
    cells = xp.empty_like(output)

    h, c = h0, c0
    whole = xp.empty((batch, 4 * hidden), dtype=input.dtype, device=input.device)
    part = xp.empty((batch, hidden), dtype=input.dtype, device=input.device)
    for t in times(length, reverse):
        n = batch if sizes is None else sizes[t]
        gate, product = gates[t, :n], part[:n]
        gate += xp.matmul(h[:n], w_hh.T, out=whole[:n])
        xp.tanh(gate, out=gate)
        gate *= halves
        gate += shifts
        i, f, g, o = _four(gate)
        cell = xp.multiply(f, c[:n], out=cells[t, :n])
        xp.multiply(i, g, out=product)
        cell += product
        xp.tanh(cell, out=product)
        xp.multiply(o, product, out=output[t, :n])
        if n < batch:
            gates[t, n:], cells[t, n:], output[t, n:] = 0, c[n:], h[n:]
        h, c = output[t], cells[t]
    return tuple(r.astype(kind, copy=False) for r in (output, cells, gates))


def _four(gates: Any) -> tuple[Any, Any, Any, Any]:
    """The parts of the last dimension that belong to the gates i, f, g, o."""
    n = gates.shape[-1] // 4
    return gates[..., :n], gates[..., n : 2 * n], gates[..., 2 * n : 3 * n], gates[..., 3 * n :]


def _lstm_grads(
    F: Any,
    grad: Any,
    out: Any,
    input: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih_shape: Any,
    b_hh_shape: Any,
    reverse: Any,
    sizes: Any,
    needs: Any,
) -> Any:
    of_h0, of_c0, of_w_ih, of_w_hh, of_bias, *of_input = F.lstm_layer_backward(
        *grad, input, h0, c0, w_ih, w_hh, *out, reverse, sizes, needs[0]
    )
    return (
        of_input[0] if needs[0] else None,
        of_h0,
        of_c0,
        of_w_ih,
        of_w_hh,
        None if b_ih_shape is None else of_bias,
        None if b_hh_shape is None else of_bias,
    )


_lstm_layer.vjp(_lstm_grads)


def _backward_shapes(*given: Any) -> list[Shape]:
    input, h0, c0, w_ih, w_hh = given[3:8]
    return [h0, c0, w_ih, w_hh, w_hh[:1], *([input] if given[-1] else [])]


def _backward_samples(make: Any) -> list[Any]:
    def call(length: int, reverse: bool, sizes: Sizes, for_input: bool) -> Any:
        state, four, wide = (length, 2, 2), (length, 2, 8), (length, 2, 3)
        shapes = [state, state, four, wide, (2, 2), (2, 2), (8, 3), (8, 2), state, state, four]
        return make(*(make.array(*shape, low=-1, high=1) for shape in shapes), reverse, sizes, for_input)

    return [
        call(3, False, None, True),
        call(2, True, None, True),
        call(1, False, None, False),
        call(3, False, (2, 1, 1), True),
        call(3, True, (2, 2, 1), True),
    ]


@define_op(
    inputs=(
        "grad_output",
        "grad_cells",
        "grad_gates",
        "input",
        "h0",
        "c0",
        "w_ih",
        "w_hh",
        "output",
        "cells",
        "gates",
    ),
    shape=_backward_shapes,
    dtype=one_floating,
    samples=_backward_samples,
)
def lstm_layer_backward(
    xp: Any,
    grad_output: Any,
    grad_cells: Any,
    grad_gates: Any,
    input: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    cells: Any,
    gates: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    """The gradients of h0, c0, w_ih, w_hh, the bias and, if asked, of the input.

    What does not depend on the gradient is computed for all times at once, so that little is left to do at each time;
    the weights' gradients are one matrix product each. :func:`_by_plain_ops` has the formulas in the order of time.
    """
    kind = input.dtype
    grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates = widened(
        xp, grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates
    )
    length, batch, hidden = output.shape
    raw = xp.empty(gates.shape, dtype=gates.dtype, device=gates.device)  # the gradient before sigmoid and tanh
    direct = None
    if grad_gates.any():
        direct = gates * (1 - gates)
        direct[..., 2 * hidden : 3 * hidden] = 1 - gates[..., 2 * hidden : 3 * hidden] ** 2
        direct *= grad_gates
        clear_ended(direct, sizes)
    of_h, of_c = xp.zeros_like(h0), xp.zeros_like(c0)
    first, later, earlier = (-1, slice(0, -1), slice(1, None)) if reverse else (0, slice(1, None), slice(0, -1))

    i, f, g, o = _four(gates)
    raw_i, raw_f, raw_g, raw_o = _four(raw)
    squashed = xp.tanh(cells)
    for gate, slope in ((i, raw_i), (f, raw_f), (o, raw_o)):
        xp.multiply(xp.subtract(1, gate, out=slope), gate, out=slope)
    raw_i *= g
    raw_f[first] *= c0
    raw_f[later] *= cells[earlier]
    xp.multiply(g, g, out=raw_g)
    xp.subtract(1, raw_g, out=raw_g)
    raw_g *= i
    raw_o *= squashed
    squashed *= squashed
    into_cell = xp.subtract(1, squashed, out=squashed)
    into_cell *= o
    clear_ended(raw, sizes)
    clear_ended(into_cell, sizes)
    product = xp.empty_like(of_h)
    for t in times(length, not reverse):
        n = batch if sizes is None else sizes[t]
        of_h += grad_output[t]
        of_c += grad_cells[t]
        of_c += xp.multiply(of_h, into_cell[t], out=product)
        through_cell = raw[t].reshape(-1, 4, hidden)[:, :3]
        through_cell *= of_c[:, None]
        raw_o[t] *= of_h
        if direct is not None:
            raw[t] += direct[t]
        of_c[:n] *= f[t, :n]
        xp.matmul(raw[t, :n], w_hh, out=of_h[:n])

    flat = raw.reshape(-1, 4 * hidden)
    of_w_ih = xp.matmul(flat.T, input.reshape(-1, input.shape[2]))
    of_w_hh = xp.matmul(raw[later].reshape(-1, 4 * hidden).T, output[earlier].reshape(-1, hidden))
    if length:
        of_w_hh += xp.matmul(raw[first].T, h0)
    results: tuple[Any, ...] = (of_h, of_c, of_w_ih, of_w_hh, xp.sum(flat, axis=0))
    if for_input:
        results = (*results, xp.matmul(flat, w_ih).reshape(input.shape))
    return tuple(r.astype(kind, copy=False) for r in results)


def _by_plain_ops(given: list[Tensor], reverse: bool, sizes: Sizes, for_input: bool) -> list[Tensor]:
    """:func:`lstm_layer_backward` of the tensors ``given``, step by step, from ops that have gradients."""
    grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates = given
    length, batch, _ = output.shape
    raw: dict[int, Tensor] = {}
    before = 1 if reverse else -1
    dh = dc = h0.new_zeros(h0.shape)
    of_w_hh = w_hh.new_zeros(w_hh.shape)
    for t in times(length, not reverse):
        n = batch if sizes is None else sizes[t]
        there = 0 <= t + before < length
        h, c = (output[t + before], cells[t + before]) if there else (h0, c0)
        i, f, g, o = gates[t, :n].chunk(4, 1)
        di, df, dg, do = grad_gates[t, :n].chunk(4, 1)
        squashed = cells[t, :n].tanh()
        dh = dh + grad_output[t]
        dc = dc + grad_cells[t]
        of_h = dh[:n]
        of_c = dc[:n] + of_h * o * (1 - squashed * squashed)
        of_gates = [
            (of_c * g + di) * i * (1 - i),
            (of_c * c[:n] + df) * f * (1 - f),
            (of_c * i + dg) * (1 - g * g),
            (of_h * squashed + do) * o * (1 - o),
        ]
        now = cat(of_gates, 1)
        raw[t] = carried(now, now.new_zeros(batch, now.shape[1]))
        dc = carried(of_c * f, dc)
        dh = carried(now @ w_hh, dh)
        of_w_hh = of_w_hh + now.mT @ h[:n]
    flat = stack([raw[t] for t in range(length)]).flatten(0, 1)
    results = [dh, dc, flat.mT @ input.flatten(0, 1), of_w_hh, flat.sum(0)]
    return [*results, (flat @ w_ih).reshape(input.shape)] if for_input else results


def _second(
    F: Any,
    grad: Any,
    grad_output: Any,
    grad_cells: Any,
    grad_gates: Any,
    input: Any,
    h0: Any,
    c0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    cells: Any,
    gates: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    given = (grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates)
    return by_running_again(partial(_by_plain_ops, reverse=reverse, sizes=sizes, for_input=for_input), given, grad)


lstm_layer_backward.vjp(_second)


def lstm_layer(
    input: Tensor,
    h0: Tensor,
    c0: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    reverse: bool = False,
    sizes: Sizes = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """One direction of one LSTM layer over a sequence.

    With the gates ``i, f, g, o = w_ih x + b_ih + w_hh h + b_hh`` (σ of i, f and o, tanh of g), at each time
    ``c = f c + i g`` and ``h = o tanh(c)``.

    Args:
        input: ``(L, N, F)``, time first.
        h0: The hidden state to start from, ``(N, H)``.
        c0: The cell state to start from, ``(N, H)``.
        w_ih: What the input is multiplied with, ``(4 H, F)``.
        w_hh: What the hidden state is multiplied with, ``(4 H, H)``.
        b_ih: ``(4 H,)`` or None.
        b_hh: ``(4 H,)`` or None.
        reverse: Go from the last time to the first.
        sizes: How many sequences go on at each time, the longest first; None for all.

    Returns:
        ``(output, h, c)``: the hidden states at each time, ``(L, N, H)``, and the states at the end, ``(N, H)``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit.
    """
    output, cells, _ = _lstm_layer(input, h0, c0, w_ih, w_hh, b_ih, b_hh, reverse, sizes)
    return output, last(output, h0, reverse), last(cells, c0, reverse)


__all__ = ["lstm_layer"]
