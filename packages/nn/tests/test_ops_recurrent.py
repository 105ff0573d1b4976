"""Recurrent layers: ops by their records, whole sequences, sequences of several lengths, higher derivatives."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import lamella
from lamella.core.errors import ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.ops.gru import gru_layer
from lamella.nn.ops.lstm import lstm_layer
from lamella.nn.ops.rnn import rnn_layer
from lamella.nn.testing.references import recurrent

OPS = [op for family in ("rnn", "gru", "lstm") for op in conformance.defined_in(f"lamella.nn.ops.{family}")]


@pytest.mark.parametrize("case", conformance.cases(OPS, recurrent), ids=str)
def test_op(case):
    case()


def rnn_step(input, states, w_ih, w_hh, b_ih, b_hh, squash):
    return (squash(input @ w_ih.T + b_ih + states[0] @ w_hh.T + b_hh),)


def gru_step(input, states, w_ih, w_hh, b_ih, b_hh):
    (h,) = states
    (r, z, n), (hr, hz, hn) = (input @ w_ih.T + b_ih).chunk(3, 1), (h @ w_hh.T + b_hh).chunk(3, 1)
    z = (z + hz).sigmoid()
    return ((1 - z) * (n + (r + hr).sigmoid() * hn).tanh() + z * h,)


def lstm_step(input, states, w_ih, w_hh, b_ih, b_hh):
    h, c = states
    i, f, g, o = (input @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


#: The layer, its formulas in plain Tensor ops, gates and states.
LAYERS = {
    "tanh": (rnn_layer, partial(rnn_step, squash=lamella.tanh), 1, 1),
    "relu": (partial(rnn_layer, nonlinearity="relu"), partial(rnn_step, squash=lamella.relu), 1, 1),
    "gru": (gru_layer, gru_step, 3, 1),
    "lstm": (lstm_layer, lstm_step, 4, 2),
}
each_layer = pytest.mark.parametrize("name", LAYERS)
both_ways = pytest.mark.parametrize("reverse", [False, True])


def arguments(name, length, batch, features, hidden, biased=True):
    _, _, gates, states = LAYERS[name]
    rng = np.random.default_rng(0)
    shapes = [(length, batch, features), *[(batch, hidden)] * states]
    shapes += [(gates * hidden, features), (gates * hidden, hidden), *[(gates * hidden,)] * (2 * biased)]
    return [lamella.from_numpy(rng.standard_normal(s)).requires_grad_() for s in shapes]


def by_steps(name, given, reverse):
    """The output and the last states."""
    _, step, _, count = LAYERS[name]
    input, states, weights = given[0], given[1 : 1 + count], list(given[1 + count :])
    weights += [0.0] * (4 - len(weights))
    outputs = {}
    for t in sorted(range(len(input)), reverse=reverse):
        states = step(input[t], states, *weights)
        outputs[t] = states[0]
    return lamella.stack([outputs[t] for t in range(len(input))]), *states


def assert_same_with_gradients(results, expected, given):
    weights = [lamella.from_numpy(np.random.default_rng(i).standard_normal(r.shape)) for i, r in enumerate(results)]
    for found, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(found.detach().numpy(), right.detach().numpy(), atol=1e-12)
    gradients = [lamella.autograd.grad(list(r), given, weights) for r in (results, expected)]
    for found, right in zip(*gradients, strict=True):
        np.testing.assert_allclose(found.numpy(), right.numpy(), atol=1e-10)


@each_layer
@both_ways
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("sizes", [(4, 3, 2, 5), (1, 1, 1, 1), (3, 40, 2, 3)])
def test_results_and_gradients(name, sizes, biased, reverse):
    given = arguments(name, *sizes, biased=biased)
    results = LAYERS[name][0](*given, reverse=reverse)
    assert_same_with_gradients(results, by_steps(name, given, reverse), given)


@each_layer
@both_ways
def test_sequences_of_several_lengths_are_read_as_if_each_were_alone(name, reverse):
    layer, _, _, count = LAYERS[name]
    given = arguments(name, 4, 3, 2, 5)
    results = layer(*given, reverse=reverse, sizes=(3, 2, 2, 1))
    outputs, states = [], []
    for n, length in enumerate((4, 3, 1)):
        alone = [given[0][:length, n : n + 1], *(s[n : n + 1] for s in given[1 : 1 + count]), *given[1 + count :]]
        output, *last = by_steps(name, alone, reverse)
        kept = (given[1][n : n + 1] if reverse else last[0]).expand(4 - length, 1, 5)
        outputs.append(lamella.cat([output, kept.reshape(4 - length, 1, 5)]))
        states.append(last)
    expected = [lamella.cat(outputs, 1), *(lamella.cat(s) for s in zip(*states, strict=True))]
    assert_same_with_gradients(results, expected, given)


@pytest.mark.parametrize("name", ["tanh", "gru", "lstm"])
def test_second_and_third_derivatives(name):
    given = arguments(name, 2, 2, 1, 1)[:-1]  # the gradients of two biases can be one tensor

    def results(*x):
        return LAYERS[name][0](*x, reverse=True, sizes=(2, 1))

    def gradient(*x):
        return lamella.autograd.grad(results(*x)[0].sum(), x, create_graph=True)

    assert gradgradcheck(results, given)
    assert gradcheck(gradient, given)
    assert gradgradcheck(gradient, given)


@each_layer
@pytest.mark.parametrize(("kind", "atol"), [(lamella.float32, 5e-6), (lamella.float16, 5e-3)])
def test_narrow_numbers_are_close_to_float64(name, kind, atol):
    wide = [x.detach() * 0.3 for x in arguments(name, 20, 4, 8, 16)]
    narrow = [x.to(kind) for x in wide]
    wide = [x.double() for x in narrow]
    for found, right in zip(LAYERS[name][0](*narrow), LAYERS[name][0](*wide), strict=True):
        assert found.dtype is kind
        np.testing.assert_allclose(found.double().numpy(), right.numpy(), atol=atol, rtol=atol)


@each_layer
def test_an_empty_sequence_leaves_the_states(name):
    given = arguments(name, 0, 2, 3, 4)
    output, *states = LAYERS[name][0](*given)
    assert output.shape == (0, 2, 4)
    assert all(state is first for state, first in zip(states, given[1:], strict=False))


@each_layer
def test_what_would_broadcast_is_refused(name):
    given = arguments(name, 3, 2, 2, 2)
    with pytest.raises(ShapeError, match=r"`h0` has shape \(1, 2\), expected \(2, 2\)"):
        LAYERS[name][0](given[0], given[1][:1], *given[2:])
    with pytest.raises(ShapeError, match=r"`sizes` \(2, 1\) must say for each of 3 times"):
        LAYERS[name][0](*given, sizes=(2, 1))
