"""Making one batch of many samples."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

import lamella
from lamella import Tensor
from lamella.core.errors import ArgumentTypeError, IndexRangeError, ShapeError

CollateFunction = Callable[..., Any]


def collate(
    batch: Sequence[Any],
    *,
    collate_fn_map: dict[type | tuple[type, ...], CollateFunction] | None = None,
) -> Any:
    """Join samples into one batch, part by part, with a function for each type of part.

    Args:
        batch: The samples, at least one, all of one structure.
        collate_fn_map: Functions by the type of what they join; the key may also be a tuple of types. The type itself
            is looked up first, then the keys are tried in order with ``isinstance``. A function is called with the
            list of parts, and with the map as ``collate_fn_map``. What is in no key, is joined if it is a mapping or
            a sequence. ``None`` means no functions.

    Returns:
        The batch: mappings, named tuples and lists keep their type, other tuples become lists.

    Raises:
        IndexRangeError: If there is no sample.
        ArgumentTypeError: If a part has another type.
        ShapeError: If sequences differ in length.

    Example:
        >>> def joined(parts, *, collate_fn_map): return "".join(parts)
        >>> collate([{"name": "a"}, {"name": "b"}], collate_fn_map={str: joined})
        {'name': 'ab'}
    """
    if len(batch) == 0:
        raise IndexRangeError("default_collate: expected at least one sample, found an empty batch.")
    first = batch[0]
    function = _function_for(first, collate_fn_map or {})
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return _like_mapping(
            first, {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map) for key in first}
        )
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise ShapeError(
                "each element in list of batch should be of equal size: default_collate found lengths "
                f"{sorted(lengths)}. Pad them, or pass a collate_fn."
            )
        return _like_sequence(
            first, [collate(parts, collate_fn_map=collate_fn_map) for parts in zip(*batch, strict=True)]
        )
    raise _refusal(type(first))


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
    other tuples               a list
    other sequences            a sequence of the same type, or a list if that cannot be made
    =========================  =====================================================================

    Other types can be added to ``default_collate_fn_map``: see :func:`collate`.

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
    return collate(batch, collate_fn_map=default_collate_fn_map)


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
        return _like_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like_sequence(data, [default_convert(part) for part in data])
    return data


def _function_for(sample: Any, functions: dict[type | tuple[type, ...], CollateFunction]) -> CollateFunction | None:
    if type(sample) in functions:
        return functions[type(sample)]
    for kind, function in functions.items():
        if isinstance(sample, kind):
            return function
    return None


def _refusal(kind: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {kind}. Return one of these from the dataset, pass a collate_fn, or add the type to "
        "default_collate_fn_map."
    )


def _like_mapping(sample: Mapping[Any, Any], values: dict[Any, Any]) -> Mapping[Any, Any]:
    """A mapping of ``sample``'s type that holds ``values``; a dict if that cannot be made."""
    if type(sample) is dict:
        return values
    try:
        if isinstance(sample, MutableMapping):
            # A copy keeps what the constructor would not know, such as a default factory.
            clone = copy.copy(sample)
            clone.update(values)
            return clone
        return type(sample)(values)  # type: ignore[call-arg]  # by custom, a mapping's type takes a mapping
    except TypeError:  # PyTorch's rule for types that cannot be copied or made so
        return values


def _like_sequence(sample: Sequence[Any], parts: list[Any]) -> Any:
    """A sequence of ``sample``'s type that holds ``parts``; a list for tuples, and if that cannot be made."""
    if type(sample) in (list, tuple):
        return parts
    if isinstance(sample, tuple):
        return type(sample)(*parts) if hasattr(sample, "_fields") else parts
    try:
        if isinstance(sample, MutableSequence):
            clone = copy.copy(sample)
            for i, part in enumerate(parts):
                clone[i] = part
            return clone
        return type(sample)(parts)  # type: ignore[call-arg]  # by custom, a sequence's type takes a sequence
    except TypeError:  # PyTorch's rule for types that cannot be copied or made so, such as range
        return parts


def _tensors(batch: Sequence[Tensor], *, collate_fn_map: Any) -> Tensor:
    return lamella.stack(list(batch))


def _arrays(batch: Sequence[Any], *, collate_fn_map: Any) -> Any:
    if batch[0].dtype.kind in "OSU":
        raise _refusal(batch[0].dtype)
    return collate([lamella.as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _numpy_numbers(batch: Sequence[Any], *, collate_fn_map: Any) -> Tensor:
    return lamella.as_tensor(np.asarray(batch))


def _floats(batch: Sequence[float], *, collate_fn_map: Any) -> Tensor:
    return lamella.tensor(batch, dtype=lamella.float64)


def _ints(batch: Sequence[int], *, collate_fn_map: Any) -> Tensor:
    return lamella.tensor(batch)


def _unchanged(batch: Sequence[Any], *, collate_fn_map: Any) -> Sequence[Any]:
    return batch


#: What :func:`default_collate` does with each type that is no container. May be added to.
default_collate_fn_map: dict[type | tuple[type, ...], CollateFunction] = {
    Tensor: _tensors,
    np.ndarray: _arrays,
    (np.bool_, np.number, np.object_): _numpy_numbers,  # before floats: np.float64 is both
    float: _floats,
    int: _ints,
    str: _unchanged,
    bytes: _unchanged,
}
