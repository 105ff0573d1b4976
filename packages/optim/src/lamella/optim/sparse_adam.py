"""SparseAdam: Adam for sparse gradients, of which there are none here."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_betas, check_lr


class SparseAdam(Optimizer):
    """Adam that updates the elements in a sparse gradient only. Its steps refuse dense gradients, as PyTorch's do.

    Gradients here are always dense, those of :class:`~lamella.nn.Embedding` too, so a step that finds a gradient
    says so and names what to use instead. The class is there for its options to be read and its state to be kept.

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of the averages to keep in a step.
        eps: Added to the divisor; above 0.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = SparseAdam([w])
        >>> optimizer.step()  # no gradient, nothing to do
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        if not eps > 0:
            raise ArgumentError(f"Invalid epsilon value: {eps} (expected a number above 0)")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        if any(param.grad is not None for group in self.param_groups for param in group["params"]):
            raise ArgumentRangeError(
                "SparseAdam does not support dense gradients, and all gradients here are dense. Use Adam: it also "
                "moves the rows without a gradient, by their averages."
            )
        return loss
