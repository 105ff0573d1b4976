"""Transformers: which place sees which, masks and the hint that they are causal, what the parts are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn import functional as F

z = lamella.zeros
CAUSAL = nn.Transformer.generate_square_subsequent_mask(4, dtype=lamella.float64)


def numbers(*shape: int, seed: int = 0) -> lamella.Tensor:
    return lamella.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def model(**options: Any) -> nn.Transformer:
    return nn.Transformer(8, 2, 2, 2, 16, **({"dropout": 0.0} | options)).double()


def assert_same(found: lamella.Tensor, expected: lamella.Tensor) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_layer_is_the_sum_of_its_parts(norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", norm_first=norm_first).double()
    x = numbers(5, 3, 8)

    def attend(x: lamella.Tensor) -> lamella.Tensor:
        return layer.self_attn(x, x, x)[0]

    def feed(x: lamella.Tensor) -> lamella.Tensor:
        return layer.linear2(F.gelu(layer.linear1(x)))

    if norm_first:
        h = x + attend(layer.norm1(x))
        expected = h + feed(layer.norm2(h))
    else:
        h = layer.norm1(x + attend(x))
        expected = layer.norm2(h + feed(h))
    assert_same(layer(x), expected)


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_decoder_layer_is_the_sum_of_its_parts(norm_first: bool) -> None:
    layer = nn.TransformerDecoderLayer(8, 2, 16, 0.0, F.silu, norm_first=norm_first).double()
    x, memory = numbers(4, 3, 8), numbers(5, 3, 8, seed=1)
    parts = [
        lambda x: layer.self_attn(x, x, x)[0],
        lambda x: layer.multihead_attn(x, memory, memory)[0],
        lambda x: layer.linear2(F.silu(layer.linear1(x))),
    ]
    expected = x
    for part, norm in zip(parts, (layer.norm1, layer.norm2, layer.norm3), strict=True):
        expected = expected + part(norm(expected)) if norm_first else norm(expected + part(expected))
    assert_same(layer(x, memory), expected)


def test_layers_follow_each_other_and_a_norm_ends_them() -> None:
    transformer = model()
    source, target = numbers(5, 3, 8), numbers(4, 3, 8, seed=1)
    memory = source
    for layer in transformer.encoder.layers:
        memory = layer(memory)
    memory = transformer.encoder.norm(memory)
    out = target
    for layer in transformer.decoder.layers:
        out = layer(out, memory)
    assert_same(transformer(source, target), transformer.decoder.norm(out))
    first = model(batch_first=True)
    first.load_state_dict(transformer.state_dict())
    swapped = first(source.transpose(0, 1), target.transpose(0, 1)).transpose(0, 1)
    assert_same(swapped, transformer(source, target))
    assert_same(transformer(source[:, 0], target[:, 0]), transformer(source, target)[:, 0])


def test_a_causal_target_sees_nothing_later() -> None:
    transformer = model()
    source, target = numbers(5, 3, 8), numbers(4, 3, 8, seed=1).requires_grad_()
    transformer(source, target, tgt_mask=CAUSAL)[1, :, 0].sum().backward()
    assert target.grad is not None
    assert (target.grad[2:] == 0).all()
    assert (target.grad[:2] != 0).any()


def test_the_hint_that_a_mask_is_causal_changes_no_result() -> None:
    transformer = model()
    source, target = numbers(4, 3, 8), numbers(4, 3, 8, seed=1)
    masks = {"src_mask": CAUSAL, "tgt_mask": CAUSAL, "memory_mask": CAUSAL}
    expected = transformer(source, target, **masks)
    hints = {"src_is_causal": True, "tgt_is_causal": True, "memory_is_causal": True}
    assert_same(transformer(source, target, **masks, **hints), expected)
    padding = lamella.tensor([[False] * 4, [False] * 3 + [True], [False] * 4])
    assert_same(
        transformer(source, target, **masks, **hints, tgt_key_padding_mask=padding),
        transformer(source, target, **masks, tgt_key_padding_mask=padding),
    )


def test_padding_of_the_source_is_not_seen() -> None:
    transformer = model(batch_first=True)
    source, target = numbers(2, 5, 8), numbers(2, 4, 8, seed=1)
    hidden = lamella.tensor([[False] * 3 + [True] * 2, [False] * 5])
    out = transformer(source, target, src_key_padding_mask=hidden, memory_key_padding_mask=hidden)
    assert_same(out[:1], transformer(source[:1, :3], target[:1]))
    assert_same(out[1:], transformer(source[1:], target[1:]))


def test_dropout_in_training_alone() -> None:
    transformer = model(dropout=0.5)
    source, target = numbers(5, 3, 8), numbers(4, 3, 8, seed=1)
    lamella.manual_seed(0)
    assert transformer(source, target).tolist() != transformer(source, target).tolist()
    transformer.eval()
    assert transformer(source, target).tolist() == transformer(source, target).tolist()


def test_initial_values_and_parts() -> None:
    transformer = nn.Transformer(8, 2, 1, 3, 16)
    assert (len(transformer.encoder.layers), len(transformer.decoder.layers)) == (1, 3)
    bound = math.sqrt(6 / (8 + 16))
    assert 0.8 * bound < transformer.encoder.layers[0].linear1.weight.abs().max() <= bound
    assert not any(
        name.endswith("bias") for name in dict(nn.Transformer(8, 2, 1, 1, 16, bias=False).named_parameters())
    )
    own = nn.Identity()
    assert nn.Transformer(8, 2, 1, 1, 16, custom_encoder=own).encoder is own
    assert nn.Transformer(8, 2, 1, 1, 16, custom_decoder=own).decoder is own
    layer = nn.TransformerDecoderLayer(8, 2, 16)
    decoder = nn.TransformerDecoder(layer, 2)
    assert decoder.norm is None
    assert decoder.layers[0] is not decoder.layers[1]


def test_the_mask_of_what_comes_later() -> None:
    assert nn.Transformer.generate_square_subsequent_mask(3).tolist() == [
        [0.0, -math.inf, -math.inf],
        [0.0, 0.0, -math.inf],
        [0.0, 0.0, 0.0],
    ]
    assert CAUSAL.dtype is lamella.float64


def test_second_derivatives() -> None:
    transformer = model(activation="gelu")
    x = numbers(4, 1, 8).requires_grad_()
    (slope,) = lamella.autograd.grad(transformer(x, x, tgt_mask=CAUSAL).square().sum(), x, create_graph=True)
    slope.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in transformer.parameters() if p.ndim > 1)


@pytest.mark.parametrize("static", ["static_k", "static_v"])
def test_static_keys_and_values_take_the_place_of_those_computed(static: str) -> None:
    x, weight, out = numbers(3, 2, 4), numbers(12, 4, seed=1), lamella.eye(4, dtype=lamella.float64)

    def attend(**given: lamella.Tensor) -> lamella.Tensor:
        return F.multi_head_attention_forward(x, x, x, 4, 2, weight, None, None, None, False, 0.0, out, None, **given)[
            0
        ]

    which = {"static_k": 1, "static_v": 2}[static]
    computed = F.linear(x, weight.chunk(3)[which])  # (S, N, E) -> (N * heads, S, E / heads)
    own = computed.reshape(3, 4, 2).transpose(0, 1)
    assert_same(attend(**{static: own}), attend())


def attention(*args: Any, **kwargs: Any) -> Any:
    weight, out = z(12, 4), z(4, 4)
    x = z(3, 2, 4)
    added = kwargs.pop("bias_k", None), kwargs.pop("bias_v", None)
    return F.multi_head_attention_forward(x, x, x, 4, 2, weight, None, *added, False, 0.0, out, None, **kwargs)


REFUSED = [
    (lambda: model()(z(3, 2, 8), z(3, 3, 8)), RuntimeError, "batch number of src and tgt must be equal, got 2 and 3"),
    (lambda: model()(z(3, 2, 8), z(3, 2, 7)), RuntimeError, "must be equal to d_model, got 8 and 7 with d_model=8"),
    (lambda: nn.TransformerDecoderLayer(8, 2, activation="x"), RuntimeError, "activation should be relu/gelu, not x"),
    (lambda: attention(static_k=z(3, 3, 2)), AssertionError, r"expecting static_k.size\(0\) of 4, but got 3"),
    (lambda: attention(static_v=z(4, 3, 3)), AssertionError, r"expecting static_v.size\(2\) of 2, but got 3"),
    (lambda: attention(bias_k=z(1, 1, 4)), AssertionError, "one is set, the other is None"),
    (lambda: attention(bias_k=z(1, 1, 4), bias_v=z(1, 1, 4), static_k=z(4, 3, 2)), AssertionError, "cannot be added"),
    (lambda: attention(key_padding_mask=z(6)), AssertionError, "`key_padding_mask` to be `None` or 2-D but found 1-D"),
    (lambda: nn.MultiheadAttention(4, 2)(z(3, 4), z(3, 4), z(3, 4), attn_mask=z(3, 3, 3)),
     AssertionError, r"Expected `attn_mask` shape to be \(2, 3, 3\)"),
    (lambda: nn.MultiheadAttention(4, 2)(z(3, 2, 4), z(3, 1, 4), z(3, 1, 4)), RuntimeError, "query has a batch of 2"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refuses_with_a_reason(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_heads_of_an_empty_batch() -> None:
    x = z(0, 3, 4)
    assert F.scaled_dot_product_attention(x, x, x).shape == (0, 3, 4)
