"""``gradcheck`` and ``gradgradcheck``: whether a function's gradients are those of finite differences."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lamella.core import autograd, dtypes
from lamella.core.errors import ArgumentError, ArgumentTypeError, GradError
from lamella.core.tensor import Tensor
from lamella.core.testing.calls import random_like
from lamella.core.testing.differences import parts
from lamella.core.testing.forward_gradcheck import GradcheckError, check_batched, check_batched_forward, check_forward

Function = Callable[..., Tensor | Sequence[Tensor]]
_PRECISE = (dtypes.float64, dtypes.complex128)


def gradcheck(
    func: Function,
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the gradients of ``func`` by central differences, one input element and one output element at a time.

    Args:
        func: From tensors to a tensor or several.
        inputs: What to call it with; gradients are checked to those that require grad, which should be float64. Their
            elements are changed in place during the check, so ``func`` may also use them without taking them.
        eps: Step of the differences.
        atol: Absolute tolerance.
        rtol: Relative tolerance; ten times as strict as PyTorch's, so that an error of one part in a thousand shows.
        raise_exception: Raise where the check fails; otherwise return False.
        nondet_tol: How much two backward passes may differ.
        check_undefined_grad: Check also that outputs of which some get no gradient are treated as if it were zero.
        check_grad_dtypes: Check also that gradients have their inputs' dtypes.
        check_batched_grad: Check also that gradients for a batch of output gradients, by ``vmap``, are the same.
        check_batched_forward_grad: Check the same of derivatives along directions; with ``check_forward_ad``.
        check_forward_ad: Check also the derivatives along directions, in forward mode.
        check_backward_ad: Check the gradients.
        fast_mode: Compare one random combination of all elements in place of each.
        masked: For PyTorch's sake; all tensors are dense.

    Returns:
        True; or False where the check fails and ``raise_exception`` is False.

    Raises:
        RuntimeError: A gradient is wrong (as ``GradcheckError``), or inputs overlap in memory.
        ValueError: No input requires grad, or something is asked for that is not offered.
    """
    if not (check_forward_ad or check_backward_ad):
        raise ArgumentError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise ArgumentError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise ArgumentError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = _checked_inputs(given)
    close = functools.partial(np.allclose, rtol=rtol, atol=atol)
    try:
        changes = [
            _central_differences(lambda: [o.array.copy() for o in _outputs(func, given)], x, eps) for x in checked
        ]
        if check_forward_ad:
            check_forward(lambda *args: _outputs(func, args), given, checked, changes, close, fast_mode)
            if check_batched_forward_grad:
                check_batched_forward(lambda *args: _outputs(func, args), given, checked)
        if check_backward_ad:
            _check(func, given, checked, changes, close, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
            if check_batched_grad:
                check_batched(_outputs(func, given), checked)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check the gradients of the gradients of ``func``, by its inputs and by the gradients of its outputs.

    Args:
        func: As for :func:`gradcheck`.
        inputs: As for :func:`gradcheck`.
        grad_outputs: A gradient for each floating output; random by default.
        eps: As for :func:`gradcheck`.
        atol: As for :func:`gradcheck`.
        rtol: As for :func:`gradcheck`.
        gen_non_contig_grad_outputs: Make the random ones not contiguous.
        raise_exception: As for :func:`gradcheck`.
        nondet_tol: As for :func:`gradcheck`.
        check_undefined_grad: As for :func:`gradcheck`.
        check_grad_dtypes: As for :func:`gradcheck`.
        check_batched_grad: As for :func:`gradcheck`.
        check_fwd_over_rev: Check the derivatives of the gradients along directions, in forward mode.
        check_rev_over_rev: Check the gradients of the gradients.
        fast_mode: As for :func:`gradcheck`.
        masked: As for :func:`gradcheck`.

    Returns:
        True; or False where the check fails and ``raise_exception`` is False.

    Raises:
        RuntimeError: A gradient is wrong (as ``GradcheckError``), or inputs overlap in memory.
        ValueError: No input requires grad, or something is asked for that is not offered.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise ArgumentError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        sent = tuple(_random_gradient(out, rng, gen_non_contig_grad_outputs) for out in _outputs(func, given))
    else:
        sent = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)

    def gradients(*args: Any) -> tuple[Tensor, ...]:
        tensors, cotangents = args[: len(given)], args[len(given) :]
        wanted = [t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
        found = autograd.grad(_outputs(func, tensors), wanted, cotangents, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients,
        (*given, *sent),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _checked_inputs(given: tuple[Any, ...]) -> list[Tensor]:
    checked = []
    for i, x in enumerate(given):
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        if x.dtype not in _PRECISE:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex.",
                UserWarning,
                stacklevel=4,
            )
        if x.numel() and any(stride == 0 and size > 1 for stride, size in zip(x.stride(), x.shape, strict=True)):
            raise GradError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )
        checked.append(x)
    if not checked:
        raise ArgumentError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    return checked


def _outputs(func: Function, args: Sequence[Any]) -> list[Tensor]:
    """The results that can have a gradient."""
    found = func(*args)
    results = [found] if isinstance(found, Tensor) else list(found)
    for result in results:
        if not isinstance(result, Tensor):
            raise ArgumentTypeError(f"func must return a Tensor or a sequence of Tensors, got {type(result).__name__}")
    return [r for r in results if r.array.dtype in dtypes.DIFFERENTIABLE]


