"""Batch normalization in the layer before it: the same results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval, fusion


def filled(bn: Any) -> Any:
    bn.running_mean.normal_()
    bn.running_var.uniform_(0.5, 2)
    for parameter in bn.parameters():
        parameter.data.normal_()
    return bn.double().eval()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(
    ("layer", "norm", "shape", "transpose"),
    [
        (nn.Conv1d, nn.BatchNorm1d, (2, 3, 7), False),
        (nn.Conv2d, nn.BatchNorm2d, (2, 3, 5, 5), False),
        (nn.ConvTranspose2d, nn.BatchNorm2d, (2, 3, 5, 5), True),
    ],
)
def test_a_convolution(
    layer: Any, norm: Any, shape: tuple[int, ...], transpose: bool, affine: bool, bias: bool
) -> None:
    lamella.manual_seed(0)
    conv = layer(3, 4, 2, bias=bias).double().eval()
    bn = filled(norm(4, affine=affine))
    weight = conv.weight.clone()
    x = lamella.randn(*shape, dtype=lamella.float64)
    fused = fuse_conv_bn_eval(conv, bn, transpose)
    assert type(fused) is layer
    assert fused.bias.requires_grad is bias
    np.testing.assert_allclose(fused(x).detach().numpy(), bn(conv(x)).detach().numpy(), atol=1e-12)
    assert conv.weight.tolist() == weight.tolist()


@pytest.mark.parametrize("features", [4, 1])
def test_a_linear_layer(features: int) -> None:
    lamella.manual_seed(0)
    linear, bn = nn.Linear(3, 4, bias=features == 4).double().eval(), filled(nn.BatchNorm1d(features))
    x = lamella.randn(5, 3, dtype=lamella.float64)
    y = linear(x)
    expected = (y - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias
    np.testing.assert_allclose(
        fuse_linear_bn_eval(linear, bn)(x).detach().numpy(), expected.detach().numpy(), atol=1e-12
    )


def test_the_dtype_of_the_layer_stays() -> None:
    bn = filled(nn.BatchNorm2d(4))
    w, b = fusion.fuse_conv_bn_weights(
        lamella.ones(4, 3, 2, 2), None, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    assert w.dtype is lamella.float32
    assert b.dtype is lamella.float32
    w, b = fusion.fuse_linear_bn_weights(
        lamella.ones(4, 3), None, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    assert w.dtype is lamella.float32
    assert type(b) is nn.Parameter


REFUSED = [
    (lambda: fuse_conv_bn_eval(nn.Conv1d(1, 1, 1), nn.BatchNorm1d(1).eval()), "Fusion only for eval"),
    (lambda: fuse_conv_bn_eval(nn.Conv1d(1, 1, 1).eval(), nn.BatchNorm1d(1)), "Fusion only for eval"),
    (lambda: fuse_conv_bn_eval(nn.Conv1d(1, 1, 1).eval(), nn.BatchNorm1d(1, track_running_stats=False).eval()),
     "must not be None"),
    (lambda: fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(3).eval()),
     "linear.out_features=4 and bn.num_features=3"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        action()
