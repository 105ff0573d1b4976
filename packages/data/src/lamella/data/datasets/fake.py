"""Images of noise, to try a program with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import lamella
from lamella.core.errors import IndexRangeError
from lamella.data.dataset import Dataset


class FakeData(Dataset[tuple[Any, Any]]):
    """Random images with random labels, the same at each look-up, made when looked up.

    A sample is ``(image, label)``: a ``uint8`` tensor (torchvision gives a Pillow image) and an ``int``, each passed
    through its transform.

    Args:
        size: Number of samples.
        image_size: Shape of the images, (C, H, W).
        num_classes: Labels are 0 up to this, exclusive.
        transform: Called with each image.
        target_transform: Called with each label.
        random_offset: Added to the index to give a sample's seed.

    Raises:
        IndexRangeError: On a look-up of ``size`` or more, or before the beginning.

    Example:
        >>> image, label = FakeData(size=3, image_size=(1, 2, 2))[0]
        >>> image.dtype, image.shape, 0 <= label < 10
        (lamella.uint8, lamella.Size([1, 2, 2]), True)
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: Sequence[int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        self.size = size
        self.image_size = tuple(image_size)
        self.num_classes = num_classes
        self.transform = transform
        self.target_transform = target_transform
        self.random_offset = random_offset

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        index = int(index)
        if not -self.size <= index < self.size:
            raise IndexRangeError(f"FakeData: expected an index below {self.size}, found {index}.")
        generator = lamella.Generator().manual_seed(index % self.size + self.random_offset)
        image: Any = lamella.randint(0, 256, self.image_size, dtype=lamella.uint8, generator=generator)
        label: Any = int(lamella.randint(0, self.num_classes, (), generator=generator))
        if self.transform is not None:
            image = self.transform(image)
        return image, label if self.target_transform is None else self.target_transform(label)

    def __len__(self) -> int:
        return self.size
