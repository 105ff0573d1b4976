"""Transforms: what is done to a sample on its way out of a dataset.

Any callable will do. A transform that can treat a whole stack of samples at once says so with a method
``batched`` (see :mod:`lamella.data.bulk`); where each transform of a dataset does, a loader fetches a batch
in a few operations instead of a few for each sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data.bulk import bulk_form

StackFunction = Callable[[Tensor], Tensor]


def batched(transform: Callable[[Any], Any] | None) -> StackFunction | None:
    """Find the function that does to a stack of samples what ``transform`` does to each.

    Args:
        transform: Any callable; ``None`` stands for the one that changes nothing.

    Returns:
        The function, or ``None`` if the transform offers none and must be called for each sample.

    Example:
        >>> batched(ToTensor()) is None, batched(Lambda(abs)) is None
        (False, True)
    """
    if transform is None:
        return lambda stack: stack
    offer = bulk_form(transform, "batched", "__call__")
    return None if offer is None else offer()


class Compose:
    """Several transforms, one after the other.

    Args:
        transforms: The transforms, the first one first.

    Example:
        >>> Compose([ToTensor(), Normalize((0.5,), (0.5,))])
        Compose(
            ToTensor()
            Normalize(mean=(0.5,), std=(0.5,))
        )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

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
        return "\n".join(["Compose(", *(f"    {transform}" for transform in self.transforms), ")"])


class ToTensor:
    """Turn an image into a float32 tensor with the channels first and values from 0 to 1.

    Shape:
        (H, W) or (H, W, C) -> (C, H, W), with C = 1 for the former.

    Only ``uint8`` images are scaled, by 1/255; another dtype keeps its values and its dtype.

    Raises:
        ArgumentTypeError: If the image is neither a NumPy array nor a tensor.
        ArgumentError: If it has neither 2 nor 3 dimensions.

    Example:
        >>> import numpy as np
        >>> ToTensor()(np.array([[0, 51], [102, 255]], dtype=np.uint8))
        tensor([[[0.0000, 0.2000],
                 [0.4000, 1.0000]]])
    """

    def __call__(self, pic: Tensor | NDArray[Any]) -> Tensor:
        array = pic.numpy() if isinstance(pic, Tensor) else pic
        if not isinstance(array, np.ndarray):
            raise ArgumentTypeError(
                f"ToTensor: pic should be an ndarray or a tensor. Got {type(pic)}. "
                "An image of another library goes through numpy.asarray first."
            )
        if array.ndim not in (2, 3):
            raise ArgumentError(
                f"ToTensor: pic should be 2/3 dimensional, (H, W) or (H, W, C). Got {array.ndim} dimensions."
            )
        return _channels_first(array, gray=array.ndim == 2)

    def batched(self) -> StackFunction:
        """The same for a stack of images, (N, H, W) or (N, H, W, C)."""
        return lambda stack: _channels_first(stack.numpy(), gray=stack.ndim == 3)

    def __repr__(self) -> str:
        return "ToTensor()"


def _channels_first(images: NDArray[Any], gray: bool) -> Tensor:
    """(..., H, W, C), or (..., H, W) if gray, to a tensor (..., C, H, W)."""
    images = np.expand_dims(images, -3) if gray else np.moveaxis(images, -1, -3)
    if images.dtype != np.uint8:
        return lamella.from_numpy(images.copy(order="C"))
    return lamella.from_numpy(np.divide(images, np.float32(255), order="C"))


class Normalize:
    """Shift and scale each channel: ``(x - mean) / std``.

    Args:
        mean: A value for each channel, or one for all.
        std: Likewise; none may be zero.
        inplace: Change the tensor given.

    Shape:
        (..., C, H, W) -> the same.

    Raises:
        ArgumentError: If a ``std`` is zero, or the tensor has fewer than 3 dimensions.
        ArgumentTypeError: If it is no tensor, or not of a floating dtype.
        ShapeError: If the channels are not as many as the values.

    Example:
        >>> import lamella
        >>> Normalize(mean=(0.5,), std=(0.25,))(lamella.tensor([[[0.0, 1.0]]]))
        tensor([[[-2.,  2.]]])
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float, inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace
        self._check_std(np.asarray(std))

    def __call__(self, tensor: Tensor) -> Tensor:
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"Normalize: img should be a tensor image. Got {type(tensor)}. Put ToTensor() before it."
            )
        if not tensor.is_floating_point():
            raise ArgumentTypeError(
                f"Normalize: Input tensor should be a float tensor. Got {tensor.dtype}. Put ToTensor() before it."
            )
        if tensor.ndim < 3:
            raise ArgumentError(
                "Normalize: Expected tensor to be a tensor image of size (..., C, H, W). "
                f"Got tensor.size() = {tuple(tensor.shape)}."
            )
        mean = self._channel_values("mean", self.mean, tensor)
        std = self._channel_values("std", self.std, tensor)
        if self.inplace:
            return tensor.sub_(mean).div_(std)
        return (tensor - mean) / std

    def batched(self) -> StackFunction:
        """The same for a stack of images."""
        return self

    def _channel_values(self, name: str, values: Any, tensor: Tensor) -> Tensor:
        array = np.asarray(values, dtype=tensor.dtype.numpy).reshape(-1, 1, 1)  # (C, 1, 1)
        if len(array) not in (1, tensor.shape[-3]):
            raise ShapeError(
                f"Normalize: {name} has {len(array)} values, but the image has {tensor.shape[-3]} channels "
                f"(shape {tuple(tensor.shape)}). Give one value for each channel, or one for all."
            )
        if name == "std":
            self._check_std(array)  # again: a small one can become zero in the tensor's dtype
        return lamella.from_numpy(array).to(tensor.device)

    def _check_std(self, std: NDArray[Any]) -> None:
        if not std.all():
            raise ArgumentError(
                f"Normalize: std evaluated to zero after conversion to {std.dtype}, leading to division by "
                f"zero (std={self.std}). Expected values other than zero."
            )

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Lambda:
    """A function of yours as a transform.

    Args:
        lambd: Called with each sample.

    Raises:
        ArgumentTypeError: If it cannot be called.

    Example:
        >>> Lambda(lambda x: x + 1)(2)
        3
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise ArgumentTypeError(f"Lambda: Argument lambd should be callable, got {type(lambd).__name__!r}.")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return "Lambda()"
