"""Tables of numbers: CSV, NPZ and Parquet files."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentError, CheckpointError, DataError, PackageMissing
from lamella.data.dataset import TensorDataset

Columns = dict[str, NDArray[Any]]


class TableDataset(TensorDataset):
    r"""Rows of a table: samples ``(features, target)``, or ``(features,)`` without a target.

    =============  ============================================================================================
    the file is    its columns are
    =============  ============================================================================================
    ``.csv``       named by the first line; UTF-8, separated by commas, each cell a number (or ``nan``, ``inf``)
    ``.npz``       its arrays (N,); an array ``a`` (N, K) makes columns ``a[0]``, ``a[1]``, …
    ``.parquet``   its columns; needs pyarrow: ``pip install lamella-data[tables]``
    =============  ============================================================================================

    Args:
        path: The file; its ending says which kind.
        target: Column to predict. ``None`` means none.
        features: Columns to predict from, in that order. ``None`` means all but ``target``, in the file's order.

    Attributes:
        tensors: The features, ``float32`` (N, F), and the target (N,): ``int64`` where the column has only integers or
            booleans, else ``float32``.
        feature_names: Names of the columns of the features.

    Raises:
        ArgumentError: If the ending is none of the three, or a column is asked for that is not there.
        DataError: If the file is damaged, its columns differ in length, or a cell is no number.
        PackageMissing: If pyarrow is needed and not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "flowers.csv"
        ...     _ = path.write_text("length,width,species\n5.1,3.5,0\n6.2,2.9,1\n")
        ...     flowers = TableDataset(path, target="species")
        >>> flowers.feature_names, flowers[1]
        (['length', 'width'], (tensor([6.2000, 2.9000]), tensor(1)))
    """

    def __init__(
        self, path: str | os.PathLike[str], target: str | None = None, features: Sequence[str] | None = None
    ) -> None:
        path = Path(path)
        readers = {".csv": _read_csv, ".npz": _read_npz, ".parquet": _read_parquet}
        if path.suffix.lower() not in readers:
            raise ArgumentError(f"{path}: expected a file that ends with {', '.join(readers)}; found {path.suffix!r}.")
        columns = readers[path.suffix.lower()](path)
        for name in (*(features or ()), *(() if target is None else (target,))):
            if name not in columns:
                raise ArgumentError(f"{path}: expected a column among {', '.join(columns)}; found {name!r}.")
        self.feature_names = list(features) if features else [name for name in columns if name != target]
        chosen = [_numbers(path, name, columns[name]) for name in self.feature_names]
        if not chosen:
            raise ArgumentError(f"{path}: expected at least one column of features, found none.")
        lengths = {name: len(columns[name]) for name in columns}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{path}: expected columns of one length, found {lengths}.")
        with np.errstate(over="ignore"):  # beyond float32 is infinite, as everywhere
            tensors = [lamella.from_numpy(np.stack([column.astype(np.float32) for column in chosen], axis=1))]
            if target is not None:
                tensors.append(_target(_numbers(path, target, columns[target])))
        super().__init__(*tensors)


def _numbers(path: Path, name: str, column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind not in "biuf":
        raise DataError(f"{path}: expected numbers in column {name!r}, found {column.dtype}.")
    return column


def _target(column: NDArray[Any]) -> Tensor:
    return lamella.from_numpy(column.astype(np.float32 if column.dtype.kind == "f" else np.int64))


def _read_csv(path: Path) -> Columns:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            names = next(reader, [])
            if not names or len(set(names)) < len(names):
                raise DataError(f"{path}: expected names of columns in the first line, each once; found {names}.")
            cells: list[list[str]] = []
            for row in reader:
                if len(row) != len(names):
                    if not row:
                        continue  # an empty line
                    raise DataError(f"{path}, line {reader.line_num}: expected {len(names)} cells, found {len(row)}.")
                cells.append(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path}, line {reader.line_num + 1}: expected CSV in UTF-8 ({error}).") from error
    return {name: _parse(path, name, [row[i] for row in cells]) for i, name in enumerate(names)}


def _parse(path: Path, name: str, cells: list[str]) -> NDArray[Any]:
    """A column as integers where all are, else as floats."""
    try:
        return np.array([int(cell) for cell in cells], np.int64)
    except (ValueError, OverflowError):
        pass  # not all are integers: floats, then
    numbers = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            numbers[row] = float(cell)
        except ValueError as error:
            raise DataError(
                f"{path}: expected numbers in column {name!r}, found {cell[:80]!r} in row {row}."
            ) from error
    return numbers


def _read_npz(path: Path) -> Columns:
    try:
        arrays = lamella.load(path)
    except CheckpointError as error:
        raise DataError(str(error)) from error
    columns: Columns = {}
    for name, tensor in arrays.items() if isinstance(arrays, dict) else [("", arrays)]:
        array = tensor.numpy() if isinstance(tensor, Tensor) else np.empty(())
        if array.ndim not in (1, 2) or not isinstance(name, str):
            raise DataError(f"{path}: expected arrays (N,) or (N, K), found {name!r} with shape {array.shape}.")
        columns.update(
            {name: array} if array.ndim == 1 else {f"{name}[{k}]": array[:, k] for k in range(array.shape[1])}
        )
    return columns


def _read_parquet(path: Path) -> Columns:
    try:
        import pyarrow  # type: ignore[import-untyped]  # ships no types
        import pyarrow.parquet  # type: ignore[import-untyped]  # likewise
    except ModuleNotFoundError as error:
        raise PackageMissing("Parquet files need pyarrow. Install it with: pip install lamella-data[tables]") from error
    with path.open("rb") as file:
        try:
            table = pyarrow.parquet.ParquetFile(file).read()
            columns = {name: table.column(i).to_numpy() for i, name in enumerate(table.column_names)}
        except (pyarrow.ArrowException, OSError, ValueError) as error:  # ValueError: names that are no UTF-8
            raise DataError(f"{path}: expected an intact Parquet file, found a damaged one ({error}).") from error
    if len(columns) < len(table.column_names):
        raise DataError(f"{path}: expected each column's name once, found {table.column_names}.")
    return columns
