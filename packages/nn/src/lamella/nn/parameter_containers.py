"""Modules that hold parameters: in a list, in a dict. Values that are no tensors are kept beside them."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any, Self, overload

from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, IndexRangeError
from lamella.core.tensor import Tensor
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter


def _as_parameter(value: Any) -> Any:
    """A plain tensor as a parameter that shares its memory; anything else as it is."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _shown(entries: Iterable[tuple[Any, Any]]) -> str:
    """A line for each entry."""
    return "\n".join([f"  ({key}): {_described(value)}" for key, value in entries])


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    place = "" if value.device.type == "cpu" else f" ({value.device})"
    return f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}{place}]"


class ParameterList(Module):
    """Parameters in a list, all of them known to the module that holds the list.

    Tensors become parameters; other values are kept as they are.

    Args:
        values: What to begin with.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> scales = nn.ParameterList([lamella.ones(2) for _ in range(3)])
        >>> len(scales), len(list(scales.parameters()))
        (3, 3)
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, index: Any) -> str:
        position = operator.index(index)
        if not -self._size <= position < self._size:
            raise IndexRangeError(f"index {position} is out of range")
        return str(position % self._size)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name(index), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(i)) for i in range(self._size))

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def append(self, value: Any) -> Self:
        """Add a value at the end."""
        setattr(self, str(self._size), _as_parameter(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add several values at the end.

        Raises:
            TypeError: ``values`` is not iterable, or a single tensor.
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise ArgumentTypeError(
                f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return _shown(enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: there is nothing to compute."""
        raise ArgumentRangeError("ParameterList should not be called. Index it, or go over it.")


class ParameterDict(Module):
    """Parameters by name, all of them known to the module that holds the dict.

    Tensors become parameters; other values are kept as they are.

    Args:
        parameters: What to begin with: see :meth:`update`.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> scales = nn.ParameterDict({"left": lamella.ones(2), "right": lamella.ones(3)})
        >>> [name for name, _ in scales.named_parameters()]
        ['left', 'right']
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}  # in the order of insertion, which those of attributes do not keep
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        return getattr(self, _checked(key))

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, _checked(key), _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __or__(self, other: ParameterDict) -> ParameterDict:
        return _joined(self, other)

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        return _joined(other, self)

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # takes more than `|`, as in PyTorch
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return ParameterDict(self)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value called ``key``, which is ``default`` from now on if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all values."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Remove the value called ``key`` and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the value that was added last; gives its name and it."""
        key = next(reversed(self._keys), None)
        if key is None:
            {}.popitem()  # raises Python's own KeyError
        assert key is not None
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value called ``key``, or ``default``."""
        return getattr(self, key) if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict with ``default`` under each of ``keys``."""
        return ParameterDict([(key, default) for key in keys])

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of a name and a value."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add values by name; a name that is there gets the new value.

        Args:
            parameters: An ordered dict, a ParameterDict or pairs, whose order is kept; or another mapping, which is
                sorted by name first, as in PyTorch.

        Raises:
            TypeError: It is none of these. ValueError: a pair has not two parts.
        """
        if not isinstance(parameters, Iterable):
            raise ArgumentTypeError(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            parameters = list(parameters.items())
        elif isinstance(parameters, Mapping):
            parameters = sorted(parameters.items())
        for i, pair in enumerate(parameters):
            if not isinstance(pair, Iterable):
                raise ArgumentTypeError(
                    f"ParameterDict update sequence element #{i} should be Iterable; is {type(pair).__name__}"
                )
            parts = list(pair)
            if len(parts) != 2:
                raise ArgumentError(
                    f"ParameterDict update sequence element #{i} has length {len(parts)}; 2 is required"
                )
            self[parts[0]] = parts[1]

    def extra_repr(self) -> str:
        return _shown(self.items())

    def __call__(self, input: Any) -> Any:
        """Refuse: there is nothing to compute."""
        raise ArgumentRangeError("ParameterDict should not be called. Look parameters up by name.")


def _checked(key: Any) -> str:
    if not isinstance(key, str):
        raise ArgumentTypeError(f"ParameterDict: a key should be a string, but got {key!r} ({type(key).__name__})")
    return key


def _joined(first: Any, second: Any) -> ParameterDict:
    joined = ParameterDict(first)
    joined.update(second)
    return joined


__all__ = ["ParameterDict", "ParameterList"]
