"""What datasets of labelled images in memory have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from lamella import Tensor
from lamella.data.collate import default_collate
from lamella.data.dataset import Dataset
from lamella.data.transforms import batched


class LabelledImages(Dataset[tuple[Any, Any]], ABC):
    """Base of datasets that hold all their images: samples ``(image, label)``, each passed through its transform.

    A subclass fills :attr:`data` and :attr:`targets` and defines ``_image``, ``_images`` and ``_labels``, which
    look into the two at every call: a program may replace them by a selection of its own.

    Args:
        place: Where the images come from, as ``repr`` shows it.
        split: Which of them, as ``repr`` shows it.
        transform: Called with each image.
        target_transform: Called with each label.
    """

    data: Any
    targets: Any

    def __init__(
        self,
        place: str,
        split: str,
        transform: Callable[[Any], Any] | None,
        target_transform: Callable[[Any], Any] | None,
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform
        self._place = place
        self._split = split

    @abstractmethod
    def _image(self, index: Any) -> Tensor:
        """One image."""

    @abstractmethod
    def _images(self, indices: Sequence[Any]) -> Tensor:
        """A stack of images."""

    @abstractmethod
    def _labels(self, indices: Sequence[Any]) -> Tensor:
        """Their labels, int64."""

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image: Any = self._image(index)
        label: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __len__(self) -> int:
        return len(self.data)

    def fetch_batch(self, indices: Sequence[Any]) -> Any:
        """Look up a batch, collated, if the transform can treat a stack of images."""
        transform = batched(self.transform)
        if transform is None:
            return NotImplemented
        labels: Any = self._labels(indices)
        if self.target_transform is not None:
            labels = default_collate([self.target_transform(label) for label in labels.tolist()])
        return [transform(self._images(indices)), labels]

    def __repr__(self) -> str:
        lines = [
            f"Dataset {type(self).__name__}",
            f"    Number of datapoints: {len(self)}",
            f"    Root location: {self._place}",
            f"    Split: {self._split}",
        ]
        if self.transform is not None or self.target_transform is not None:
            lines.append("    StandardTransform")
        for head, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                lines.append(head + repr(transform).replace("\n", "\n" + " " * len(head)))
        return "\n".join(lines)
