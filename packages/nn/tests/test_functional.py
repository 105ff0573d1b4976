"""Functions that no layer's table covers, and the errors and warnings of functions and layers."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck
from lamella.nn import functional as F


@pytest.fixture(autouse=True)
def seed() -> None:
    lamella.manual_seed(0)


def leaf(*shape: int) -> lamella.Tensor:
    return lamella.randn(*shape, dtype=lamella.float64, requires_grad=True)


def ints(*values: int) -> lamella.Tensor:
    return lamella.tensor(values)


# --- dropout


@pytest.mark.parametrize("inplace", [False, True])
def test_dropout_keeps_the_mean_and_scales_what_stays(inplace: bool) -> None:
    x = lamella.ones(20000)
    y = F.dropout(x, 0.25, inplace=inplace)
    assert (y is x) == inplace
    values = y.numpy()
    assert set(np.unique(values)) == {0.0, np.float32(4 / 3)}
    assert (values == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 1.0).sum().item() == 0.0


def test_dropout_passes_gradients_where_it_passed_values() -> None:
    x = leaf(1000)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.where(y.detach().numpy() == 0, 0, 1 / 0.7))


def test_dropout2d_drops_whole_channels() -> None:
    values = nn.Dropout2d(0.5)(lamella.ones(30, 40, 2, 3)).numpy().reshape(1200, 6)
    assert (values == values[:, :1]).all()
    assert (values[:, 0] == 0).mean() == pytest.approx(0.5, abs=0.06)
    with pytest.warns(UserWarning, match="expected a 4-D input .*, got 3-D"):
        assert F.dropout2d(lamella.ones(2, 3, 4)).shape == (2, 3, 4)
    with pytest.warns(UserWarning, match="got 1-D"), pytest.raises(RuntimeError, match="at least 2 dimensions"):
        F.dropout2d(lamella.ones(2))


def test_the_same_seed_drops_the_same() -> None:
    def draw() -> list[float]:
        lamella.manual_seed(3)
        return F.dropout(lamella.ones(50)).tolist()

    assert draw() == draw()


# --- activations


@pytest.mark.parametrize(
    ("apply", "expected"),
    [
        (F.relu_, [0.0, 0.0, 2.0]),
        (lambda x: F.relu(x, inplace=True), [0.0, 0.0, 2.0]),
        (lambda x: F.leaky_relu(x, 0.5, inplace=True), [-0.5, 0.0, 2.0]),
        (lambda x: F.leaky_relu_(x, 0.5), [-0.5, 0.0, 2.0]),
        (lambda x: F.silu(x, inplace=True), [-1 / (1 + math.e), 0.0, 2 / (1 + math.exp(-2))]),
        (nn.SiLU(inplace=True), [-1 / (1 + math.e), 0.0, 2 / (1 + math.exp(-2))]),
    ],
)
def test_in_place_forms_overwrite_their_input(apply: Any, expected: list[float]) -> None:
    x = lamella.tensor([-1.0, 0.0, 2.0])
    assert apply(x) is x
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-6)
    assert repr(nn.SiLU(inplace=True)) == "SiLU(inplace=True)"


def test_in_place_relu_of_a_result_has_the_gradient_of_relu() -> None:
    x = leaf(3, 4)
    assert gradcheck(lambda x: F.relu(x * 2, inplace=True), x)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("shape", "dim"), [((3,), 0), ((2, 3), 1), ((2, 3, 4), 0), ((2, 3, 1, 1), 1)])
def test_softmax_without_dim_warns_and_takes_pytorchs(name: str, shape: tuple[int, ...], dim: int) -> None:
    x, function = lamella.randn(shape), getattr(F, name)
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name} has been deprecated"):
        found = function(x)
    assert found.tolist() == function(x, dim).tolist()
    assert function(ints(1, 2), 0, dtype=lamella.float64).dtype is lamella.float64


# --- shapes


@pytest.mark.parametrize(
    ("mode", "numpys"),
    [("constant", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")],
)
def test_pad_extends_as_numpy_does(mode: str, numpys: Any) -> None:
    x = leaf(2, 3, 4)
    expected = np.pad(x.detach().numpy(), ((0, 0), (2, 0), (1, 3)), numpys)
    np.testing.assert_array_equal(F.pad(x, (1, 3, 2, 0), mode).detach().numpy(), expected)
    assert gradcheck(lambda x: F.pad(x, (1, 3, 2, 0), mode), x)


def test_pad_cuts_where_it_is_negative() -> None:
    x = lamella.arange(12.0).reshape(3, 4)
    assert F.pad(x, (-1, 1), value=9.0).tolist() == [[1, 2, 3, 9], [5, 6, 7, 9], [9, 10, 11, 9]]
    assert F.pad(x, (0, -3, -2, 0)).tolist() == [[8]]
    assert F.pad(x, (-1, 1), "circular").tolist()[0] == [1, 2, 3, 1]
    assert F.pad(ints(1), (1, 0)).tolist() == [0, 1]


def test_one_hot_and_normalize() -> None:
    assert F.one_hot(ints(2, 0)).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert F.one_hot(lamella.tensor([[1]]), 2).tolist() == [[[0, 1]]]
    x = leaf(3, 4)
    np.testing.assert_allclose((F.normalize(x) ** 2).sum(1).detach().numpy(), 1.0)
    np.testing.assert_allclose(F.normalize(x, 1.0, 0).abs().sum(0).detach().numpy(), 1.0)
    assert F.normalize(lamella.zeros(2, 2)).tolist() == [[0.0, 0.0]] * 2
    assert gradcheck(F.normalize, x)


# --- attention


def attention_inputs() -> tuple[nn.MultiheadAttention, lamella.Tensor, lamella.Tensor]:
    return nn.MultiheadAttention(4, 2).double(), leaf(3, 2, 4), leaf(5, 2, 4)


def test_weights_are_shares_and_both_ways_agree() -> None:
    attention, query, key = attention_inputs()
    result, shares = attention(query, key, key)
    assert shares.shape == (2, 3, 5)
    np.testing.assert_allclose(shares.sum(-1).detach().numpy(), 1.0)
    assert attention(query, key, key, average_attn_weights=False)[1].shape == (2, 2, 3, 5)
    fast, none = attention(query, key, key, need_weights=False)
    assert none is None
    np.testing.assert_allclose(fast.detach().numpy(), result.detach().numpy())


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("extras", [{}, {"add_bias_kv": True, "add_zero_attn": True}])
def test_masked_keys_are_as_good_as_absent(need_weights: bool, extras: dict[str, bool]) -> None:
    attention, query, key = nn.MultiheadAttention(4, 2, **extras).double(), leaf(3, 2, 4), leaf(5, 2, 4)
    expected = attention(query, key[:3], key[:3])[0].detach().numpy()
    late = lamella.tensor([False, False, False, True, True])
    as_numbers = lamella.tensor([0.0, 0.0, 0.0, -math.inf, -math.inf], dtype=lamella.float64)
    for masks in (
        {"key_padding_mask": late.expand(2, 5)},
        {"key_padding_mask": as_numbers.expand(2, 5)},
        {"attn_mask": late.expand(3, 5)},
        {"attn_mask": as_numbers.expand(4, 3, 5)},
        {"attn_mask": late.expand(3, 5), "key_padding_mask": late.expand(2, 5)},
    ):
        found = attention(query, key, key, need_weights=need_weights, **masks)[0]
        np.testing.assert_allclose(found.detach().numpy(), expected)


def test_given_keys_and_values_take_the_place_of_those_computed() -> None:
    attention, query, key = attention_inputs()
    arguments = (
        4, 2, attention.in_proj_weight, None, None, None, False, 0.0, attention.out_proj.weight, None,
    )  # fmt: skip
    k, v = (F.linear(key, w).reshape(5, 4, 2).transpose(0, 1) for w in attention.in_proj_weight.chunk(3)[1:])
    expected = F.multi_head_attention_forward(query, key, key, *arguments)[0]
    found = F.multi_head_attention_forward(query, key * 0, key * 0, *arguments, static_k=k, static_v=v)[0]
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy())


def test_attention_drops_weights_in_training_only() -> None:
    attention = nn.MultiheadAttention(4, 2, dropout=0.9)
    x = lamella.ones(8, 1, 4)
    assert (attention(x, x, x)[1] == 0).any()
    assert (attention.eval()(x, x, x)[1] > 0).all()


@pytest.mark.parametrize("batch_first", [False, True])
def test_an_encoder_is_its_layers_one_after_the_other(batch_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=batch_first)
    encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(4))
    x, padding = lamella.randn(2, 3, 4), lamella.zeros(*((2, 3) if batch_first else (3, 2)), dtype=lamella.bool)
    expected = encoder.norm(encoder.layers[1](encoder.layers[0](x)))
    mask = lamella.zeros(3, 3) if batch_first else lamella.zeros(2, 2)
    np.testing.assert_allclose(encoder(x, mask, padding).detach().numpy(), expected.detach().numpy(), atol=1e-6)
    assert layer.linear1.weight is not encoder.layers[0].linear1.weight
    assert [n for n, _ in encoder.named_children()] == ["layers", "norm"]
    plain = nn.TransformerEncoder(layer, 1)
    assert repr(copy.deepcopy(plain)) == repr(plain)
    assert plain(x).shape == (2, 3, 4)


# --- layers with a state


def test_batch_norm_gathers_statistics_in_training() -> None:
    norm, x = nn.BatchNorm1d(2, momentum=None), leaf(5, 2).float().detach()
    y = leaf(7, 2).float().detach()
    norm(x)
    norm(y)
    assert norm.num_batches_tracked.item() == 2
    np.testing.assert_allclose(norm.running_mean.numpy(), (x.mean(0) + y.mean(0)).numpy() / 2, rtol=1e-5)
    np.testing.assert_allclose(norm.running_var.numpy(), (x.var(0) + y.var(0)).numpy() / 2, rtol=1e-5)
    norm.eval()
    norm(x)
    assert norm.num_batches_tracked.item() == 2
    norm.reset_running_stats()
    assert (norm.running_mean.tolist(), norm.running_var.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    untracked = nn.BatchNorm1d(2, track_running_stats=False).eval()
    untracked.reset_parameters()
    np.testing.assert_allclose(untracked(x).mean(0).detach().numpy(), 0, atol=1e-6)


def test_lstm_goes_on_where_it_stopped() -> None:
    lstm, x = nn.LSTM(4, 3, 2), lamella.randn(6, 2, 4)
    whole, last = lstm(x)
    first, state = lstm(x[:4])
    second, end = lstm(x[4:], state)
    np.testing.assert_allclose(lamella.cat([first, second]).detach().numpy(), whole.detach().numpy(), atol=1e-6)
    for a, b in zip(end, last, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-6)
    single, (h, c) = lstm(x[:, 0], tuple(s[:, 0] for s in lstm(x[:1])[1]))
    assert (single.shape, h.shape, c.shape) == ((6, 3), (2, 3), (2, 3))
    assert [len(weights) for weights in lstm.all_weights] == [4, 4]
    lstm.flatten_parameters()


def test_lstm_drops_between_layers_in_training() -> None:
    lstm, x = nn.LSTM(2, 3, 2, dropout=1.0), lamella.randn(4, 1, 2)
    without = nn.LSTM(2, 3, 2)
    without.load_state_dict(lstm.state_dict())
    assert lstm(x)[0].tolist() != without(x)[0].tolist()
    assert lstm.eval()(x)[0].tolist() == without(x)[0].tolist()
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        nn.LSTM(2, 3, dropout=0.5)


def test_embedding_from_given_vectors_is_frozen_unless_asked_otherwise() -> None:
    vectors = lamella.randn(3, 2)
    table = nn.Embedding.from_pretrained(vectors, padding_idx=-1)
    assert not table.weight.requires_grad
    assert table.padding_idx == 2
    assert table(ints(1)).tolist() == [vectors[1].tolist()]
    assert nn.Embedding.from_pretrained(vectors, freeze=False).weight.requires_grad
    assert nn.Embedding(4, 3, padding_idx=1).weight[1].tolist() == [0.0] * 3


def test_first_values_have_pytorchs_bounds() -> None:
    for layer, bound in ((nn.Linear(400, 50), 1 / 20), (nn.Conv2d(16, 50, 5), 1 / 20), (nn.LSTM(9, 100), 1 / 10)):
        for parameter in layer.parameters():
            largest = np.abs(parameter.detach().numpy()).max()
            assert 0.8 * bound < largest <= bound
    in_proj = nn.MultiheadAttention(20, 2).in_proj_weight.detach().numpy()
    assert 0.95 * math.sqrt(6 / 80) < np.abs(in_proj).max() <= math.sqrt(6 / 80)
    assert nn.Embedding(100, 100).weight.std().item() == pytest.approx(1.0, abs=0.03)


# --- losses


def test_older_arguments_of_losses_warn_and_work() -> None:
    x, y = lamella.tensor([1.0, 3.0]), lamella.tensor([0.0, 0.0])
    for arguments, expected in (
        ({"size_average": False}, 10.0),
        ({"size_average": True}, 5.0),
        ({"reduce": True}, 5.0),
        ({"reduce": False}, [1.0, 9.0]),
    ):
        with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated, please use reduction="):
            assert F.mse_loss(x, y, **arguments).tolist() == expected
        with pytest.warns(UserWarning, match="please use reduction="):
            assert nn.MSELoss(**arguments)(x, y).tolist() == expected


def test_weights_of_losses() -> None:
    scores, classes = lamella.zeros(2, 2), ints(0, 1)
    weight = lamella.tensor([1.0, 3.0])
    assert nn.CrossEntropyLoss(weight, reduction="none")(scores, classes).tolist() == pytest.approx(
        [math.log(2), 3 * math.log(2)]
    )
    assert nn.NLLLoss(weight)(lamella.tensor([[-1.0, 0.0], [0.0, -2.0]]), classes).item() == pytest.approx(7 / 4)
    half = lamella.full((2,), 0.5)
    assert nn.BCELoss(weight, reduction="sum")(half, half).item() == pytest.approx(4 * math.log(2))
    loss = nn.BCEWithLogitsLoss(weight, pos_weight=lamella.tensor([2.0, 2.0]), reduction="none")
    assert loss(lamella.zeros(2), lamella.ones(2)).tolist() == pytest.approx([2 * math.log(2), 6 * math.log(2)])
    assert list(loss.state_dict()) == ["weight", "pos_weight"]
    assert F.binary_cross_entropy_with_logits(lamella.zeros(2), half).item() == pytest.approx(math.log(2))
    assert F.l1_loss(scores, scores + 2).item() == 2.0


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss])
def test_other_sizes_of_target_warn(loss: Any) -> None:
    with pytest.warns(UserWarning, match=r"Using a target size \(lamella.Size\(\[3\]\)\) that is different"):
        assert loss(lamella.zeros(2, 3), lamella.zeros(3)).item() == 0.0


# --- what is refused

z = lamella.zeros
REFUSED = [
    (lambda: F.cross_entropy(z(4, 3), ints(0, 1, 2)),
     ValueError, r"Expected input batch_size \(4\) to match target batch_size \(3\)"),
    (lambda: F.cross_entropy(z(4, 3), ints(0, 1, 2, 11)), IndexError, "Target 11 is out of bounds"),
    (lambda: F.nll_loss(z(2, 3), ints(0, -1)), IndexError, "Target -1 is out of bounds"),
    (lambda: F.cross_entropy(z(1, 3), ints(0), reduction="x"), ValueError, "x is not a valid value for reduction"),
    (lambda: F.mse_loss(z(2), z(2), reduction="x"), ValueError, "x is not a valid value for reduction"),
    (lambda: F.cross_entropy(z(1, 3), ints(0), label_smoothing=2.0), RuntimeError, "label_smoothing must be between"),
    (lambda: F.binary_cross_entropy(z(2), z(3)), ValueError, "different to the input size"),
    (lambda: F.binary_cross_entropy(z(2) - 1, z(2)), RuntimeError, "between 0 and 1"),
    (lambda: F.binary_cross_entropy_with_logits(z(2), z(3)), ValueError, "must be the same as input size"),
    (lambda: F.dropout(z(2), 2), ValueError, "dropout probability has to be between 0 and 1, but got 2"),
    (lambda: nn.Dropout(-0.1), ValueError, "dropout probability has to be between 0 and 1, but got -0.1"),
    (lambda: F.pad(z(2), (1,)), RuntimeError, "Padding length must be divisible by 2"),
    (lambda: F.pad(z(2), (1, 1, 1, 1)), RuntimeError, "less than or equal to two times the input dimension"),
    (lambda: F.pad(z(2), (-2, -2)), RuntimeError, "cuts more than there is off dimension 0"),
    (lambda: F.pad(z(1, 2), (2, 0), "reflect"), RuntimeError, "reflect padding must be at most 1"),
    (lambda: F.pad(z(1, 2), (3, 0), "circular"), RuntimeError, "circular padding must be at most 2"),
    (lambda: F.pad(z(2), (1, 1), "x"), NotImplementedError, "Unrecognised padding mode x"),
    (lambda: F.one_hot(ints(1, 2), 2), RuntimeError, "Class values must be smaller than num_classes"),
    (lambda: F.one_hot(ints(-1)), RuntimeError, "Class values must be non-negative"),
    (lambda: F.one_hot(z(2)), RuntimeError, "only applicable to index tensor"),
    (lambda: F.one_hot(z(0, dtype=lamella.int64)), RuntimeError, "Can not infer total number of classes from empty"),
    (lambda: nn.BatchNorm1d(3)(z(1, 3)), ValueError, "Expected more than 1 value per channel when training"),
    (lambda: nn.BatchNorm1d(3)(z(2)), ValueError, r"expected 2D or 3D input \(got 1D input\)"),
    (lambda: nn.BatchNorm2d(3)(z(2, 3)), ValueError, r"expected 4D input \(got 2D input\)"),
    (lambda: nn.BatchNorm1d(3)(z(2, 4)), RuntimeError, "3"),
    (lambda: nn.LayerNorm(4)(z(2, 3)), RuntimeError, "normalized_shape"),
    (lambda: nn.Embedding(3, 2)(ints(3)), IndexError, "out of range"),
    (lambda: nn.Embedding(3, 2)(z(2)), RuntimeError, "Long"),
    (lambda: nn.Embedding(3, 2, sparse=True)(ints(1)), ValueError, "sparse=True is not offered"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels must be divisible by groups"),
    (lambda: nn.Conv2d(4, 3, 3, groups=2), ValueError, "out_channels must be divisible by groups"),
    (lambda: nn.Conv2d(3, 4, 3, groups=0), ValueError, "groups must be a positive integer"),
    (lambda: nn.Conv2d(3, 4, 3, padding="x"), ValueError, "Invalid padding string 'x'"),
    (lambda: nn.Conv2d(3, 4, 3, 2, padding="same"), ValueError, "not supported for strided convolutions"),
    (lambda: nn.Conv2d(3, 4, 3, padding_mode="x"),
     ValueError, "padding_mode must be one of .*, but got padding_mode='x'"),
    (lambda: nn.Conv2d(3, 4, 3)(z(1, 2, 5, 5)), RuntimeError, "channels"),
    (lambda: nn.Unflatten(1, "a"), TypeError, "must be a tuple of ints, but found type str"),
    (lambda: nn.Unflatten(1, (2, "a")), TypeError, "found element of type str at pos 1"),
    (lambda: nn.GELU("x")(z(2)), RuntimeError, "approximate argument must be either none or tanh"),
    (lambda: nn.TransformerEncoderLayer(4, 2, activation="x"), RuntimeError, "activation should be relu/gelu, not x"),
    (lambda: nn.MultiheadAttention(5, 2), AssertionError, "embed_dim must be divisible by num_heads"),
    (lambda: nn.MultiheadAttention(0, 2), ValueError, "must be greater than 0"),
    (lambda: attend(z(4), z(4), z(4)), AssertionError, "query should be unbatched 2D or batched 3D"),
    (lambda: attend(z(2, 3, 5), z(2, 3, 5), z(2, 3, 5)), AssertionError, "embedding dimension of 4, but got 5"),
    (lambda: attend(z(2, 3, 4), z(2, 4), z(2, 3, 4)), AssertionError, "to be 3-D but found 2-D and 3-D"),
    (lambda: attend(z(2, 3, 4), z(2, 3, 4), z(3, 3, 4)), AssertionError, "do not match value's"),
    (lambda: attend(z(2, 3, 4), attn_mask=z(5, 5)),
     RuntimeError, r"The shape of the 2D attn_mask is .*, but should be \(2, 2\)"),
    (lambda: attend(z(2, 3, 4), attn_mask=z(5)), AssertionError, "2-D or 3-D but found 1-D tensor"),
    (lambda: attend(z(2, 3, 4), attn_mask=z(2, 2).int()), AssertionError, "only bool and floating types of attn_mask"),
    (lambda: attend(z(2, 3, 4), key_padding_mask=z(5, 5)),
     AssertionError, r"Expected key_padding_mask of shape \(3, 2\)"),
    (lambda: attend(z(2, 3, 4), is_causal=True), RuntimeError, "Need attn_mask if specifying the is_causal hint"),
    (lambda: separate(5), AssertionError, "embed_dim 4 not divisible by num_heads 5"),
    (lambda: separate(2), AssertionError, "one of q_, k_ and v_proj_weight is None"),
    (lambda: separate(2, False), AssertionError, "in_proj_weight is None"),
    (lambda: nn.LSTM(2, 0), ValueError, "hidden_size must be greater than zero"),
    (lambda: nn.LSTM(2, 3.0), TypeError, "hidden_size should be of type int, got: float"),
    (lambda: nn.LSTM(2, 3, 0), ValueError, "num_layers must be greater than zero"),
    (lambda: nn.LSTM(2, 3, dropout=2), ValueError, r"dropout should be a number in range \[0, 1\]"),
    (lambda: nn.LSTM(2, 3, proj_size=4), ValueError, "has to be smaller than hidden_size"),
    (lambda: nn.LSTM(2, 3, proj_size=-4), ValueError, "positive integer or zero"),
    (lambda: nn.LSTM(2, 3)(z(2)), ValueError, "LSTM: Expected input to be 2D or 3D, got 1D instead"),
    (lambda: nn.LSTM(2, 3)(z(2, 2, 3)), RuntimeError, "must be equal to input_size. Expected 2, got 3"),
    (lambda: nn.LSTM(2, 3)(z(2, 2, 2), (z(1, 3), z(1, 3))),
     RuntimeError, r"For batched 3-D input, .* got \(2-D, 2-D\)"),
    (lambda: nn.LSTM(2, 3)(z(2, 2), (z(1, 2, 3), z(1, 2, 3))), RuntimeError, "For unbatched 2-D input"),
    (lambda: nn.LSTM(2, 3)(z(2, 2, 2), (z(2, 2, 2), z(1, 2, 3))),
     RuntimeError, r"Expected hidden\[0\] size \(1, 2, 3\), got \[2, 2, 2\]"),
    (lambda: nn.LSTM(2, 3)(z(2, 2, 2), (z(1, 2, 3), z(1, 2, 4))), RuntimeError, r"Expected hidden\[1\] size"),
]  # fmt: skip


def attend(query: lamella.Tensor, *others: lamella.Tensor, **masks: Any) -> Any:
    return nn.MultiheadAttention(4, 2)(query, *(others or (query, query)), **masks)


def separate(heads: int, separate: bool = True) -> Any:
    x = z(2, 3, 4)
    return F.multi_head_attention_forward(
        x, x, x, 4, heads, None, None, None, None, False, 0.0, z(4, 4), None, use_separate_proj_weight=separate
    )


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()
