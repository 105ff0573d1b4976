"""References for ``ops/activations.py``."""

# ruff: noqa: D103  # what a function here computes is said by the op of its name

from __future__ import annotations

import math

from lamella.core.testing.reference.elements import along, each

relu = each(lambda input: max(0, input))
relu_backward = each(lambda grad_output, output: grad_output if output > 0 else 0)
softplus = each(
    lambda input, beta, threshold: input if input * beta > threshold else math.log(1 + math.exp(beta * input)) / beta
)
softplus_backward = each(
    lambda grad, input, beta, threshold: grad * (1 if input * beta > threshold else 1 / (1 + math.exp(-beta * input)))
)
silu = each(lambda input: input / (1 + math.exp(-input)))


@each
def silu_backward(grad_output: float, input: float) -> float:
    s = 1 / (1 + math.exp(-input))
    return grad_output * (s + input * s * (1 - s))


def _gelu(x: float, approximate: str) -> float:
    if approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def _gelu_slope(x: float, approximate: str) -> float:
    if approximate == "tanh":
        bend = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        return 0.5 * (1 + bend) + 0.5 * x * (1 - bend**2) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return (1 + math.erf(x / math.sqrt(2))) / 2 + x * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


gelu = each(_gelu)
gelu_backward = each(lambda grad_output, input, approximate: grad_output * _gelu_slope(input, approximate))


def _softmax_of(x: list[float]) -> list[float]:
    total = math.fsum(math.exp(v) for v in x)
    return [math.exp(v) / total for v in x]


softmax = along(_softmax_of)
log_softmax = along(lambda x: [math.log(v) for v in _softmax_of(x)])
softmax_backward = along(
    lambda grad, y: [
        v * (g - math.fsum(a * b for a, b in zip(grad, y, strict=True))) for g, v in zip(grad, y, strict=True)
    ]
)
log_softmax_backward = along(lambda grad, y: [g - math.exp(v) * math.fsum(grad) for g, v in zip(grad, y, strict=True)])
