"""The LSTM layer: its ops by their records, whole sequences, and higher derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.errors import ShapeError
from lamella.core.testing import conformance, gradcheck, gradgradcheck
from lamella.nn.ops.recurrent import lstm_layer
from lamella.nn.testing import reference


@pytest.mark.parametrize(
    "case", conformance.cases(conformance.defined_in("lamella.nn.ops.recurrent"), reference), ids=str
)
def test_op(case):
    case()


def arguments(length, batch, features, hidden, biased=True):
    rng = np.random.default_rng(0)
    shapes = [(length, batch, features), (batch, hidden), (batch, hidden), (4 * hidden, features), (4 * hidden, hidden)]
    shapes += [(4 * hidden,)] * 2 if biased else []
    return [lamella.from_numpy(rng.standard_normal(s)).requires_grad_() for s in shapes]


def by_steps(input, h, c, w_ih, w_hh, b_ih=0.0, b_hh=0.0, reverse=False):
    """The formulas, in plain Tensor ops."""
    outputs = {}
    for t in sorted(range(len(input)), reverse=reverse):
        i, f, g, o = (input[t] @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs[t] = h
    return lamella.stack([outputs[t] for t in range(len(input))]), h, c


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("sizes", [(4, 3, 2, 5), (1, 1, 1, 1), (3, 40, 2, 3)])
def test_results_and_gradients(sizes, biased, reverse):
    given = arguments(*sizes, biased=biased)
    results, expected = lstm_layer(*given, reverse=reverse), by_steps(*given, reverse=reverse)
    weights = [lamella.from_numpy(np.random.default_rng(i).standard_normal(r.shape)) for i, r in enumerate(results)]
    for found, right in zip(results, expected, strict=True):
        np.testing.assert_allclose(found.detach().numpy(), right.detach().numpy(), atol=1e-12)
    gradients = [lamella.autograd.grad(list(r), given, weights) for r in (results, expected)]
    for found, right in zip(*gradients, strict=True):
        np.testing.assert_allclose(found.numpy(), right.numpy(), atol=1e-10)


@pytest.mark.parametrize("reverse", [False, True])
def test_second_and_third_derivatives(reverse):
    given = arguments(2, 1, 1, 1)[:-1]  # the gradients of two biases would be one tensor

    def results(*x):
        return lstm_layer(*x, reverse=reverse)

    def gradient(*x):
        return lamella.autograd.grad(results(*x)[0].sum(), x, create_graph=True)

    assert gradgradcheck(results, given)
    assert gradcheck(gradient, given)
    assert gradgradcheck(gradient, given)


def test_float32_is_close_to_float64():
    wide = arguments(20, 4, 8, 16)
    narrow = [x.detach().float() for x in wide]
    for found, right in zip(lstm_layer(*narrow), lstm_layer(*wide), strict=True):
        assert found.dtype is lamella.float32
        np.testing.assert_allclose(found.numpy(), right.detach().numpy(), atol=5e-6)


def test_an_empty_sequence_leaves_the_states():
    input, h0, c0, *weights = arguments(0, 2, 3, 4)
    output, h, c = lstm_layer(input, h0, c0, *weights)
    assert output.shape == (0, 2, 4)
    assert h is h0
    assert c is c0


def test_states_that_would_broadcast_are_refused():
    given = arguments(3, 2, 2, 2)
    with pytest.raises(ShapeError, match=r"`h0` has shape \(1, 2\), expected \(2, 2\)"):
        lstm_layer(given[0], given[1][:1], *given[2:])
