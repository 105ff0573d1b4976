"""Losses on two classes: cross entropy, from the probability of one and from its score."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lamella.core import rules
from lamella.core.backends.chunks import elementwise
from lamella.core.dispatch import define_op
from lamella.core.errors import ArgumentRangeError


@define_op(
    inputs=("input", "target"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.common, "bool", "integer", "complex"),
    samples=lambda make: [
        make(make.array(2, 3, low=0.1, high=0.9), make.array(2, 3, low=0, high=1)),
        make(make.transposed(3, 2) * 0.2 + 0.5, make.array(3, 2, low=0, high=1)),
        make(make.array(0, low=0.1, high=0.9), make.array(0)),
    ],
    errors=lambda make: [
        make.error((np.array([0.5, 1.5]), np.array([0.0, 1.0])), ArgumentRangeError, r"should be between 0 and 1"),
    ],
)
def binary_cross_entropy(xp: Any, input: Any, target: Any) -> Any:
    """``-(target log(input) + (1 - target) log(1 - input))``, the logarithms not below -100.

    An op because of that bound, which keeps the loss finite while the gradient at 0 and 1 does not vanish.
    """
    if input.size and not (input.min() >= 0 and input.max() <= 1):
        raise ArgumentRangeError("binary_cross_entropy: all elements of input should be between 0 and 1")
    return (target - 1) * xp.maximum(xp.log1p(-input), -100) - target * xp.maximum(xp.log(input), -100)


binary_cross_entropy.vjp(
    # the bound is PyTorch's too
    input=lambda F, grad, input, target: grad * (input - target) / F.maximum(input * (1 - input), 1e-12),
    target=lambda F, grad, input: grad * (F.maximum(F.log1p(-input), -100.0) - F.maximum(F.log(input), -100.0)),
)


@define_op(
    inputs=("input", "target"),
    shape=rules.broadcast,
    dtype=rules.refusing(rules.common, "bool", "integer", "complex"),
    samples=lambda make: [
        make.binary(),
        make(make.array(3), 1.0),
        make(make.array(3, low=-50, high=50), make.array(3)),
    ],
)
def binary_cross_entropy_with_logits(xp: Any, input: Any, target: Any) -> Any:
    """``-(target log(p) + (1 - target) log(1 - p))`` for ``p = sigmoid(input)``; an op, as p may round to 0 or 1."""

    def fill(out: Any, x: Any, y: Any) -> None:
        # max(x, 0) - x y + log(1 + exp(-|x|))
        xp.abs(x, out=out)
        xp.negative(out, out=out)
        xp.exp(out, out=out)
        xp.log1p(out, out=out)
        right = x.clip(0, xp.inf)
        right -= x * y
        out += right

    if not getattr(target, "ndim", 0):
        return elementwise(partial(fill, y=target), input)
    if input.shape != target.shape:
        input, target = xp.broadcast_arrays(input, target)
    return elementwise(fill, input, target)


binary_cross_entropy_with_logits.vjp(
    input=lambda F, grad, input, target: grad * (F.sigmoid(input) - target),
    target=lambda F, grad, input: -grad * input,
)
