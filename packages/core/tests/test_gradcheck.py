"""The checkers themselves: they accept what is right, and catch a gradient wrong by one part in a thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import lamella
from lamella.core import rules
from lamella.core.backends import kernels
from lamella.core.dispatch import define_op
from lamella.core.errors import ShapeError
from lamella.core.op import OPS
from lamella.core.testing import GradcheckError, conformance, gradcheck, gradgradcheck, reference


def double(*values: float) -> lamella.Tensor:
    return lamella.tensor(values, dtype=lamella.float64, requires_grad=True)


# --- throw-away ops


class References:
    """References for the ops defined here."""

    cube = staticmethod(reference.each(lambda input: input**3))


@pytest.fixture
def define() -> Iterator[Callable[..., Any]]:
    """Define an op named ``cube``, right unless told otherwise; it is gone after the test."""

    def make(
        forward: Callable[[Any, Any], Any] = lambda xp, input: input * input * input,
        rule: Callable[..., Any] | None = lambda F, grad, input: grad * F.conj(input * input * 3),
        **fields: Any,
    ) -> Any:
        def cube(xp: Any, input: Any) -> Any:
            return forward(xp, input)

        cube.__doc__ = fields.pop("doc", "The third power.")
        record = {"shape": rules.same, "dtype": rules.numeric, "samples": lambda make: make.unary(), **fields}
        made = define_op(inputs=("input",), **record)(cube)
        if rule is not None:
            made.vjp(input=rule)
        return made

    yield make
    OPS.pop("cube", None)


def test_a_right_op_passes_every_check(define: Callable[..., Any]) -> None:
    conformance.check(define().op, References)


def test_the_throw_away_op_is_gone() -> None:
    assert "cube" not in OPS


def off_by_a_thousandth(F: Any, grad: Any, input: Any) -> Any:
    return grad * (input * input * 3.003)


def test_a_first_gradient_wrong_by_a_thousandth_is_caught(define: Callable[..., Any]) -> None:
    op = define(rule=off_by_a_thousandth).op
    with pytest.raises(AssertionError, match="finite differences say") as caught:
        conformance.check(op, References)
    assert "in cube(input=array(" in caught.value.__notes__[0], "a failure names the call that shows it"


def test_a_second_gradient_wrong_by_a_thousandth_is_caught(define: Callable[..., Any]) -> None:
    def rule(F: Any, grad: Any, input: Any) -> Any:
        if isinstance(input, lamella.Tensor):  # the value is right, its own derivative is not
            return grad * (input * input * 3.003 - input.detach() * input.detach() * 0.003)
        return grad * (input * input * 3)

    with pytest.raises(AssertionError, match="finite differences say"):
        conformance.check(define(rule=rule).op, References)


def test_gradcheck_catches_a_thousandth(define: Callable[..., Any]) -> None:
    right = define()
    assert gradcheck(right, double(0.5, -1.5))
    OPS.pop("cube")
    wrong = define(rule=off_by_a_thousandth)
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch for output 0 with respect to input 0,\nnumerical:"):
        gradcheck(wrong, double(0.5, -1.5))
    assert not gradcheck(wrong, double(0.5, -1.5), raise_exception=False)
    assert not gradcheck(wrong, double(0.5, -1.5), raise_exception=False, fast_mode=True)


def change_the_input(xp: Any, input: Any) -> Any:
    input *= 2
    return input.copy()


def differs_on_tensors(F: Any, grad: Any, input: Any) -> Any:
    return grad * F.conj(input * input * (3.003 if isinstance(input, lamella.Tensor) else 3))


def change_the_gradient(F: Any, grad: Any, input: Any) -> Any:
    grad *= input * input * 3
    return grad


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"doc": ""}, "record_is_complete", "cube has no docstring"),
    ({"samples": None}, "record_is_complete", "cube has no samples"),
    ({"samples": lambda make: []}, "record_is_complete", "cube has no samples"),
    ({"rule": None}, "record_is_complete", "cube makes floats of floats, but has no gradient rules"),
    ({"forward": lambda xp, input: input * input}, "matches_reference", "not close"),
    ({"shape": lambda shape: (*shape, 1)}, "shape_rule_holds", "the shape rule says"),
    ({"dtype": rules.boolean}, "dtype_rule_holds", "the dtype rule says"),
    ({"forward": lambda xp, input: xp.asarray(input**3, "f8")}, "dtype_rule_holds", "the dtype rule says"),
    ({"forward": lambda xp, input: input**3 if input.dtype.kind == "f" else input}, "integers_match_floats", "not"),
    ({"view": True}, "memory_is_as_claimed", "is called a view"),
    ({"forward": lambda xp, input: input}, "memory_is_as_claimed", "not called a view"),
    ({"forward": lambda xp, input: input.ravel("K").reshape(input.shape) ** 3}, "layout_does_not_matter", "not close"),
    ({"forward": change_the_input}, "matches_reference", "read-only"),
    ({"rule": differs_on_tensors}, "tensor_rules_match_raw_rules", "not close"),
    ({"rule": change_the_gradient}, "nothing_is_overwritten", "read-only"),
    ({"rule": lambda F, grad, input: None}, "first_derivatives_hold", "finite differences say"),
    ({"rule": lambda F, grad, input: grad * (input * input * 3)}, "complex_derivatives_hold", "finite differences say"),
    ({"errors": lambda make: [make.error((make.array(2),), ShapeError, "")]}, "errors_are_raised", "did not raise"),
    (
        {"errors": lambda make: [make.error((make.bools(2),), RuntimeError, "no such words")]},
        "errors_are_raised",
        "does not match 'no such words'",
    ),
    ({"errors": lambda make: [make(make.array(2))]}, "errors_are_raised", "make.error"),
]


@pytest.mark.parametrize(("fields", "name", "message"), FAULTS)
def test_each_fault_is_caught(define: Callable[..., Any], fields: dict[str, Any], name: str, message: str) -> None:
    cases = conformance.cases([define(**fields).op], References)
    (case,) = [case for case in cases if str(case) == f"cube-{name}"]
    with pytest.raises((AssertionError, ValueError), match=message):
        case()


@pytest.mark.parametrize(
    ("name", "method"), [("cube", lambda input: input * 2), ("cube_", lambda input: input.mul_(2))]
)
def test_a_method_that_differs_is_caught(
    define: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str, method: Callable[..., Any]
) -> None:
    op = define().op
    monkeypatch.setattr(lamella.Tensor, name, method, raising=False)
    with pytest.raises(AssertionError, match="not close"):
        conformance.check(op, References)


def test_a_broadcast_that_goes_wrong_is_caught() -> None:
    @define_op(
        inputs=("input", "other"),
        shape=rules.broadcast,
        dtype=rules.common,
        samples=lambda make: [make(make.array(2, 3), make.array(2, 3))],
    )
    def lopsided(xp: Any, input: Any, other: Any) -> Any:
        """``input + other``, but only if they have the same shape."""
        return input + other * (input.shape == other.shape)

    try:
        lopsided.vjp(input=lambda F, grad: grad, other=lambda F, grad: grad)
        references = type("References", (), {"lopsided": staticmethod(lambda input, other: input + other)})
        with pytest.raises(AssertionError, match="not close"):
            conformance.check(lopsided.op, references)
    finally:
        del OPS["lopsided"]


def test_a_kernel_that_differs_is_caught(define: Callable[..., Any]) -> None:
    op = define().op
    kernels.offer(kernels.Kernel("cube", "cpu", "approximate", 1, lambda input: input * input * input * 1.001))
    try:
        with pytest.raises(AssertionError, match="not close"):
            next(case for case in conformance.cases([op], References) if str(case) == "cube-kernels_agree")()
    finally:
        kernels.withdraw("approximate")


def test_an_op_without_reference_is_caught(define: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError, match="cube has no reference"):
        conformance.check(define().op, object())


def test_attributes_that_are_no_plain_values_are_caught() -> None:
    @define_op(
        inputs=("input",), shape=rules.same, dtype=rules.common, samples=lambda make: [make(make.array(2), [1, 2])]
    )
    def scaled(xp: Any, input: Any, by: Any) -> Any:
        """``input`` times ``by``."""
        return input * xp.asarray(by)

    try:
        scaled.vjp(input=lambda F, grad: grad)
        references = type("References", (), {"scaled": staticmethod(lambda input, by: input * by)})
        with pytest.raises(AssertionError, match="attributes must be plain values"):
            conformance.check(scaled.op, references)
    finally:
        del OPS["scaled"]


def test_one_case_for_each_op_and_check() -> None:
    add, exp = OPS["add"], OPS["exp"]
    names = [str(case) for case in conformance.cases([add, exp], reference)]
    assert len(names) == len(set(names))
    assert "add-first_derivatives_hold" in names
    assert "exp-second_derivatives_hold" in names


def test_ops_are_found_by_the_package_that_defined_them(define: Callable[..., Any]) -> None:
    op = define().op
    assert op in conformance.defined_in(__name__)
    assert op not in conformance.defined_in("lamella.core")
    assert conformance.defined_in("lamella.cor") == []


# --- gradcheck and gradgradcheck


def test_gradcheck_of_several_inputs_and_outputs() -> None:
    x, y = double(0.5, -1.5), double(2.0)
    assert gradcheck(lambda a, b: (a * b, (a.exp() / b).sum()), (x, y))
    assert gradcheck(lambda a, b: (a * b, a + b), (x, y), fast_mode=True)
    assert gradcheck(lambda a, n: a**n, (x, 3))


def test_gradcheck_changes_what_the_function_closes_over_and_restores_it() -> None:
    weight = double(0.5, -1.5)
    assert gradcheck(lambda *_: (weight * weight).sum(), (weight,))
    assert weight.tolist() == [0.5, -1.5]


def test_gradcheck_of_complex_inputs() -> None:
    z = lamella.tensor([1 + 2j, -0.5 + 1j], dtype=lamella.complex128, requires_grad=True)
    assert gradcheck(lambda a: a * a, (z,))
    assert gradcheck(lambda a: (a * a).exp(), (z,), fast_mode=True)


def test_gradcheck_of_nothing() -> None:
    assert gradcheck(lambda a: a * 2, lamella.zeros(0, dtype=lamella.float64, requires_grad=True))


def test_gradcheck_of_results_without_gradient() -> None:
    x = double(0.5, -1.5)
    assert gradcheck(lambda a: lamella.tensor([1.0], dtype=lamella.float64), x)
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda a: a.detach() * 2, x)


def test_gradcheck_of_a_backward_that_changes_its_mind(define: Callable[..., Any]) -> None:
    calls = iter(range(1000))
    fickle = define(rule=lambda F, grad, input: grad * (input * input * 3 + next(calls) * 1e-9))
    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(fickle, double(0.5))
    assert gradcheck(fickle, double(0.5), nondet_tol=1e-6)


def test_gradcheck_refuses_what_it_cannot_check() -> None:
    x = double(0.5, -1.5)
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda a: a, x.detach())
    with pytest.raises(RuntimeError, match="0th input has a dimension with stride 0"):
        gradcheck(lambda a: a * 2, x[:1].expand(3))
    with pytest.raises(ValueError, match="at least one of check_forward_ad or check_backward_ad"):
        gradcheck(lambda a: a, x, check_backward_ad=False)
    with pytest.raises(ValueError, match="check_batched_grad=True requires check_backward_ad"):
        gradcheck(lambda a: a, x, check_backward_ad=False, check_forward_ad=True, check_batched_grad=True)
    with pytest.raises(ValueError, match="check_batched_forward_grad=True requires check_forward_ad"):
        gradcheck(lambda a: a, x, check_batched_forward_grad=True)
    with pytest.raises(TypeError, match="must return a Tensor or a sequence of Tensors, got int"):
        gradcheck(lambda a: [1], x)
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        gradcheck(lambda a: a * 2, lamella.ones(1, requires_grad=True), raise_exception=False)


def test_gradgradcheck() -> None:
    x = double(0.5, -1.5)
    assert gradgradcheck(lambda a: (a**3, a.exp()), x)
    assert gradgradcheck(lambda a: a**3, x, double(1.0, 2.0))
    assert gradgradcheck(lambda a: a.exp(), x, gen_non_contig_grad_outputs=True, fast_mode=True)
    assert gradgradcheck(lambda a: a**3, x, check_fwd_over_rev=True, check_rev_over_rev=False)
    with pytest.raises(ValueError, match="at least one of check_fwd_over_rev or check_rev_over_rev"):
        gradgradcheck(lambda a: a, x, check_rev_over_rev=False)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("shape", [(2,), (0,), (2, 0), (0, 3), ()])
@pytest.mark.parametrize("dtype", [lamella.float64, lamella.complex128])
def test_all_modes_accept_what_is_right(fast: bool, shape: tuple[int, ...], dtype: Any) -> None:
    lamella.manual_seed(0)
    x = lamella.randn(shape, dtype=dtype, requires_grad=True)
    modes = {"check_forward_ad": True, "check_batched_grad": True, "check_batched_forward_grad": True}
    assert gradcheck(lambda a: (a * a, a.exp().sum()), x, fast_mode=fast, **modes)
    assert gradgradcheck(lambda a: a * a, x, fast_mode=fast, check_fwd_over_rev=True, check_batched_grad=True)


class Crooked(lamella.autograd.Function):
    """Right in reverse mode, wrong by a hundredth in forward mode, and wrong on batches."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * 2 * ctx.saved_tensors[0] * (1 if grad.ndim == 1 and "Batch" not in type(grad).__name__ else 1.01)

    @staticmethod
    def jvp(ctx: Any, tangent: Any) -> Any:
        return tangent * 2.02 * ctx.saved_tensors[0]


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("check_forward_ad", "forward mode mismatch for output 0 with respect to input 0"),
        ("check_batched_grad", "for a batch by vmap differ from those computed one by one"),
    ],
)
@pytest.mark.parametrize("fast", [False, True])
def test_each_mode_catches_what_is_wrong(mode: str, message: str, fast: bool) -> None:
    x = double(0.5, -1.5)
    assert gradcheck(Crooked.apply, x, fast_mode=fast)
    with pytest.raises(GradcheckError, match=message):
        gradcheck(Crooked.apply, x, fast_mode=fast, **{mode: True})
    assert not gradcheck(Crooked.apply, x, fast_mode=fast, raise_exception=False, **{mode: True})


