"""The public convolutions: PyTorch's ways to give arguments, pieces and threads, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella.core.backends import convolution, kernels
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.op import OPS
from lamella.core.testing import gradcheck, gradgradcheck, reference


def numbers(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def tensor(*shape):
    return lamella.from_numpy(numbers(*shape))


def test_conv2d_takes_one_number_or_one_for_each_dimension():
    x, w, b = numbers(2, 4, 9, 8), numbers(6, 2, 3, 2), numbers(6)
    x_, w_, b_ = map(lamella.from_numpy, (x, w, b))
    expected = reference.conv2d(x, w, b, (2, 2), (1, 1, 1, 1), (1, 1), 2)
    np.testing.assert_allclose(lamella.conv2d(x_, w_, b_, 2, 1, groups=2).numpy(), expected)
    expected = reference.conv2d(x, w, None, (2, 1), (1, 1, 2, 2), (1, 3), 2)
    np.testing.assert_allclose(lamella.conv2d(x_, w_, None, (2, 1), [1, 2], (1, 3), 2).numpy(), expected)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_padding_same_keeps_the_size_and_pads_more_at_the_end(kernel, dilation):
    x, w = numbers(1, 2, 7, 9), numbers(3, 2, kernel, kernel)
    total = dilation * (kernel - 1)
    before, after = total // 2, total - total // 2
    padded = np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))
    expected = reference.conv2d(padded, w, None, (1, 1), (0, 0, 0, 0), (dilation, dilation), 1)
    same = lamella.conv2d(lamella.from_numpy(x), lamella.from_numpy(w), padding="same", dilation=dilation)
    assert same.shape[2:] == (7, 9)
    np.testing.assert_allclose(same.numpy(), expected, atol=1e-12)


def test_padding_valid_is_none():
    x, w = tensor(1, 2, 5, 5), tensor(3, 2, 2, 2)
    assert lamella.conv2d(x, w, padding="valid").tolist() == lamella.conv2d(x, w).tolist()


def test_without_a_batch():
    x, w = tensor(2, 5, 6), tensor(3, 2, 2, 3)
    assert lamella.conv2d(x, w).tolist() == lamella.conv2d(x.unsqueeze(0), w)[0].tolist()
    x, w = tensor(2, 6), tensor(3, 2, 3)
    assert lamella.conv1d(x, w).tolist() == lamella.conv1d(x.unsqueeze(0), w)[0].tolist()


def test_conv1d_is_conv2d_of_height_one():
    x, w, b = tensor(2, 4, 11), tensor(6, 2, 3), tensor(6)
    flat = lamella.conv2d(x.unsqueeze(2), w.unsqueeze(2), b, (1, 2), (0, 1), (1, 2), 2)
    assert lamella.conv1d(x, w, b, 2, 1, 2, 2).tolist() == flat.squeeze(2).tolist()


def test_derivatives_of_the_public_functions():
    x, w, b = (tensor(*s).requires_grad_() for s in ((2, 4, 6), (4, 2, 3), (4,)))
    assert gradcheck(lambda *a: lamella.conv1d(*a, stride=2, padding=1, groups=2), (x, w, b))
    assert gradgradcheck(lambda *a: lamella.conv1d(*a, padding="same", groups=2), (x, w, b))


@pytest.mark.parametrize(("flat", "piece", "least"), [(1, 64, 1), (100, 64, 1), (100, 10**6, 128)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3), (3, 1)])
def test_the_numpy_kernels_agree_with_the_plain_forwards_however_they_cut(monkeypatch, flat, piece, least, stride):
    monkeypatch.setattr(convolution, "FLAT", flat)
    monkeypatch.setattr(convolution, "PIECE", piece)
    monkeypatch.setattr(convolution, "COLUMNS_MIN", least)
    monkeypatch.setattr(convolution, "THREAD_WORK", 1)
    x, w, b = numbers(3, 4, 11, 10), numbers(6, 2, 3, 2), numbers(6)
    attributes = (stride, (2, 1, 0, 3), (2, 1), 2)
    y = OPS["conv2d"].kernels[np.ndarray](x, w, b, *attributes)
    grad = numbers(*y.shape)

    def results():
        return (
            OPS["conv2d"].kernels[np.ndarray](x, w, b, *attributes),
            OPS["conv2d_input"].kernels[np.ndarray](grad, w, x.shape, *attributes),
            OPS["conv2d_weight"].kernels[np.ndarray](x, grad, w.shape, *attributes),
        )

    ours = results()
    with kernels.use("reference"):
        plain = results()
    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, w: lamella.conv2d(x, w, stride=0), ArgumentRangeError, "stride must be at least 1"),
        (lambda x, w: lamella.conv2d(x, w, padding=(0, -1)), ArgumentRangeError, "padding must be at least 0"),
        (lambda x, w: lamella.conv2d(x, w, dilation=1.5), ArgumentTypeError, "dilation must be an int or 2 ints"),
        (lambda x, w: lamella.conv2d(x, w, stride=(1, 2, 3)), ArgumentRangeError, "stride must be an int or 2 ints"),
        (lambda x, w: lamella.conv2d(x, w[:0]), ShapeError, "`weight` makes 0 channels"),
        (lambda x, w: lamella.conv2d(x, w, groups=0), ArgumentRangeError, "groups must be at least 1, got 0"),
        (lambda x, w: lamella.conv2d(x, w, padding="full"), ArgumentRangeError, "'same', 'valid', an int"),
        (lambda x, w: lamella.conv2d(x, w, padding="same", stride=2), ArgumentRangeError, "strided convolutions"),
        (lambda x, w: lamella.conv2d(x[0, 0], w), ShapeError, r"conv2d: expected a 3-dimensional \(unbatched\)"),
        (lamella.conv1d, ShapeError, r"conv1d: expected a 2-dimensional \(unbatched\)"),
        (lambda x, w: lamella.conv2d(x.bool(), w.bool()), DtypeError, "not defined for bool"),
        (lambda x, w: lamella.conv2d(x, w.float()), DtypeError, "same dtype"),
        (lambda x, w: lamella.conv1d(x[0, :, 1:], w[0]), ShapeError, "conv1d: `input` has 3 channels, but `weight`"),
        (lambda x, w: lamella.conv2d(x[:, :1], w), RuntimeError, "`input` has 1 channels, but `weight` expects 2"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(tensor(1, 2, 4, 4), tensor(3, 2, 2, 2))
