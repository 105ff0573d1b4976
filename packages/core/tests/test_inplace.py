"""In-place ops and views: values, gradients, version counters, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import lamella
from lamella import autograd


def leaf(*values):
    return lamella.tensor(values, requires_grad=True)


def matrix():
    """A (2, 3) result that may be changed in place, and the leaf it comes from."""
    x = lamella.arange(6.0).reshape(2, 3).requires_grad_()
    return x, x * 1


# --- plain tensors


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.add_(2), [3.0, 6.0]),
        (lambda t: t.sub_(lamella.tensor([1.0, 2.0])), [0.0, 2.0]),
        (lambda t: t.mul_(3), [3.0, 12.0]),
        (lambda t: t.div_(2), [0.5, 2.0]),
        (lambda t: t.pow_(2), [1.0, 16.0]),
        (lambda t: t.neg_(), [-1.0, -4.0]),
        (lambda t: t.sqrt_(), [1.0, 2.0]),
        (lambda t: t.fill_(7), [7.0, 7.0]),
        (lambda t: t.zero_(), [0.0, 0.0]),
        (lambda t: t.copy_(lamella.tensor([8, 9])), [8.0, 9.0]),
        (lambda t: t.copy_(lamella.tensor(5.0)), [5.0, 5.0]),
    ],
)
def test_the_memory_is_changed_and_the_tensor_returned(change, expected):
    t = lamella.tensor([1.0, 4.0])
    memory, alias = t.data_ptr(), t.numpy()
    assert change(t) is t
    assert t.tolist() == alias.tolist() == expected
    assert t.data_ptr() == memory and t._version == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda t, c: t.mul_(c),
        lambda t, c: t.add_(c).exp_(),
        lambda t, c: t.tanh_().mul_(2).sub_(c),
        lambda t, c: t.pow_(3).div_(c),
        lambda t, c: t.square_().neg_(),
    ],
)
def test_gradients_are_those_of_the_out_of_place_form(change):
    class OutOfPlace:
        """Takes the in-place names, and computes out of place."""

        def __init__(self, tensor):
            self.tensor = tensor

        def __getattr__(self, name):
            return lambda *arguments: OutOfPlace(getattr(self.tensor, name.removesuffix("_"))(*arguments))

    c = leaf(2.0, 0.5)
    x, same = leaf(1.0, 3.0), leaf(1.0, 3.0)
    t = x * 1
    change(t, c)
    expected = change(OutOfPlace(same * 1), c).tensor
    assert t.tolist() == pytest.approx(expected.tolist())
    found = autograd.grad(t.sum(), (x, c), materialize_grads=True)
    wanted = autograd.grad(expected.sum(), (same, c), materialize_grads=True)
    for f, w in zip(found, wanted, strict=True):
        assert f.tolist() == pytest.approx(w.tolist())


def test_a_factor_that_is_changed_by_its_own_product_is_noticed():
    t = leaf(1.0, 2.0) * 1
    t.mul_(t)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        t.sum().backward()


def test_augmented_assignment_changes_in_place():
    t = lamella.tensor([1.0, 4.0])
    memory = t.data_ptr()
    t += 1
    t -= 3
    t *= 4
    t /= 2
    t **= 2
    assert t.tolist() == [4.0, 16.0] and t.data_ptr() == memory and t._version == 5


def test_a_constant_starts_to_require_grad_when_a_gradient_flows_in():
    a, t = leaf(1.0, 2.0), lamella.ones(2)
    t.add_(a * 3)
    assert t.requires_grad and not t.is_leaf
    t.sum().backward()
    assert a.grad.tolist() == [3.0, 3.0]


def test_copy_and_fill_cut_the_old_gradient_and_bring_the_new():
    x, y, v = leaf(1.0, 2.0), leaf(3.0, 4.0), lamella.tensor(5.0, requires_grad=True)
    t = x * 1
    t.copy_(y)
    (t * t).sum().backward()
    assert x.grad is None or x.grad.tolist() == [0.0, 0.0]
    assert y.grad.tolist() == [6.0, 8.0]
    t = x * 1
    t.fill_(v)
    t.sum().backward()
    assert v.grad.item() == 2.0


@pytest.mark.parametrize(("own", "given"), [((3,), (2,)), ((3,), (1, 3)), ((), (1,)), ((1,), (2,))])
def test_copy_refuses_what_does_not_fit(own, given):
    with pytest.raises(RuntimeError, match="copy|broadcast"):
        lamella.zeros(own).copy_(lamella.ones(given))


def test_copy_converts_dtype_and_the_gradient_back():
    x = lamella.tensor([1.0, 2.0], dtype=lamella.float64, requires_grad=True)
    t = lamella.zeros(2)
    t.copy_(x)
    assert t.dtype == lamella.float32
    (t * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0] and x.grad.dtype == lamella.float64


# --- what is refused


def test_a_leaf_that_requires_grad_is_refused():
    a = leaf(1.0, 2.0)
    b = lamella.ones(2)
    for change in (lambda: a.add_(1), a.zero_, lambda: a.__setitem__(0, 1.0), lambda: a.copy_(b)):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad is being used in an in-place"):
            change()
    assert a.tolist() == [1.0, 2.0] and a._version == 0
    with lamella.no_grad():
        a.add_(1)
    assert a.tolist() == [2.0, 3.0] and a.is_leaf and a.requires_grad


@pytest.mark.parametrize("view", [lambda a: a[:1], lambda a: a.view(1, 2), lambda a: a[0], lambda a: a.unsqueeze(0)])
def test_a_view_of_such_a_leaf_is_refused(view):
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        view(leaf(1.0, 2.0)).mul_(2)


@pytest.mark.parametrize("views", [lambda t: t.unbind(0), lambda t: t.split(1), lambda t: t.chunk(2)])
def test_one_of_several_views_is_refused(views):
    _, t = matrix()
    with pytest.raises(RuntimeError, match=r"one of several views.*|.*multiple views"):
        views(t)[0].mul_(2)
    first = views(lamella.ones(2, 3))[0]
    first.mul_(2)  # nothing to differentiate
    assert first.flatten().tolist() == [2.0] * 3


def test_expanded_memory_is_refused():
    x = lamella.ones(2, 1).expand(2, 3)
    with pytest.raises(RuntimeError, match=r"expanded.*clone"):
        x.mul_(2)


def test_an_in_place_op_cannot_change_the_shape():
    with pytest.raises(RuntimeError, match=r"output with shape \[2\] doesn't match the broadcast shape \[3, 2\]"):
        lamella.ones(2).add_(lamella.ones(3, 2))
    with pytest.raises(RuntimeError):
        (leaf(1.0, 2.0) * 1).add_(lamella.ones(3, 2))


def test_an_in_place_op_cannot_change_the_kind_of_number():
    ints = lamella.tensor([1, 2])
    with pytest.raises(RuntimeError, match=r"result type .*float32 can't be cast to the desired .*int64"):
        ints.add_(0.5)
    with pytest.raises(RuntimeError, match="can't be cast"):
        ints.div_(2)
    assert ints.tolist() == [1, 2]
    half = lamella.ones(2, dtype=lamella.float16)
    assert half.add_(lamella.ones(2, dtype=lamella.float64)).dtype == lamella.float16


def test_a_view_cannot_be_detached_in_place():
    _, t = matrix()
    with pytest.raises(RuntimeError, match=r"Can't detach views in-place"):
        t[0].detach_()
    assert t.detach_() is t and t.is_leaf


# --- views: memory

VIEWS = {
    "select": lambda t: t[1],
    "slice": lambda t: t[:, 1:],
    "step": lambda t: t[:, ::2],
    "view": lambda t: t.view(3, 2),
    "transpose": lambda t: t.transpose(0, 1),
    "permute of slice": lambda t: t[:, :2].permute(1, 0),
    "unsqueeze": lambda t: t.unsqueeze(1),
    "none": lambda t: t[None],
    "view of view": lambda t: t.view(6)[2:5],
    "select of transpose": lambda t: t.T[2],
    "one element": lambda t: t[1, 2],
    "narrow": lambda t: t.narrow(1, 1, 2),
    "reshape": lambda t: t.reshape(6),
    "flatten": lambda t: t.flatten(),
    "squeeze": lambda t: t[1:].squeeze(0),
}
every_view = pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS.keys())


@every_view
def test_views_share_memory_and_version(take):
    t = lamella.arange(6.0).reshape(2, 3).clone()
    v = take(t)
    assert v._base is t and v._is_view()
    v.mul_(10)
    assert v._version == t._version == 1
    assert sum(t.flatten().tolist()) == 15 + 9 * sum(v.flatten().tolist()) / 10
    t.zero_()
    assert v._version == 2 and set(v.flatten().tolist()) == {0.0}


def test_detach_and_data_share_memory_but_only_detach_the_version():
    t = lamella.ones(2)
    t.detach().add_(1)
    assert t._version == 1
    t.data.add_(1)
    assert t._version == 1 and t.tolist() == [3.0, 3.0]


def test_a_change_through_detach_is_noticed_and_one_through_data_is_not():
    a, b = leaf(1.0, 2.0), lamella.tensor([3.0, 4.0])
    y = (a * b).sum()
    b.data.zero_()
    y.backward(retain_graph=True)
    b.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_change_through_a_view_is_noticed():
    a, b = leaf(1.0, 2.0), lamella.tensor([3.0, 4.0])
    y = (a * b).sum()
    b[0].zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


# --- views: gradients


def scattered(t, take, change):
    """``t`` with ``change`` applied to the elements that ``take`` shows, computed without in-place ops."""
    chosen = np.zeros(t.numel(), bool)
    chosen[take(lamella.arange(t.numel()).reshape(t.shape)).flatten().tolist()] = True
    mask = lamella.tensor(chosen.astype("f4")).reshape(t.shape)
    return t * (1 - mask) + change(t) * mask


@every_view
def test_a_change_of_a_view_reaches_the_base(take):
    x, t = matrix()
    weights = lamella.arange(1.0, 7.0).reshape(2, 3)
    take(t).mul_(3).add_(1)
    assert t.grad_fn is not None
    same = x.detach().clone().requires_grad_()
    expected = scattered(same * 1, take, lambda e: e * 3 + 1)
    assert t.tolist() == expected.tolist()
    (found,) = autograd.grad((t * weights).square().sum(), x)
    (wanted,) = autograd.grad((expected * weights).square().sum(), same)
    assert found.tolist() == wanted.tolist()


@every_view
def test_a_change_of_the_base_reaches_a_view_taken_before(take):
    x, t = matrix()
    v = take(t)
    t.mul_(3).add_(1)
    same = x.detach().clone().requires_grad_()
    expected = take(same * 3 + 1)
    assert v.tolist() == expected.tolist()
    (found,) = autograd.grad((v * v).sum(), x)
    (wanted,) = autograd.grad((expected * expected).sum(), same)
    assert found.tolist() == wanted.tolist()


def test_several_views_of_one_base():
    x, t = matrix()
    row, column, whole = t[0], t[:, 0], t.view(6)
    row.mul_(2)  # [[0, 2, 4], [3, 4, 5]]
    column.add_(10)  # [[10, 2, 4], [13, 4, 5]]
    assert whole.tolist() == [10.0, 2.0, 4.0, 13.0, 4.0, 5.0]
    (row.sum() + 10 * column.sum() + 100 * whole.sum()).backward()
    assert x.grad.tolist() == [[222.0, 202.0, 202.0], [110.0, 100.0, 100.0]]


def test_a_view_of_a_constant_base_brings_a_gradient_in():
    a, t = leaf(1.0, 2.0, 3.0), lamella.zeros(2, 3)
    before = t[1]
    t[1].copy_(a * 2)
    assert t.requires_grad and before.requires_grad and before.tolist() == [2.0, 4.0, 6.0]
    (t.sum() + before.square().sum()).backward()
    assert a.grad.tolist() == [2 + 8.0, 2 + 16.0, 2 + 24.0]


def test_setitem_keeps_the_gradient_outside_and_takes_the_new_one_inside():
    x, t = matrix()
    v = leaf(5.0, 6.0)
    t[0, :2] = v
    t[1] = 7.0
    assert t.tolist() == [[5.0, 6.0, 2.0], [7.0, 7.0, 7.0]]
    (t * t).sum().backward()
    assert v.grad.tolist() == [10.0, 12.0]
    assert x.grad.tolist() == [[0.0, 0.0, 4.0], [0.0, 0.0, 0.0]]


def test_a_view_taken_in_no_grad_of_a_changed_base_has_current_values():
    _, t = matrix()
    with lamella.no_grad():
        v = t[0]
        v.fill_(9)
    assert t[0].tolist() == [9.0, 9.0, 9.0]


def test_a_result_that_saved_the_old_values_complains_after_a_change_of_a_view():
    x, t = matrix()
    y = (t * t).sum()
    t[0].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()
    assert x.grad is None


def test_in_place_results_are_twice_differentiable():
    x = leaf(2.0, 3.0)
    t = x * 1
    t[0].pow_(3)
    t.mul_(x)  # x0**4, x1**2
    (g,) = autograd.grad(t.sum(), x, create_graph=True)
    assert g.tolist() == [4 * 2.0**3, 6.0]
    assert autograd.grad(g.sum(), x)[0].tolist() == [12 * 2.0**2, 2.0]


def test_hooks_see_the_gradient_of_the_value_they_were_set_on():
    x = leaf(1.0, 2.0)
    t = x * 1
    seen = []
    t.register_hook(lambda grad: seen.append(grad.tolist()))
    t.mul_(5)
    t.sum().backward()
    assert seen == [[5.0, 5.0]] and x.grad.tolist() == [5.0, 5.0]


def test_warnings_made_errors_by_the_application_do_not_stop_a_change():
    x = lamella.tensor([math.inf, 2.0])
    with np.errstate(all="raise"):
        x.mul_(lamella.tensor([0.0, 3.0]))
    assert math.isnan(x[0].item())
    assert x[1].item() == 6.0
