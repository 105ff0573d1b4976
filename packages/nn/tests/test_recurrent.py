"""Recurrent layers and cells: each against the others, packed sequences, what they are made of, what they refuse."""

from __future__ import annotations

import copy
import itertools
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.nn.utils.rnn import pack_padded_sequence, pack_sequence, unpack_sequence

#: Class, options of the layer, options of the cell.
KINDS: dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any]]] = {
    "RNN": (nn.RNN, {}, nn.RNNCell, {}),
    "RNN-relu": (nn.RNN, {"nonlinearity": "relu"}, nn.RNNCell, {"nonlinearity": "relu"}),
    "GRU": (nn.GRU, {}, nn.GRUCell, {}),
    "LSTM": (nn.LSTM, {}, nn.LSTMCell, {}),
}
each_kind = pytest.mark.parametrize("kind", KINDS)
projected = {**KINDS, "LSTM-projected": (nn.LSTM, {"proj_size": 2}, None, {})}
z = lamella.zeros


def layer(kind: str, *args: Any, **options: Any) -> Any:
    cls, own, _, _ = projected[kind]
    return cls(*args, **own, **options).double()


def flat(result: Any) -> list[lamella.Tensor]:
    return [result] if isinstance(result, lamella.Tensor) else [t for part in result for t in flat(part)]


def assert_same(found: Any, expected: Any) -> None:
    for a, b in zip(flat(found), flat(expected), strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), atol=1e-12)


def numbers(*shape: int) -> lamella.Tensor:
    return lamella.from_numpy(np.random.default_rng(sum(shape)).standard_normal(shape))


@each_kind
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_its_cell_again_and_again(kind: str, bias: bool) -> None:
    whole = layer(kind, 3, 4, bias=bias)
    _, _, cls, options = KINDS[kind]
    cell = cls(3, 4, bias=bias, **options).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in whole.state_dict().items()})
    x, state, outputs = numbers(5, 2, 3), None, []
    for step in x:
        state = cell(step, state)
        outputs.append(flat(state)[0])
    output, last = whole(x)
    assert_same(output, lamella.stack(outputs))
    assert_same([s.squeeze(0) for s in flat(last)], state)
    unbatched = cell(x[0, 0])
    assert_same(unbatched, [s[0] for s in flat(cell(x[0]))])
    assert_same(cell(x[1, 0], unbatched), [s[0] for s in flat(cell(x[1], cell(x[0])))])


@pytest.mark.parametrize("kind", projected)
def test_layers_stand_one_above_the_other_and_read_both_ways(kind: str) -> None:
    both = layer(kind, 3, 4, num_layers=2, bidirectional=True)
    given = both.proj_size or 4
    x = numbers(5, 2, 3)
    below, states = x, []
    for n, size in enumerate((3, 2 * given)):
        outputs = []
        for suffix in ("", "_reverse"):
            one = layer(kind, size, 4)
            end = f"_l{n}{suffix}"
            one.load_state_dict({f"{name}_l0": both.state_dict()[name + end] for name in names(both, end)})
            output, last = one(lamella.flip(below, [0]) if suffix else below)
            outputs.append(lamella.flip(output, [0]) if suffix else output)
            states.append(flat(last))
        below = lamella.cat(outputs, -1)
    output, last = both(x)
    assert_same(output, below)
    assert_same(last, [lamella.cat(s) for s in zip(*states, strict=True)])
    assert_same(both(x[:, 0]), [output[:, 0], *(s[:, 0] for s in flat(last))])
    both.batch_first = True
    assert_same(both(x.transpose(0, 1)), [output.transpose(0, 1), *flat(last)])


def names(of: nn.Module, end: str) -> list[str]:
    return [name.removesuffix(end) for name in of.state_dict() if name.endswith(end)]


@pytest.mark.parametrize("kind", projected)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [(5, 3, 3, 1), (3, 1, 5, 4)])
def test_packed_sequences_are_read_as_if_each_were_alone(
    kind: str, batch_first: bool, lengths: tuple[int, ...]
) -> None:
    model = layer(kind, 3, 4, num_layers=2, bidirectional=True, batch_first=batch_first)
    sequences = [numbers(n, 3) for n in lengths]
    packed = pack_sequence(sequences, enforce_sorted=False)
    starts = [numbers(4, 4, s.shape[2]) for s in flat(model(packed)[1])]
    given = starts if len(starts) > 1 else starts[0]
    outputs, last = model(packed, given)
    assert outputs.batch_sizes is packed.batch_sizes
    for n, (sequence, output) in enumerate(zip(sequences, unpack_sequence(outputs), strict=True)):
        own = [s[:, n] for s in starts]
        assert_same((output, [s[:, n] for s in flat(last)]), model(sequence, own if len(own) > 1 else own[0]))


