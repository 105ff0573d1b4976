"""The part of a checkpoint that is no tensor: plain Python values as JSON, each type told from every other.

None, True, False, str, finite floats and ints of up to 64 bits stand for themselves. Everything else is an
array that begins with its kind: ``["list", ...]``, ``["tuple", ...]``, ``["dict", [key, value], ...]``,
``["odict", metadata, [key, value], ...]``, ``["counter", [key, value], ...]``, ``["tensor", number]``,
``["float", "nan"]``, ``["int", "0xf"]``, ``["complex", real, imag]``, ``["bytes", hex]``, ``["dtype", name]``,
``["device", name]``, ``["size", ...]``.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from lamella.core import dtypes
from lamella.core.checkpoints.hashing import Keys
from lamella.core.devices import device
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError, LamellaError
from lamella.core.tensor import Size, Tensor

#: Containers inside containers; also what stops a list that contains itself.
MAX_DEPTH = 100

Numbered = dict[int, tuple[int, Tensor]]  # tensors and their numbers, by identity


def type_name(value: object) -> str:
    """The name of its class, with the module if that is not Python's own."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def encode(value: Any, tensors: Numbered, keys: Keys, where: str, depth: int = 0) -> Any:
    """Return the JSON form of `value`.

    Args:
        value: What to save.
        tensors: Receives the tensors found, each with the number that stands for it.
        keys: Refuses the keys of dicts that could not be read.
        where: How the caller would write `value`, for messages.
        depth: How many containers it is in.

    Raises:
        CheckpointError: A checkpoint cannot hold it.
    """
    if depth > MAX_DEPTH:
        raise CheckpointError(
            f"save: {where[:60]}... is nested more than {MAX_DEPTH} deep, or contains itself. Flatten it."
        )
    if isinstance(value, Tensor):
        return ["tensor", tensors.setdefault(id(value), (len(tensors), value))[0]]
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if abs(value) < 2**64 else ["int", hex(value)]
    if kind is float:
        return value if math.isfinite(value) else ["float", repr(value)]
    if kind is complex:
        parts = (value.real, value.imag)
        return ["complex", *(encode(part, tensors, keys, where, depth + 1) for part in parts)]
    if kind is bytes:
        return ["bytes", value.hex()]
    if kind is dtype:
        return ["dtype", value.name]
    if kind is device:
        return ["device", str(value)]
    if kind is Size:
        return ["size", *value]
    if kind is list or kind is tuple:
        items = (encode(item, tensors, keys, f"{where}[{i}]", depth + 1) for i, item in enumerate(value))
        return [kind.__name__, *items]
    if kind is dict or kind is OrderedDict or kind is Counter:
        pairs = []
        for key, item in value.items():
            form = encode(key, tensors, keys, f"a key of {where}", depth + 1)
            keys.check(key)
            pairs.append([form, encode(item, tensors, keys, f"{where}[{key!r}]", depth + 1)])
        if kind is not OrderedDict:
            return [kind.__name__.lower(), *pairs]
        # Modules hang the versions of their state on a state dict under this name.
        metadata = encode(getattr(value, "_metadata", None), tensors, keys, f"{where}._metadata", depth + 1)
        return ["odict", metadata, *pairs]
    hint = ""
    if isinstance(value, np.ndarray):
        hint = " Convert it with lamella.from_numpy."
    elif isinstance(value, np.generic):
        hint = " Convert it to a Python number with .item()."
    elif hasattr(value, "state_dict"):
        hint = " Save its state: call .state_dict() on it."
    raise CheckpointError(
        f"save: {where} is a {type_name(value)}, which a checkpoint cannot hold. It holds tensors, None, bool, int, "
        f"float, complex, str, bytes, dtype, device, Size, and list, tuple, dict, OrderedDict, Counter of these.{hint}"
    )


def decode(node: Any, tensors: Sequence[Any], keys: Keys, depth: int = 0) -> Any:
    """Return the value of a JSON form, whatever that says.

    Args:
        node: The form.
        tensors: What the numbers of tensors stand for: tensors, or what is to take their places.
        keys: Puts keys into dicts.
        depth: How many containers it is in.

    Raises:
        CheckpointError: It is nothing that `encode` returns.
    """
    if depth > MAX_DEPTH:
        raise CheckpointError(f"the tree is nested more than {MAX_DEPTH} deep.")
    if not isinstance(node, (list, dict)):
        if type(node) is float and not math.isfinite(node):
            raise CheckpointError("a number is too large for a float.")
        return node
    kind = node[0] if isinstance(node, list) and node else None
    if kind == "list":
        return [decode(item, tensors, keys, depth + 1) for item in islice(node, 1, None)]
    if kind == "tuple":
        return tuple([decode(item, tensors, keys, depth + 1) for item in islice(node, 1, None)])
    if kind == "dict":
        return _decode_pairs({}, islice(node, 1, None), tensors, keys, depth)
    if kind == "counter":
        return _decode_pairs(Counter(), islice(node, 1, None), tensors, keys, depth)
    if kind == "odict" and len(node) > 1:
        ordered: Any = _decode_pairs(OrderedDict(), islice(node, 2, None), tensors, keys, depth)
        metadata = decode(node[1], tensors, keys, depth + 1)
        if metadata is not None:
            ordered._metadata = metadata
        return ordered
    arguments = node[1:] if isinstance(node, list) else []
    if kind == "complex" and len(arguments) == 2:
        parts = [decode(part, tensors, keys, depth + 1) for part in arguments]
        if all(type(part) is float for part in parts):
            return complex(*parts)
    if kind == "size" and all(type(size) is int and 0 <= size < 2**63 for size in arguments):
        return Size(arguments)
    if len(arguments) == 1:
        argument = arguments[0]
        if kind == "tensor" and type(argument) is int and 0 <= argument < len(tensors):
            return tensors[argument]
        if isinstance(argument, str):
            return _decode_text(kind, argument)
    raise CheckpointError(f"the tree says {str(node)[:80]}, which means nothing.")


def _decode_pairs(result: Any, pairs: Iterable[Any], tensors: Sequence[Any], keys: Keys, depth: int) -> Any:
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise CheckpointError("an item of a dict is not a key and a value.")
        key, value = (decode(part, tensors, keys, depth + 1) for part in pair)
        keys.set_item(result, key, value)
    return result


def _decode_text(kind: Any, text: str) -> Any:
    """The value of a form with one text as its argument."""
    try:
        if kind == "float" and text in ("nan", "inf", "-inf"):
            return float(text)
        if kind == "int":
            return int(text, 16)
        if kind == "bytes":
            return bytes.fromhex(text)
        if kind == "dtype":
            return dtypes.by_name(text)
        if kind == "device":
            return device(text)
    except (ValueError, LamellaError, LookupError) as error:
        raise CheckpointError(f"the tree says {[kind, text[:60]]}: {error}") from error
    raise CheckpointError(f"the tree says {[kind, text[:60]]}, which means nothing.")
