"""The loader: batches of a dataset, in a sampler's order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Generic, TypeVar, cast

from lamella import Generator
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.bulk import bulk_form
from lamella.data.collate import default_collate, default_convert
from lamella.data.dataset import Dataset
from lamella.data.sampler import BatchSampler, RandomSampler, SequentialSampler

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Iterate over a dataset in batches.

    Args:
        dataset: Anything with ``__getitem__``, and ``__len__`` unless a sampler is given.
        batch_size: Samples in a batch; ``None`` gives single samples, not batches.
        shuffle: Visit the samples in a new random order each time. ``None`` means no.
        sampler: Gives the indices to visit, instead of ``shuffle``.
        batch_sampler: Gives lists of indices, instead of ``batch_size``, ``shuffle``, ``sampler`` and
            ``drop_last``.
        num_workers: Must be 0: samples are loaded in this process. Worker processes come in a later release.
        collate_fn: Makes a batch of a list of samples. ``None`` means :func:`default_collate`, which lets
            datasets look up a whole batch at once (:mod:`lamella.data.bulk`); without batches,
            :func:`default_convert`.
        pin_memory: Accepted for the sake of ported code. It has no effect, as without an accelerator in
            PyTorch.
        drop_last: Leave out a last batch that is not full.
        generator: Source of the order when shuffling; ``None`` means the default generator. The same seed
            gives the same order.

    Raises:
        ArgumentError: If arguments exclude each other, or a size is not positive.
        ArgumentTypeError: If the dataset cannot be looked up by index.

    Example:
        >>> import lamella
        >>> from lamella.data import TensorDataset
        >>> dataset = TensorDataset(lamella.tensor([1.0, 2.0, 3.0]), lamella.tensor([0, 1, 0]))
        >>> for images, labels in DataLoader(dataset, batch_size=2):
        ...     print(images, labels)
        tensor([1., 2.]) tensor([0, 1])
        tensor([3.]) tensor([0])
    """

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Iterable[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *,
        generator: Generator | None = None,
    ) -> None:
        if num_workers < 0:
            raise ArgumentError(
                "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing. "
                f"Found num_workers={num_workers}."
            )
        if num_workers > 0:
            raise ArgumentError(
                f"DataLoader: expected num_workers=0, found num_workers={num_workers}. Worker processes come "
                "in a later release; until then pass 0, and samples are loaded in this process."
            )
        if not hasattr(dataset, "__getitem__"):
            raise ArgumentTypeError(
                "DataLoader: expected a dataset in map style, with __getitem__; "
                f"found {type(dataset).__name__}. Define __getitem__, or put the samples into a list."
            )
        if sampler is not None and shuffle:
            raise ArgumentError("sampler option is mutually exclusive with shuffle. Pass one of the two.")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ArgumentError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                    "drop_last: it decides these."
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ArgumentError(
                "batch_size=None option disables auto-batching and is mutually exclusive with drop_last. "
                "Pass a batch size, or drop_last=False."
            )
        if sampler is None:
            # __len__ is optional in map style, and needed by these two.
            sized = cast("Sized", dataset)
            sampler = RandomSampler(sized, generator=generator) if shuffle else SequentialSampler(sized)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        default: Callable[[Any], Any] = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn or default
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        if self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
        else:
            for indices in self.batch_sampler:
                yield self._batch(list(indices))

    def __len__(self) -> int:
        sampler = self.sampler if self.batch_sampler is None else self.batch_sampler
        return len(cast("Sized", sampler))

    def _batch(self, indices: list[Any]) -> Any:
        if self.collate_fn is default_collate and indices:
            fetch_batch = bulk_form(self.dataset, "fetch_batch", "__getitem__")
            if fetch_batch is not None and (batch := fetch_batch(indices)) is not NotImplemented:
                return batch
        getitems = bulk_form(self.dataset, "__getitems__", "__getitem__")
        samples = [self.dataset[index] for index in indices] if getitems is None else getitems(indices)
        return self.collate_fn(samples)
