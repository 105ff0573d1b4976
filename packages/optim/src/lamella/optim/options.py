"""Checks of the options that several optimizers share."""

from __future__ import annotations

from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.tensor import Tensor


def check_lr(lr: Any) -> None:
    """Refuse a learning rate that is negative, or a tensor of several elements."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ArgumentError(f"Tensor lr must be 1-element, got one of shape {tuple(lr.shape)}")
    check_at_least_0("learning rate", lr)


def check_at_least_0(what: str, value: Any) -> None:
    """Refuse a negative option (and nan)."""
    if not value >= 0:
        raise ArgumentError(f"Invalid {what}: {value} (expected a number of at least 0)")


def check_betas(betas: Any) -> None:
    """Refuse factors of running averages that are not in [0, 1)."""
    for i, beta in enumerate(map(float, betas)):
        if not 0.0 <= beta < 1.0:
            raise ArgumentError(f"Invalid beta parameter at index {i}: {beta} (expected at least 0 and below 1)")


def check_flags(differentiable: bool, foreach: bool | None, fused: bool | None) -> None:
    """Refuse the pairs of PyTorch's flags that contradict each other, though most of them change nothing here."""
    if fused and foreach:
        raise ArgumentRangeError("`fused` and `foreach` cannot be `True` together.")
    if fused and differentiable:
        raise ArgumentRangeError("`fused` does not support `differentiable`. Leave one of them False.")
