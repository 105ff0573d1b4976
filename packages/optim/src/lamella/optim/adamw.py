"""AdamW: Adam with decoupled weight decay."""

from __future__ import annotations

from lamella.core.tensor import Tensor
from lamella.optim.adam import Adam
from lamella.optim.optimizer import Params


class AdamW(Adam):
    """Adam that shrinks the parameters by a factor of ``1 - lr * weight_decay`` in each step.

    All else is as in :class:`Adam`, of which this is a subclass because it is one in PyTorch.

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: Learning rate: a number, or a Tensor of one element.
        betas: How much of the averages to keep in a step.
        eps: Added to the divisor.
        weight_decay: How much to shrink, in learning rates.
        amsgrad: Divide by the largest average so far.
        maximize: Climb instead of descend.
        foreach: No effect, as ``capturable`` and ``fused``; see :class:`Adam`.
        capturable: See ``foreach``.
        differentiable: Record the step, for a gradient to pass through it; see :class:`Optimizer`.
        fused: See ``foreach``.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.7000], requires_grad=True)

    Reference:
        I. Loshchilov, F. Hutter: Decoupled weight decay regularization, 2019, https://arxiv.org/abs/1711.05101,
        algorithm 2, with the schedule multiplier in ``lr``, which therefore scales the decay too.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
