"""Pruning by magnitude."""

from __future__ import annotations

import copy
from typing import TypeVar

import lamella
from lamella import nn
from lamella.core.errors import ArgumentError

Model = TypeVar("Model", bound=nn.Module)


def prune(model: Model, *, sparsity: float = 0.5) -> Model:
    """A copy of ``model`` in which the weights of the least magnitude are 0, counted over all layers together.

    Weights are the parameters of two dimensions or more: biases and the factors of normalizations stay.

    Args:
        model: Left as it was.
        sparsity: Which share of the weights is 0 afterwards, from 0 to 1; rounded down to whole weights.

    Returns:
        The copy.

    Raises:
        ValueError: ``sparsity`` is out of its range.

    Example:
        >>> model = nn.Linear(3, 1)
        >>> nn.init.zeros_(model.bias), model.weight.data.copy_(lamella.tensor([[0.1, -2.0, 1.0]]))
        (...)
        >>> prune(model, sparsity=0.4).weight.tolist()
        [[0.0, -2.0, 1.0]]

    Reference:
        S. Han, J. Pool, J. Tran, W. J. Dally: Learning both weights and connections for efficient neural networks,
        2015, https://arxiv.org/abs/1506.02626; here without training in between.
    """
    if not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparsity must be from 0 to 1, got {sparsity}")
    pruned = copy.deepcopy(model)
    weights = [parameter for parameter in pruned.parameters() if parameter.ndim >= 2]
    if not weights:
        return pruned
    with lamella.no_grad():
        magnitudes = lamella.cat([weight.abs().flatten() for weight in weights])
        least = magnitudes.argsort()[: int(sparsity * len(magnitudes))]
        kept = lamella.ones(len(magnitudes), dtype=lamella.bool, device=magnitudes.device)
        kept[least] = False
        for weight, keep in zip(weights, kept.split([weight.numel() for weight in weights]), strict=True):
            weight.mul_(keep.reshape(weight.shape))
    return pruned
