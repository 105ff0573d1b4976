"""Datasets: what a loader takes its samples from."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import lamella
from lamella import Generator, Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.data.bulk import bulk_form, positions

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base of datasets in map style: samples looked up by index.

    A subclass defines ``__getitem__`` and, for samplers, ``__len__``. One that can look up many samples
    faster than one by one may also define ``__getitems__`` or ``fetch_batch``: see :mod:`lamella.data.bulk`.

    Example:
        >>> class Squares(Dataset[int]):
        ...     def __getitem__(self, index): return index * index
        ...     def __len__(self): return 5
        >>> Squares()[3]
        9
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of equal length; sample ``i`` is the tuple of their rows ``i``.

    Args:
        tensors: At least 1-dimensional, with equal first sizes.

    Raises:
        ArgumentTypeError: If one is no tensor.
        ShapeError: If the first sizes differ, or one has no dimension.

    Example:
        >>> import lamella
        >>> TensorDataset(lamella.tensor([1.0, 2.0]), lamella.tensor([0, 1]))[1]
        (tensor(2.), tensor(1))
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise ArgumentTypeError(
                    f"TensorDataset: expected tensors, found {type(tensor).__name__}. "
                    "Convert it with lamella.as_tensor."
                )
        if any(tensor.ndim == 0 or len(tensor) != len(tensors[0]) for tensor in tensors):
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ShapeError(
                f"TensorDataset: Size mismatch between tensors: expected one first size in all, found {shapes}."
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def fetch_batch(self, indices: Sequence[Any]) -> list[Tensor]:
        """Look up a batch, collated, by one indexing operation a tensor."""
        rows = positions(indices)
        return [tensor[rows] for tensor in self.tensors]


class Subset(Dataset[T_co]):
    """The samples of ``dataset`` at ``indices``, in that order.

    Args:
        dataset: Where the samples come from.
        indices: Positions in it.

    Example:
        >>> Subset("abcdef", [4, 0])[0]
        'e'
    """

    def __init__(self, dataset: Dataset[T_co], indices: Sequence[Any]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitems__(self, indices: Sequence[Any]) -> list[T_co]:
        """Look up several samples, at once if the dataset can."""
        chosen = [self.indices[i] for i in indices]
        inner = bulk_form(self.dataset, "__getitems__", "__getitem__")
        return [self.dataset[i] for i in chosen] if inner is None else inner(chosen)

    def fetch_batch(self, indices: Sequence[Any]) -> Any:
        """Look up a batch, collated, if the dataset can."""
        inner = bulk_form(self.dataset, "fetch_batch", "__getitem__")
        return NotImplemented if inner is None else inner([self.indices[i] for i in indices])


def random_split(
    dataset: Dataset[T_co], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[T_co]]:
    """Split a dataset at random into parts that do not overlap.

    Args:
        dataset: What to split.
        lengths: Lengths of the parts, with the dataset's length as their sum; or fractions with sum 1. What
            rounding fractions down leaves over goes to the parts in turn, one sample each, from the first on.
        generator: Source of the order; ``None`` means the default generator.

    Returns:
        A subset for each length.

    Raises:
        ArgumentError: If a length is negative, a fraction is not between 0 and 1, or the sum is wrong.

    Example:
        >>> import lamella
        >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
        [8, 2]
    """
    size = len(dataset)  # type: ignore[arg-type]  # __len__ is optional in map style, and needed here
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        counts = _counts_of_fractions(lengths, size)
    elif sum(lengths) == size and all(length == int(length) >= 0 for length in lengths):
        counts = [int(length) for length in lengths]
    else:
        raise ArgumentError(
            "Sum of input lengths does not equal the length of the input dataset! random_split: expected "
            f"lengths of 0 or more with sum {size}, or fractions with sum 1; found {list(lengths)}."
        )
    order = lamella.randperm(size, generator=generator).tolist()
    ends = list(itertools.accumulate(counts))
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def _counts_of_fractions(fractions: Sequence[float], size: int) -> list[int]:
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ArgumentError(f"Fraction at index {i} is not between 0 and 1: found {fraction}.")
    counts = [math.floor(size * fraction) for fraction in fractions]
    for i in range(size - sum(counts)):
        counts[i % len(counts)] += 1
    for i, count in enumerate(counts):
        if count == 0:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return counts
