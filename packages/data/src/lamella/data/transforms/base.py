"""What transforms of images have in common: one draw for a call, then every image of the sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any

from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.trees import flatten
from lamella.data.bulk import bulk_form
from lamella.data.transforms.draws import chance
from lamella.data.transforms.functional.images import is_image, is_pillow

StackFunction = Callable[[Tensor], Tensor]


def batched(transform: Callable[[Any], Any] | None) -> StackFunction | None:
    """Find the function that does to a stack of samples what ``transform`` does to each.

    Args:
        transform: Any callable; ``None`` stands for the one that changes nothing.

    Returns:
        The function, or ``None`` if the transform offers none and must be called for each sample.

    Example:
        >>> from lamella.data.transforms import Lambda, ToTensor
        >>> batched(ToTensor()) is None, batched(Lambda(abs)) is None
        (False, True)
    """
    if transform is None:
        return lambda stack: stack
    offer = bulk_form(transform, "batched", "__call__")
    return None if offer is None else offer()


class Transform(ABC):
    """Base of transforms of images. Write :meth:`transform`, and :meth:`make_params` if something is drawn.

    Called with an image (a tensor (..., C, H, W) or a Pillow image), it gives the image, changed. Called with several
    arguments, or with a tuple, list or dict of any depth, it gives the same structure: all Pillow images
    changed or, if there is none, the first image tensor; everything else as it was.

    Example:
        >>> import lamella
        >>> class Dim(Transform):
        ...     def transform(self, inpt, params):
        ...         return inpt / 2
        >>> Dim()((lamella.ones(1, 1, 1), 7))
        (tensor([[[0.5000]]]), 7)
    """

    def __call__(self, *inputs: Any) -> Any:
        sample = inputs[0] if len(inputs) == 1 else inputs
        if not isinstance(sample, (tuple, list, dict)):
            return self.transform(sample, self.make_params([sample]))
        leaves, structure = flatten(sample)
        chosen = self._chosen(leaves)
        if not chosen:
            raise ArgumentTypeError(
                f"{type(self).__name__}: found no image for it in the sample, only "
                f"{[type(leaf).__name__ for leaf in leaves]}. ToImage() or ToTensor() make one of an array."
            )
        params = self.make_params([leaves[position] for position in chosen])
        for position in chosen:
            leaves[position] = self.transform(leaves[position], params)
        return structure.build(iter(leaves))

    def takes(self, leaf: object) -> bool:
        """Whether something in a sample is an image that this transform can change."""
        return is_image(leaf)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw what is random about this call, once for all images of the sample.

        Args:
            flat_inputs: The images.

        Returns:
            What :meth:`transform` needs to know.
        """
        return {}

    @abstractmethod
    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Change one image.

        Args:
            inpt: The image.
            params: What :meth:`make_params` has drawn.

        Returns:
            The changed image.
        """

    def __repr__(self) -> str:
        shown = (bool, int, float, str, tuple, list, Enum)
        parameters = [
            f"{name}={value}"
            for name, value in vars(self).items()
            if not name.startswith("_") and isinstance(value, shown)
        ]
        return f"{type(self).__name__}({', '.join(parameters)})"

    def _chosen(self, leaves: list[Any]) -> list[int]:
        taken = [position for position, leaf in enumerate(leaves) if self.takes(leaf)]
        return [position for position in taken if is_pillow(leaves[position])] or taken[:1]


class FixedTransform(Transform):
    """Base of transforms that draw nothing, and so can treat a stack of images at once."""

    def batched(self) -> StackFunction | None:
        """The same for a stack of images."""
        # Where images lack a dim for the channels, the first one says so: in a stack, its place would be taken.
        return lambda stack: self.transform(stack if stack.ndim > 3 else stack[0], {})


class RandomTransform(Transform):
    """Base of transforms that are applied with a probability.

    Args:
        p: The probability.

    Raises:
        ArgumentError: If it is none.
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = checked_probability(p, type(self).__name__)

    def __call__(self, *inputs: Any) -> Any:
        if chance(self.p):
            return super().__call__(*inputs)
        return inputs[0] if len(inputs) == 1 else inputs


def checked_probability(p: float, name: str) -> float:
    """A probability, or an error that says what ought to be one."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"{name}: p should be a probability, from 0.0 to 1.0, got {p}.")
    return p


def checked_range(values: Any, name: str) -> tuple[float, float]:
    """The lower and the upper end of a range given as two numbers."""
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise ArgumentTypeError(f"{name} should be a sequence of two numbers, (min, max), got {values!r}.")
    if values[0] > values[1]:
        raise ArgumentError(f"{name} should be (min, max), got {values!r}. Swap them.")
    return values[0], values[1]
