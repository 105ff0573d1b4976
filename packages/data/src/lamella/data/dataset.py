"""Datasets: what a loader takes its samples from."""

from __future__ import annotations

import bisect
import itertools
import math
import operator
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import lamella
from lamella import Generator, Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, ConditionError, IndexRangeError
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

    def __add__(self, other: Dataset[T_co]) -> Dataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], Iterable[T_co]):
    """Base of datasets that are streams: samples come in an order of their own.

    A subclass defines ``__iter__``. Each worker of a loader iterates over a copy of its own, and
    :func:`lamella.data.get_worker_info` tells which part of the stream is its.

    Example:
        >>> class Countdown(IterableDataset[int]):
        ...     def __iter__(self): return iter([3, 2, 1])
        >>> list(Countdown() + Countdown())
        [3, 2, 1, 3, 2, 1]
    """

    def __add__(self, other: Dataset[T_co]) -> Dataset[T_co]:
        return ChainDataset([self, other])


class ChainDataset(IterableDataset[T_co]):
    """Streams, one after the other.

    Args:
        datasets: The streams; gone through again in each iteration, and looked at only then.

    Raises:
        ConditionError: On iterating, or asking for the length, if one is no :class:`IterableDataset`.
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[T_co]:
        for dataset in self._streams():
            yield from dataset

    def __len__(self) -> int:
        return sum(_length(dataset) for dataset in self._streams())

    def _streams(self) -> Iterator[IterableDataset[T_co]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise ConditionError(
                    f"ChainDataset only supports IterableDataset; found {type(dataset).__name__}. "
                    "Join datasets in map style by ConcatDataset."
                )
            yield dataset


class ConcatDataset(Dataset[T_co]):
    """Datasets in map style, one behind the other.

    Args:
        datasets: At least one, each with a length.

    Attributes:
        datasets: The datasets, as a list.
        cumulative_sizes: For each, the number of samples up to its end.

    Raises:
        ConditionError: If there is no dataset, or one is an :class:`IterableDataset`.
        ArgumentError: On a look-up with a negative index before the beginning.

    Example:
        >>> both = ConcatDataset(["abc", "de"])
        >>> both[3], both[-5], both.cumulative_sizes
        ('d', 'a', [3, 5])
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ConditionError("datasets should not be an empty iterable: ConcatDataset expects at least one.")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise ConditionError(
                    f"ConcatDataset does not support IterableDataset; found {type(dataset).__name__}. "
                    "Join streams by ChainDataset."
                )
        self.cumulative_sizes = list(itertools.accumulate(map(_length, self.datasets)))

    def __getitem__(self, index: Any) -> T_co:
        number, inner = self._place(index)
        return self.datasets[number][inner]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitems__(self, indices: Sequence[Any]) -> list[T_co]:
        """Look up several samples, at once in each dataset that can."""
        places = [self._place(index) for index in indices]
        found: list[Any] = [None] * len(places)
        for number in {number for number, _ in places}:
            slots = [slot for slot, place in enumerate(places) if place[0] == number]
            samples = fetch_samples(self.datasets[number], [places[slot][1] for slot in slots])
            for slot, sample in zip(slots, samples, strict=True):
                found[slot] = sample
        return found

    def _place(self, index: Any) -> tuple[int, int]:
        """The number of the dataset that has the sample, and the index in it."""
        index = operator.index(index)
        if index < 0:
            if -index > len(self):
                raise ArgumentError(
                    f"absolute value of index should not exceed dataset length: found index {index} for {len(self)} "
                    "samples."
                )
            index += len(self)
        if index >= len(self):
            raise IndexRangeError(f"ConcatDataset: expected an index below {len(self)}, found {index}.")
        number = bisect.bisect_right(self.cumulative_sizes, index)
        return number, index - (self.cumulative_sizes[number - 1] if number else 0)


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of equal length; sample ``i`` is the tuple of their rows ``i``.

    Args:
        tensors: At least 1-dimensional, with equal first sizes.

    Raises:
        ArgumentTypeError: If one is no tensor.
        ConditionError: If the first sizes differ, or one has no dimension.

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
            raise ConditionError(
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


class StackDataset(Dataset[Any]):
    """Datasets of equal length, side by side: sample ``i`` holds the sample ``i`` of each.

    Args:
        args: Datasets; samples are tuples then.
        kwargs: Or named datasets; samples are dicts then.

    Raises:
        ArgumentError: If both kinds are given, or none, or lengths differ.

    Example:
        >>> StackDataset("ab", "xy")[1], StackDataset(image="ab", text="xy")[0]
        (('b', 'y'), {'image': 'a', 'text': 'x'})
    """

    datasets: tuple[Dataset[Any], ...] | dict[str, Dataset[Any]]

    def __init__(self, *args: Dataset[Any], **kwargs: Dataset[Any]) -> None:
        if args and kwargs:
            raise ArgumentError(
                "StackDataset: Supported either tuple- (via args) or dict- (via kwargs) like input/output, but both "
                f"types are given: {len(args)} without a name, and {list(kwargs)}."
            )
        if not args and not kwargs:
            raise ArgumentError("At least one dataset should be passed: StackDataset found none.")
        self.datasets = args or kwargs
        lengths = [_length(dataset) for dataset in self._columns()]
        if len(set(lengths)) > 1:
            raise ArgumentError(f"Size mismatch between datasets: StackDataset expected one length, found {lengths}.")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        return self._sample([dataset[index] for dataset in self._columns()])

    def __len__(self) -> int:
        return self._length

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Look up several samples, at once in each dataset that can."""
        columns = [fetch_samples(dataset, indices) for dataset in self._columns()]
        return [self._sample(parts) for parts in zip(*columns, strict=True)]

    def fetch_batch(self, indices: Sequence[Any]) -> Any:
        """Look up a batch, collated, if each dataset can."""
        parts = []
        for dataset in self._columns():
            fetch = bulk_form(dataset, "fetch_batch", "__getitem__")
            parts.append(NotImplemented if fetch is None else fetch(indices))
            if parts[-1] is NotImplemented:
                return NotImplemented
        return dict(zip(self.datasets, parts, strict=True)) if isinstance(self.datasets, dict) else parts

    def _columns(self) -> Sequence[Dataset[Any]]:
        return list(self.datasets.values()) if isinstance(self.datasets, dict) else self.datasets

    def _sample(self, parts: Sequence[Any]) -> Any:
        return dict(zip(self.datasets, parts, strict=True)) if isinstance(self.datasets, dict) else tuple(parts)


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
        return fetch_samples(self.dataset, [self.indices[i] for i in indices])

    def fetch_batch(self, indices: Sequence[Any]) -> Any:
        """Look up a batch, collated, if the dataset can."""
        inner = bulk_form(self.dataset, "fetch_batch", "__getitem__")
        return NotImplemented if inner is None else inner([self.indices[i] for i in indices])


def fetch_samples(dataset: Dataset[T_co], indices: Sequence[Any]) -> list[T_co]:
    """Look up several samples, at once if the dataset can.

    Args:
        dataset: Where the samples come from.
        indices: Their indices.

    Returns:
        The samples.

    Raises:
        ArgumentError: If the dataset's ``__getitems__`` gives more or fewer.
    """
    fetch = bulk_form(dataset, "__getitems__", "__getitem__")
    if fetch is None:
        return [dataset[index] for index in indices]
    samples: list[T_co] = fetch(indices)
    if len(samples) != len(indices):
        raise ArgumentError(
            f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)} samples from "
            f"{type(dataset).__name__}.__getitems__."
        )
    return samples


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
    size = _length(dataset)
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


def _length(dataset: Dataset[Any]) -> int:
    return len(dataset)  # type: ignore[arg-type]  # __len__ is optional in general, and needed where this is called
