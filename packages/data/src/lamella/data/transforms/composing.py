"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.trees import map_leaves
from lamella.data.transforms.base import StackFunction, batched, checked_probability
from lamella.data.transforms.draws import chance, choice, permutation


def _checked_steps(transforms: Any, name: str) -> Sequence[Callable[..., Any]]:
    if not isinstance(transforms, Sequence):
        raise ArgumentTypeError(f"{name}: transforms should be a sequence of callables, got {transforms!r}.")
    if not transforms:
        raise ArgumentError(f"{name}: got no transform. Pass at least one transform.")
    return transforms


def _in_turn(transforms: Sequence[Callable[..., Any]], inputs: tuple[Any, ...]) -> Any:
    """One after the other. Several inputs stay several."""
    several = len(inputs) > 1
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if several else (outputs,)
    return inputs if several else inputs[0]


def _listed(name: str, transforms: Sequence[Callable[..., Any]], *parameters: str) -> str:
    return "\n".join([f"{name}(", *(f"    {item}" for item in (*parameters, *transforms)), ")"])


class Compose:
    """Several transforms, one after the other.

    Args:
        transforms: The transforms, the first one first.

    Example:
        >>> from lamella.data.transforms import Normalize, ToTensor
        >>> Compose([ToTensor(), Normalize((0.5,), (0.5,))])
        Compose(
            ToTensor()
            Normalize(mean=(0.5,), std=(0.5,))
        )
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        self.transforms = transforms

    def __call__(self, *inputs: Any) -> Any:
        return _in_turn(self.transforms, inputs)

    def batched(self) -> StackFunction | None:
        """All of it on a stack, if each transform can."""
        steps = [batched(transform) for transform in self.transforms]
        if None in steps:
            return None

        def apply(stack: Tensor) -> Tensor:
            for step in steps:
                stack = step(stack)  # type: ignore[misc]  # none of them is None here
            return stack

        return apply

    def __repr__(self) -> str:
        return _listed("Compose", self.transforms)


class Identity:
    """Changes nothing.

    Example:
        >>> Identity()(3)
        3
    """

    def __call__(self, *inputs: Any) -> Any:
        return inputs[0] if len(inputs) == 1 else inputs

    def batched(self) -> StackFunction:
        """The same for a stack."""
        return lambda stack: stack

    def __repr__(self) -> str:
        return "Identity()"


class Lambda:
    """A function of yours as a transform.

    Args:
        lambd: Called with each sample.
        types: If given, called with each thing of one of these types in the sample instead, whatever its structure.

    Raises:
        ArgumentTypeError: If it cannot be called.

    Example:
        >>> Lambda(lambda x: x + 1)(2)
        3
        >>> Lambda(lambda x: x + 1, int)((2, "two"))
        (3, 'two')
    """

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        if not callable(lambd):
            raise ArgumentTypeError(f"Lambda: Argument lambd should be callable, got {type(lambd).__name__!r}.")
        self.lambd = lambd
        self.types = types

    def __call__(self, img: Any) -> Any:
        if not self.types:
            return self.lambd(img)
        return map_leaves(lambda leaf: self.lambd(leaf) if isinstance(leaf, self.types) else leaf, img)

    def __repr__(self) -> str:
        return f"Lambda({', '.join(type_.__name__ for type_ in self.types)})"


class RandomApply:
    """All of several transforms, or none.

    Args:
        transforms: The transforms.
        p: Probability that they are applied.

    Raises:
        ArgumentTypeError: If ``transforms`` is no sequence.
        ArgumentError: If it is empty, or ``p`` is no probability.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 0.5) -> None:
        self.transforms = _checked_steps(transforms, "RandomApply")
        self.p = checked_probability(p, "RandomApply")

    def __call__(self, *inputs: Any) -> Any:
        return _in_turn(self.transforms if chance(self.p) else (), inputs)

    def __repr__(self) -> str:
        return _listed("RandomApply", self.transforms, f"p={self.p}")


class RandomChoice:
    """One of several transforms.

    Args:
        transforms: The transforms.
        p: How probable each is, as weights; by default all the same.

    Raises:
        ArgumentTypeError: If ``transforms`` is no sequence.
        ArgumentError: If it is empty, or there is not one weight for each, or none is above 0.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        self.transforms = _checked_steps(transforms, "RandomChoice")
        weights = [1.0] * len(transforms) if p is None else list(p)
        if len(weights) != len(transforms):
            raise ArgumentError(
                f"RandomChoice: Length of p doesn't match the number of transforms: "
                f"{len(weights)} != {len(transforms)}."
            )
        if min(weights) < 0 or sum(weights) <= 0:
            raise ArgumentError(f"RandomChoice: p should hold weights that are not negative nor all 0, got {p}.")
        self.p = [weight / sum(weights) for weight in weights]

    def __call__(self, *inputs: Any) -> Any:
        return self.transforms[choice(self.p)](*inputs)

    def __repr__(self) -> str:
        return _listed("RandomChoice", self.transforms, f"p={self.p}")


class RandomOrder:
    """All of several transforms, in an order that changes.

    Args:
        transforms: The transforms.

    Raises:
        ArgumentTypeError: If ``transforms`` is no sequence.
        ArgumentError: If it is empty.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        self.transforms = _checked_steps(transforms, "RandomOrder")

    def __call__(self, *inputs: Any) -> Any:
        return _in_turn([self.transforms[position] for position in permutation(len(self.transforms))], inputs)

    def __repr__(self) -> str:
        return _listed("RandomOrder", self.transforms)
