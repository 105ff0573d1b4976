"""Muon: momentum, made orthogonal."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_lr
from lamella.optim.rows import filled_like
from lamella.optim.update import Apply, Update

#: How to scale the rate by the shape of the parameter: its name, and the factor for so many rows and columns.
ADJUSTMENTS: dict[str, Callable[[int, int], float]] = {
    "original": lambda rows, columns: math.sqrt(max(1.0, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


def to_bfloat16(xp: Any, array: Any) -> Any:
    """The nearest numbers with the 8 significant bits of a bfloat16, ties to even, as float32."""
    bits = array.astype(xp.float32).view(xp.uint32)
    half = xp.uint32(0x7FFF) + ((bits >> xp.uint32(16)) & xp.uint32(1))
    return ((bits + half) & xp.uint32(0xFFFF0000)).view(xp.float32)


def orthogonalized(xp: Any, matrix: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """About U Vᵀ for ``matrix`` = U S Vᵀ, by Newton and Schulz's iteration, with bfloat16's precision.

    The iteration x ↦ a x + b x³ + c x⁵ on the singular values brings them near 1. Every product is rounded to
    bfloat16, which PyTorch computes in; sums run in float32 in both.
    """
    a, b, c = coefficients
    x = to_bfloat16(xp, matrix)
    if x.shape[0] > x.shape[1]:
        x = x.T
    norm = to_bfloat16(xp, xp.linalg.vector_norm(x, keepdims=True))
    x = to_bfloat16(xp, x / xp.maximum(norm, to_bfloat16(xp, xp.asarray(eps))))
    for _ in range(steps):
        gram = to_bfloat16(xp, x @ x.T)
        polynomial = to_bfloat16(xp, b * gram + c * (gram @ gram))
        x = to_bfloat16(xp, a * x + polynomial @ x)
    return x if x.shape == matrix.shape else x.T


@functools.partial(Update, elementwise=False)
def muon_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    lr: float,
    weight_decay: float,
    momentum: float,
    nesterov: bool,
    coefficients: tuple[float, float, float],
    eps: float,
    ns_steps: int,
    adjustment: Callable[[int, int], float],
) -> Apply:
    """Rows are ``(param, grad, momentum_buffer)``."""
    let_in, keep, shrink = constant(1 - momentum), constant(momentum), constant(1 - lr * weight_decay)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, buffer: Any) -> None:
        # buffer += (1 - momentum) (grad - buffer)
        xp.subtract(grad, buffer, out=scratch)
        xp.multiply(scratch, let_in, out=scratch)
        direction = xp.add(buffer, scratch, out=buffer)
        if nesterov:
            # grad + momentum (buffer - grad)
            xp.subtract(buffer, grad, out=scratch)
            xp.multiply(scratch, keep, out=scratch)
            direction = xp.add(grad, scratch, out=scratch)
        direction = orthogonalized(xp, direction, coefficients, ns_steps, eps)
        xp.multiply(param, shrink, out=param)
        rate = constant(lr * adjustment(*param.shape))
        xp.subtract(param, xp.multiply(direction.astype(param.dtype), rate, out=scratch), out=param)

    return apply


class Muon(Optimizer):
    r"""Muon: the running average of the gradient, with all its singular values brought near 1, as the step.

    For the matrices of hidden layers; train the rest of a model with another optimizer. With g the gradient of p::

        m = momentum m + (1 - momentum) g
        d = momentum m + (1 - momentum) g         (not nesterov: d = m)
        p = (1 - lr weight_decay) p - lr s NewtonSchulz(d)

    Args:
        params: Matrices, or groups of them; see :class:`Optimizer`.
        lr: Learning rate.
        weight_decay: How much to shrink, in learning rates.
        momentum: How much of the average to keep in a step.
        nesterov: Look ahead along the average.
        ns_coefficients: The odd polynomial whose repetition brings singular values near 1.
        eps: The smallest norm to divide by.
        ns_steps: Repetitions; below 100.
        adjust_lr_fn: The factor s, for A rows and B columns: ``"original"``, also for None: ``sqrt(max(1, A / B))``;
            ``"match_rms_adamw"``: ``0.2 sqrt(max(A, B))``, with which rates and decay found for AdamW can be used.

    Raises:
        ValueError: A parameter that is no matrix, or an option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.eye(2, requires_grad=True)
        >>> optimizer = Muon([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w[0, 0] < 0.95)
        True

    Reference:
        K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse, J. Bernstein: Muon: an optimizer for hidden layers
        in neural networks, 2024, https://kellerjordan.github.io/posts/muon. ``match_rms_adamw``: J. Liu et al.: Muon is
        scalable for LLM training, 2025, https://arxiv.org/abs/2502.16982, equation 4.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        check_at_least_0("momentum value", momentum)
        check_at_least_0("weight_decay value", weight_decay)
        if adjust_lr_fn is not None and adjust_lr_fn not in ADJUSTMENTS:
            raise ArgumentError(f"Adjust learning rate function {adjust_lr_fn} is not one of {', '.join(ADJUSTMENTS)}")
        if len(ns_coefficients) != 3:
            raise ArgumentError(f"ns_coefficients must be 3 numbers, got {ns_coefficients}")
        if not ns_steps < 100:
            raise ArgumentError(f"ns_steps must be below 100, got {ns_steps}")
        options = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, options)
        for group in self.param_groups:
            for param in group["params"]:
                if param.ndim != 2:
                    raise ArgumentError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{tuple(param.shape)}. Give vectors and kernels to another optimizer."
                    )

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            rows = []
            for param in group["params"]:
                grad = param.grad
                if grad is None:
                    continue
                if param.is_complex():
                    raise ArgumentRangeError("Muon does not support complex parameters")
                state = self.state[param]
                if not state:
                    state["momentum_buffer"] = filled_like(param)
                param._bump()
                rows.append((param.array, grad.array, state["momentum_buffer"].array))
            muon_step(
                rows,
                lr=float(group["lr"]),
                weight_decay=group["weight_decay"],
                momentum=group["momentum"],
                nesterov=group["nesterov"],
                coefficients=group["ns_coefficients"],
                eps=group["eps"],
                ns_steps=group["ns_steps"],
                adjustment=ADJUSTMENTS[group["adjust_lr_fn"] or "original"],
            )
        return loss
