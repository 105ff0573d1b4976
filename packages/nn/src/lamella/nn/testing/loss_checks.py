"""What a loss is held to besides what every layer is."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

from lamella.nn.testing.layer_samples import LayerCall, LayerSubject, assert_same_tensors


def reductions(subject: LayerSubject) -> None:
    """Where there is a ``reduction``: "sum" is the sum of "none"; "sum" and "mean" are single numbers."""
    if "reduction" not in inspect.signature(subject.cls).parameters:
        return
    for call in subject.calls:
        (each,), (total,), (mean,) = (_reduced(subject, call, how) for how in ("none", "sum", "mean"))
        assert total.ndim == mean.ndim == 0, f"shapes of sum and mean are {total.shape} and {mean.shape}, expected ()"
        assert_same_tensors([total], [each.sum()])


def _reduced(subject: LayerSubject, call: LayerCall, how: str) -> list[Any]:
    made = replace(call.made, kwargs={**call.made.kwargs, "reduction": how})
    other = replace(call, made=made)
    return subject.run(subject.layer(other), other)


def one_number(subject: LayerSubject) -> None:
    """By default the loss is one number, of which a gradient can be taken."""
    for call in subject.calls:
        if "reduction" not in call.made.kwargs:
            (loss,) = subject.run(subject.layer(call), call)
            assert loss.ndim == 0, f"the loss has shape {tuple(loss.shape)}, expected a single number"


#: In the order in which they run.
CHECKS = (reductions, one_number)

__all__ = ["CHECKS"]
