"""Sums over all ways to align a sequence of labels with a sequence of steps: what the CTC loss is made of.

A way stays in its state from one step to the next, or goes on by one state, or by two where that is allowed. Sums are
logarithms. :func:`alignment_scores` adds ways up; its gradient is a linear recurrence with the probabilities of the
three moves, :func:`alignment_flow`, which is its own gradient in the other direction: so gradients have gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.nn.ops.dtypes import one_floating

MOVES = (0, 1, 2)
#: Stands for log(0) where a difference is to stay a number.
LOWEST = -1e30


def _scores_shape(shape: Any, skips: Any) -> Any:
    if len(shape) != 3 or skips != shape[1:]:
        raise ShapeError(f"expected emissions (T, N, S) and skips (N, S), got {shape} and {skips}")
    return shape


def _skips(*allowed: Any) -> np.ndarray:
    return np.where(np.array(allowed, np.bool_), 0.0, -np.inf)


@define_op(
    inputs=("emissions", "skips"),
    shape=_scores_shape,
    dtype=one_floating,
    samples=lambda make: [
        make(make.array(4, 2, 5), _skips((0, 0, 1, 0, 1), (0, 0, 0, 1, 1))),
        make(make.transposed(3, 1, 3), _skips((0, 0, 1))),
        make(make.array(1, 2, 3), _skips((0, 0, 1), (0, 0, 0))),
        make(make.array(5, 1, 1), _skips((0,))),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3, 4), make.array(3, 5)), ShapeError, r"\(2, 3, 4\) and \(3, 5\)"),
    ],
)
def alignment_scores(xp: Any, emissions: Any, skips: Any) -> Any:
    """``(T, N, S)``: the logarithm of the sum over all ways to a state, without what the state itself emits.

    A way starts in one of the first two states. ``skips``, ``(N, S)``, is 0 where the state can be reached from two
    before it, else minus infinity. An op for speed: a step is four passes over ``(N, S)``.
    """
    scores = xp.full(emissions.shape, -xp.inf, dtype=emissions.dtype, device=emissions.device)
    scores[:1, :, :2] = 0
    for t in range(1, emissions.shape[0]):
        before, now = scores[t - 1] + emissions[t - 1], scores[t]
        now[...] = before
        xp.logaddexp(now[:, 1:], before[:, :-1], out=now[:, 1:])
        xp.logaddexp(now[:, 2:], before[:, :-2] + skips[:, 2:], out=now[:, 2:])
    return scores


def _moves(F: Any, scores: Any, emissions: Any, skips: Any) -> Any:
    """``(3, T - 1, N, S)``: of the ways to each state, the share that comes by each move."""
    steps = emissions.shape[0] - 1
    ways = F.getitem(scores + emissions, (slice(0, steps),))
    totals = F.maximum(F.getitem(scores, (slice(1, steps + 1),)), LOWEST)
    by_move = [_shifted(F, ways, move, -np.inf) for move in MOVES]
    by_move[2] = by_move[2] + skips
    return F.exp(F.stack([way - totals for way in by_move], 0))


def _shifted(F: Any, x: Any, count: int, value: float) -> Any:
    """``x`` with its states moved on by ``count``, ``value`` in those that become free."""
    return F.constant_pad_nd(x, (*((0, 0),) * (len(x.shape) - 1), (count, -count)), value)


def _scores_gradient(F: Any, grad: Any, out: Any, emissions: Any, skips: Any) -> Any:
    return F.alignment_flow(grad, _moves(F, out, emissions, skips), True) - grad


alignment_scores.vjp(emissions=_scores_gradient, skips=None)


def _flow_shape(shape: Any, moves: Any, back: Any) -> Any:
    if len(shape) != 3 or moves != (len(MOVES), shape[0] - 1, *shape[1:]):
        raise ShapeError(f"expected values (T, N, S) and moves (3, T - 1, N, S), got {shape} and {moves}")
    return shape


@define_op(
    inputs=("values", "moves"),
    shape=_flow_shape,
    dtype=one_floating,
    samples=lambda make: [
        *(make(make.array(4, 2, 5), make.array(3, 3, 2, 5), back) for back in (False, True)),
        make(make.transposed(3, 1, 2), make.array(3, 2, 1, 2), True),
        make(make.array(2, 2, 1), make.array(3, 1, 2, 1), False),
        make(make.array(1, 2, 3), make.array(3, 0, 2, 3), True),
    ],
    errors=lambda make: [
        make.error((make.array(2, 3, 4), make.array(3, 1, 3, 5), True), ShapeError, r"\(2, 3, 4\) and \(3, 1, 3, 5\)"),
    ],
)
def alignment_flow(xp: Any, values: Any, moves: Any, back: Any) -> Any:
    """``values``, and at each step what flows on to it from the step before; with ``back``, from the step after.

    ``moves[k, t, n, s]`` is the share of state ``s - k`` at step ``t`` that goes to ``s`` at ``t + 1``. For speed.
    """
    flow = xp.asarray(values, copy=True)
    last = flow.shape[0] - 1
    states = flow.shape[2]
    for t in range(last - 1, -1, -1) if back else range(last):
        for move in MOVES:
            by_move = moves[move, t, :, move:]
            if back:
                flow[t, :, : max(states - move, 0)] += by_move * flow[t + 1, :, move:]
            else:
                flow[t + 1, :, move:] += by_move * flow[t, :, : max(states - move, 0)]
    return flow


def _moves_gradient(F: Any, grad: Any, out: Any, moves: Any, back: Any) -> Any:
    steps = moves.shape[1]
    sent = F.alignment_flow(grad, moves, not back)
    before, after = (sent, out) if back else (out, sent)
    before, after = F.getitem(before, (slice(0, steps),)), F.getitem(after, (slice(1, steps + 1),))
    return F.stack([_shifted(F, before, move, 0.0) * after for move in MOVES], 0)


alignment_flow.vjp(
    values=lambda F, grad, moves, back: F.alignment_flow(grad, moves, not back),
    moves=_moves_gradient,
)
