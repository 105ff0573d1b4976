"""Padding in all modes: against NumPy, derivatives, layers, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn import functional as F

NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("mode", NUMPY_MODES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_modes(mode, count):
    x = np.random.default_rng(0).standard_normal((2, 2, 3, 4, 5)[: count + 2])
    sides = [(1, 2), (2, 0), (0, 1)][:count]
    for given, batch in ((x, 2), (x[0], 1)):
        padded = F.pad(lamella.from_numpy(given), [n for pair in sides[::-1] for n in pair], mode)
        expected = np.pad(given, [(0, 0)] * batch + sides, NUMPY_MODES[mode])
        np.testing.assert_array_equal(padded.numpy(), expected)


@pytest.mark.parametrize(
    ("mode", "pad", "expected"),
    [
        ("constant", (-1, 2), [1, 2, 3, 0, 0]),
        ("reflect", (-1, 2), [1, 2, 3, 2, 1]),
        ("reflect", (-2, 3), [2, 3, 2, 1, 0]),
        ("replicate", (2, -3), [0, 0, 0]),
        ("circular", (-1, 2), [1, 2, 3, 1, 2]),
    ],
)
def test_negative_numbers_cut(mode, pad, expected):
    assert F.pad(lamella.arange(4).view(1, 4), pad, mode).tolist() == [expected]


def test_a_constant():
    x = lamella.ones(2, 2, dtype=lamella.int32)
    assert F.pad(x, (1, 0, 0, 1), value=7).tolist() == [[7, 1, 1], [7, 1, 1], [7, 7, 7]]
    assert F.pad(lamella.ones(1, 1, 1, 1, 1, 1), (1, 1) * 6).shape == (3,) * 6


def test_no_padding_is_a_copy():
    x = lamella.zeros(1, 3)
    F.pad(x, (0, 0), "reflect")[0, 0] = 1.0
    assert x.tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_derivatives(mode):
    x = lamella.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 4))).requires_grad_()
    assert gradcheck(lambda x: F.pad(x, (1, 2, 2, -1), mode), (x,))
    assert gradgradcheck(lambda x: F.pad(x, (1, 2, 2, -1), mode), (x,))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("Zero", "constant"), ("Reflection", "reflect"), ("Replication", "replicate"), ("Circular", "circular")],
)
def test_layers(kind, mode, count):
    x = lamella.rand((2, 3, 3, 4, 5)[: count + 2])
    layer = getattr(nn, f"{kind}Pad{count}d")
    assert layer(2)(x).tolist() == F.pad(x, (2,) * (2 * count), mode).tolist()
    sides = (1, 0, 2, 1, 0, 1)[: 2 * count]
    assert layer(sides)(x).tolist() == F.pad(x, sides, mode).tolist()
    assert repr(layer(2)) == f"{kind}Pad{count}d({(2,) * (2 * count)})"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_constant_layers(count):
    layer = getattr(nn, f"ConstantPad{count}d")(1, 3.5)
    x = lamella.rand((1, 2, 2, 2, 2)[: count + 2])
    assert layer(x).tolist() == F.pad(x, (1,) * (2 * count), value=3.5).tolist()
    assert repr(layer) == f"ConstantPad{count}d(padding={(1,) * (2 * count)}, value=3.5)"


@pytest.mark.parametrize(
    ("pad", "options", "error", "message"),
    [
        ((1,), {}, RuntimeError, "divisible by 2"),
        ((1,) * 8, {}, RuntimeError, "less than or equal to two times"),
        ((1.5, 1), {}, TypeError, "expected ints"),
        ((-3, -3), {}, RuntimeError, "cuts more than there is"),
        ((1, 1), {"mode": "mirror"}, NotImplementedError, "Unrecognised padding mode mirror"),
        ((1, 1), {"mode": "reflect", "value": 1.0}, RuntimeError, "doesn't take in value argument"),
        ((1, 1) * 3, {"mode": "reflect"}, NotImplementedError, "for the last 1, 2 or 3 dimensions"),
        ((5, 0), {"mode": "reflect"}, RuntimeError, "reflect padding must be at most 4"),
        ((0, 6), {"mode": "circular"}, RuntimeError, "circular padding must be at most 5"),
        ((-3, -2), {"mode": "replicate"}, RuntimeError, "cuts all or more"),
    ],
)
def test_refusals(pad, options, error, message):
    with pytest.raises(error, match=message):
        F.pad(lamella.ones(1, 2, 5), pad, **options)


def test_only_the_batch_may_be_empty():
    assert F.pad(lamella.ones(0, 2, 5), (1, 1), "reflect").shape == (0, 2, 7)
    with pytest.raises(RuntimeError, match="only the batch may be 0"):
        F.pad(lamella.ones(2, 0, 5), (1, 1), "reflect")


@pytest.mark.parametrize(("count", "sizes"), [(1, (4,)), (1, (2, 3, 4, 5)), (2, (4, 4)), (3, (2, 2, 2))])
def test_circular_layers_take_a_batch_or_one_sample(count, sizes):
    layer = getattr(nn, f"CircularPad{count}d")(1)
    message = rf"expected {count + 1}D or {count + 2}D input \(got {len(sizes)}D input\)"
    with pytest.raises(ValueError, match=message):
        layer(lamella.ones(sizes))
