"""Samples in files that are mapped into memory: larger than it, and shared by processes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, ArgumentTypeError, CheckpointError, DataError, ShapeError
from lamella.data.bulk import positions
from lamella.data.dataset import Dataset


class MemoryMappedDataset(Dataset[Any]):
    """Arrays of equal length in ``.npy`` files; sample ``i`` holds row ``i`` of each, as tensors.

    The files are mapped, not read: only the rows that are looked up come into memory, all processes that map a file
    share its pages, and a copy made by ``pickle`` carries the paths. Rows are views that can be changed; the changes
    stay in the process and never reach the file.

    Args:
        paths: The files; samples are tuples then.
        named_paths: Or named files; samples are dicts then.

    Raises:
        ArgumentError: If both kinds are given, or none.
        DataError: If a file is damaged or holds Python objects, or lengths differ.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "squares.npy"
        ...     np.save(path, np.arange(5) ** 2)
        ...     MemoryMappedDataset(path)[3], MemoryMappedDataset(square=path)[4]
        ((tensor(9),), {'square': tensor(16)})
    """

    def __init__(self, *paths: str | os.PathLike[str], **named_paths: str | os.PathLike[str]) -> None:
        if bool(paths) == bool(named_paths):
            raise ArgumentError(
                "MemoryMappedDataset: expected either paths or paths by name, found "
                f"{len(paths)} paths and {len(named_paths)} by name."
            )
        self._names = list(named_paths)  # empty where samples are tuples
        self._paths = [Path(path).absolute() for path in (*paths, *named_paths.values())]
        self._map()

    @classmethod
    def write(cls, dataset: Dataset[Any], folder: str | os.PathLike[str]) -> MemoryMappedDataset:
        """Write the samples of any dataset into files, and open them.

        Each part of the samples becomes a file of ``folder``: ``0.npy``, ``1.npy``, … for tuples, ``<key>.npy`` for
        dicts, ``0.npy`` for samples that are one tensor, array or number. The files appear when all are whole.

        Args:
            dataset: In map style, not empty; samples all with the parts, shapes and dtypes of the first. Numbers of
                Python are stored as ``int64``, ``float64`` or ``bool``.
            folder: Made if absent; files there of the same names are replaced.

        Returns:
            The dataset in the files. A sample that was one tensor is now a tuple of one.

        Raises:
            ArgumentError: If the dataset is empty, or a key is no name for a file.
            ArgumentTypeError: If a part is no tensor, array or number.
            ShapeError: If a sample differs from the first in parts, shape or dtype.

        Example:
            >>> import tempfile
            >>> from lamella.data.datasets import FakeData
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     MemoryMappedDataset.write(FakeData(4, (3, 8, 8)), folder)[2][0].shape
            lamella.Size([3, 8, 8])
        """
        length = len(dataset)  # type: ignore[arg-type]  # __len__ is optional in map style, and needed here
        if length == 0:
            raise ArgumentError("MemoryMappedDataset.write: expected at least one sample, found an empty dataset.")
        first = _parts(dataset[0])
        for name in first:
            if not str(name).isidentifier() and not isinstance(name, int):
                raise ArgumentError(f"MemoryMappedDataset.write: expected keys that are identifiers, found {name!r}.")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        mark = os.urandom(4).hex()
        parts = {name: folder / f"{name}.npy.{mark}.part" for name in first}
        try:
            arrays = {
                name: np.lib.format.open_memmap(parts[name], "w+", value.dtype, (length, *value.shape))
                for name, value in first.items()
            }
            for index in range(length):
                sample = _parts(dataset[index])
                if _forms(sample) != _forms(first):
                    raise ShapeError(
                        f"MemoryMappedDataset.write: expected each sample to be as the first, {_forms(first)}; found "
                        f"{_forms(sample)} at index {index}."
                    )
                for name, value in sample.items():
                    arrays[name][index] = value
            for array in arrays.values():
                array.flush()
            del arrays, array
            whole = {name: part.replace(folder / f"{name}.npy") for name, part in parts.items()}
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)
        return cls(*whole.values()) if isinstance(next(iter(whole)), int) else cls(**whole)

    def _map(self) -> None:
        self._tensors = [_mapped(path) for path in self._paths]
        lengths = [len(tensor) if tensor.ndim else None for tensor in self._tensors]
        if None in lengths or len(set(lengths)) > 1:
            shapes = [tuple(tensor.shape) for tensor in self._tensors]
            found = ", ".join(f"{path} {shape}" for path, shape in zip(self._paths, shapes, strict=True))
            raise DataError(f"MemoryMappedDataset: expected arrays of equal length, found {found}.")

    def __getitem__(self, index: Any) -> Any:
        return self._sample([tensor[index] for tensor in self._tensors])

    def __len__(self) -> int:
        return len(self._tensors[0])

    def fetch_batch(self, indices: Sequence[Any]) -> Any:
        """Look up a batch, collated, by one indexing operation a file."""
        rows = positions(indices)
        batch = self._sample([tensor[rows] for tensor in self._tensors])
        return batch if self._names else list(batch)

    def _sample(self, parts: list[Tensor]) -> Any:
        return dict(zip(self._names, parts, strict=True)) if self._names else tuple(parts)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_tensors"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._map()


def _mapped(path: Path) -> Tensor:
    try:
        loaded = lamella.load(path, mmap=True)
    except CheckpointError as error:
        raise DataError(str(error)) from error
    if not isinstance(loaded, Tensor):
        raise DataError(f"{path}: expected one array, found a {type(loaded).__name__}.")
    return loaded


def _parts(sample: Any) -> dict[Any, NDArray[Any]]:
    """The parts of a sample, by key or position, as arrays."""
    if isinstance(sample, Mapping):
        named = dict(sample)
    else:
        named = dict(enumerate(sample if isinstance(sample, tuple | list) else (sample,)))
    return {name: _array(name, value) for name, value in named.items()}


def _array(name: Any, value: Any) -> NDArray[Any]:
    array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise ArgumentTypeError(
            f"MemoryMappedDataset.write: expected tensors, arrays and numbers, found {type(value).__name__} in part "
            f"{name!r}. Turn it into one by a transform."
        )
    return array


def _forms(parts: Mapping[Any, NDArray[Any]]) -> dict[Any, tuple[str, tuple[int, ...]]]:
    return {name: (array.dtype.name, array.shape) for name, array in parts.items()}