def test_batches_that_cannot_be_computed_are_a_failure() -> None:
    def peek(a: Any) -> Any:
        return a * (2.0 if float(a.sum()) > 0 else 3.0)

    modes = {"check_forward_ad": True, "check_batched_forward_grad": True}
    assert gradcheck(peek, double(0.5, 1.5), **modes)  # values are the same for all directions

    class Unbatched(Crooked):
        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * 2 * ctx.saved_tensors[0] + 0 * grad.sum().item()

    with pytest.raises(GradcheckError, match="While computing batched gradients, got: "):
        gradcheck(Unbatched.apply, double(0.5, 1.5), check_batched_grad=True)


def test_gradgradcheck_catches_a_wrong_second_gradient(define: Callable[..., Any]) -> None:
    def rule(F: Any, grad: Any, input: Any) -> Any:
        fixed = input.detach() if isinstance(input, lamella.Tensor) else input
        return grad * (input * fixed * 3)

    wrong = define(rule=rule)
    assert gradcheck(wrong, double(0.5, -1.5))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(wrong, double(0.5, -1.5))


def test_a_result_given_twice_is_two_results() -> None:
    def twice(x: lamella.Tensor) -> tuple[lamella.Tensor, lamella.Tensor]:
        square = x * x
        return square, square

    assert gradcheck(twice, double(1.0, 2.0))
    # the gradients of terms of a sum are one tensor
    assert gradgradcheck(lambda x, y: (x + y).tanh(), (double(0.3, 0.2), double(-0.1, 0.4)))
