"""Making one batch of many samples."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentTypeError, IndexRangeError, ShapeError


def default_collate(batch: Sequence[Any]) -> Any:
    """Join samples into one batch, part by part.

    =========================  =====================================================================
    samples are                the batch is
    =========================  =====================================================================
    tensors, NumPy arrays      a tensor with a new first dimension
    bools, ints                a tensor of dtype ``bool``, ``int64``
    floats                     a tensor of dtype ``float64``
    NumPy numbers              a tensor of their dtype
    strings, bytes             the samples as they are
    mappings                   a mapping of the same type; the keys are the first sample's
    named tuples               a named tuple of the same type
    other tuples, sequences    a list
    =========================  =====================================================================

    Args:
        batch: The samples, at least one, all of one structure.

    Returns:
        The batch.

    Raises:
        IndexRangeError: If there is no sample.
        ArgumentTypeError: If samples are of another type.
        ShapeError: If sequences differ in length, or tensors in shape.

    Example:
        >>> default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
        {'x': tensor([1, 2]), 'name': ['a', 'b']}
    """
    if len(batch) == 0:
        raise IndexRangeError("default_collate: expected at least one sample, found an empty batch.")
    first = batch[0]
    if isinstance(first, Tensor):
        return lamella.stack(list(batch))
    if isinstance(first, str | bytes):  # before NumPy's numbers: np.str_ is both
        return batch
    if isinstance(first, np.ndarray) and first.dtype.kind not in "OSU":
        return lamella.stack([lamella.as_tensor(sample) for sample in batch])
    if isinstance(first, np.generic):  # before floats: np.float64 is both
        return lamella.as_tensor(np.asarray(batch))
    if isinstance(first, float):
        return lamella.tensor(batch, dtype=lamella.float64)
    if isinstance(first, int):
        return lamella.tensor(batch)
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, Sequence):
        lengths = [len(sample) for sample in batch]
        if len(set(lengths)) > 1:
            raise ShapeError(
                "each element in list of batch should be of equal size: default_collate found lengths "
                f"{sorted(set(lengths))}. Pad them, or pass a collate_fn."
            )
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if _is_namedtuple(first) else parts
    kind = first.dtype if isinstance(first, np.ndarray) else type(first)
    raise ArgumentTypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {kind}. Return one of these from the dataset, or pass a collate_fn."
    )


def default_convert(data: Any) -> Any:
    """Turn the NumPy arrays and numbers in a sample into tensors, and leave the rest as it is.

    What a loader does to each sample when ``batch_size=None``. Tuples that are not named become lists.

    Args:
        data: A sample; mappings and sequences are searched.

    Returns:
        The converted sample.

    Example:
        >>> import numpy as np
        >>> default_convert((np.array([1, 2]), "label"))
        [tensor([1, 2]), 'label']
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind not in "OSU":
        return lamella.as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if _is_namedtuple(data) else parts
    return data


def _is_namedtuple(sample: Any) -> bool:
    return isinstance(sample, tuple) and hasattr(sample, "_fields")


def _like(sample: Mapping[Any, Any], values: dict[Any, Any]) -> Mapping[Any, Any]:
    """A mapping of ``sample``'s type that holds ``values``."""
    if type(sample) is dict:
        return values
    if isinstance(sample, MutableMapping):
        # A copy keeps what the constructor would not know, such as a default factory.
        clone = copy.copy(sample)
        clone.update(values)
        return clone
    return type(sample)(values)  # type: ignore[call-arg]  # by custom, a mapping's type takes a mapping
