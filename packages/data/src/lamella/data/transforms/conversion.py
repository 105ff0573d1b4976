"""Transforms that turn one kind of image into another: arrays, tensors, Pillow images, dtypes, ranges of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ShapeError
from lamella.data.bulk import bulk_form
from lamella.data.transforms.base import FixedTransform, StackFunction, Transform
from lamella.data.transforms.functional import conversion as F
from lamella.data.transforms.functional.images import is_pillow


class ToTensor(FixedTransform):
    """Turn an image into a float32 tensor with the channels first and values from 0 to 1.

    Takes arrays, tensors and Pillow images.

    Shape:
        (H, W) -> (1, H, W); arrays (H, W, C) -> (C, H, W); tensors (C, H, W) -> (C, H, W).

    Only ``uint8`` images are scaled, by 1/255; another dtype keeps its values and its dtype.

    Raises:
        ArgumentTypeError: If the image is none of these.
        ArgumentError: If it has neither 2 nor 3 dimensions.

    Example:
        >>> import numpy as np
        >>> ToTensor()(np.array([[0, 51], [102, 255]], dtype=np.uint8))
        tensor([[[0.0000, 0.2000],
                 [0.4000, 1.0000]]])
    """

    def takes(self, leaf: object) -> bool:
        return is_pillow(leaf) or (isinstance(leaf, (Tensor, np.ndarray)) and leaf.ndim in (2, 3))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.to_tensor(inpt)

    def batched(self) -> StackFunction | None:
        """The same for a stack of images, (N, H, W) or (N, C, H, W), unless a subclass has another ``transform``."""
        if bulk_form(self, "batched", "transform") is None:
            return None
        return lambda stack: F.scaled(stack[:, None].numpy() if stack.ndim == 3 else stack.numpy())


class PILToTensor(Transform):
    """Turn a Pillow image into a tensor (C, H, W) of the same values.

    Raises:
        ArgumentTypeError: If it is no Pillow image.
    """

    def takes(self, leaf: object) -> bool:
        return is_pillow(leaf)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.pil_to_tensor(inpt)


class ToImage(FixedTransform):
    """Turn an image into a tensor (..., C, H, W) of the same values.

    Takes Pillow images, arrays (H, W) or (..., H, W, C), and tensors (H, W) or (..., C, H, W).

    Raises:
        ArgumentTypeError: If it is none of these.
        ShapeError: If it has fewer than 2 dimensions.

    Example:
        >>> import numpy as np
        >>> ToImage()(np.zeros((28, 20), np.uint8)).shape
        lamella.Size([1, 28, 20])
    """

    def takes(self, leaf: object) -> bool:
        return is_pillow(leaf) or (isinstance(leaf, (Tensor, np.ndarray)) and leaf.ndim >= 2)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.to_image(inpt)

    def batched(self) -> StackFunction | None:
        """The same for a stack of tensors, unless a subclass has another ``transform``."""
        if bulk_form(self, "batched", "transform") is None:
            return None
        return lambda stack: stack.unsqueeze(1) if stack.ndim == 3 else stack


class ToPILImage(Transform):
    """Turn a tensor or an array into a Pillow image.

    Args:
        mode: Pillow's name of the meaning of the channels; by default L, LA, RGB or RGBA.

    Shape:
        Tensor (H, W) or (C, H, W), array (H, W) or (H, W, C) -> Pillow image. Floats are taken as 0 to 1.

    Raises:
        ArgumentTypeError: If it is no tensor or array, or the dtype cannot be stored.
        ArgumentError: If it has neither 2 nor 3 dimensions, more than 4 channels, or the mode does not fit.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def takes(self, leaf: object) -> bool:
        return isinstance(leaf, (Tensor, np.ndarray)) and leaf.ndim in (2, 3)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return F.to_pil_image(inpt, self.mode)


class ToDtype(FixedTransform):
    """Change the dtype of an image tensor.

    Args:
        dtype: The new dtype.
        scale: Whether values follow their range: floats from 0 to 1, integers from 0 to their largest.

    Raises:
        ArgumentError: If ``dtype`` is none.

    Example:
        >>> import lamella
        >>> ToDtype(lamella.float32, scale=True)(lamella.full((1, 1, 2), 255, dtype=lamella.uint8)).tolist()
        [[[1.0, 1.0]]]
    """

    def __init__(self, dtype: lamella.dtype, scale: bool = False) -> None:
        if not isinstance(dtype, lamella.dtype):
            raise ArgumentError(f"{type(self).__name__}: dtype should be a lamella.dtype, got {dtype!r}.")
        self.dtype = dtype
        self.scale = scale

    def takes(self, leaf: object) -> bool:
        return isinstance(leaf, Tensor) and leaf.ndim >= 3

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.to_dtype(inpt, self.dtype, self.scale)

    def batched(self) -> StackFunction:
        """The same for a stack of tensors of any shape."""
        return lambda stack: self.transform(stack, {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dtype={self.dtype}, scale={self.scale})"


class ConvertImageDtype(ToDtype):
    """Change the dtype of an image tensor and scale its values.

    Args:
        dtype: The new dtype.
    """

    def __init__(self, dtype: lamella.dtype = lamella.float32) -> None:
        super().__init__(dtype, scale=True)


class Normalize(FixedTransform):
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
        F.check_std(np.asarray(std), std)
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        return F.normalize(inpt, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class LinearTransformation(FixedTransform):
    """Multiply the flattened image by a matrix: ``(x - mean) @ matrix``. Whitening is one.

    Args:
        transformation_matrix: Tensor (D, D), D = C × H × W.
        mean_vector: Tensor (D,).

    Shape:
        (..., C, H, W) -> the same.

    Raises:
        ArgumentError: If the matrix is not square, the vector has another length, or the image does not have D values.

    Example:
        >>> import lamella
        >>> swap = lamella.tensor([[0.0, 1.0], [1.0, 0.0]])
        >>> LinearTransformation(swap, lamella.zeros(2))(lamella.tensor([[[3.0, 4.0]]])).tolist()
        [[[4.0, 3.0]]]
    """

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        rows, columns = transformation_matrix.shape
        if rows != columns:
            raise ArgumentError(
                f"LinearTransformation: transformation_matrix should be square, got shape {(rows, columns)}."
            )
        if len(mean_vector) != rows:
            raise ArgumentError(
                f"LinearTransformation: mean_vector should have {rows} values, as many as the matrix has rows, "
                f"got {len(mean_vector)}."
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def transform(self, inpt: Any, params: dict[str, Any]) -> Tensor:
        if not isinstance(inpt, Tensor) or inpt.ndim < 3:
            raise ShapeError("LinearTransformation: expected a tensor (..., C, H, W). Put ToTensor() before it.")
        flat = inpt.reshape(-1, math.prod(inpt.shape[-3:]))
        if flat.shape[-1] != len(self.mean_vector):
            raise ArgumentError(
                f"LinearTransformation: the image {tuple(inpt.shape)} has {flat.shape[-1]} values, "
                f"but the matrix is for {len(self.mean_vector)}."
            )
        return ((flat - self.mean_vector) @ self.transformation_matrix).reshape(inpt.shape)

    def __repr__(self) -> str:
        return (
            f"LinearTransformation(transformation_matrix={self.transformation_matrix.tolist()}, "
            f"mean_vector={self.mean_vector.tolist()})"
        )
