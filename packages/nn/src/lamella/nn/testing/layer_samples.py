"""How a layer under test is made and called, and what the checks of layers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import lamella
from lamella.core import dtypes
from lamella.core.tensor import Tensor
from lamella.core.testing.comparison import assert_close
from lamella.core.testing.samples import Make
from lamella.nn.module import Module


@dataclass(frozen=True)
class LayerArguments:
    """The arguments that a layer is made with; called with those of ``forward``, they are a :class:`LayerCall`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __call__(self, *inputs: Any, **named: Any) -> LayerCall:
        return LayerCall(self, inputs, named)


@dataclass(frozen=True)
class LayerCall:
    """A layer made in one way and called in one way; arrays among the inputs become tensors."""

    made: LayerArguments
    inputs: tuple[Any, ...]
    named: dict[str, Any]

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays among the inputs."""
        return [x for x in (*self.inputs, *self.named.values()) if isinstance(x, np.ndarray)]

    def called(self, layer: Module, tensors: list[Tensor]) -> list[Tensor]:
        """The tensors that ``layer`` gives, with ``tensors`` in place of the arrays."""
        left = iter(tensors)

        def filled(x: Any) -> Any:
            return next(left) if isinstance(x, np.ndarray) else x

        positional = [filled(x) for x in self.inputs]
        return list(tensors_in(layer(*positional, **{name: filled(x) for name, x in self.named.items()})))

    def __str__(self) -> str:
        given = [*map(repr, self.made.args), *(f"{name}={value!r}" for name, value in self.made.kwargs.items())]
        return f"made with ({', '.join(given)}) and called with shapes {[a.shape for a in self.arrays]}"


class LayerMake(Make):
    """What ``conformance_samples(make)`` is called with: makes arrays, and calls of layers.

    Example:
        >>> make = LayerMake("Linear")
        >>> call = make.layer(3, 2)(make.array(5, 3))
        >>> print(call)
        made with (3, 2) and called with shapes [(5, 3)]
    """

    def layer(self, *args: Any, **kwargs: Any) -> LayerArguments:
        """The arguments of the constructor; call the result with those of ``forward``."""
        return LayerArguments(args, kwargs)


class LayerSubject:
    """A registered layer with its sample calls.

    Args:
        area: The kind it is registered as.
        name: The registered name.
        cls: The class.
        samples: Makes the sample calls; None for the class's own ``conformance_samples``.
    """

    def __init__(self, area: str, name: str, cls: type[Module], samples: Callable[[LayerMake], Any] | None) -> None:
        self.area = area
        self.name = name
        self.cls = cls
        self.samples = samples or getattr(cls, "conformance_samples", None)

    @cached_property
    def calls(self) -> list[LayerCall]:
        """The sample calls."""
        assert self.samples is not None, (
            f"{self.name} says nowhere how it is made and called. Give the class a static method "
            "conformance_samples(make), as in `return [make.layer(3)(make.array(2, 3))]`."
        )
        calls = list(self.samples(LayerMake(self.name)))
        assert calls, f"conformance_samples of {self.name} is empty: nothing shows that it works"
        return calls

    def layer(self, call: LayerCall, seed: int = 0) -> Module:
        """A new layer in float64, its parameters drawn from ``seed``."""
        lamella.manual_seed(seed)
        made = self.cls(*call.made.args, **call.made.kwargs)
        return made.to(dtypes.float64)

    def run(self, layer: Module, call: LayerCall, tensors: list[Tensor] | None = None) -> list[Tensor]:
        """What the layer gives; random numbers are the same each time."""
        lamella.manual_seed(1)
        return call.called(layer, placed(call) if tensors is None else tensors)


def placed(call: LayerCall, wanted: bool = False) -> list[Tensor]:
    """The arrays as new tensors; floating ones require a gradient if ``wanted``."""
    made = [lamella.tensor(array) for array in call.arrays]
    return [t.requires_grad_() if wanted and t.is_floating_point() else t for t in made]


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)


def assert_same_tensors(found: list[Tensor], expected: list[Tensor], **options: Any) -> None:
    """Assert that two lists of tensors are close to one another."""
    assert len(found) == len(expected), f"got {len(found)} tensors, expected {len(expected)}"
    for one, other in zip(found, expected, strict=True):
        assert_close(one.detach(), other.detach(), equal_nan=True, **options)


__all__ = ["LayerArguments", "LayerCall", "LayerMake", "LayerSubject", "assert_same_tensors", "placed", "tensors_in"]
