"""Rprop: resilient backpropagation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_flags, check_lr
from lamella.optim.rows import counted_rows
from lamella.optim.update import Apply, Update, descent


@Update
def rprop_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    shrink: float,
    grow: float,
    smallest: float,
    largest: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, prev, step_size)``."""
    direction = descent(xp, constant, 0.0, maximize)
    zero, less, same, more = constant(0.0), constant(shrink), constant(1.0), constant(grow)
    low, high = constant(smallest), constant(largest)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, prev: Any, step_size: Any) -> None:
        grad = direction(spare, param, grad)
        agreement = xp.multiply(grad, prev, out=scratch)
        turned = xp.less(agreement, zero)
        factor = xp.where(turned, less, xp.where(xp.greater(agreement, zero), more, same))
        xp.multiply(step_size, factor, out=step_size)
        xp.minimum(xp.maximum(step_size, low, out=step_size), high, out=step_size)
        # where the sign turned, stay, and forget the gradient
        xp.positive(xp.where(turned, zero, grad), out=prev)
        # param -= sign(grad) step_size
        xp.multiply(xp.sign(prev, out=scratch), step_size, out=scratch)
        xp.subtract(param, scratch, out=param)

    return apply


class Rprop(Optimizer):
    r"""Rprop: steps along the sign of the gradient, each element with a step size of its own.

    With g the gradient, and s the step size, which begins with ``lr``::

        s = s η+ where g kept its sign, s η- where it changed, and within the bounds
        g = 0 where it changed its sign
        p = p - sign(g) s

    It is for gradients of all the data; those of small batches change their signs by chance.

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: The first step size: a number, or a Tensor of one element.
        etas: The factors η- and η+.
        step_sizes: The smallest and the largest step size.
        capturable, foreach, differentiable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Rprop([w], lr=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> w
        tensor([2.9000], requires_grad=True)

    Reference:
        M. Riedmiller, H. Braun: A direct adaptive method for faster backpropagation learning: the RPROP algorithm,
        1993, https://doi.org/10.1109/ICNN.1993.298623. As in PyTorch a step is not taken back where the sign turned.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ArgumentError(f"Invalid eta values: {etas[0]}, {etas[1]} (expected 0 < the first < 1 < the second)")
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            shrink, grow = group["etas"]
            smallest, largest = group["step_sizes"]
            for rows in counted_rows(self, group, {"prev": 0.0, "step_size": float(group["lr"])}).values():
                rprop_step(
                    rows, shrink=shrink, grow=grow, smallest=smallest, largest=largest, maximize=group["maximize"]
                )
        return loss
