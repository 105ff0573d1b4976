"""References for ``ops/rnn.py``, ``ops/gru.py`` and ``ops/lstm.py``: sequence by sequence and step by step."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Sizes = tuple[int, ...] | None


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _sequences(length: int, batch: int, reverse: bool, sizes: Sizes) -> Iterator[tuple[int, list[int], list[int]]]:
    """Each sequence: its number, its times in the order of reading, and those at which it has ended."""
    for n in range(batch):
        own = [t for t in range(length) if sizes is None or n < sizes[t]]
        yield n, own[::-1] if reverse else own, [t for t in range(length) if t not in own]


def _backward(own: list[int], length: int, reverse: bool) -> Iterator[tuple[int, int | None]]:
    """The times from the last that was read to the first, each with that at which the state before it stands."""
    for t in reversed(own):
        before = t + 1 if reverse else t - 1
        yield t, before if 0 <= before < length else None


def _plus(*terms: Any) -> Any:
    return sum(term for term in terms if term is not None)


def _part(bias: Any, rows: slice) -> Any:
    return None if bias is None else bias[rows]


# --- simple


def rnn_layer(
    input: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, nonlinearity: str, reverse: bool, sizes: Sizes
) -> np.ndarray:
    length, batch, _ = input.shape
    output = np.zeros((length, *h0.shape))
    for n, own, ended in _sequences(length, batch, reverse, sizes):
        h = h0[n]
        output[ended, n] = h  # before a sequence that is read backward
        for t in own:
            x = _plus(w_ih @ input[t, n], w_hh @ h, b_ih, b_hh)
            h = output[t, n] = np.tanh(x) if nonlinearity == "tanh" else np.where(x > 0, x, 0)
        if not reverse:
            output[ended, n] = h
    return output


def rnn_layer_backward(
    grad_output: Any,
    input: Any,
    h0: Any,
    w_ih: Any,
    w_hh: Any,
    output: Any,
    nonlinearity: str,
    reverse: bool,
    sizes: Sizes,
    for_input: bool,
) -> tuple[np.ndarray, ...]:
    results = [np.zeros(a.shape) for a in (h0, w_ih, w_hh, w_hh[:, 0], input)]
    of_h0, of_w_ih, of_w_hh, of_bias, of_input = results
    for n, own, ended in _sequences(len(output), len(h0), reverse, sizes):
        after = grad_output[ended, n].sum(0)
        dh = 0 if reverse else after
        for t, before in _backward(own, len(output), reverse):
            h = output[before, n] if before is not None else h0[n]
            dh = dh + grad_output[t, n]
            raw = dh * (1 - output[t, n] ** 2 if nonlinearity == "tanh" else output[t, n] > 0)
            of_w_ih += np.outer(raw, input[t, n])
            of_w_hh += np.outer(raw, h)
            of_bias += raw
            of_input[t, n] = w_ih.T @ raw
            dh = w_hh.T @ raw
        of_h0[n] = dh + after if reverse else dh
    return tuple(results if for_input else results[:-1])


# --- GRU


def gru_layer(
    input: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, reverse: bool, sizes: Sizes
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    length, batch, _ = input.shape
    hidden = h0.shape[1]
    output, scaled, gates = (np.zeros((length, batch, k * hidden)) for k in (1, 1, 3))
    reset, update, new = (slice(k * hidden, (k + 1) * hidden) for k in range(3))
    for n, own, ended in _sequences(length, batch, reverse, sizes):
        h = h0[n]
        output[ended, n] = h
        for t in own:
            x = input[t, n]
            r, z = (
                _sigmoid(_plus(w_ih[rows] @ x, w_hh[rows] @ h, _part(b_ih, rows), _part(b_hh, rows)))
                for rows in (reset, update)
            )
            scaled[t, n] = _plus(w_hh[new] @ h, _part(b_hh, new))
            candidate = np.tanh(_plus(w_ih[new] @ x, r * scaled[t, n], _part(b_ih, new)))
            h = output[t, n] = (1 - z) * candidate + z * h
            gates[t, n] = np.concatenate([r, z, candidate])
        if not reverse:
            output[ended, n] = h
    return output, gates, scaled


def gru_layer_backward(
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
    reverse: bool,
    sizes: Sizes,
    for_input: bool,
) -> tuple[np.ndarray, ...]:
    hidden = h0.shape[1]
    results = [np.zeros(a.shape) for a in (h0, w_ih, w_hh, w_hh[:, 0], w_hh[:, 0], input)]
    of_h0, of_w_ih, of_w_hh, of_b_ih, of_b_hh, of_input = results
    for n, own, ended in _sequences(len(output), len(h0), reverse, sizes):
        after = grad_output[ended, n].sum(0)
        dh = 0 if reverse else after
        for t, before in _backward(own, len(output), reverse):
            h = output[before, n] if before is not None else h0[n]
            r, z, candidate = gates[t, n].reshape(3, hidden)
            d_r, d_z, d_candidate = grad_gates[t, n].reshape(3, hidden)
            dh = dh + grad_output[t, n]
            d_candidate = (d_candidate + dh * (1 - z)) * (1 - candidate**2)
            d_z = (d_z + dh * h - dh * candidate) * z * (1 - z)
            d_r = (d_r + d_candidate * scaled[t, n]) * r * (1 - r)
            for_x = np.concatenate([d_r, d_z, d_candidate])
            for_h = np.concatenate([d_r, d_z, grad_scaled[t, n] + d_candidate * r])
            of_w_ih += np.outer(for_x, input[t, n])
            of_w_hh += np.outer(for_h, h)
            of_b_ih += for_x
            of_b_hh += for_h
            of_input[t, n] = w_ih.T @ for_x
            dh = dh * z + w_hh.T @ for_h
        of_h0[n] = dh + after if reverse else dh
    return tuple(results if for_input else results[:-1])


# --- LSTM


def lstm_layer(
    input: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, reverse: bool, sizes: Sizes
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    length, batch, _ = input.shape
    hidden = w_hh.shape[1]
    output, cells, gates = (np.zeros((length, batch, k * hidden)) for k in (1, 1, 4))
    for n, own, ended in _sequences(length, batch, reverse, sizes):
        h, c = h0[n], c0[n]
        output[ended, n], cells[ended, n] = h, c
        for t in own:
            i, f, g, o = _plus(w_ih @ input[t, n], w_hh @ h, b_ih, b_hh).reshape(4, hidden)
            i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
            c = f * c + i * g
            h = o * np.tanh(c)
            output[t, n], cells[t, n], gates[t, n] = h, c, np.concatenate([i, f, g, o])
        if not reverse:
            output[ended, n], cells[ended, n] = h, c
    return output, cells, gates


def lstm_layer_backward(
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
    reverse: bool,
    sizes: Sizes,
    for_input: bool,
) -> tuple[np.ndarray, ...]:
    hidden = h0.shape[1]
    results = [np.zeros(a.shape) for a in (h0, c0, w_ih, w_hh, w_hh[:, 0], input)]
    of_h0, of_c0, of_w_ih, of_w_hh, of_bias, of_input = results
    for n, own, ended in _sequences(len(output), len(h0), reverse, sizes):
        after = np.array([grad_output[ended, n].sum(0), grad_cells[ended, n].sum(0)])
        dh, dc = np.zeros_like(after) if reverse else after
        for t, before in _backward(own, len(output), reverse):
            h, c = (h0[n], c0[n]) if before is None else (output[before, n], cells[before, n])
            i, f, g, o = gates[t, n].reshape(4, hidden)
            dh = dh + grad_output[t, n]
            dc = dc + grad_cells[t, n] + dh * o / np.cosh(cells[t, n]) ** 2
            into = np.array([dc * g, dc * c, dc * i, dh * np.tanh(cells[t, n])]) + grad_gates[t, n].reshape(4, hidden)
            into *= [i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)]
            raw = into.reshape(-1)
            of_w_ih += np.outer(raw, input[t, n])
            of_w_hh += np.outer(raw, h)
            of_bias += raw
            of_input[t, n] = w_ih.T @ raw
            dh, dc = w_hh.T @ raw, dc * f
        of_h0[n], of_c0[n] = np.add(after, (dh, dc)) if reverse else (dh, dc)
    return tuple(results if for_input else results[:-1])
