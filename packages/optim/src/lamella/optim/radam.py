"""RAdam: rectified Adam."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_betas, check_flags, check_lr
from lamella.optim.rows import counted_rows, rate_of
from lamella.optim.update import Apply, Update, descent


def rectification(step: float, beta2: float) -> float | None:
    """By how much to shorten a step, for the variance of the average of squares; None as long as that is unknown."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / (1 - beta2**step)
    if length <= 5:  # the paper has 4; PyTorch and the authors' program have 5
        return None
    shorter = (length - 4) * (length - 2) * longest
    return math.sqrt(shorter / ((longest - 4) * (longest - 2) * length))


@Update
def radam_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    step: float,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled_weight_decay: bool,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, exp_avg, exp_avg_sq)``; ``step`` counts from 1."""
    direction = descent(xp, constant, 0.0 if decoupled_weight_decay else weight_decay, maximize)
    multiply, add, subtract = xp.multiply, xp.add, xp.subtract
    shrink = constant(1 - lr * weight_decay) if decoupled_weight_decay and weight_decay else None
    rectified = rectification(step, beta2)
    rate = lr / (1 - beta1**step)
    rate = constant(rate if rectified is None else rate * rectified * math.sqrt(1 - beta2**step))
    floor = constant(eps)
    let_in1, keep2, let_in2 = constant(1 - beta1), constant(beta2), constant(1 - beta2)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, exp_avg: Any, exp_avg_sq: Any) -> None:
        if shrink is not None:
            multiply(param, shrink, out=param)
        grad = direction(spare, param, grad)
        # exp_avg += (1 - beta1) (grad - exp_avg)
        subtract(grad, exp_avg, out=scratch)
        multiply(scratch, let_in1, out=scratch)
        add(exp_avg, scratch, out=exp_avg)
        # exp_avg_sq = beta2 exp_avg_sq + (1 - beta2) grad²
        multiply(grad, grad, out=scratch)
        multiply(scratch, let_in2, out=scratch)
        multiply(exp_avg_sq, keep2, out=exp_avg_sq)
        add(exp_avg_sq, scratch, out=exp_avg_sq)
        # param -= rate exp_avg, divided by sqrt(exp_avg_sq) + eps if rectified
        multiply(exp_avg, rate, out=spare)
        if rectified is not None:
            xp.sqrt(exp_avg_sq, out=scratch)
            add(scratch, floor, out=scratch)
            xp.divide(spare, scratch, out=spare)
        subtract(param, spare, out=param)

    return apply


class RAdam(Optimizer):
    r"""RAdam: Adam that takes plain momentum steps until its average of squared gradients can be trusted.

    With g the gradient plus ``weight_decay`` times the parameter p, m and v the averages of :class:`Adam`, in step t::

        ρ∞ = 2 / (1 - β2) - 1
        ρ = ρ∞ - 2 t β2ᵗ / (1 - β2ᵗ)
        r = sqrt((ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ))
        p = p - lr r (m / (1 - β1ᵗ)) sqrt(1 - β2ᵗ) / (sqrt(v) + eps)          if ρ > 5
        p = p - lr m / (1 - β1ᵗ)                                              otherwise

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of the averages to keep in a step, β1 and β2.
        eps: Added to the divisor.
        weight_decay: Factor of the L2 penalty.
        decoupled_weight_decay: Shrink the parameters by ``lr * weight_decay`` instead of adding to g.
        foreach, capturable, differentiable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.2000], requires_grad=True)

    Reference:
        L. Liu, H. Jiang, P. He, W. Chen, X. Liu, J. Gao, J. Han: On the variance of the adaptive learning rate and
        beyond, 2020, https://arxiv.org/abs/1908.03265, algorithm 2.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_at_least_0("epsilon value", eps)
        check_betas(betas)
        check_at_least_0("weight_decay value", weight_decay)
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for step, rows in counted_rows(self, group, {"exp_avg": 0.0, "exp_avg_sq": 0.0}).items():
                radam_step(
                    rows,
                    step=step,
                    lr=rate_of(group),
                    beta1=beta1,
                    beta2=beta2,
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    decoupled_weight_decay=group["decoupled_weight_decay"],
                    maximize=group["maximize"],
                )
        return loss
