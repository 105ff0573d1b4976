"""ASGD: averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_flags, check_lr
from lamella.optim.rows import numbered_rows
from lamella.optim.update import Apply, Update, descent


@Update
def asgd_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    eta: float,
    mu: float,
    lambd: float,
    weight_decay: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, ax)``, ax the average; ``eta`` is this step's rate, ``mu`` the average's."""
    direction = descent(xp, constant, weight_decay, maximize)
    rate, shrink, let_in = constant(eta), constant(1 - lambd * eta), constant(mu)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, ax: Any) -> None:
        grad = direction(spare, param, grad)
        # param = (1 - lambd eta) param - eta grad
        xp.multiply(param, shrink, out=param)
        xp.subtract(param, xp.multiply(grad, rate, out=scratch), out=param)
        # ax += mu (param - ax)
        if mu == 1:  # the average has not begun: exactly the parameter
            xp.positive(param, out=ax)
        else:
            xp.subtract(param, ax, out=scratch)
            xp.add(ax, xp.multiply(scratch, let_in, out=scratch), out=ax)

    return apply


class ASGD(Optimizer):
    r"""Gradient descent with a falling rate, which keeps the average of the parameters over its late steps.

    With g the gradient plus ``weight_decay`` times the parameter p, in step t::

        p = (1 - lambd η) p - η g                 (η = lr in the first step)
        a = a + μ (p - a)                         (μ = 1 in the first step)
        η = lr / (1 + lambd lr t)^alpha
        μ = 1 / max(1, t - t0)

    The average a is ``optimizer.state[p]["ax"]``; nothing here puts it into the parameter.

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        lambd: How fast the rate falls, and how much the parameters shrink.
        alpha: Power of the fall.
        t0: The step after which the average begins.
        weight_decay: Factor of the L2 penalty.
        foreach, differentiable, capturable: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = ASGD([w], lr=0.1, lambd=0.0)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.2000], requires_grad=True)

    Reference:
        B. T. Polyak, A. B. Juditsky: Acceleration of stochastic approximation by averaging, 1992,
        https://doi.org/10.1137/0330046. The rate's fall: L. Bottou: Large-scale machine learning with stochastic
        gradient descent, 2010, section 5.
    """

    _numbers = ("step", "eta", "mu")

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_at_least_0("weight_decay value", weight_decay)
        check_flags(differentiable, foreach, None)
        options = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
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
            lr, lambd = float(group["lr"]), group["lambd"]
            for (step, eta, mu), states, rows in numbered_rows(self, group, {"ax": 0.0}, {"eta": lr, "mu": 1.0}):
                asgd_step(
                    rows,
                    eta=eta,
                    mu=mu,
                    lambd=lambd,
                    weight_decay=group["weight_decay"],
                    maximize=group["maximize"],
                )
                for state in states:
                    state["eta"].array.fill(lr / (1 + lambd * lr * step) ** group["alpha"])
                    state["mu"].array.fill(1 / max(1.0, step - group["t0"]))
        return loss
