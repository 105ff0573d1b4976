"""GRU layers: one op over whole sequences."""

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
)


def _gru_shapes(
    input: Shape,
    h0: Shape,
    w_ih: Shape,
    w_hh: Shape,
    b_ih: Shape | None,
    b_hh: Shape | None,
    reverse: bool,
    sizes: Sizes,
) -> list[Shape]:
    shape = layer_shape(3, input, {"h0": h0}, w_ih, w_hh, b_ih, b_hh, sizes)
    return [shape, (*shape[:2], 3 * shape[2]), shape]


@define_op(
    inputs=("input", "h0", "w_ih", "w_hh", "b_ih", "b_hh"),
    shape=_gru_shapes,
    dtype=one_floating,
    autocast="lower",
    name="gru_layer",
    samples=layer_samples(3, 1),
    errors=layer_errors(3, ("h0",)),
)
def _gru_layer(
    xp: Any, input: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, reverse: Any, sizes: Any
) -> Any:
    """``(states, gates r, z, n after their sigmoid or tanh, what r is multiplied with)`` at each time.

    An op for speed, as :func:`lstm_layer` is.
    """
    length, batch, features = input.shape
    hidden = w_hh.shape[1]
    if not fit(input, (h0,), w_hh, b_ih, b_hh, sizes):
        raise ShapeError("these would broadcast or be cut")  # the shape rule says it better
    kind = input.dtype
    input, h0, w_ih, w_hh, b_ih, b_hh = widened(xp, input, h0, w_ih, w_hh, b_ih, b_hh)
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2
    halves = xp.asarray([0.5, 0.5, 1.0], dtype=input.dtype, device=input.device).repeat(hidden)
    w_hh = w_hh * halves[:, None]
    gates = xp.matmul(input.reshape(-1, features), w_ih.T)
    if b_ih is not None:
        gates += b_ih
    if b_hh is not None:
        gates[:, : 2 * hidden] += b_hh[: 2 * hidden]
    gates *= halves
    gates = gates.reshape(length, batch, 3 * hidden)
    output = xp.empty((length, batch, hidden), dtype=input.dtype, device=input.device)
    scaled = xp.empty_like(output)

    h = h0
    whole = xp.empty((batch, 3 * hidden), dtype=input.dtype, device=input.device)
    for t in times(length, reverse):
        n = batch if sizes is None else sizes[t]
        from_h = xp.matmul(h[:n], w_hh.T, out=whole[:n])
        both, new, by_reset, state = (
            gates[t, :n, : 2 * hidden],
            gates[t, :n, 2 * hidden :],
            scaled[t, :n],
            output[t, :n],
        )
        both += from_h[:, : 2 * hidden]
        xp.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        xp.add(from_h[:, 2 * hidden :], 0 if b_hh is None else b_hh[2 * hidden :], out=by_reset)
        new += xp.multiply(both[:, :hidden], by_reset, out=state)
        xp.tanh(new, out=new)
        xp.subtract(h[:n], new, out=state)
        state *= both[:, hidden:]
        state += new
        if n < batch:
            gates[t, n:], scaled[t, n:], output[t, n:] = 0, 0, h[n:]
        h = output[t]
    return tuple(r.astype(kind, copy=False) for r in (output, gates, scaled))


def _gru_grads(
    F: Any,
    grad: Any,
    out: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih_shape: Any,
    b_hh_shape: Any,
    reverse: Any,
    sizes: Any,
    needs: Any,
) -> Any:
    of_h0, of_w_ih, of_w_hh, of_b_ih, of_b_hh, *of_input = F.gru_layer_backward(
        *grad, input, h0, w_ih, w_hh, *out, reverse, sizes, needs[0]
    )
    return (
        of_input[0] if needs[0] else None,
        of_h0,
        of_w_ih,
        of_w_hh,
        None if b_ih_shape is None else of_b_ih,
        None if b_hh_shape is None else of_b_hh,
    )


_gru_layer.vjp(_gru_grads)


