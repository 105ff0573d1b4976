"""Adadelta."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_flags, check_lr
from lamella.optim.rows import counted_rows, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def adadelta_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, square_avg, acc_delta)``."""
    direction = descent(xp, constant, weight_decay, maximize)
    multiply, add = xp.multiply, xp.add
    rate, keep, let_in, floor = constant(lr), constant(rho), constant(1 - rho), constant(eps)

    def average_in(average: Any, value: Any, scratch: Any) -> None:
        """Average = rho average + (1 - rho) value²."""
        multiply(value, value, out=scratch)
        multiply(scratch, let_in, out=scratch)
        multiply(average, keep, out=average)
        add(average, scratch, out=average)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, square_avg: Any, acc_delta: Any) -> None:
        grad = direction(spare, param, grad)
        average_in(square_avg, grad, scratch)
        # delta = sqrt((acc_delta + eps) / (square_avg + eps)) grad, with two roots: the quotient could overflow
        delta = xp.sqrt(add(square_avg, floor, out=scratch), out=scratch)
        grad = xp.divide(grad, delta, out=spare)
        xp.sqrt(add(acc_delta, floor, out=scratch), out=scratch)
        delta = multiply(grad, scratch, out=spare)
        average_in(acc_delta, delta, scratch)
        # param -= lr delta
        xp.subtract(param, multiply(delta, rate, out=scratch), out=param)

    return apply


class Adadelta(Optimizer):
    r"""Adadelta: steps as large as the recent steps were, in units of the recent gradients.

    With g the gradient plus ``weight_decay`` times the parameter p::

        s = rho s + (1 - rho) g²
        d = sqrt(a + eps) / sqrt(s + eps) g
        a = rho a + (1 - rho) d²
        p = p - lr d

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Factor of the step: a number, or a Tensor of one element.
        rho: How much of the averages to keep in a step.
        eps: Added under both roots.
        weight_decay: Factor of the L2 penalty.
        foreach, capturable, differentiable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Adadelta([w], eps=0.01)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.6840], requires_grad=True)

    Reference:
        M. D. Zeiler: ADADELTA: an adaptive learning rate method, 2012, https://arxiv.org/abs/1212.5701, algorithm 1,
        with a factor ``lr`` of the step.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ArgumentError(f"Invalid rho value: {rho} (expected a number from 0 to 1)")
        check_at_least_0("epsilon value", eps)
        check_at_least_0("weight_decay value", weight_decay)
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            for rows in counted_rows(self, group, {"square_avg": 0.0, "acc_delta": 0.0}).values():
                adadelta_step(
                    rows,
                    lr=rate_of(group),
                    rho=group["rho"],
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    maximize=group["maximize"],
                )
        return loss
