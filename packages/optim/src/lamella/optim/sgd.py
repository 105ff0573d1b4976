"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_flags, check_lr
from lamella.optim.rows import filled_like, rate_of
from lamella.optim.update import Apply, Update, descent


@Update
def sgd_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad)``, or ``(param, grad, momentum_buffer)`` if ``momentum`` isn't 0."""
    direction = descent(xp, constant, weight_decay, maximize)
    multiply, add, subtract = xp.multiply, xp.add, xp.subtract
    rate = constant(lr)

    def plain(scratch: Any, spare: Any, param: Any, grad: Any) -> None:
        multiply(direction(spare, param, grad), rate, out=scratch)
        subtract(param, scratch, out=param)

    if not momentum:
        return plain

    keep = constant(momentum)
    let_in = None if dampening == 0 else constant(1 - dampening)

    def with_momentum(scratch: Any, spare: Any, param: Any, grad: Any, buffer: Any) -> None:
        grad = direction(spare, param, grad)
        multiply(buffer, keep, out=buffer)
        add(buffer, grad if let_in is None else multiply(grad, let_in, out=scratch), out=buffer)
        if nesterov:
            multiply(buffer, keep, out=scratch)
            add(scratch, grad, out=scratch)
            multiply(scratch, rate, out=scratch)
        else:
            multiply(buffer, rate, out=scratch)
        subtract(param, scratch, out=param)

    return with_momentum


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum if wanted.

    With g the gradient plus ``weight_decay`` times the parameter p::

        v = momentum v + (1 - dampening) g        (v = g in the first step)
        p = p - lr v                              (nesterov: p - lr (g + momentum v))

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        momentum: How much of the last direction to keep.
        dampening: How much of the gradient to leave out of the direction, from the second step on.
        weight_decay: Factor of the L2 penalty.
        nesterov: Look ahead along the direction.
        maximize: Climb instead of descend.
        foreach: PyTorch's choice between loops; every value means the same here, as for ``fused``: a step always
            takes all parameters of a group together, piece by piece.
        differentiable: Record the step, for a gradient to pass through it; see :class:`Optimizer`.
        fused: See ``foreach``.

    Raises:
        ValueError: An option out of its range, or ``nesterov`` without momentum or with dampening.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = SGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.2000], requires_grad=True)

    Reference:
        I. Sutskever, J. Martens, G. Dahl, G. Hinton: On the importance of initialization and momentum in deep
        learning, 2013, https://proceedings.mlr.press/v28/sutskever13.html. As in PyTorch the learning rate
        multiplies the whole direction when it is used, not the gradient when it enters the direction.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_at_least_0("momentum value", momentum)
        check_at_least_0("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError(
                "Nesterov momentum requires a momentum and zero dampening, "
                f"got momentum={momentum} and dampening={dampening}"
            )
        check_flags(differentiable, foreach, fused)
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            begun, rows = self._rows(group)
            options = {
                "lr": rate_of(group),
                "momentum": group["momentum"],
                "weight_decay": float(group["weight_decay"]),
                "nesterov": group["nesterov"],
                "maximize": group["maximize"],
            }
            # The first direction is the gradient: a buffer of zeros and no dampening come to that.
            sgd_step(begun, dampening=0, **options)
            sgd_step(rows, dampening=group["dampening"], **options)
        return loss

    def _rows(self, group: dict[str, Any]) -> tuple[list[Any], list[Any]]:
        """The rows of the parameters that take their first step with momentum, and of the others."""
        begun: list[Any] = []
        rows: list[Any] = []
        momentum, differentiable = group["momentum"] != 0, group["differentiable"]
        row: tuple[Any, ...]
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if differentiable:
                row = param, grad
            else:
                param._bump()
                row = param.array, grad.array
            if not momentum:
                rows.append(row)
                continue
            state = self.state[param]
            buffer = state.get("momentum_buffer")
            chosen = rows
            if buffer is None:  # PyTorch's files may hold a None
                buffer = state["momentum_buffer"] = filled_like(param)
                chosen = begun
            chosen.append((*row, buffer if differentiable else buffer.array))
        return begun, rows
