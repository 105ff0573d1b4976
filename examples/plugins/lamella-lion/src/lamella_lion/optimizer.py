"""Lion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lamella
from lamella.core.errors import ArgumentError
from lamella.optim import Optimizer


class Lion(Optimizer):
    """Step by the sign of a blend of the gradient and its running average.

    With g the gradient of the parameter p::

        c = β1 m + (1 - β1) g
        p = p - lr (sign(c) + weight_decay p)
        m = β2 m + (1 - β2) g

    Args:
        params: Parameters, or groups of them; see ``lamella.optim.Optimizer``.
        lr: Learning rate; a third to a tenth of Adam's.
        betas: β1 and β2.
        weight_decay: By how much parameters shrink in a step, times ``lr``.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0, -1.0], requires_grad=True)
        >>> optimizer = Lion([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [3.5, -0.5]

    Reference:
        X. Chen and others: Symbolic discovery of optimization algorithms, 2023, https://arxiv.org/abs/2302.06675,
        algorithm 2.
    """

    def __init__(
        self, params: Any, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.0
    ) -> None:
        for what, value in (("learning rate", lr), ("weight_decay value", weight_decay)):
            if not value >= 0:
                raise ArgumentError(f"Invalid {what}: {value} (expected a number of at least 0)")
        for i, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ArgumentError(f"Invalid beta parameter at index {i}: {beta} (expected at least 0 and below 1)")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @lamella.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once, by their gradients.

        Args:
            closure: Computes the loss and its gradients anew; called first.

        Returns:
            The closure's result, or None.
        """
        loss = None
        if closure is not None:
            with lamella.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for param in group["params"]:
                if param.grad is None:
                    continue
                state = self.state[param]
                if not state:
                    state["exp_avg"] = lamella.zeros_like(param)
                average = state["exp_avg"]
                direction = lamella.lerp(average, param.grad, 1 - beta1).sign_()
                param.mul_(1 - group["lr"] * group["weight_decay"])
                param.sub_(direction, alpha=group["lr"])
                average.lerp_(param.grad, 1 - beta2)
        return loss
