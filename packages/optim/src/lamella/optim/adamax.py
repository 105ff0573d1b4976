"""Adamax: Adam with the infinity norm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_betas, check_flags, check_lr
from lamella.optim.rows import counted_rows, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def adamax_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    step: float,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, exp_avg, exp_inf)``; ``step`` counts from 1."""
    direction = descent(xp, constant, weight_decay, maximize)
    rate = constant(lr / (1 - beta1**step))
    let_in1, keep2, floor = constant(1 - beta1), constant(beta2), constant(eps)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, exp_avg: Any, exp_inf: Any) -> None:
        grad = direction(spare, param, grad)
        # exp_avg += (1 - beta1) (grad - exp_avg)
        xp.subtract(grad, exp_avg, out=scratch)
        xp.multiply(scratch, let_in1, out=scratch)
        xp.add(exp_avg, scratch, out=exp_avg)
        # exp_inf = max(beta2 exp_inf, |grad| + eps)
        xp.absolute(grad, out=scratch)
        xp.add(scratch, floor, out=scratch)
        xp.multiply(exp_inf, keep2, out=exp_inf)
        xp.maximum(exp_inf, scratch, out=exp_inf)
        # param -= rate exp_avg / exp_inf
        xp.divide(exp_avg, exp_inf, out=scratch)
        xp.multiply(scratch, rate, out=scratch)
        xp.subtract(param, scratch, out=param)

    return apply


class Adamax(Optimizer):
    r"""Adamax: Adam that divides by the largest recent gradient instead of the root of the mean square.

    With g the gradient plus ``weight_decay`` times the parameter p, in step t::

        m = β1 m + (1 - β1) g
        u = max(β2 u, |g| + eps)
        p = p - lr / (1 - β1ᵗ) m / u

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of m and of u to keep in a step.
        eps: Added to the gradient's size.
        weight_decay: Factor of the L2 penalty.
        foreach, differentiable, capturable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.9000], requires_grad=True)

    Reference:
        D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, 2015, https://arxiv.org/abs/1412.6980,
        algorithm 2. As in PyTorch eps keeps the divisor from 0.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
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
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for step, rows in counted_rows(self, group, {"exp_avg": 0.0, "exp_inf": 0.0}).items():
                adamax_step(
                    rows,
                    step=step,
                    lr=rate_of(group),
                    beta1=beta1,
                    beta2=beta2,
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    maximize=group["maximize"],
                )
        return loss
