"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from lamella.core.errors import ArgumentTypeError
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Lay parameters end to end.

    Args:
        parameters: At least one, all on one device.

    Returns:
        A vector of all their elements, through which gradients pass.

    Raises:
        ValueError: There are none.

    Example:
        >>> import lamella
        >>> parameters_to_vector([lamella.zeros(2), lamella.ones(1, 2)])
        tensor([0., 0., 1., 1.])
    """
    return cat([param.reshape(-1) for param in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Take the values of parameters from one vector: the reverse of :func:`parameters_to_vector`.

    Args:
        vec: A vector of at least as many elements as all parameters have. They share its memory from then on, as in
            PyTorch.
        parameters: What to fill, in order.

    Raises:
        TypeError: ``vec`` is no Tensor.
        RuntimeError: It is too short.

    Example:
        >>> import lamella
        >>> w = lamella.zeros(1, 2, requires_grad=True)
        >>> vector_to_parameters(lamella.tensor([3.0, 4.0]), [w])
        >>> w
        tensor([[3., 4.]], requires_grad=True)
    """
    if not isinstance(vec, Tensor):
        raise ArgumentTypeError(f"vector_to_parameters: expected a Tensor, but got {type(vec).__name__}")
    start = 0
    for param in parameters:
        stop = start + param.numel()
        param.data = vec.detach()[start:stop].reshape(param.shape)
        start = stop