def test_padding_gets_no_gradient() -> None:
    x = numbers(4, 2, 3).requires_grad_()
    output, (h, c) = nn.LSTM(3, 4, 2, bidirectional=True).double()(pack_padded_sequence(x, [4, 2]))
    (output.data.sum() + h.sum() + c.sum()).backward()
    assert x.grad is not None
    assert (x.grad[2:, 1] == 0).all()
    assert (x.grad[:2, 1] != 0).all()


@pytest.mark.parametrize("kind", projected)
def test_states_are_carried_on(kind: str) -> None:
    model, x = layer(kind, 3, 4, num_layers=2), numbers(6, 2, 3)
    whole, last = model(x)
    first, state = model(x[:4])
    second, end = model(x[4:], state)
    assert_same(lamella.cat([first, second]), whole)
    assert_same(end, last)


@each_kind
def test_dropout_between_layers_in_training(kind: str) -> None:
    model, x = layer(kind, 2, 3, num_layers=2, dropout=1.0), numbers(4, 1, 2)
    without = layer(kind, 2, 3, num_layers=2)
    without.load_state_dict(model.state_dict())
    assert model(x)[0].tolist() != without(x)[0].tolist()
    assert model.eval()(x)[0].tolist() == without(x)[0].tolist()
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        layer(kind, 2, 3, dropout=0.5)


def test_parameters_by_name() -> None:
    model = nn.LSTM(3, 4, 2, proj_size=2, bidirectional=True)
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    expected = {}
    for n, size in ((0, 3), (1, 4)):
        for suffix in (f"_l{n}", f"_l{n}_reverse"):
            parts = {"weight_ih": (16, size), "weight_hh": (16, 2), "bias_ih": (16,), "bias_hh": (16,)}
            expected |= {name + suffix: shape for name, shape in parts.items()} | {f"weight_hr{suffix}": (2, 4)}
    assert shapes == expected
    assert list(shapes) == list(expected)
    assert [len(weights) for weights in model.all_weights] == [5, 5, 5, 5]
    assert list(nn.GRU(3, 4, bias=False).state_dict()) == ["weight_ih_l0", "weight_hh_l0"]
    assert nn.GRUCell(3, 4).weight_hh.shape == (12, 4)
    assert all(p.abs().max() <= 0.5 for cls in (nn.RNN, nn.GRUCell) for p in cls(3, 4).parameters())
    model.flatten_parameters()


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (nn.RNN(3, 4, 2, "relu", False, True, 0.5, True),
         "RNN(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)"),
        (nn.LSTM(3, 4, proj_size=2), "LSTM(3, 4, proj_size=2)"),
        (nn.RNNBase("GRU", 3, 4), "RNNBase(3, 4)"),
        (nn.RNNCell(3, 4, False, "relu"), "RNNCell(3, 4, bias=False, nonlinearity=relu)"),
        (nn.LSTMCell(3, 4), "LSTMCell(3, 4)"),
    ],
)  # fmt: skip
def test_shown(model: nn.Module, text: str) -> None:
    assert repr(model) == text


@pytest.mark.parametrize("kind", projected)
def test_copies_compute_the_same(kind: str) -> None:
    model, x = layer(kind, 3, 4), numbers(5, 2, 3)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert_same(other(x), model(x))


@each_kind
def test_vmap_over_samples(kind: str) -> None:
    model, x = layer(kind, 3, 4), numbers(5, 4, 2, 3)
    assert_same(lamella.func.vmap(lambda one: model(one)[0])(x), lamella.stack([model(one)[0] for one in x]))


@each_kind
def test_autocast_computes_in_the_lower_dtype(kind: str) -> None:
    cls, options, _, _ = KINDS[kind]
    model, x = cls(3, 4, **options), lamella.randn(5, 2, 3)
    with lamella.autocast("cpu", dtype=lamella.bfloat16):
        output, _ = model(x)
    assert output.dtype is lamella.bfloat16
    np.testing.assert_allclose(output.detach().float().numpy(), model(x)[0].detach().numpy(), atol=0.03)


def states(*shape: int) -> tuple[lamella.Tensor, lamella.Tensor]:
    return (z(*shape), z(*shape))


