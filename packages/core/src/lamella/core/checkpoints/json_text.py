"""JSON in files that may be hostile: no key twice, no numbers that JSON lacks, and a bound on the memory it takes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from lamella.core.errors import CheckpointError

_COSTS = {b"[": 96, b"{": 96, b'"': 32, b",": 16}  # bytes that a value takes in memory, by its punctuation
_FREE_BYTES = 1 << 26


def written(value: Any) -> bytes:
    """The shortest text, in ASCII, that says ``value``.

    Raises:
        CheckpointError: It is so much that :func:`parsed` would refuse it.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
    if _is_costly(text):
        raise CheckpointError(
            "save: it has millions of small values outside of tensors. Make tensors of the long lists of numbers."
        )
    return text


def parsed(text: bytes | bytearray, what: str) -> Any:
    """The value of a text.

    Args:
        text: In UTF-8.
        what: What it is, for messages.

    Raises:
        CheckpointError: It is no JSON, has a key twice in one object, or would take far more memory than its
            length.
    """
    if _is_costly(text):
        raise CheckpointError(f"{what} cannot be read: it consists of millions of small values.")
    try:
        return json.loads(text.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{what} cannot be read: {error}") from error


def _is_costly(text: bytes | bytearray) -> bool:
    # Lists of numbers take at most eight times their text.
    return sum(text.count(mark) * cost for mark, cost in _COSTS.items()) > _FREE_BYTES + 8 * len(text)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found
