"""RMSprop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_flags, check_lr
from lamella.optim.rows import counted_rows, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def rmsprop_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, square_avg)``; ``momentum_buffer`` follows with momentum, ``grad_avg`` if centered."""
    direction = descent(xp, constant, weight_decay, maximize)
    multiply, add, subtract = xp.multiply, xp.add, xp.subtract
    keep, let_in, floor = constant(alpha), constant(1 - alpha), constant(eps)
    rate, keep_direction = constant(lr), constant(momentum)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, square_avg: Any, *more: Any) -> None:
        grad = direction(spare, param, grad)
        # square_avg = alpha square_avg + (1 - alpha) grad²
        multiply(grad, grad, out=scratch)
        multiply(scratch, let_in, out=scratch)
        multiply(square_avg, keep, out=square_avg)
        add(square_avg, scratch, out=square_avg)
        if centered:
            # grad_avg += (1 - alpha) (grad - grad_avg)
            grad_avg = more[-1]
            subtract(grad, grad_avg, out=scratch)
            multiply(scratch, let_in, out=scratch)
            add(grad_avg, scratch, out=grad_avg)
            # the variance: square_avg - grad_avg²
            multiply(grad_avg, grad_avg, out=scratch)
            subtract(square_avg, scratch, out=scratch)
            xp.sqrt(scratch, out=scratch)
        else:
            xp.sqrt(square_avg, out=scratch)
        add(scratch, floor, out=scratch)
        xp.divide(grad, scratch, out=scratch)
        if momentum:
            buffer = more[0]
            multiply(buffer, keep_direction, out=buffer)
            add(buffer, scratch, out=buffer)
            multiply(buffer, rate, out=scratch)
        else:
            multiply(scratch, rate, out=scratch)
        subtract(param, scratch, out=param)

    return apply


class RMSprop(Optimizer):
    r"""RMSprop: steps divided by the root of a running average of the squared gradient.

    With g the gradient plus ``weight_decay`` times the parameter p::

        s = alpha s + (1 - alpha) g²
        d = g / (sqrt(s) + eps)                   (centered: g / (sqrt(s - a²) + eps), a the running average of g)
        p = p - lr d                              (momentum: v = momentum v + d; p = p - lr v)

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        alpha: How much of the averages to keep in a step.
        eps: Added to the divisor.
        weight_decay: Factor of the L2 penalty.
        momentum: How much of the last direction to keep.
        centered: Divide by the standard deviation instead.
        capturable: PyTorch's choice between loops; every value means the same here, as for ``foreach``: a step
            always takes all parameters of a group together, piece by piece.
        foreach: See ``capturable``.
        maximize: Climb instead of descend.
        differentiable: Record the step, for a gradient to pass through it; see :class:`Optimizer`.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = RMSprop([w], lr=0.1, alpha=0.75)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.8000], requires_grad=True)

    Reference:
        T. Tieleman, G. Hinton: Lecture 6.5, RMSProp, Neural networks for machine learning, 2012. The centered form:
        A. Graves: Generating sequences with recurrent neural networks, 2013, https://arxiv.org/abs/1308.0850,
        equations 38 to 45; as in PyTorch, eps is added after the root.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_at_least_0("epsilon value", eps)
        check_at_least_0("momentum value", momentum)
        check_at_least_0("weight_decay value", weight_decay)
        check_at_least_0("alpha value", alpha)
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            names = {"square_avg": 0.0}
            if group["momentum"] != 0:
                names["momentum_buffer"] = 0.0
            if group["centered"]:
                names["grad_avg"] = 0.0

            for rows in counted_rows(self, group, names).values():
                rmsprop_step(
                    rows,
                    lr=rate_of(group),
                    alpha=group["alpha"],
                    eps=group["eps"],
                    weight_decay=group["weight_decay"],
                    momentum=group["momentum"],
                    centered=group["centered"],
                    maximize=group["maximize"],
                )
        return loss
