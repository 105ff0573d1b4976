"""The loader: batches of a dataset, in a sampler's order."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sized
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar, cast

from lamella import Generator
from lamella.core.errors import ArgumentError, ArgumentTypeError
from lamella.data.collate import default_collate, default_convert
from lamella.data.dataset import Dataset, IterableDataset
from lamella.data.fetching import Job
from lamella.data.iteration import LoaderIterator
from lamella.data.loader_state import Progress, restored, standing_at, state_of
from lamella.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from lamella.data.workers import Caller, Threads, Workers

T_co = TypeVar("T_co", covariant=True)

#: What a loader reads once, when it is made.
FIXED = frozenset(
    {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}
    | {"workers", "num_workers", "multiprocessing_context"}
)


class DataLoader(Generic[T_co]):
    """Iterate over a dataset in batches.

    Whatever the number and the kind of workers, the batches are the same, come in the same order, and what
    datasets and transforms draw from Lamella's default generator is the same: see ``docs/data.md``.

    Args:
        dataset: Anything with ``__getitem__``, and ``__len__`` unless a sampler is given; or an
            :class:`IterableDataset`.
        batch_size: Samples in a batch; ``None`` gives single samples, not batches.
        shuffle: Visit the samples in a new random order each time. ``None`` means no.
        sampler: Gives the indices to visit, instead of ``shuffle``.
        batch_sampler: Gives lists of indices, instead of ``batch_size``, ``shuffle``, ``sampler`` and
            ``drop_last``.
        num_workers: How many workers fetch batches ahead; 0 means that whoever iterates fetches.
        collate_fn: Makes a batch of a list of samples. ``None`` means :func:`default_collate`, which lets
            datasets look up a whole batch at once (:mod:`lamella.data.bulk`); without batches,
            :func:`default_convert`.
        pin_memory: Accepted for the sake of ported code. It has no effect, as without an accelerator in
            PyTorch.
        drop_last: Leave out a last batch that is not full; of an iterable dataset, each worker's last one.
        timeout: Seconds to wait for a worker's batch; 0 means for ever.
        worker_init_fn: Called once in each worker with its number, before it fetches.
        multiprocessing_context: How processes start: ``"fork"``, ``"spawn"``, ``"forkserver"`` or a context of
            :mod:`multiprocessing`; ``None`` means Python's default way.
        generator: Source of the order when shuffling, and of the epochs' seeds; ``None`` means the default
            generator. The same seed gives the same order.
        prefetch_factor: Batches that each worker fetches ahead; ``None`` means 2.
        persistent_workers: Keep the workers from an epoch to the next.
        pin_memory_device: Accepted likewise.
        in_order: Give the batches in the sampler's order; otherwise, as workers have them ready.
        workers: Where to fetch: ``"process"``, ``"thread"``, or ``"none"`` for whoever iterates. ``None`` means
            processes if ``num_workers`` is positive. With a kind given and ``num_workers=0`` there is one worker.

    Raises:
        ArgumentError: If arguments exclude each other, or a number is out of its range.
        ArgumentTypeError: If the dataset cannot be looked up by index, or the context is none.

    Example:
        >>> import lamella
        >>> from lamella.data import TensorDataset
        >>> dataset = TensorDataset(lamella.tensor([1.0, 2.0, 3.0]), lamella.tensor([0, 1, 0]))
        >>> for images, labels in DataLoader(dataset, batch_size=2, workers="thread"):
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
        timeout: float = 0,
        worker_init_fn: Callable[[int], object] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        workers: str | None = None,
    ) -> None:
        self.workers, self.num_workers = _checked_workers(workers, num_workers)
        self.prefetch_factor = _checked_prefetch(prefetch_factor, self.num_workers)
        self.multiprocessing_context = _checked_context(multiprocessing_context, self.workers)
        if timeout < 0:
            raise ArgumentError(f"timeout option should be non-negative; found timeout={timeout}.")
        if timeout and not self.num_workers:
            raise ArgumentError(f"timeout option needs num_workers > 0; found timeout={timeout} and no workers.")
        if persistent_workers and not self.num_workers:
            raise ArgumentError("persistent_workers option needs num_workers > 0; found num_workers=0.")
        #: Whether the dataset is a stream.
        self.streams = isinstance(dataset, IterableDataset)
        _check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        batched = batch_size is not None or batch_sampler is not None
        if batch_sampler is not None:
            batch_size = None
        if not self.streams:
            if sampler is None:
                # __len__ is optional in map style, and needed by these two.
                sized = cast("Sized", dataset)
                sampler = RandomSampler(sized, generator=generator) if shuffle else SequentialSampler(sized)
            if batch_size is not None:
                batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        elif batch_size is not None:
            BatchSampler((), batch_size, drop_last)  # which checks them

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        #: How many epochs were begun.
        self.epochs = 0
        self._batched = batched
        self._kept: Workers | None = None
        self._progress: Progress | None = None
        self._resumed = False  # whether the next epoch goes on at _progress
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and "_made" in self.__dict__:
            raise ArgumentError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized. Make another loader."
            )
        super().__setattr__(name, value)

    def __iter__(self) -> LoaderIterator:
        draw_from = None
        if self._resumed and self._progress is not None:
            progress, self._resumed = self._progress, False
            draw_from = standing_at(progress.default)
        else:
            progress = self._progress = Progress.beginning(self)
        self.epochs += 1
        return LoaderIterator(self, self._started(), self.epochs, progress, draw_from)

    def __len__(self) -> int:
        if self.streams:
            size = len(cast("Sized", self.dataset))
            if self.batch_size is None:
                return size
            return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
        return len(cast("Sized", self.sampler if self.batch_sampler is None else self.batch_sampler))

    def state_dict(self) -> dict[str, Any]:
        """Return where the loader stands: in the middle of the latest epoch, or before the next one.

        A loader made with the same arguments, on the same dataset, goes on from there: see
        :meth:`load_state_dict`.

        Returns:
            Plain values and tensors, as ``lamella.save`` holds them; and for an iterable dataset with a
            ``state_dict`` of its own, what that returns.

        Raises:
            ArgumentError: If several workers give batches in no order.
        """
        return state_of(self, self._progress)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another loader stood.

        The next iteration gives the rest of that epoch: the same batches, and the same random numbers while they are
        fetched. The epochs after it are the same too. For that the generators, the default one among them, are put to
        where they stood. The number and the kind of workers may be others, unless the dataset is iterable; a
        stream is read from its beginning up to the place, if the dataset has no ``load_state_dict``.

        Args:
            state_dict: What :meth:`state_dict` returned.

        Raises:
            CheckpointError: If that was a loader of another kind.
        """
        self._progress = restored(self, state_dict)
        self._resumed = self._progress is not None

    def forget(self, workers: Workers) -> None:
        """Let the next epoch begin with new workers, as these are lost."""
        if self._kept is workers:
            self._kept = None

    def _started(self) -> Workers:
        """Workers that wait for an epoch."""
        if self._kept is not None:
            return self._kept
        job = Job(
            self.dataset,
            self.streams,
            self._batched,
            self.batch_size,
            self.drop_last,
            self.collate_fn,
            self.worker_init_fn,
            self.num_workers,
        )
        if self.workers == "none":
            return Caller(job)
        if self.workers == "thread":
            workers: Workers = Threads(job)
        else:
            from lamella.data.processes import Processes  # starts to cost when it is used

            workers = Processes(job, self.multiprocessing_context)
        if self.persistent_workers:
            self._kept = workers
            weakref.finalize(self, workers.close)
        return workers


def _checked_workers(workers: str | None, number: int) -> tuple[str, int]:
    """The kind and the number of workers."""
    if workers not in (None, "none", "thread", "process"):
        raise ArgumentError(f"workers option should be 'none', 'thread' or 'process'; found {workers!r}.")
    if number < 0:
        raise ArgumentError(
            "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing. "
            f"Found num_workers={number}."
        )
    if workers == "none" and number:
        raise ArgumentError(f"workers='none' means that there are none; found num_workers={number}. Leave one out.")
    if workers is None:
        workers = "process" if number else "none"
    return workers, number if workers == "none" else max(number, 1)


def _checked_prefetch(factor: int | None, workers: int) -> int | None:
    """How many batches each worker fetches ahead; None without workers."""
    if factor is None:
        return 2 if workers else None
    if not workers:
        raise ArgumentError(
            "prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 to enable "
            f"multiprocessing, otherwise set prefetch_factor to None. Found prefetch_factor={factor}."
        )
    if factor < 1:
        raise ArgumentError(f"prefetch_factor option should be non-negative, and not 0; found {factor}.")
    return factor


def _checked_context(context: str | BaseContext | None, workers: str) -> BaseContext | None:
    if context is None:
        return None
    if workers != "process":
        raise ArgumentError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0); "
            f"found workers={workers!r}."
        )
    if isinstance(context, str):
        known = get_all_start_methods()
        if context not in known:
            raise ArgumentError(
                f"multiprocessing_context option should specify a valid start method in {known!r}, but got "
                f"multiprocessing_context={context!r}."
            )
        return get_context(context)
    if not isinstance(context, BaseContext):
        raise ArgumentTypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={context!r}."
        )
    return context


def _check_order(
    dataset: object,
    batch_size: int | None,
    shuffle: bool | None,
    sampler: object,
    batch_sampler: object,
    drop_last: bool,
) -> None:
    """Check what decides the order and the size of batches."""
    if isinstance(dataset, IterableDataset):
        for name, given in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
            if given is not None:
                raise ArgumentError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={given}. "
                    "The dataset decides the order."
                )
    elif not hasattr(dataset, "__getitem__"):
        raise ArgumentTypeError(
            "DataLoader: expected a dataset in map style, with __getitem__, or an IterableDataset; "
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
    elif batch_size is None and drop_last:
        raise ArgumentError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last. "
            "Pass a batch size, or drop_last=False."
        )
