"""Transforms of batches that mix each image, and its label, with the one before it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.core.trees import flatten
from lamella.data.transforms.draws import dirichlet, integer

LabelsGetter = Callable[[Any], Tensor] | str


def _found_labels(sample: Any) -> Any:
    """The labels of a batch: what a dict has under "labels" (or a key with "label" in it), or a sequence's second."""
    if isinstance(sample, dict):
        keys = sorted((key for key in sample if "label" in str(key).lower()), key=lambda key: str(key) != "labels")
        if keys:
            return sample[keys[0]]
    elif isinstance(sample, (tuple, list)) and len(sample) > 1:
        return sample[1]
    raise ArgumentError(
        "MixUp, CutMix: found no labels. Expected (images, labels) or a dict with a key 'labels'. "
        "Otherwise pass labels_getter, a function that finds them in the batch."
    )


class _Mixing(ABC):
    """The batch apart, and together again; what mixing means is the subclass's."""

    def __init__(
        self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter: LabelsGetter = "default"
    ) -> None:
        name = type(self).__name__
        if alpha <= 0:
            raise ArgumentError(f"{name}: alpha should be positive, got {alpha}.")
        if labels_getter != "default" and not callable(labels_getter):
            raise ArgumentError(f"{name}: labels_getter should be 'default' or a function, got {labels_getter!r}.")
        self.alpha = float(alpha)
        self.num_classes = num_classes
        self.labels_getter = labels_getter

    def __call__(self, *inputs: Any) -> Any:
        sample = inputs[0] if len(inputs) == 1 else inputs
        labels = self.labels_getter(sample) if callable(self.labels_getter) else _found_labels(sample)
        soft = self._soft(labels)
        leaves, structure = flatten(sample)
        images = next((leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim >= 3), None)
        if images is None:
            raise ArgumentError(f"{type(self).__name__}: found no images in the batch, a tensor (N, C, H, W).")
        if images.ndim != 4:
            raise ArgumentError(
                f"{type(self).__name__}: Expected a batched input with 4 dims, but got {images.ndim} dimensions."
            )
        if len(images) != len(labels):
            raise ArgumentError(
                f"{type(self).__name__}: The batch size of the image does not match the batch size of the labels: "
                f"{len(images)} != {len(labels)}."
            )
        mixed, share = self.mix(images, images.roll(1, 0), dirichlet(self.alpha, 2)[0])
        results = {id(images): mixed, id(labels): soft * share + soft.roll(1, 0) * (1 - share)}
        return structure.build(iter([results.get(id(leaf), leaf) for leaf in leaves]))

    def _soft(self, labels: Any) -> Tensor:
        """Labels as probabilities (N, classes)."""
        name = type(self).__name__
        if not isinstance(labels, Tensor):
            raise ArgumentError(f"{name}: The labels must be a tensor, but got {type(labels).__name__} instead.")
        if labels.ndim == 2 and self.num_classes in (None, labels.shape[1]):
            return labels if labels.is_floating_point() else labels.to(lamella.float32)
        if labels.ndim == 2:
            raise ArgumentError(
                f"{name}: labels of 2 dims should have num_classes columns: {labels.shape[1]} != {self.num_classes}."
            )
        if labels.ndim != 1:
            raise ArgumentError(
                f"{name}: labels should be indices (N,) or probabilities (N, classes), got shape {tuple(labels.shape)}."
            )
        if self.num_classes is None:
            raise ArgumentError(f"{name}: num_classes must be passed if the labels are index-based (1D).")
        return lamella.eye(self.num_classes)[labels]

    @abstractmethod
    def mix(self, images: Tensor, others: Tensor, share: float) -> tuple[Tensor, float]:
        """The mixed images, and the share that the first ones have in them.

        Args:
            images: (N, C, H, W).
            others: The same, in another order.
            share: The share that the first ones should have.

        Returns:
            (N, C, H, W), and the share that they have.
        """

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alpha={self.alpha}, num_classes={self.num_classes})"


class MixUp(_Mixing):
    """Mix each image, and its label, with the one before it: ``share * x + (1 - share) * before``.

    Works on batches, in a training loop or in a ``collate_fn``, and takes (images, labels), or any structure with
    them. One share is drawn for a batch. Labels become probabilities.

    Args:
        alpha: The share is drawn from Beta(alpha, alpha).
        num_classes: Number of classes, for labels (N,).
        labels_getter: Finds the labels in the batch. By default they are a dict's ``"labels"``, or what comes second.

    Shape:
        Images (N, C, H, W) of floats, labels (N,) or (N, classes) -> (N, C, H, W), (N, classes).

    Raises:
        ArgumentError: If ``alpha`` is not positive, or images and labels are not found or do not fit.
        ArgumentTypeError: If the images are not of floats.

    Example:
        >>> import lamella
        >>> images, labels = MixUp(num_classes=3)(lamella.ones(2, 1, 4, 4), lamella.tensor([0, 2]))
        >>> images.shape, labels.sum().item()
        (lamella.Size([2, 1, 4, 4]), 2.0)

    Reference: Hongyi Zhang et al., mixup: Beyond empirical risk minimization (2018), https://arxiv.org/abs/1710.09412.
    """

    def mix(self, images: Tensor, others: Tensor, share: float) -> tuple[Tensor, float]:
        if not images.is_floating_point():
            raise ArgumentTypeError(
                f"MixUp: expected images of floats, got {images.dtype}. "
                "Put ToDtype(lamella.float32, scale=True) before it."
            )
        return images * share + others * (1 - share), share


class CutMix(_Mixing):
    """Put a rectangle of the image before over each image; labels are mixed by area.

    Works on batches, in a training loop or in a ``collate_fn``, and takes (images, labels), or any structure with
    them. One rectangle is drawn for a batch. Labels become probabilities.

    Args:
        alpha: The rectangle's part of the area is drawn from Beta(alpha, alpha), before it is cut off at the border.
        num_classes: Number of classes, for labels (N,).
        labels_getter: Finds the labels in the batch. By default they are a dict's ``"labels"``, or what comes second.

    Shape:
        Images (N, C, H, W), labels (N,) or (N, classes) -> (N, C, H, W), (N, classes).

    Raises:
        ArgumentError: If ``alpha`` is not positive, or images and labels are not found or do not fit.

    Reference: Sangdoo Yun et al., CutMix: Regularization strategy to train strong classifiers with localizable
    features (2019), https://arxiv.org/abs/1905.04899.
    """

    def mix(self, images: Tensor, others: Tensor, share: float) -> tuple[Tensor, float]:
        height, width = images.shape[-2:]
        x, y = integer(0, width), integer(0, height)
        half = 0.5 * math.sqrt(1 - share)
        left, right = max(x - int(half * width), 0), min(x + int(half * width), width)
        top, bottom = max(y - int(half * height), 0), min(y + int(half * height), height)
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = others[..., top:bottom, left:right]
        return mixed, 1 - (right - left) * (bottom - top) / (width * height)
