"""Adam, and the rule that it shares with AdamW."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_betas, check_flags, check_lr
from lamella.optim.rows import counted_rows, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def adam_step(
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
    """Rows are ``(param, grad, exp_avg, exp_avg_sq)``, and with AMSGrad ``max_exp_avg_sq``; ``step`` counts from 1."""
    direction = descent(xp, constant, 0.0 if decoupled_weight_decay else weight_decay, maximize)
    multiply, add, subtract, divide, sqrt = xp.multiply, xp.add, xp.subtract, xp.divide, xp.sqrt
    shrink = constant(1 - lr * weight_decay) if decoupled_weight_decay and weight_decay else None
    # The correction of the second moment, root, moves from under the division of every element into two constants:
    # m / (sqrt(v) / root + eps) = m root / (sqrt(v) + eps root).
    root = math.sqrt(1 - beta2**step)
    rate = constant(lr * root / (1 - beta1**step))
    floor = constant(eps * root)
    let_in1 = constant(1 - beta1)
    keep2, let_in2 = constant(beta2), constant(1 - beta2)

    def apply(
        scratch: Any, spare: Any, param: Any, grad: Any, exp_avg: Any, exp_avg_sq: Any, largest: Any = None
    ) -> None:
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
        if largest is not None:
            exp_avg_sq = xp.maximum(largest, exp_avg_sq, out=largest)
        # param -= rate exp_avg / (sqrt(exp_avg_sq) + floor)
        sqrt(exp_avg_sq, out=scratch)
        add(scratch, floor, out=scratch)
        divide(exp_avg, scratch, out=scratch)
        multiply(scratch, rate, out=scratch)
        subtract(param, scratch, out=param)

    return apply


#: The state's tensors, which begin with zeros.
_AVERAGES = {"exp_avg": 0.0, "exp_avg_sq": 0.0}
_WITH_LARGEST = {**_AVERAGES, "max_exp_avg_sq": 0.0}


class Adam(Optimizer):
    r"""Adam: steps scaled by running averages of the gradient and of its square.

    With g the gradient plus ``weight_decay`` times the parameter p, in step t::

        m = β1 m + (1 - β1) g
        v = β2 v + (1 - β2) g²
        p = p - lr (m / (1 - β1ᵗ)) / (sqrt(v / (1 - β2ᵗ)) + eps)

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of the averages to keep in a step, β1 and β2.
        eps: Added to the divisor.
        weight_decay: Factor of the L2 penalty.
        amsgrad: Divide by the largest v so far.
        foreach: PyTorch's choice between loops; every value means the same here, as for ``fused`` and ``capturable``:
            a step always takes all parameters of a group together, piece by piece.
        maximize: Climb instead of descend.
        capturable: See ``foreach``.
        differentiable: Record the step, for a gradient to pass through it; see :class:`Optimizer`.
        fused: See ``foreach``.
        decoupled_weight_decay: Shrink the parameters by ``lr * weight_decay`` instead of adding to g: AdamW.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.9000], requires_grad=True)

    Reference:
        D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, 2015, https://arxiv.org/abs/1412.6980,
        algorithm 1. AMSGrad: S. J. Reddi, S. Kale, S. Kumar: On the convergence of Adam and beyond, 2018,
        https://openreview.net/forum?id=ryQu7f-RZ; as in PyTorch the largest v is taken before its correction.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_lr(lr)
        check_at_least_0("epsilon value", eps)
        check_betas(betas)
        check_at_least_0("weight_decay value", weight_decay)
        if not any(all(isinstance(beta, kind) for beta in betas) for kind in (float, Tensor)):
            raise ArgumentError(f"betas must be either both floats or both Tensors, got {betas}")
        check_flags(differentiable, foreach, fused)
        options = {
            "lr": lr,
            "betas": (float(betas[0]), float(betas[1])),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            names = _WITH_LARGEST if group["amsgrad"] else _AVERAGES
            for step, rows in counted_rows(self, group, names).items():
                adam_step(
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
