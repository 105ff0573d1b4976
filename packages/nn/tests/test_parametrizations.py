"""Weights of given norm, of spectral norm 1, orthogonal: as parametrizations, and as the older hooks."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing import gradcheck, gradgradcheck
from lamella.nn.utils import parametrize, remove_spectral_norm, remove_weight_norm
from lamella.nn.utils import spectral_norm as hooked_spectral_norm
from lamella.nn.utils import weight_norm as hooked_weight_norm
from lamella.nn.utils.orthogonal import MAPS
from lamella.nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm


@pytest.fixture(autouse=True)
def seed() -> None:
    lamella.manual_seed(0)


def values(tensor: lamella.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def gradients_are_right(layer: nn.Module, x: lamella.Tensor) -> None:
    """Those of all parameters, by finite differences."""
    held = {name: p.detach().clone().requires_grad_() for name, p in layer.named_parameters()}

    def run(*tensors: lamella.Tensor) -> lamella.Tensor:
        return lamella.func.functional_call(layer, dict(zip(held, tensors, strict=True)), x)

    assert gradcheck(run, tuple(held.values()))


# --- weight norm

WEIGHT_NORMS = [weight_norm, hooked_weight_norm]


@pytest.mark.parametrize("normed", WEIGHT_NORMS)
@pytest.mark.parametrize(
    ("dim", "axes", "shape"), [(0, (1, 2), (4, 1, 1)), (1, (0, 2), (1, 3, 1)), (None, (0, 1, 2), ())]
)
def test_length_and_direction_are_apart(normed: Any, dim: int | None, axes: Any, shape: tuple[int, ...]) -> None:
    layer = nn.Conv1d(3, 4, 2).double()
    before = values(layer.weight).copy()
    assert normed(layer, dim=dim) is layer
    np.testing.assert_allclose(values(layer.weight), before, rtol=1e-12)
    if normed is weight_norm:
        length, direction = (getattr(layer.parametrizations.weight, f"original{i}") for i in range(2))
    else:
        length, direction = layer.weight_g, layer.weight_v
    np.testing.assert_allclose(values(length), np.sqrt((before**2).sum(axes, keepdims=dim is not None)))
    assert length.shape == shape
    with lamella.no_grad():
        length.mul_(2)
        direction.mul_(3)
    x = lamella.randn(2, 3, 5, dtype=lamella.float64)
    layer(x)
    np.testing.assert_allclose(values(layer.weight), 2 * before, rtol=1e-12)
    gradients_are_right(layer, x)


@pytest.mark.parametrize("normed", WEIGHT_NORMS)
def test_a_vector_may_be_normed(normed: Any) -> None:
    layer = nn.Linear(2, 3)
    bias = values(layer.bias)
    normed(layer, "bias")
    layer(lamella.ones(1, 2))
    np.testing.assert_allclose(values(layer.bias), bias, rtol=1e-6)


def test_the_older_weight_norm_loads_into_the_newer() -> None:
    old, new = hooked_weight_norm(nn.Linear(3, 4)), weight_norm(nn.Linear(3, 4))
    assert list(old.state_dict()) == ["bias", "weight_g", "weight_v"]
    assert list(new.state_dict()) == [
        "bias", "parametrizations.weight.original0", "parametrizations.weight.original1",
    ]  # fmt: skip
    for target in (new, copy.deepcopy(new)):
        assert repr(target.load_state_dict(old.state_dict())) == "<All keys matched successfully>"
        np.testing.assert_allclose(values(target.weight), values(old.weight), rtol=1e-6)


def test_removing_the_hook_of_weight_norm() -> None:
    layer = hooked_weight_norm(nn.Linear(3, 4))
    weight = values(layer.weight)
    assert remove_weight_norm(layer) is layer
    assert sorted(n for n, _ in layer.named_parameters()) == ["bias", "weight"]
    np.testing.assert_allclose(values(layer.weight), weight)
    layer(lamella.ones(1, 3))
    assert type(layer.weight) is nn.Parameter


# --- spectral norm

SPECTRAL_NORMS = [spectral_norm, hooked_spectral_norm]


@pytest.mark.parametrize("normed", SPECTRAL_NORMS)
@pytest.mark.parametrize(
    ("layer", "x", "dim"),
    [
        (lambda: nn.Linear(5, 4), (3, 5), 0),
        (lambda: nn.Conv2d(2, 4, 3), (1, 2, 5, 5), 0),
        (lambda: nn.ConvTranspose2d(2, 4, 3), (1, 2, 5, 5), 1),
    ],
)
def test_the_spectral_norm_becomes_1(normed: Any, layer: Any, x: tuple[int, ...], dim: int) -> None:
    module = normed(layer().double(), n_power_iterations=100)
    given = lamella.randn(*x, dtype=lamella.float64)
    module(given)
    matrix = np.moveaxis(values(module.weight), dim, 0)
    assert np.linalg.norm(matrix.reshape(len(matrix), -1), 2) == pytest.approx(1.0, rel=1e-6)
    module.eval()
    assert module(given).tolist() == module(given).tolist()
    gradients_are_right(module, given)


@pytest.mark.parametrize("normed", SPECTRAL_NORMS)
def test_two_calls_before_one_backward_pass(normed: Any) -> None:
    module = normed(nn.Linear(5, 4))
    (module(lamella.ones(1, 5)) - module(lamella.zeros(1, 5))).sum().backward()
    assert module.bias.grad.tolist() == [0.0] * 4


@pytest.mark.parametrize("normed", SPECTRAL_NORMS)
def test_iterations_run_in_training_mode_alone(normed: Any) -> None:
    module = normed(nn.Linear(5, 4), dim=1)
    vector = next(buffer for name, buffer in module.named_buffers() if name.endswith("_u"))
    assert vector.shape == (5,)
    for train in (False, True):
        module.train(train)
        before = vector.tolist()
        module(lamella.ones(1, 5))
        assert (vector.tolist() != before) is train


def test_the_spectral_norm_of_a_vector_is_its_length() -> None:
    module = spectral_norm(nn.Linear(3, 4), "bias")
    assert np.linalg.norm(values(module.bias)) == pytest.approx(1.0)
    assert not list(module.buffers())
    hooked = hooked_spectral_norm(nn.Linear(3, 4), "bias", n_power_iterations=3)
    hooked(lamella.ones(1, 3))
    assert np.linalg.norm(values(hooked.bias)) == pytest.approx(1.0, rel=1e-5)


def test_removing_the_hook_of_spectral_norm() -> None:
    layer = hooked_spectral_norm(nn.Linear(3, 4))
    layer(lamella.ones(1, 3))
    weight = values(layer.weight)
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    assert remove_spectral_norm(layer) is layer
    np.testing.assert_allclose(values(layer.weight), weight, rtol=1e-6)
    assert list(layer.state_dict()) == ["bias", "weight"]
    assert layer.state_dict()._metadata == {"": {"version": 1}}
    layer(lamella.ones(1, 3))


def test_a_state_from_before_v_was_saved_loads() -> None:
    layer, x = hooked_spectral_norm(nn.Linear(3, 4), n_power_iterations=20), lamella.ones(2, 3)
    layer(x)
    layer.eval()
    assert layer.state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}
    state = dict(layer.state_dict())
    del state["weight_v"]
    other = hooked_spectral_norm(nn.Linear(3, 4)).eval()
    with pytest.raises(RuntimeError, match='Missing key.*"weight_v"'):
        other.load_state_dict(state)
    state["weight"] = layer.weight
    other.load_state_dict(state)
    np.testing.assert_allclose(values(other(x)), values(layer(x)), rtol=1e-4)
    other.load_state_dict(layer.state_dict())


# --- orthogonal

SIZES = [(4, 4), (3, 5), (5, 3)]


def is_orthogonal(matrix: np.ndarray) -> bool:
    tall = matrix if matrix.shape[-2] >= matrix.shape[-1] else matrix.swapaxes(-1, -2)
    product = tall.swapaxes(-1, -2).conj() @ tall
    return bool(np.abs(product - np.eye(tall.shape[-1])).max() < 1e-10)


@pytest.mark.parametrize("trivial", [True, False])
@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("size", SIZES)
def test_weights_stay_orthogonal(size: tuple[int, int], kind: str, trivial: bool) -> None:
    layer = orthogonal(nn.Linear(*size).double(), orthogonal_map=kind, use_trivialization=trivial)
    assert is_orthogonal(values(layer.weight))
    optimizer_step = lamella.randn(*layer.weight.shape, dtype=lamella.float64).mul(0.1)
    with lamella.no_grad():
        layer.parametrizations.weight.original.add_(optimizer_step)
        diagonal = layer.parametrizations.weight.original.diagonal()
        diagonal.copy_(diagonal.sign())
    assert is_orthogonal(values(layer.weight))
    assert ("parametrizations.weight.0.base" in layer.state_dict()) is trivial


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (2, 3, 2)])
def test_gradients_of_the_maps(shape: tuple[int, ...], kind: str) -> None:
    def run(free: lamella.Tensor) -> lamella.Tensor:
        return MAPS[kind](free.tril(-1) - lamella.eye(*shape[-2:]))  # the diagonal holds signs, which are not trained

    free = lamella.randn(*shape, dtype=lamella.float64, requires_grad=True)
    assert gradcheck(run, (free,))
    assert gradgradcheck(run, (free,))


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("size", SIZES)
def test_an_orthogonal_weight_stays_and_may_be_assigned(size: tuple[int, int], kind: str) -> None:
    layer = nn.Linear(*size).double()
    nn.init.orthogonal_(layer.weight)
    weight = values(layer.weight).copy()
    orthogonal(layer, orthogonal_map=kind)
    np.testing.assert_allclose(values(layer.weight), weight, atol=1e-12)
    other = nn.init.orthogonal_(lamella.empty(weight.shape, dtype=lamella.float64))
    layer.weight = other
    np.testing.assert_allclose(values(layer.weight), other.numpy(), atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_reflections_alone_may_be_assigned(size: tuple[int, int]) -> None:
    layer = orthogonal(nn.Linear(*size).double(), orthogonal_map="householder", use_trivialization=False)
    for matrix in (nn.init.orthogonal_(lamella.empty(size[::-1], dtype=lamella.float64)).numpy(), np.eye(*size[::-1])):
        layer.weight = lamella.tensor(matrix)
        np.testing.assert_allclose(values(layer.weight), matrix, atol=1e-12)


def test_batches_and_complex_matrices() -> None:
    holder = nn.Module()
    holder.batch = nn.Parameter(lamella.randn(2, 4, 3, dtype=lamella.float64))
    holder.complex = nn.Parameter(lamella.randn(3, 3, dtype=lamella.complex128))
    for kind in MAPS:
        assert is_orthogonal(values(orthogonal(copy.deepcopy(holder), "batch", kind).batch))
    for kind in ("matrix_exp", "cayley"):
        assert is_orthogonal(values(orthogonal(copy.deepcopy(holder), "complex", kind).complex))
    assert orthogonal(holder, "complex").parametrizations.complex[0].orthogonal_map == "matrix_exp"
    assert orthogonal(holder, "batch").parametrizations.batch[0].orthogonal_map == "householder"
    with pytest.raises(ValueError, match="householder parametrization does not support complex"):
        orthogonal(parametrize.remove_parametrizations(holder, "complex"), "complex", "householder")


linear = nn.Linear
REFUSED = [
    (lambda: weight_norm(linear(3, 3), "none"), ValueError, "with name 'none'"),
    (lambda: spectral_norm(linear(3, 3), "none"), ValueError, "has no parameter or buffer with name 'none'"),
    (lambda: spectral_norm(linear(3, 3), n_power_iterations=0), ValueError, "to be positive, but got .*=0"),
    (lambda: spectral_norm(linear(3, 3), dim=2), IndexError, r"in range of \[-2, 1\] but got 2"),
    (lambda: orthogonal(linear(3, 3), "none"), ValueError, "has no parameter or buffer with name 'none'"),
    (lambda: orthogonal(linear(3, 3), "bias"), ValueError, "Got a tensor of 1 dimensions"),
    (lambda: orthogonal(linear(3, 3), orthogonal_map="x"), ValueError, "has to be one of .*householder.* Got: x"),
    (lambda: setattr(orthogonal(linear(3, 3)), "weight", lamella.ones(2, 2)), ValueError,
     r"of shape lamella.Size\(\[3, 3\]\). Got a tensor of shape lamella.Size\(\[2, 2\]\)"),
    (lambda: setattr(orthogonal(linear(3, 3), use_trivialization=False), "weight", lamella.eye(3)),
     NotImplementedError, "not possible to assign"),
    (lambda: hooked_weight_norm(hooked_weight_norm(linear(3, 3))), RuntimeError, "two weight_norm hooks"),
    (lambda: hooked_weight_norm(nn.LazyConv1d(3, 1)), ValueError, "can't have uninitialized parameters"),
    (lambda: hooked_weight_norm(linear(3, 3), "none"), AttributeError, "no attribute 'none'"),
    (lambda: remove_weight_norm(linear(3, 3)), ValueError, "weight_norm of 'weight' not found in Linear"),
    (lambda: hooked_spectral_norm(hooked_spectral_norm(linear(3, 3))), RuntimeError, "two spectral_norm hooks"),
    (lambda: hooked_spectral_norm(nn.LazyConv1d(3, 1)), ValueError, "can't have uninitialized parameters"),
    (lambda: hooked_spectral_norm(linear(3, 3), n_power_iterations=0), ValueError, "to be positive, but got .*=0"),
    (lambda: hooked_spectral_norm(linear(3, 3, bias=False), "bias"), ValueError, "parameter `bias` is None"),
    (lambda: remove_spectral_norm(linear(3, 3)), ValueError, "spectral_norm of 'weight' not found in Linear"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()
