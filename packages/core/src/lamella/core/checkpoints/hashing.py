"""Keys of dicts and members of sets, which Python hashes: made safe for values that somebody chose to make it slow."""

from __future__ import annotations

from typing import Any

from lamella.core.devices import device
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError
from lamella.core.tensor import Size

#: Nobody can choose many values of these that have the same hash.
_SCATTERED = frozenset((str, bytes, float, bool, type(None), dtype, device))
_TEXTS = frozenset((str, bytes))
#: Ints up to here are their own hashes.
_OWN_HASH = (1 << 61) - 1
#: How many keys of other kinds there may be: if all were equal in hash, comparing them took less than a second.
#: Tuples of text are not among them, so that the pairs of a byte-pair vocabulary can be keys.
_MOST_OTHERS = 4000
#: How much a tuple may hold, tuples in it included.
_LARGEST_TUPLE = 100


class Keys:
    """Puts keys into dicts and sets, within limits for a whole file. What is saved is held to them as well."""

    def __init__(self) -> None:
        self._others = 0

    def set_item(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        """Add an item to a dict.

        Raises:
            CheckpointError: It has the key already, or that cannot be one.
        """
        self.check(key)
        if key in target:
            shown = f": {key[:60]!r}" if type(key) is str else ""
            raise CheckpointError(f"it has a dict with the same key twice{shown}.")
        target[key] = value

    def add(self, target: set[Any], items: list[Any]) -> None:
        """Add items to a set.

        Raises:
            CheckpointError: One of them cannot be in a set.
        """
        for item in items:
            self.check(item)
            target.add(item)

    def check(self, key: Any) -> None:
        """See to it that a value can be a key, and that there are not too many like it.

        Raises:
            CheckpointError: It is not so.
        """
        kind = type(key)
        if kind in _SCATTERED or (kind is int and -_OWN_HASH < key < _OWN_HASH):
            return
        if kind is tuple and len(key) <= _LARGEST_TUPLE and _TEXTS.issuperset(map(type, key)):
            return
        self._others += 1
        if self._others > _MOST_OTHERS:
            raise CheckpointError(
                f"it has more than {_MOST_OTHERS} keys that are tuples, complex or very large numbers."
            )
        if kind is tuple or kind is Size:
            self._check_tuple(key)
        elif kind is not int and kind is not complex:
            raise CheckpointError(f"it has a dict or set with a key of type {kind.__name__}, which cannot be one here.")

    def _check_tuple(self, key: tuple[Any, ...]) -> None:
        pending = [key]
        count = 0
        while pending:
            for item in pending.pop():
                count += 1
                if count > _LARGEST_TUPLE:
                    raise CheckpointError(f"it has a tuple as a key that holds more than {_LARGEST_TUPLE} values.")
                if type(item) is tuple or type(item) is Size:
                    pending.append(item)
                elif type(item) not in _SCATTERED and type(item) is not int and type(item) is not complex:
                    raise CheckpointError(f"it has a tuple as a key that holds a value of type {type(item).__name__}.")
