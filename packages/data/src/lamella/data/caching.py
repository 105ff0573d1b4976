"""Keeping samples in memory once they have been looked up."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from lamella.data.dataset import Dataset, fetch_samples


class CachedDataset(Dataset[Any]):
    """The samples of a dataset, each looked up once and then kept in memory.

    Worth it where making a sample is slow (a file to open, an image to decode) and all fit into memory. What is
    random belongs into ``transform``, which is called anew at each look-up; a transform of ``dataset`` itself is
    called once for each sample. A kept sample is given as it is, not copied: do not change it in place.

    Threads may share one. Worker processes each keep what they look up, so there
    :class:`~lamella.data.MemoryMappedDataset` takes less memory. A copy made by ``pickle`` starts empty.

    Args:
        dataset: In map style, with integers for indices.
        transform: Called with each sample, at each look-up.

    Example:
        >>> class Slow(Dataset[int]):
        ...     def __getitem__(self, index):
        ...         print("computing", index)
        ...         return index * index
        ...     def __len__(self): return 10
        >>> cached = CachedDataset(Slow())
        >>> cached[3] + cached[3]
        computing 3
        18
    """

    def __init__(self, dataset: Dataset[Any], transform: Callable[[Any], Any] | None = None) -> None:
        self.dataset = dataset
        self.transform = transform
        self._kept: dict[int, Any] = {}

    def __getitem__(self, index: Any) -> Any:
        return self.__getitems__([index])[0]

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]  # __len__ is optional, here as there

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """Look up several samples; those not kept yet at once, if the dataset can."""
        places = [self._place(index) for index in indices]
        missing = [place for place in dict.fromkeys(places) if place not in self._kept]
        for place, sample in zip(missing, fetch_samples(self.dataset, missing), strict=True):
            # One step, so that threads that look up the same sample at once all get the same object.
            self._kept.setdefault(place, sample)
        samples = [self._kept[place] for place in places]
        return samples if self.transform is None else [self.transform(sample) for sample in samples]

    def _place(self, index: Any) -> int:
        index = operator.index(index)
        return index if index >= 0 else index + len(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}