def _random_gradient(out: Tensor, rng: np.random.Generator, gaps: bool) -> Tensor:
    values = random_like(out.array, rng)
    if gaps and values.ndim:
        values = np.repeat(values, 2, -1)[..., ::2]
    return Tensor._wrap(values.copy() if not gaps else values, True)


def _check(
    func: Function,
    given: tuple[Any, ...],
    checked: list[Tensor],
    changed: list[list[np.ndarray]],
    close: Callable[..., bool],
    nondet_tol: float,
    undefined: bool,
    same_dtypes: bool,
    fast: bool,
) -> None:
    outputs = _outputs(func, given)
    probes = [list(_combined(out) if fast else _each_element(out)) for out in outputs]
    for j, (x, changes) in enumerate(zip(checked, changed, strict=True)):
        for i, (out, cotangents) in enumerate(zip(outputs, probes, strict=True)):
            numerical = _columns([_projected(changes[i], c) for c in cotangents], x)
            if not out.requires_grad:
                if not close(numerical, 0):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
                continue
            analytical = _analytical(out, x, cotangents, same_dtypes)
            again = _analytical(out, x, cotangents, same_dtypes)
            if np.max(np.abs(again - analytical), initial=0) > nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                    f"times gives different values, for output {i} and input {j}. The tolerance for nondeterminism "
                    f"was {nondet_tol}."
                )
            if fast:  # one combination of the input's elements too
                direction = random_like(np.empty(numerical.shape[:-1]), np.random.default_rng(1))[..., None]
                numerical, analytical = ((direction * m).sum().reshape(1, 1) for m in (numerical, analytical))
            if not close(analytical, numerical):
                rows = -1 if numerical.size else 0
                raise GradcheckError(
                    f"Jacobian mismatch for output {i} with respect to input {j},\n"
                    f"numerical:{numerical.reshape(rows, numerical.shape[-1])}\n"
                    f"analytical:{analytical.reshape(rows, analytical.shape[-1])}\n"
                )
    if undefined:
        _check_undefined(outputs, checked)


def _each_element(out: Tensor) -> Iterator[np.ndarray]:
    """A gradient of 1 for each element of ``out`` in turn; for complex ones also of 1j."""
    for unit in (1, 1j) if out.is_complex() else (1,):
        for i in np.ndindex(*out.shape):
            cotangent = np.zeros(out.shape, out.array.dtype)
            cotangent[i] = unit
            yield cotangent


def _combined(out: Tensor) -> Iterator[np.ndarray]:
    yield random_like(out.array, np.random.default_rng(2))


def _central_differences(results: Callable[[], list[np.ndarray]], x: Tensor, eps: float) -> list[np.ndarray]:
    """For each result its change per change of each element of ``x``: of shape ``(parts of x…, *result)``."""
    shape = parts(x.array).shape
    found: dict[tuple[int, ...], list[np.ndarray]] = {}
    for i in np.ndindex(*shape):
        step = (eps, 1j * eps)[i[0]]
        kept = x.array[i[1:]]
        try:
            x.array[i[1:]] = kept + step
            above = results()
            x.array[i[1:]] = kept - step
            below = results()
        finally:
            x.array[i[1:]] = kept
        found[i] = [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]
    return [
        np.array([found[i][k] for i in np.ndindex(*shape)]).reshape(*shape, *result.shape)
        for k, result in enumerate(results())
    ]


def _projected(change: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    """How the real inner product of a result with ``cotangent`` changes."""
    return (change * cotangent.conj()).sum(tuple(range(change.ndim - cotangent.ndim, change.ndim))).real


def _columns(columns: list[np.ndarray], x: Tensor) -> np.ndarray:
    return np.stack(columns, -1) if columns else np.empty((*parts(x.array).shape, 0))


def _analytical(out: Tensor, x: Tensor, cotangents: list[np.ndarray], same_dtypes: bool) -> np.ndarray:
    columns = []
    for cotangent in cotangents:
        (gradient,) = autograd.grad(out, x, Tensor._wrap(cotangent), retain_graph=True, allow_unused=True)
        if gradient is not None and same_dtypes and gradient.dtype != x.dtype:
            raise GradcheckError(f"a gradient has dtype {gradient.dtype}, expected its input's {x.dtype}")
        columns.append(parts(np.zeros_like(x.array) if gradient is None else gradient.array))
    return _columns(columns, x)


def _check_undefined(outputs: list[Tensor], checked: list[Tensor]) -> None:
    """A gradient for one output alone is the same as zeros for the others."""
    roots = [o for o in outputs if o.requires_grad]
    for i, out in enumerate(roots if len(roots) > 1 else ()):
        one = random_like(out.array, np.random.default_rng(3))
        # by place: a function may give one tensor twice, as the gradients of two biases that are added
        whole = [Tensor._wrap(one if k == i else np.zeros_like(o.array)) for k, o in enumerate(roots)]
        alone = autograd.grad(out, checked, Tensor._wrap(one), retain_graph=True, allow_unused=True)
        padded = autograd.grad(roots, checked, whole, retain_graph=True, allow_unused=True)
        for a, b in zip(alone, padded, strict=True):
            if not np.allclose(0 if a is None else a.array, 0 if b is None else b.array):
                raise GradcheckError(
                    "Expected an output without a gradient to be treated as one with a gradient of zeros, but the "
                    "gradients differ"
                )


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
