"""Gradient clipping, and parameters as one vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import lamella
from lamella.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)


def parameters(dtype: Any = lamella.float64) -> list[lamella.Tensor]:
    """Three, of which the second has no gradient; all gradients together are 3, -4, 0, 12."""
    made = [lamella.zeros(shape, dtype=dtype, requires_grad=True) for shape in [(2,), (3,), (1, 2)]]
    made[0].grad = lamella.tensor([3.0, -4.0], dtype=dtype)
    made[2].grad = lamella.tensor([[0.0, 12.0]], dtype=dtype)
    return made


def gradients(params: list[lamella.Tensor]) -> list[Any]:
    assert params[1].grad is None
    return [*params[0].grad.tolist(), *params[2].grad.tolist()[0]]


@pytest.mark.parametrize(
    ("norm_type", "norm"), [(2.0, 13.0), (1, 19.0), (math.inf, 12.0), ("inf", 12.0), (3, (27 + 64 + 1728) ** (1 / 3))]
)
def test_norms_that_are_too_large_are_clipped(norm_type: Any, norm: float) -> None:
    params = parameters()
    found = clip_grad_norm_(params, norm / 2, norm_type)
    assert found.shape == ()
    assert found.item() == pytest.approx(norm)
    np.testing.assert_allclose(gradients(params), [1.5, -2.0, 0.0, 6.0], rtol=1e-6)


def test_norms_that_are_small_enough_stay() -> None:
    params = parameters()
    grads = [param.grad for param in params]
    assert clip_grad_norm_(params, 14.0).item() == 13.0
    assert gradients(params) == [3.0, -4.0, 0.0, 12.0]
    assert all(param.grad is grad for param, grad in zip(params, grads, strict=True))


def test_one_tensor_no_tensor_and_an_iterator() -> None:
    params = parameters()
    assert clip_grad_norm_(params[0], 1.0).item() == 5.0
    assert clip_grad_norm_(iter(parameters()), 1.0).item() == 13.0
    assert clip_grad_norm_([], 1.0).item() == 0.0
    assert clip_grad_norm_([lamella.ones(2, requires_grad=True)], 1.0).item() == 0.0
    assert get_total_norm(lamella.tensor([3.0, 4.0])).item() == 5.0


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_norm_that_is_not_finite(value: float) -> None:
    params = parameters()
    params[0].grad[0] = value
    with pytest.raises(RuntimeError, match="total norm of order 2.0 .* is non-finite, so it cannot be clipped"):
        clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert gradients(params)[3] == 12.0
    assert not math.isfinite(get_total_norm(params[0].grad).item())


def test_an_undefined_norm_goes_into_the_gradients() -> None:
    params = parameters()
    params[0].grad[0] = math.nan
    clip_grad_norm_(params, 1.0)
    assert all(map(math.isnan, gradients(params)))


def test_half_precision_and_mixed_dtypes() -> None:
    params = [*parameters(lamella.float16), *parameters(lamella.float32)]
    assert clip_grad_norm_(params, 1.0).dtype is lamella.float32
    np.testing.assert_allclose(params[2].grad.tolist(), [[0.0, 12 / 13 / math.sqrt(2)]], rtol=1e-3)
    assert params[0].grad.dtype is lamella.float16


def test_complex_gradients_keep_their_direction() -> None:
    param = lamella.zeros(1, dtype=lamella.complex64, requires_grad=True)
    param.grad = lamella.tensor([3.0 + 4.0j])
    assert clip_grad_norm_(param, 2.5).item() == 5.0
    np.testing.assert_allclose(param.grad.tolist(), [1.5 + 2j], rtol=1e-5)


def test_a_norm_may_be_computed_once_for_several_calls() -> None:
    params = parameters()
    total = get_total_norm([param.grad for param in params if param.grad is not None])
    clip_grads_with_norm_(params[:1], 6.5, total)
    np.testing.assert_allclose(gradients(params), [1.5, -2.0, 0.0, 12.0], rtol=1e-6)


def test_clipping_values() -> None:
    params = parameters()
    clip_grad_value_(params, 3.5)
    assert gradients(params) == [3.0, -3.5, 0.0, 3.5]


def test_clipping_is_no_part_of_the_graph() -> None:
    x = lamella.ones(2, requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    assert clip_grad_norm_(x, 1.0).requires_grad is False


def test_parameters_as_a_vector_and_back() -> None:
    params = [lamella.ones(2, requires_grad=True), lamella.zeros(1, 2, requires_grad=True)]
    vector = parameters_to_vector(iter(params))
    assert vector.tolist() == [1, 1, 0, 0]
    (vector * lamella.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert params[1].grad.tolist() == [[3.0, 4.0]]

    vector_to_parameters(lamella.tensor([5.0, 6.0, 7.0, 8.0]), iter(params))
    assert [param.tolist() for param in params] == [[5.0, 6.0], [[7.0, 8.0]]]
    assert all(param.requires_grad and param.is_leaf for param in params)


def test_vectors_that_do_not_fit() -> None:
    param = lamella.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="vector_to_parameters: expected a Tensor, but got list"):
        vector_to_parameters([1.0, 2.0], [param])  # type: ignore[arg-type]  # on purpose
    with pytest.raises(RuntimeError, match=r"shape '\[2\]' is invalid for input of size 1"):
        vector_to_parameters(lamella.ones(1), [param])
    with pytest.raises(ValueError, match="expected a non-empty list"):
        parameters_to_vector([])
