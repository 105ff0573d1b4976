"""Bounds for gradients, so that one bad batch does not throw the parameters far away."""

from __future__ import annotations

import math
from collections.abc import Iterable

from lamella.core.errors import NonFiniteError
from lamella.core.modes import no_grad
from lamella.core.ops.creation import tensor
from lamella.core.ops.linalg.norms import vector_norm
from lamella.core.ops.pieces import stack
from lamella.core.tensor import Tensor

#: One parameter, or any number of them.
Tensors = Tensor | Iterable[Tensor]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all elements of some tensors, as if they were one vector.

    Args:
        tensors: Floating-point or complex tensors of any shapes.
        norm_type: Order of the norm; ``inf`` gives the largest size.
        error_if_nonfinite: Refuse a norm that is infinite or undefined.
        foreach: PyTorch's choice between loops, without effect here.

    Returns:
        A tensor of no dimensions; 0 if there are no tensors.

    Raises:
        RuntimeError: The norm is not finite, and ``error_if_nonfinite``.

    Example:
        >>> import lamella
        >>> get_total_norm([lamella.tensor([3.0]), lamella.tensor([[0.0, 4.0]])])
        tensor(5.)
    """
    given = _listed(tensors)
    if not given:
        return tensor(0.0)
    order = float(norm_type)
    device = given[0].device
    total = vector_norm(stack([vector_norm(one, order).to(device) for one in given]), order)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise NonFiniteError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. "
            "Find the loss or op that gave it, or pass error_if_nonfinite=False to scale the gradients by it all the "
            "same."
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    r"""Scale the gradients down, in place, if their norm is too large.

    The formula is::

        grad = grad min(1, max_norm / (total_norm + 1e-6))

    Args:
        parameters: Whose gradients to scale.
        max_norm: The norm that is allowed.
        total_norm: The norm they have, from :func:`get_total_norm`.
        foreach: PyTorch's choice between loops, without effect here.
    """
    # computed and applied even if it is 1: no need to wait for a device's answer
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _gradients(parameters):
        grad.mul_(factor.to(grad.device))


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of all parameters down, in place, if the norm of all together is too large.

    Args:
        parameters: Whose gradients to scale; those without one are passed over.
        max_norm: The norm that is allowed.
        norm_type: Order of the norm; ``inf`` gives the largest size.
        error_if_nonfinite: Refuse a norm that is infinite or undefined, before anything is scaled.
        foreach: PyTorch's choice between loops, without effect here.

    Returns:
        The norm that they had.

    Raises:
        RuntimeError: The norm is not finite, and ``error_if_nonfinite``.

    Example:
        >>> import lamella
        >>> w = lamella.zeros(2, requires_grad=True)
        >>> w.grad = lamella.tensor([3.0, 4.0])
        >>> clip_grad_norm_([w], max_norm=1.0)
        tensor(5.)
        >>> w.grad
        tensor([0.6000, 0.8000])

    Reference:
        R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty of training recurrent neural networks, 2013,
        https://arxiv.org/abs/1211.5063, algorithm 1.
    """
    given = _listed(parameters)
    total_norm = get_total_norm(_gradients(given), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total_norm)
    return total_norm


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every element of the gradients into ``[-clip_value, clip_value]``, in place.

    Args:
        parameters: Whose gradients to change; those without one are passed over.
        clip_value: The largest size that is allowed.
        foreach: PyTorch's choice between loops, without effect here.

    Example:
        >>> import lamella
        >>> w = lamella.zeros(2, requires_grad=True)
        >>> w.grad = lamella.tensor([-3.0, 0.5])
        >>> clip_grad_value_(w, 1.0)
        >>> w.grad
        tensor([-1.0000,  0.5000])
    """
    bound = float(clip_value)
    for grad in _gradients(parameters):
        grad.clamp_(min=-bound, max=bound)


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Tensor]:
    return [param.grad for param in _listed(parameters) if param.grad is not None]