REFUSED = [
    (lambda: nn.RNNBase("X", 2, 3), ValueError, "Unrecognized RNN mode: X"),
    (lambda: nn.RNNBase("GRU", 2, 3)(z(4, 1, 2)), NotImplementedError, "missing the required"),
    (lambda: nn.RNN(2, 3, nonlinearity="x"), ValueError, "Unknown nonlinearity 'x'"),
    (lambda: nn.RNN(2, 3, proj_size=2), ValueError, "proj_size argument is only supported for LSTM"),
    (lambda: nn.GRU(2, 3, proj_size=2), ValueError, "proj_size argument is only supported for LSTM"),
    (lambda: nn.GRU(0, 3), ValueError, "input_size must be greater than zero, got 0"),
    (lambda: nn.GRU(2.0, 3), TypeError, "input_size should be of type int, got: float"),
    (lambda: nn.GRU(2, 3, bias=1), TypeError, "bias should be of type bool, got: int"),
    (lambda: nn.GRU(2, 3, batch_first=1), TypeError, "batch_first should be of type bool, got: int"),
    (lambda: nn.GRU(2, 3, dropout="a"), ValueError, r"dropout should be a number in range \[0, 1\]"),
    (lambda: nn.GRU(2, 3)(z(4)), ValueError, "GRU: Expected input to be 2D or 3D, got 1D instead"),
    (lambda: nn.GRU(2, 3)(z(0, 4, 2)), RuntimeError, "Expected sequence length to be larger than 0"),
    (lambda: nn.GRU(2, 3)(z(4, 1, 2).long()), ValueError, "RNN input dtype .* does not match weight dtype"),
    (lambda: nn.GRU(2, 3)(z(4, 1, 2), z(1, 3)), RuntimeError, r"For batched 3-D input, hx should .* got \(2-D\)"),
    (lambda: nn.GRU(2, 3)(z(4, 2), z(1, 1, 3)), RuntimeError, r"For unbatched 2-D input, hx should .* got \(3-D\)"),
    (lambda: nn.GRU(2, 3)(z(4, 5, 2), z(1, 4, 3)), RuntimeError, r"Expected hidden size \(1, 5, 3\), got \[1, 4, 3\]"),
    (lambda: nn.LSTM(2, 3)(z(4, 5, 2), (z(1, 5, 3), z(2, 5, 3))), RuntimeError, r"Expected hidden\[1\] size"),
    (lambda: nn.GRU(2, 3)(pack_padded_sequence(z(4, 1, 3), [4])), RuntimeError, "Expected 2, got 3"),
    (lambda: nn.GRU(2, 3)(pack_padded_sequence(z(4, 1, 2, 2), [4])), RuntimeError, "input must have 2 dimensions"),
    (lambda: nn.GRUCell(2, 3)(z(1, 1, 2)), ValueError, "GRUCell: Expected input to be 1D or 2D, got 3D instead"),
    (lambda: nn.GRUCell(2, 3)(z(2), z(1, 1, 3)), ValueError, "Expected hidden to be 1D or 2D, got 3D"),
    (lambda: nn.LSTMCell(2, 3)(z(2), states(1, 1, 3)), ValueError, r"Expected hx\[0\] to be 1D or 2D, got 3D"),
    (lambda: nn.LSTMCell(2, 3)(z(2), z(3)), TypeError, r"hx must be a pair of tensors, \(h, c\), got Tensor"),
    (lambda: nn.RNNCell(2, 3)(z(4, 5)), RuntimeError, "inconsistent input_size: got 5 expected 2"),
    (lambda: nn.RNNCell(2, 3)(z(4, 2), z(1, 3)), RuntimeError, "Input batch size 4 doesn't match hidden0 batch size 1"),
    (lambda: nn.LSTMCell(2, 3)(z(4, 2), (z(4, 3), z(4, 2))), RuntimeError, "hidden1 has inconsistent hidden_size"),
    (lambda: nn.RNNCell(2, 3, nonlinearity="x")(z(2)), RuntimeError, "Unknown nonlinearity: x"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_refuses_with_a_reason(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_empty_batch_gives_an_empty_result() -> None:
    for (cls, options, _, _), size in itertools.product(projected.values(), (2, 5)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            output, last = cls(3, 4, **options)(z(size, 0, 3))
        assert output.shape[:2] == (size, 0)
        assert all(s.shape[:2] == (1, 0) for s in flat(last))
