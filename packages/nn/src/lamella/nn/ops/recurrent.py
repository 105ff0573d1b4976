"""Recurrent layers: one op over a whole sequence."""

from __future__ import annotations

from typing import Any

from lamella.core import autograd
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.modes import enable_grad
from lamella.core.ops.shapes import cat, stack
from lamella.core.tensor import Tensor
from lamella.nn.ops.dtypes import one_floating

Shape = tuple[int, ...]


def _lstm_shapes(
    input: Shape, h0: Shape, c0: Shape, w_ih: Shape, w_hh: Shape, b_ih: Shape | None, b_hh: Shape | None, reverse: bool
) -> list[Shape]:
    if len(input) != 3 or len(w_hh) != 2:
        raise ShapeError(f"expected `input` (L, N, F) and `w_hh` (4 * H, H), got {input} and {w_hh}")
    (length, batch, features), hidden = input, w_hh[1]
    given = {"h0": h0, "c0": c0, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    expected: dict[str, Shape] = dict.fromkeys(("b_ih", "b_hh"), (4 * hidden,))
    expected |= dict.fromkeys(("h0", "c0"), (batch, hidden))
    expected |= {"w_ih": (4 * hidden, features), "w_hh": (4 * hidden, hidden)}
    for name, shape in given.items():
        if shape not in (None, expected[name]):
            raise ShapeError(
                f"`{name}` has shape {shape}, expected {expected[name]} (input {input}: L, N, F; hidden size {hidden})"
            )
    return [(length, batch, hidden), (length, batch, hidden), (length, batch, 4 * hidden)]


def _lstm_samples(make: Any) -> list[Any]:
    def call(length: int, batch: int, features: int, hidden: int, biases: tuple[bool, bool], reverse: bool) -> Any:
        shapes = [
            (length, batch, features),
            (batch, hidden),
            (batch, hidden),
            (4 * hidden, features),
            (4 * hidden, hidden),
        ]
        given = [make.array(4 * hidden, low=-1, high=1) if there else None for there in biases]
        return make(*(make.array(*shape, low=-1, high=1) for shape in shapes), *given, reverse)

    return [
        call(3, 2, 3, 2, (True, True), False),
        call(3, 2, 3, 2, (True, True), True),
        call(2, 1, 1, 1, (False, False), False),
        call(1, 2, 2, 3, (True, False), True),
    ]


def _lstm_errors(make: Any) -> list[Any]:
    def refused(message: str, **shapes: Shape) -> Any:
        right = {
            "input": (3, 2, 5),
            "h0": (2, 4),
            "c0": (2, 4),
            "w_ih": (16, 5),
            "w_hh": (16, 4),
            "b_ih": (16,),
            "b_hh": (16,),
        }
        return make.error((*(make.array(*shape) for shape in (right | shapes).values()), False), ShapeError, message)

    return [
        refused(r"lstm_layer: `h0` has shape \(3, 4\), expected \(2, 4\)", h0=(3, 4)),
        refused(r"lstm_layer: `w_ih` has shape \(16, 6\), expected \(16, 5\)", w_ih=(16, 6)),
        refused(r"lstm_layer: `b_hh` has shape \(4,\), expected \(16,\)", b_hh=(4,)),
        refused(r"lstm_layer: expected `input` \(L, N, F\)", input=(3, 5)),
    ]


@define_op(
    inputs=("input", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh"),
    shape=_lstm_shapes,
    dtype=one_floating,
    name="lstm_layer",
    samples=_lstm_samples,
    errors=_lstm_errors,
)
def _lstm_layer(xp: Any, input: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, reverse: Any) -> Any:
    """``(hidden states, cell states, gates i, f, g, o after their sigmoid or tanh)`` at each time.

    An op for speed: one matrix product for what the input adds to the gates at all times, and no array made in the
    loop over time. Threads are left to BLAS, which waits for work by spinning: handing over steps of 50 µs between
    threads of Python takes as long as they do.
    """
    if {h0.shape, c0.shape} != {(input.shape[1], w_hh.shape[1])} or any(
        b is not None and b.shape != w_hh.shape[:1] for b in (b_ih, b_hh)
    ):
        raise ShapeError("these would broadcast")  # the shape rule says it better
    length, batch, features = input.shape
    hidden = w_hh.shape[1]
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, so that all four gates are one tanh
    halves = xp.asarray([0.5, 0.5, 1.0, 0.5], dtype=input.dtype, device=input.device).repeat(hidden)
    shifts = 1 - halves
    shifts[shifts != 0] = 0.5
    w_hh = w_hh * halves[:, None]
    bias = None if b_ih is None and b_hh is None else (0 if b_ih is None else b_ih) + (0 if b_hh is None else b_hh)
    gates = xp.matmul(input.reshape(-1, features), w_ih.T)
    if bias is not None:
        gates += bias
    gates *= halves
    gates = gates.reshape(length, batch, 4 * hidden)
    output = xp.empty((length, batch, hidden), dtype=input.dtype, device=input.device)
    cells = xp.empty_like(output)

    h, c = h0, c0
    from_h = xp.empty((batch, 4 * hidden), dtype=input.dtype, device=input.device)
    product = xp.empty((batch, hidden), dtype=input.dtype, device=input.device)
    for t in _times(length, reverse):
        gate = gates[t]
        xp.matmul(h, w_hh.T, out=from_h)
        gate += from_h
        xp.tanh(gate, out=gate)
        gate *= halves
        gate += shifts
        i, f, g, o = _four(gate)
        c = xp.multiply(f, c, out=cells[t])
        xp.multiply(i, g, out=product)
        c += product
        xp.tanh(c, out=product)
        h = xp.multiply(o, product, out=output[t])
    return output, cells, gates


def _times(length: int, reverse: bool) -> range:
    return range(length - 1, -1, -1) if reverse else range(length)


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
    needs: Any,
) -> Any:
    of_h0, of_c0, of_w_ih, of_w_hh, of_bias, *of_input = F.lstm_layer_backward(
        *grad, input, h0, c0, w_ih, w_hh, *out, reverse, needs[0]
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
    def call(length: int, reverse: bool, for_input: bool) -> Any:
        state, four, wide = (length, 2, 2), (length, 2, 8), (length, 2, 3)
        shapes = [state, state, four, wide, (2, 2), (2, 2), (8, 3), (8, 2), state, state, four]
        return make(*(make.array(*shape, low=-1, high=1) for shape in shapes), reverse, for_input)

    return [call(3, False, True), call(2, True, True), call(1, False, False)]


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
    for_input: Any,
) -> Any:
    """The gradients of h0, c0, w_ih, w_hh, the bias and, if asked, of the input.

    What does not depend on the gradient is computed for all times at once, so that little is left to do at each time;
    the weights' gradients are one matrix product each. :func:`_by_plain_ops` has the formulas in the order of time.
    """
    length, _, hidden = output.shape
    raw = xp.empty(gates.shape, dtype=gates.dtype, device=gates.device)  # the gradient before sigmoid and tanh
    direct = None
    if grad_gates.any():
        direct = gates * (1 - gates)
        direct[..., 2 * hidden : 3 * hidden] = 1 - gates[..., 2 * hidden : 3 * hidden] ** 2
        direct *= grad_gates
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
    product = xp.empty_like(of_h)
    for t in _times(length, not reverse):
        of_h += grad_output[t]
        of_c += grad_cells[t]
        of_c += xp.multiply(of_h, into_cell[t], out=product)
        through_cell = raw[t].reshape(-1, 4, hidden)[:, :3]
        through_cell *= of_c[:, None]
        raw_o[t] *= of_h
        if direct is not None:
            raw[t] += direct[t]
        of_c *= f[t]
        xp.matmul(raw[t], w_hh, out=of_h)

    flat = raw.reshape(-1, 4 * hidden)
    of_w_ih = xp.matmul(flat.T, input.reshape(-1, input.shape[2]))
    of_w_hh = xp.matmul(raw[later].reshape(-1, 4 * hidden).T, output[earlier].reshape(-1, hidden))
    if length:
        of_w_hh += xp.matmul(raw[first].T, h0)
    results = (of_h, of_c, of_w_ih, of_w_hh, xp.sum(flat, axis=0))
    return (*results, xp.matmul(flat, w_ih).reshape(input.shape)) if for_input else results


def _by_plain_ops(given: list[Tensor], reverse: bool, for_input: bool) -> list[Tensor]:
    """:func:`lstm_layer_backward` of the tensors ``given``, step by step, from ops that have gradients."""
    grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates = given
    length = output.shape[0]
    raw: dict[int, Tensor] = {}
    before = 1 if reverse else -1
    dh = dc = h0.new_zeros(h0.shape)
    of_w_hh = w_hh.new_zeros(w_hh.shape)
    for t in _times(length, not reverse):
        there = 0 <= t + before < length
        h, c = (output[t + before], cells[t + before]) if there else (h0, c0)
        i, f, g, o = gates[t].chunk(4, 1)
        di, df, dg, do = grad_gates[t].chunk(4, 1)
        squashed = cells[t].tanh()
        dh = dh + grad_output[t]
        dc = dc + grad_cells[t] + dh * o * (1 - squashed * squashed)
        of_gates = [
            (dc * g + di) * i * (1 - i),
            (dc * c + df) * f * (1 - f),
            (dc * i + dg) * (1 - g * g),
            (dh * squashed + do) * o * (1 - o),
        ]
        raw[t] = cat(of_gates, 1)
        dc = dc * f
        dh = raw[t] @ w_hh
        of_w_hh = of_w_hh + raw[t].mT @ h
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
    for_input: Any,
) -> Any:
    """By running it again as plain ops, and those backward: slow, but without a second set of formulas."""
    given = (grad_output, grad_cells, grad_gates, input, h0, c0, w_ih, w_hh, output, cells, gates)
    with enable_grad():
        # new places in the graph: `output` depends on `input`, but here each is an input of its own
        sources = [
            x.clone() if isinstance(x, Tensor) and x.requires_grad else Tensor._wrap(getattr(x, "array", x), True)
            for x in given
        ]
        results = _by_plain_ops(sources, reverse, for_input)
        weights = [g if isinstance(g, Tensor) else Tensor._wrap(g) for g in grad]
        differentiable = isinstance(input, Tensor)
        found = autograd.grad(results, sources, weights, create_graph=differentiable, allow_unused=True)
    return tuple(g if g is None or differentiable else g.array for g in found)


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

    Returns:
        ``(output, h, c)``: the hidden states at each time, ``(L, N, H)``, and the states at the end, ``(N, H)``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit.
    """
    output, cells, _ = _lstm_layer(input, h0, c0, w_ih, w_hh, b_ih, b_hh, reverse)
    if not output.array.shape[0]:
        return output, h0, c0
    last = 0 if reverse else -1
    return output, output[last], cells[last]


__all__ = ["lstm_layer"]
