"""JSON in files that may be hostile: no key twice, no numbers that JSON lacks, and a bound on the memory it takes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from lamella.core.checkpoints.budget import ALLOWANCE, Budget
from lamella.core.errors import CheckpointError

#: Bytes that values take in memory, as JSON's and as what is made of that, by their punctuation.
_COSTS = {b"[": 120, b"{": 120, b'"': 32, b",": 18, b":": 110, b'["dict"': 200, b'["counter"': 250, b'["odict"': 400}
#: What the keys of small objects take less, which are the same again and again.
_REBATES = {b'"dtype":': 110, b'"shape":': 110, b'"data_offsets":': 110}
_NUMBER = 32
#: Makes zeros of all letters of numbers, and spaces of the others.
_ONLY_NUMBERS = bytes(ord("0") if chr(letter) in "0123456789.eE+-" else ord(" ") for letter in range(256))


def written(value: Any) -> bytes:
    """The shortest text, in ASCII, that says ``value``.

    Raises:
        CheckpointError: It is so much that :func:`parsed` would refuse it.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
    refuse_costly(text)
    return text


def refuse_costly(text: bytes) -> None:
    """See to it that :func:`parsed` can read a text.

    Raises:
        CheckpointError: It would take too much memory.
    """
    if _cost(text) > ALLOWANCE + len(text):
        raise CheckpointError(
            "save: it has too many tensors, or millions of small values outside of them. Make tensors of the long "
            "lists of numbers, and files of parts."
        )


def parsed(text: bytes | bytearray, what: str, budget: Budget) -> Any:
    """The value of a text.

    Args:
        text: In UTF-8.
        what: What it is, for messages.
        budget: Pays for the value.

    Raises:
        CheckpointError: It is no JSON, has a key twice in one object, or would take far more memory than its
            length.
    """
    budget.spend(_cost(text))
    try:
        return json.loads(text.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{what} cannot be read: {error}") from error


def _cost(text: bytes | bytearray) -> int:
    """Bytes that reading a text takes at most, with what ``tree`` makes of it."""
    numbers = text.translate(_ONLY_NUMBERS).count(b"000")  # shorter ones take no memory of their own
    is_wide = b"\\u" in text or not text.isascii()
    return (
        sum(text.count(mark) * cost for mark, cost in _COSTS.items())
        - sum(text.count(key) * rebate for key, rebate in _REBATES.items())
        + _NUMBER * numbers
        + (5 if is_wide else 1) * len(text)  # up to four bytes a letter
    )


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found