def _backward_shapes(*given: Any) -> list[Shape]:
    input, h0, w_ih, w_hh = given[3:7]
    return [h0, w_ih, w_hh, w_hh[:1], w_hh[:1], *([input] if given[-1] else [])]


def _backward_samples(make: Any) -> list[Any]:
    def call(length: int, reverse: bool, sizes: Sizes, for_input: bool) -> Any:
        state, three, wide = (length, 2, 2), (length, 2, 6), (length, 2, 3)
        shapes = [state, three, state, wide, (2, 2), (6, 3), (6, 2), state, three, state]
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
        "grad_gates",
        "grad_scaled",
        "input",
        "h0",
        "w_ih",
        "w_hh",
        "output",
        "gates",
        "scaled",
    ),
    shape=_backward_shapes,
    dtype=one_floating,
    samples=_backward_samples,
)
def gru_layer_backward(
    xp: Any,
    grad_output: Any,
    grad_gates: Any,
    grad_scaled: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    gates: Any,
    scaled: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    """The gradients of h0, w_ih, w_hh, b_ih, b_hh and, if asked, of the input.

    All of them follow from four numbers for each element of the state at each time: the gradients of what r is
    multiplied with, and of r, z and n before their sigmoid or tanh. In this order the first three belong to ``w_hh``
    (rolled by one gate), the last three to ``w_ih``. Each is the gradient of the state times what is known beforehand.
    """
    kind = input.dtype
    grad_output, grad_gates, grad_scaled, input, h0, w_ih, w_hh, output, gates, scaled = widened(
        xp, grad_output, grad_gates, grad_scaled, input, h0, w_ih, w_hh, output, gates, scaled
    )
    length, batch, hidden = output.shape
    first = h0.reshape(1, batch, hidden)
    before = xp.concat((output[1:], first) if reverse else (first, output[:-1])) if length else output
    r, z, n = (gates[..., k * hidden : (k + 1) * hidden] for k in range(3))
    raw = xp.empty((length, batch, 4, hidden), dtype=gates.dtype, device=gates.device)
    keep = xp.subtract(1, gates)
    raw[..., 3, :] = (1 - n * n) * keep[..., hidden : 2 * hidden]
    of_sigmoid = xp.multiply(gates, keep, out=keep)
    of_r, of_z = of_sigmoid[..., :hidden], of_sigmoid[..., hidden : 2 * hidden]
    xp.multiply(raw[..., 3, :], r, out=raw[..., 0, :])
    xp.multiply(raw[..., 3, :], scaled * of_r, out=raw[..., 1, :])
    xp.multiply(before - n, of_z, out=raw[..., 2, :])
    clear_ended(raw, sizes)
    direct = None
    if grad_gates.any() or grad_scaled.any():
        g_r, g_z, g_n = (grad_gates[..., k * hidden : (k + 1) * hidden] for k in range(3))
        into_n = g_n * (1 - n * n)
        direct = xp.stack((into_n * r + grad_scaled, (into_n * scaled + g_r) * of_r, g_z * of_z, into_n), axis=2)
        clear_ended(direct, sizes)

    of_h, rolled = xp.zeros_like(h0), xp.roll(w_hh, hidden, axis=0)
    past = xp.empty_like(of_h)
    for t in times(length, not reverse):
        m = batch if sizes is None else sizes[t]
        of_h += grad_output[t]
        now = raw[t]
        now *= of_h[:, None]
        if direct is not None:
            now += direct[t]
        of_h[:m] *= z[t, :m]
        of_h[:m] += xp.matmul(now[:m].reshape(m, 4 * hidden)[:, : 3 * hidden], rolled, out=past[:m])

    flat, rows = raw.reshape(-1, 4 * hidden), input.reshape(-1, input.shape[2])
    for_h, for_x = flat[:, : 3 * hidden], flat[:, hidden:]
    of_w_hh = xp.roll(xp.matmul(for_h.T, before.reshape(-1, hidden)), -hidden, axis=0)
    sums = xp.sum(flat, axis=0)
    of_b_hh = xp.roll(sums[: 3 * hidden], -hidden, axis=0)
    results: tuple[Any, ...] = (of_h, xp.matmul(for_x.T, rows), of_w_hh, sums[hidden:], of_b_hh)
    if for_input:
        results = (*results, xp.matmul(for_x, w_ih).reshape(input.shape))
    return tuple(r.astype(kind, copy=False) for r in results)


def _by_plain_ops(given: list[Tensor], reverse: bool, sizes: Sizes, for_input: bool) -> list[Tensor]:
    """:func:`gru_layer_backward` of the tensors ``given``, step by step, from ops that have gradients."""
    grad_output, grad_gates, grad_scaled, input, h0, w_ih, w_hh, output, gates, scaled = given
    length, batch, _ = output.shape
    raw: dict[int, Tensor] = {}
    dh = h0.new_zeros(h0.shape)
    of_w_hh, of_b_hh = w_hh.new_zeros(w_hh.shape), w_hh.new_zeros(w_hh.shape[:1])
    for t in times(length, not reverse):
        m = batch if sizes is None else sizes[t]
        before = t + 1 if reverse else t - 1
        h = (output[before] if 0 <= before < length else h0)[:m]
        r, z, n = gates[t, :m].chunk(3, 1)
        dr, dz, dn = grad_gates[t, :m].chunk(3, 1)
        dh = dh + grad_output[t]
        of_h = dh[:m]
        into_n = (of_h * (1 - z) + dn) * (1 - n * n)
        into_z = (of_h * (h - n) + dz) * z * (1 - z)
        into_r = (into_n * scaled[t, :m] + dr) * r * (1 - r)
        now = cat([into_r, into_z, into_n], 1)
        through_h = cat([into_r, into_z, into_n * r + grad_scaled[t, :m]], 1)
        raw[t] = carried(now, now.new_zeros(batch, now.shape[1]))
        dh = carried(of_h * z + through_h @ w_hh, dh)
        of_w_hh = of_w_hh + through_h.mT @ h
        of_b_hh = of_b_hh + through_h.sum(0)
    flat = stack([raw[t] for t in range(length)]).flatten(0, 1)
    results = [dh, flat.mT @ input.flatten(0, 1), of_w_hh, flat.sum(0), of_b_hh]
    return [*results, (flat @ w_ih).reshape(input.shape)] if for_input else results


def _second(
    F: Any,
    grad: Any,
    grad_output: Any,
    grad_gates: Any,
    grad_scaled: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    gates: Any,
    scaled: Any,
    reverse: Any,
    sizes: Any,
    for_input: Any,
) -> Any:
    given = (grad_output, grad_gates, grad_scaled, input, h0, w_ih, w_hh, output, gates, scaled)
    return by_running_again(partial(_by_plain_ops, reverse=reverse, sizes=sizes, for_input=for_input), given, grad)


gru_layer_backward.vjp(_second)


def gru_layer(
    input: Tensor,
    h0: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    reverse: bool = False,
    sizes: Sizes = None,
) -> tuple[Tensor, Tensor]:
    """One direction of one GRU layer over a sequence.

    With ``r, z = σ(w_ih x + b_ih + w_hh h + b_hh)`` and ``n = tanh(w_ih x + b_ih + r (w_hh h + b_hh))``, each with its
    third of the weights, at each time ``h = (1 - z) n + z h``.

    Args:
        input: ``(L, N, F)``, time first.
        h0: The state to start from, ``(N, H)``.
        w_ih: What the input is multiplied with, ``(3 H, F)``.
        w_hh: What the state is multiplied with, ``(3 H, H)``.
        b_ih: ``(3 H,)`` or None.
        b_hh: ``(3 H,)`` or None.
        reverse: Go from the last time to the first.
        sizes: How many sequences go on at each time, the longest first; None for all.

    Returns:
        ``(output, h)``: the states at each time, ``(L, N, H)``, and at the end, ``(N, H)``.

    Raises:
        RuntimeError: Shapes or dtypes do not fit.
    """
    output, _, _ = _gru_layer(input, h0, w_ih, w_hh, b_ih, b_hh, reverse, sizes)
    return output, last(output, h0, reverse)


__all__ = ["gru_layer"]
