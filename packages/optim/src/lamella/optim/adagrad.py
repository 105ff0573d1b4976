"""Adagrad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_flags, check_lr
from lamella.optim.rows import counted_rows, first_state, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def adagrad_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    step: float,
    lr: float,
    lr_decay: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, sum)``; ``step`` counts from 1."""
    direction = descent(xp, constant, weight_decay, maximize)
    rate, floor = constant(lr / (1 + (step - 1) * lr_decay)), constant(eps)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, sum: Any) -> None:
        grad = direction(spare, param, grad)
        # sum += grad²
        xp.multiply(grad, grad, out=scratch)
        xp.add(sum, scratch, out=sum)
        # param -= rate grad / (sqrt(sum) + eps)
        xp.sqrt(sum, out=scratch)
        xp.add(scratch, floor, out=scratch)
        xp.divide(grad, scratch, out=scratch)
        xp.multiply(scratch, rate, out=scratch)
        xp.subtract(param, scratch, out=param)

    return apply


class Adagrad(Optimizer):
    r"""Adagrad: steps divided by the root of the sum of all squared gradients so far.

    With g the gradient plus ``weight_decay`` times the parameter p, in step t::

        s = s + g²
        p = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        lr_decay: How fast the learning rate falls with the steps.
        weight_decay: Factor of the L2 penalty.
        initial_accumulator_value: Where the sum starts.
        eps: Added to the divisor.
        foreach: PyTorch's choice between loops; every value means the same here, as for ``fused``: a step always
            takes all parameters of a group together, piece by piece.
        maximize: Climb instead of descend.
        differentiable: Record the step, for a gradient to pass through it; see :class:`Optimizer`.
        fused: See ``foreach``.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.9000], requires_grad=True)

    Reference:
        J. Duchi, E. Hazan, Y. Singer: Adaptive subgradient methods for online learning and stochastic optimization,
        2011, https://jmlr.org/papers/v12/duchi11a.html.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_at_least_0("lr_decay value", lr_decay)
        check_at_least_0("weight_decay value", weight_decay)
        check_at_least_0("initial_accumulator_value value", initial_accumulator_value)
        check_at_least_0("epsilon value", eps)
        check_flags(differentiable, foreach, fused)
        options = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, options)
        # As in PyTorch the sums are there before the first step, for state_dict() to save.
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param] = first_state(param, {"sum": group["initial_accumulator_value"]})

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            for step, rows in counted_rows(self, group, {"sum": group["initial_accumulator_value"]}).items():
                adagrad_step(
                    rows,
                    step=step,
                    lr=rate_of(group),
                    lr_decay=group["lr_decay"],
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    maximize=group["maximize"],
                )
        return loss
