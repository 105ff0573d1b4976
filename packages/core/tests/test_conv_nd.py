"""Convolutions of volumes, with time in front, and transposed: against sums written out, and what they refuse."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentRangeError, ArgumentTypeError, DtypeError, ShapeError
from lamella.core.testing import gradcheck, gradgradcheck


def numbers(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def tensor(*shape):
    return lamella.from_numpy(numbers(*shape))


def volume_convolved(x, w, stride, padding, dilation, groups):
    """The convolution of volumes, as its definition says it."""
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    o, per_group, *kernel = w.shape
    sizes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    out = np.zeros((len(x), o, *((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes)))
    for n, c, *place in np.ndindex(*out.shape):
        first = c // (o // groups) * per_group
        at = [
            slice(p * s, p * s + d * (k - 1) + 1, d) for p, k, s, d in zip(place, kernel, stride, dilation, strict=True)
        ]
        out[n, c, *place] = (x[n, first : first + per_group, *at] * w[c]).sum()
    return out


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [((1, 1, 1), (0, 0, 0), (1, 1, 1)), ((2, 1, 3), (1, 0, 2), (1, 2, 1)), ((1, 2, 1), (2, 1, 0), (2, 1, 3))],
)
def test_conv3d_is_its_definition(stride, padding, dilation, groups):
    x, w, b = numbers(2, 4, 6, 7, 8), numbers(6, 4 // groups, 3, 2, 3), numbers(6)
    expected = volume_convolved(x, w, stride, padding, dilation, groups) + b.reshape(6, 1, 1, 1)
    found = lamella.conv3d(*map(lamella.from_numpy, (x, w, b)), stride, padding, dilation, groups)
    assert found.is_contiguous()
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_conv3d_pads_to_the_same_size_or_not_at_all():
    x, w = tensor(1, 2, 4, 5, 6), tensor(3, 2, 2, 3, 4)
    same = lamella.conv3d(x, w, padding="same", dilation=2)
    assert same.shape[2:] == x.shape[2:]
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (2, 2), (3, 3)))
    np.testing.assert_allclose(same.numpy(), volume_convolved(padded, w.numpy(), (1,) * 3, (0,) * 3, (2,) * 3, 1))
    assert lamella.conv3d(x, w, padding="valid").tolist() == lamella.conv3d(x, w).tolist()


def test_without_a_batch():
    x = tensor(2, 4, 5, 6)
    for function, w in ((lamella.conv3d, tensor(3, 2, 2, 2, 3)), (lamella.conv_transpose3d, tensor(2, 3, 2, 2, 3))):
        assert function(x, w).tolist() == function(x.unsqueeze(0), w)[0].tolist()


def test_conv3d_of_integers_and_complex_numbers():
    x, w = lamella.arange(16).reshape(1, 2, 2, 2, 2), lamella.arange(16).reshape(1, 2, 2, 2, 2)
    assert lamella.conv3d(x, w).tolist() == [[[[[sum(i * i for i in range(16))]]]]]
    z = lamella.complex(tensor(1, 2, 3, 3, 3), tensor(1, 2, 3, 3, 3))
    k = lamella.complex(tensor(1, 2, 2, 2, 2), tensor(1, 2, 2, 2, 2))
    parts = [lamella.conv3d(a, b) for a in (z.real, z.imag) for b in (k.real, k.imag)]
    lamella.testing.assert_close(lamella.conv3d(z, k), lamella.complex(parts[0] - parts[3], parts[1] + parts[2]))


def test_conv_tbc_is_conv1d_with_time_in_front():
    x, w, b = tensor(7, 2, 4), tensor(3, 4, 5), tensor(5)
    for pad in (0, 2):
        expected = lamella.conv1d(x.permute(1, 2, 0), w.permute(2, 1, 0), b, padding=pad).permute(2, 0, 1)
        found = lamella.conv_tbc(x, w, b, pad)
        assert found.is_contiguous()
        assert found.tolist() == expected.tolist()


# --- transposed


SIZES = {1: (5,), 2: (5, 4), 3: (4, 3, 5)}


CASES = [
    (dims, stride, padding, extra, dilation, groups)
    for dims, stride, padding in product((1, 2, 3), (1, 2, 3), (0, 1))
    for extra, dilation, groups in product((0, 1, 2), (1, 3), (1, 2))
    if extra < max(stride, dilation)
]


@pytest.mark.parametrize(("dims", "stride", "padding", "extra", "dilation", "groups"), CASES)
def test_transposed_convolutions_put_kernels_where_convolutions_take_them_from(
    dims, stride, padding, extra, dilation, groups
):
    x, w = numbers(2, 4, *SIZES[dims]), numbers(4, 3, *(3, 2, 2)[:dims])
    whole = [(n - 1) * stride + dilation * (k - 1) + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)]
    room = np.zeros((2, 3 * groups, *(n + extra for n in whole)))
    for n, c, *place in np.ndindex(*x.shape):
        first = c // (4 // groups) * 3
        reach = [(p * stride, dilation * (k - 1)) for p, k in zip(place, w.shape[2:], strict=True)]
        at = [slice(start, start + length + 1, dilation) for start, length in reach]
        room[n, first : first + 3, *at] += x[n, c, *place] * w[c]
    # room was made at the end for the output padding; the padding is cut off on both sides of the rest
    expected = room[:, :, *(slice(padding, size + extra - padding) for size in whole)]
    function = getattr(lamella, f"conv_transpose{dims}d")
    found = function(lamella.from_numpy(x), lamella.from_numpy(w), None, stride, padding, extra, groups, dilation)
    assert found.is_contiguous()
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_the_bias_is_added_where_nothing_was_put_too():
    out = lamella.conv_transpose1d(
        lamella.ones(1, 1, 2), lamella.ones(1, 1, 2), lamella.tensor([7.0]), output_padding=2, dilation=3
    )
    assert out.tolist() == [[[8, 8, 7, 8, 8, 7, 7]]]


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_derivatives(dims, groups):
    function = getattr(lamella, f"conv_transpose{dims}d")
    shapes = ((1, 2, *(3, 2, 2)[:dims]), (2, 2, *(2, 2, 1)[:dims]), (2 * groups,))
    given = [tensor(*shape).requires_grad_() for shape in shapes]
    assert gradcheck(lambda *a: function(*a, stride=2, padding=1, output_padding=1, groups=groups), given)
    assert gradgradcheck(lambda *a: function(*a, output_padding=1, dilation=2, groups=groups), given)


def test_derivatives_of_conv3d():
    given = [tensor(*shape).requires_grad_() for shape in ((1, 2, 3, 3, 2), (2, 1, 2, 2, 1), (2,))]
    assert gradcheck(lambda *a: lamella.conv3d(*a, stride=(1, 2, 1), padding=1, groups=2), given)
    assert gradgradcheck(lambda *a: lamella.conv3d(*a, padding="same", groups=2), given)


def test_over_a_batch_of_samples():
    x, w = tensor(3, 1, 2, 3, 3, 2), tensor(3, 2, 2, 2, 2, 1)
    for function in (lamella.conv3d, lamella.conv_transpose3d):
        one_by_one = lamella.stack([function(a, b) for a, b in zip(x, w, strict=True)])
        lamella.testing.assert_close(lamella.func.vmap(function)(x, w), one_by_one)


def test_autocast_computes_in_the_lower_precision():
    x, w, b = lamella.ones(1, 2, 3, 3, 3), lamella.ones(2, 2, 2, 2, 2), lamella.ones(2)
    with lamella.autocast("cpu", dtype=lamella.float16):
        assert lamella.conv3d(x, w, b).dtype is lamella.float16
        assert lamella.conv_transpose3d(x, w, b).dtype is lamella.float16
        assert lamella.conv_tbc(lamella.ones(3, 1, 2), w[0, :, :, 0], b).dtype is lamella.float16


x3, w3 = (1, 2, 4, 4, 4), (3, 2, 2, 2, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lamella.conv3d(tensor(1, 1, 4, 4, 4), tensor(*w3)), ShapeError, "conv3d: `input` has 1 channels, but"),
        (lambda: lamella.conv3d(tensor(1, 2, 1, 4, 4), tensor(*w3)), ShapeError, "conv3d: .* over 2 x 2 x 2 elements"),
        (lambda: lamella.conv3d(tensor(*x3), tensor(*w3), tensor(2)), ShapeError, r"conv3d: `bias` has shape \(2,\)"),
        (lambda: lamella.conv3d(tensor(4, 4, 4), tensor(*w3)), ShapeError, r"a 4-dimensional \(unbatched\) or 5-dim"),
        (lambda: lamella.conv3d(tensor(*x3), tensor(*w3), stride=(1, 2)), ArgumentRangeError, "3 ints, got 2"),
        (lambda: lamella.conv3d(tensor(*x3), tensor(*w3).float()), DtypeError, "same dtype"),
        (lambda: lamella.conv3d(tensor(*x3).bool(), tensor(*w3).bool()), DtypeError, "conv3d: not defined for bool"),
        (lambda: lamella.conv3d([1.0], tensor(*w3)), ArgumentTypeError, "conv3d.* 'input' must be Tensor, not list"),
        (lambda: lamella.conv3d(tensor(*x3), 2.0), ArgumentTypeError, "conv3d.* 'weight' must be Tensor, not float"),
        (lambda: lamella.conv_tbc(tensor(5, 4), tensor(3, 4, 2), tensor(2)), ShapeError, "input must have 3 dims"),
        (lambda: lamella.conv_tbc(tensor(5, 1, 4), tensor(4, 2), tensor(2)), ShapeError, "weight must have 3 dims"),
        (lambda: lamella.conv_tbc(tensor(5, 1, 4), tensor(3, 4, 2), tensor(2), -1), ArgumentRangeError, "got -1"),
        (lambda: lamella.conv_tbc(tensor(5, 1, 4), tensor(3, 4, 2), None), ArgumentTypeError, "'bias' must be Tensor"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def transposed(x=(1, 2, 4, 4), w=(2, 3, 2, 2), **options):
    return lamella.conv_transpose2d(tensor(*x), tensor(*w), **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: transposed(x=(1, 3, 4, 4)), ShapeError, r"`input` has 3 channels, but `weight` expects 2 .*groups=1"),
        (lambda: transposed(x=(4, 4)), ShapeError, r"conv_transpose2d: expected a 3-dimensional \(unbatched\)"),
        (lambda: transposed(groups=3), ShapeError, "`weight` takes 2 channels, which groups=3 does not divide"),
        (lambda: transposed(bias=tensor(2)), ShapeError, r"`bias` has shape \(2,\), but `weight` makes 3 channels"),
        (lambda: transposed(bias=tensor(3).float()), DtypeError, "`input` has lamella.float64 and `bias` lamella.fl"),
        (lambda: transposed(output_padding=1), ArgumentRangeError, "smaller than either stride or dilation"),
        (lambda: transposed(output_padding=-1), ArgumentRangeError, "output_padding must be at least 0"),
        (lambda: transposed(x=(1, 2, 1, 1), padding=1), ShapeError, "the result would have 0 x 0 elements"),
        (lambda: transposed(x=(1, 2, 0, 4)), ShapeError, "the result would have"),
        (lambda: transposed(padding="same"), ArgumentTypeError, "padding must be an int or 2 ints, got 'same'"),
    ],
)
def test_refusals_of_transposed_convolutions(call, error, message):
    with pytest.raises(error, match=message):
        call()
