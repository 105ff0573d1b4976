"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_betas, check_flags, check_lr
from lamella.optim.rows import numbered_rows, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def nadam_step(
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
    grad_share: float,
    average_share: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, exp_avg, exp_avg_sq)``; the shares weigh gradient and average in the step."""
    direction = descent(xp, constant, 0.0 if decoupled_weight_decay else weight_decay, maximize)
    multiply, add, subtract = xp.multiply, xp.add, xp.subtract
    shrink = constant(1 - lr * weight_decay) if decoupled_weight_decay and weight_decay else None
    # sqrt(v / (1 - beta2ᵗ)) + eps = (sqrt(v) + eps root) / root; the root goes into the rates
    root = math.sqrt(1 - beta2**step)
    grad_rate, average_rate = constant(lr * root * grad_share), constant(lr * root * average_share)
    floor = constant(eps * root)
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
        # param -= (grad_rate grad + average_rate exp_avg) / (sqrt(exp_avg_sq) + floor)
        multiply(grad, grad_rate, out=spare)
        multiply(exp_avg, average_rate, out=scratch)
        add(spare, scratch, out=spare)
        xp.sqrt(exp_avg_sq, out=scratch)
        add(scratch, floor, out=scratch)
        subtract(param, xp.divide(spare, scratch, out=scratch), out=param)

    return apply


class NAdam(Optimizer):
    r"""NAdam: Adam whose step looks ahead along its average, as Nesterov momentum does.

    With g the gradient plus ``weight_decay`` times the parameter p, in step t::

        μₜ = β1 (1 - 0.96^(t momentum_decay) / 2)
        m = β1 m + (1 - β1) g
        v = β2 v + (1 - β2) g²
        d = (1 - μₜ) / (1 - μ₁ … μₜ) g + μₜ₊₁ / (1 - μ₁ … μₜ₊₁) m
        p = p - lr d / (sqrt(v / (1 - β2ᵗ)) + eps)

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of the averages to keep in a step, β1 and β2.
        eps: Added to the divisor.
        weight_decay: Factor of the L2 penalty.
        momentum_decay: How fast μ grows from β1 / 2 to β1.
        decoupled_weight_decay: Shrink the parameters by ``lr * weight_decay`` instead of adding to g.
        foreach, capturable, differentiable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.8944], requires_grad=True)

    Reference:
        T. Dozat: Incorporating Nesterov momentum into Adam, 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ,
        algorithm 2.
    """

    _numbers = ("step", "mu_product")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_at_least_0("momentum_decay value", momentum_decay)
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            names, numbers = {"exp_avg": 0.0, "exp_avg_sq": 0.0}, {"mu_product": 1.0}
            for (step, _), states, rows in numbered_rows(self, group, names, numbers):
                mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"])) for t in (step, step + 1))
                for state in states:
                    state["mu_product"].array[...] *= mu
                mu_product = states[0]["mu_product"].item()
                nadam_step(
                    rows,
                    step=step,
                    lr=rate_of(group),
                    beta1=beta1,
                    beta2=beta2,
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    decoupled_weight_decay=group["decoupled_weight_decay"],
                    grad_share=(1 - mu) / (1 - mu_product),
                    average_share=mu_next / (1 - mu_product * mu_next),
                    maximize=group["maximize"],
                )
        return loss
