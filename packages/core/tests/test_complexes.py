"""Complex numbers: views of their parts, and what follows from changing these; conjugates, angles, questions."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella


def complex_leaf(*shape):
    rng = np.random.default_rng(0)
    return lamella.tensor(rng.standard_normal(shape) + 1j * rng.standard_normal(shape), requires_grad=True)


def real_leaf(*shape):
    return lamella.tensor(np.random.default_rng(0).standard_normal(shape), requires_grad=True)


# --- views


@pytest.mark.parametrize(
    ("view", "change", "expected"),
    [
        (lambda z: z.real, 5.0, [5 + 2j, 5 + 4j]),
        (lambda z: z.imag, 5.0, [1 + 5j, 3 + 5j]),
        (lamella.real, 5.0, [5 + 2j, 5 + 4j]),
        (lamella.imag, 5.0, [1 + 5j, 3 + 5j]),
        (lambda z: lamella.view_as_real(z)[0], 5.0, [5 + 5j, 3 + 4j]),
        (lambda z: z[1:].imag, 5.0, [1 + 2j, 3 + 5j]),
    ],
)
def test_parts_share_the_memory_of_the_whole(view, change, expected):
    whole = lamella.tensor([1 + 2j, 3 + 4j])
    part = view(whole)
    assert part.dtype is lamella.float32
    assert part._base is whole
    before = whole._version
    part.fill_(change)
    assert whole.tolist() == expected
    assert whole._version == part._version == before + 1


def test_pairs_seen_as_complex_numbers_share_memory():
    pairs = lamella.arange(6.0).reshape(3, 2).clone()
    whole = lamella.view_as_complex(pairs)
    assert whole.dtype is lamella.complex64
    assert whole.tolist() == [1j, 2 + 3j, 4 + 5j]
    whole[1] = 9 - 1j
    assert pairs.tolist() == [[0.0, 1.0], [9.0, -1.0], [4.0, 5.0]]
    assert pairs._version == 1


def test_views_back_and_forth_are_the_same_numbers():
    z = complex_leaf(2, 3).detach()
    assert lamella.view_as_real(z).shape == (2, 3, 2)
    assert (lamella.view_as_complex(lamella.view_as_real(z)) == z).all()
    assert (lamella.view_as_complex(lamella.view_as_real(z.mT)) == z.mT).all()
    assert lamella.view_as_real(z[0, 0]).tolist() == [z[0, 0].real.item(), z[0, 0].imag.item()]


def test_a_real_tensor_is_its_own_real_part():
    x = lamella.ones(2)
    assert x.real is x
    assert lamella.real(x) is x


def test_the_storage_offset_counts_elements_of_the_view():
    z = lamella.zeros(3, dtype=lamella.complex64)
    assert (z.real.storage_offset(), z.imag.storage_offset(), z[2:].imag.storage_offset()) == (0, 1, 5)
    assert z.imag.stride() == (2,)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: lamella.ones(2).imag, RuntimeError, "imag is not implemented .*float32"),
        (lambda: lamella.imag(lamella.ones(2)), RuntimeError, "imag is not implemented"),
        (lambda: lamella.view_as_real(lamella.ones(2)), RuntimeError, "view_as_real: not defined"),
        (lambda: lamella.view_as_complex(lamella.ones(2, 3)), RuntimeError, r"last dimension of size 2.*\(2, 3\)"),
        (lambda: lamella.view_as_complex(lamella.ones(2, 2).mT), RuntimeError, r"strides \(1, 2\).*contiguous"),
        (lambda: lamella.view_as_complex(lamella.ones(2, 2).int()), RuntimeError, "only supported for float32"),
        (lambda: lamella.complex(lamella.ones(2), lamella.ones(2).double()), RuntimeError, "to have one dtype"),
        (lambda: lamella.complex(lamella.ones(2), 1.0), TypeError, "argument 'imag' must be Tensor, not float"),
        (lambda: lamella.polar(lamella.ones(2).int(), lamella.ones(2).int()), RuntimeError, "both parts to be float32"),
        (lambda: lamella.polar(1.0, lamella.ones(2)), TypeError, "argument 'abs' must be Tensor"),
        (lambda: lamella.sign(lamella.ones(2) + 1j), RuntimeError, "sgn"),
    ],
)
def test_what_is_no_complex_number_is_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()


# --- changing a part in place, with gradients


def grads_agree(change, out_of_place, leaf):
    """Changing views of ``leaf * 1`` in place gives the values and gradients of the form without views."""
    weight = lamella.tensor(np.random.default_rng(1).standard_normal(leaf.shape) + 0.5j)
    results = []
    for form in (change, out_of_place):
        whole = form(leaf * 1)
        (gradient,) = lamella.autograd.grad((whole * weight).abs().square().sum(), leaf)
        results.append((whole.detach().numpy(), gradient.numpy()))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected)


def scaled_real(z):
    z.real.mul_(3)
    return z


def filled_imag(z):
    z.imag.fill_(2)
    return z


def squared_pair(z):
    lamella.view_as_real(z)[..., 1].mul_(lamella.view_as_real(z)[..., 0].clone())
    return z


def scaled_column_of_a_transpose(z):
    z.mT.imag[0].mul_(2)
    return z


def ones_and_twos(z):
    factor = np.ones(z.shape)
    factor[:, 0] = 2
    return lamella.tensor(factor)


@pytest.mark.parametrize(
    ("change", "out_of_place"),
    [
        (scaled_real, lambda z: lamella.complex(3 * z.real, z.imag)),
        (filled_imag, lambda z: z.real + 2j),
        (squared_pair, lambda z: lamella.complex(z.real, z.imag * z.real)),
        (scaled_column_of_a_transpose, lambda z: lamella.complex(z.real, z.imag * ones_and_twos(z))),
    ],
)
def test_a_part_changed_in_place_gives_right_gradients(change, out_of_place):
    grads_agree(change, out_of_place, complex_leaf(2, 3))


def test_a_part_changed_in_place_of_a_transposed_whole_gives_right_gradients():
    def change(z):
        whole = (z * 1).mT.contiguous().mT * 1
        whole.imag.mul_(4)
        return whole

    grads_agree(change, lambda z: lamella.complex(z.real, z.imag * 4), complex_leaf(2, 3))


def test_other_views_follow_a_change_of_a_part():
    leaf = complex_leaf(3)
    whole = leaf * 1
    real, imag, pairs = whole.real, whole.imag, lamella.view_as_real(whole)
    imag.mul_(real.clone())
    (gradient,) = lamella.autograd.grad(pairs[:, 1].sum() + real.sum(), leaf)
    z = leaf.detach().numpy()
    np.testing.assert_allclose(gradient.numpy(), (1 + z.imag) + 1j * z.real)


def test_complex_elements_changed_in_place_change_the_pairs_they_are_made_of():
    leaf = real_leaf(2, 3, 2)
    pairs = leaf * 1
    whole = lamella.view_as_complex(pairs)
    whole[:, 1:].mul_(1j)
    weight = np.random.default_rng(2).standard_normal((2, 3, 2))
    (gradient,) = lamella.autograd.grad((pairs * lamella.tensor(weight)).sum(), leaf)
    expected = weight.copy()
    expected[:, 1:, 0], expected[:, 1:, 1] = weight[:, 1:, 1], -weight[:, 1:, 0]
    np.testing.assert_allclose(gradient.numpy(), expected)


def test_pairs_that_start_at_an_odd_element_are_followed_too():
    leaf = real_leaf(2, 6)
    base = leaf * 1
    lamella.view_as_complex(base[:, 1:5].unflatten(1, (2, 2))).mul_(2)
    (gradient,) = lamella.autograd.grad(base.sum(), leaf)
    assert gradient.tolist() == [[1.0, 2.0, 2.0, 2.0, 2.0, 1.0]] * 2


def test_a_part_of_a_leaf_is_not_changed_in_place():
    leaf = complex_leaf(2)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        leaf.real.mul_(2)
    with lamella.no_grad():
        leaf.real.mul_(0)
    assert leaf.real.tolist() == [0.0, 0.0]


def test_a_saved_whole_notices_that_a_part_was_changed():
    leaf = complex_leaf(2)
    whole = leaf * 1
    product = whole * whole
    whole.imag.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.abs().sum().backward()


@pytest.mark.parametrize("value", [5.0, lamella.tensor([5, 5]), lamella.tensor(5.0)])
def test_parts_can_be_assigned(value):
    whole = lamella.tensor([1 + 2j, 3 + 4j])
    whole.real = value
    assert whole.tolist() == [5 + 2j, 5 + 4j]
    whole.imag = value
    assert whole.tolist() == [5 + 5j, 5 + 5j]


def test_the_real_part_of_a_real_tensor_can_be_assigned():
    x = lamella.ones(2)
    x.real = lamella.tensor([1.0, 2.0])
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(RuntimeError, match="imag is not implemented"):
        x.imag = x


def test_an_assigned_part_gets_its_gradient():
    part = real_leaf(3)
    whole = complex_leaf(3) * 1
    whole.imag = part
    (whole * 2j).real.sum().backward()
    assert part.grad.tolist() == [-2.0, -2.0, -2.0]


# --- making them


def test_complex_keeps_infinite_parts_and_broadcasts():
    made = lamella.complex(lamella.tensor([[math.inf], [1.0]]), lamella.tensor([0.0, math.inf]))
    assert made.dtype is lamella.complex64
    assert made.tolist() == [[complex(math.inf, 0), complex(math.inf, math.inf)], [1 + 0j, complex(1, math.inf)]]


def test_polar_has_the_absolute_value_and_the_angle():
    size, turn = lamella.tensor([1.0, 2.0, 0.5]).double(), lamella.tensor([0.0, 2.5, -3.0]).double()
    made = lamella.polar(size, turn)
    np.testing.assert_allclose(made.abs().numpy(), size.numpy())
    np.testing.assert_allclose(made.angle().numpy(), turn.numpy())


def test_gradients_reach_both_arguments_of_polar():
    assert lamella.autograd.gradcheck(
        lambda size, turn: lamella.view_as_real(lamella.polar(size, turn)), (real_leaf(3), real_leaf(3))
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-1.0, 0.0, -0.0, 2.0, -math.inf], [math.pi, 0.0, 0.0, 0.0, math.pi]),
        ([-1, 0, 2], [math.pi, 0.0, 0.0]),
        ([1j, -1 + 0j, complex(-1, -0.0)], [math.pi / 2, math.pi, -math.pi]),
        ([True, False], [0.0, 0.0]),
    ],
)
def test_angles(values, expected):
    found = lamella.angle(lamella.tensor(values))
    assert found.dtype is lamella.float32
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)
    assert lamella.tensor([math.nan]).angle().isnan().all()


@pytest.mark.parametrize("value", [0.0, -2.0, 0j])
def test_the_gradient_of_the_angle_is_0_where_there_is_none(value):
    x = lamella.tensor([value], requires_grad=True)
    x.angle().sum().backward()
    assert x.grad.tolist() == [0.0]


# --- conjugates


def test_conjugates():
    z, x = lamella.tensor([1 + 2j]), lamella.tensor([1.0])
    for function in (lamella.conj, lamella.conj_physical):
        assert function(z).tolist() == [1 - 2j]
        assert function(x) is x
    assert lamella.resolve_conj(z) is z
    assert lamella.resolve_neg(z) is z
    assert z.conj_physical_() is z
    assert z.tolist() == [1 - 2j]


@pytest.mark.parametrize("form", [lamella.adjoint, lambda z: z.adjoint(), lambda z: z.mH, lambda z: z.H])
def test_adjoint_swaps_and_conjugates(form):
    z = complex_leaf(2, 3).detach()
    np.testing.assert_array_equal(form(z).numpy(), z.numpy().conj().T)
    number = lamella.tensor(1 + 2j)
    assert form(number).item() == 1 - 2j
    with pytest.raises(RuntimeError, match="Got 1-D tensor"):
        form(z[0])


def test_adjoint_of_batches():
    z = complex_leaf(4, 2, 3).detach()
    np.testing.assert_array_equal(z.mH.numpy(), z.numpy().conj().swapaxes(1, 2))
    with pytest.raises(RuntimeError, match="Got 3-D tensor. For batches of matrices use tensor.mH"):
        z.H  # noqa: B018  # reading it is the test


def test_sgn():
    assert lamella.sgn(lamella.tensor([0j, 3 + 4j])).tolist() == pytest.approx([0j, 0.6 + 0.8j])
    assert lamella.tensor([-3, 0, 2]).sgn().tolist() == [-1, 0, 1]
    assert lamella.tensor([3 + 4j]).sgn_().tolist() == pytest.approx([0.6 + 0.8j])


# --- questions


def test_questions_about_dtypes_and_shapes():
    z, x, i = lamella.tensor([1 + 2j, 1]), lamella.ones(2), lamella.arange(2)
    assert [lamella.is_complex(t) for t in (z, x, i)] == [True, False, False]
    assert [lamella.is_floating_point(t) for t in (z, x, i)] == [False, True, False]
    assert [lamella.is_signed(t) for t in (z, x, i, i.byte(), i.bool())] == [True, True, True, False, False]
    assert lamella.is_same_size(z, x)
    assert not x.is_same_size(x[:1])
    assert lamella.numel(lamella.ones(2, 3)) == 6
    assert lamella.isreal(z).tolist() == [False, True]
    assert i.isreal().tolist() == [True, True]
    for question in (lamella.is_conj, lamella.is_neg, lamella.is_inference):
        assert question(z) is False


def test_is_nonzero():
    assert lamella.is_nonzero(lamella.tensor([[2.0]]))
    assert not lamella.tensor(0j).is_nonzero()
    with pytest.raises(RuntimeError, match="more than one value"):
        lamella.is_nonzero(lamella.ones(2))


@pytest.mark.parametrize(
    "name",
    ["is_complex", "is_floating_point", "is_signed", "is_conj", "is_neg", "is_inference", "is_nonzero", "numel"],
)
def test_only_tensors_are_asked(name):
    with pytest.raises(TypeError, match=rf"{name}\(\): argument 'input' must be Tensor, not int"):
        getattr(lamella, name)(3)
