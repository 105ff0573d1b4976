"""Modules that hold modules: in a row, in a list, in a dict."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Self, overload

from lamella.core.errors import ArgumentError, ArgumentTypeError, ConditionError, IndexRangeError
from lamella.nn.module import Module


class _Numbered(Module):
    """What :class:`Sequential` and :class:`ModuleList` share: children named by number."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def _position(self, index: int, extra: int = 0) -> int:
        """``index`` counted from the front."""
        position, n = operator.index(index), len(self) + extra
        if not -n <= position < n:
            raise IndexRangeError(f"index {position} is out of range")
        return position % n

    def _set_all(self, modules: Iterable[Module]) -> None:
        named = {str(i): module for i, module in enumerate(modules)}
        self._modules.clear()
        self._modules.update(named)

    def _at(self, index: Any) -> Any:
        return next(islice(self._modules.values(), self._position(index), None))

    def __setitem__(self, index: int, module: Module) -> None:
        name = next(islice(self._modules, self._position(index), None))
        if not isinstance(module, Module):
            raise ArgumentTypeError(f"{type(module).__name__} is not a Module subclass")
        self._modules[name] = module

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self._modules.values())
        if isinstance(index, slice):
            del modules[index]
        else:
            del modules[self._position(index)]
        self._set_all(modules)

    def pop(self, key: int | slice) -> Any:
        """Remove the module at ``key`` and return it; or several, for a slice."""
        taken = self[key]  # type: ignore[index]  # the subclasses define how they are indexed
        del self[key]
        return taken

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the one at ``index``."""
        if not isinstance(module, Module):
            raise ArgumentTypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._set_all(modules)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise ArgumentTypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self


class Sequential(_Numbered):
    """Modules one after the other: each is given what the one before returned.

    Args:
        args: Modules, or one ordered dict of modules by name.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> net(lamella.ones(3, 4)).shape
        lamella.Size([3, 2])
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        by_name = args[0].items() if len(args) == 1 and isinstance(args[0], Mapping) else enumerate(args)
        for name, module in by_name:
            self.add_module(name if isinstance(name, str) else str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._at(index)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else (names[self._position(index)],):
            del self._modules[name]
        self._set_all(self._modules.values())

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at ``index``."""
        n = len(self)
        if not isinstance(module, Module):
            raise ConditionError(f"module should be of type: {Module}, but got {type(module).__name__}")
        if not -n <= index <= n:
            raise IndexRangeError(f"Index out of range: {index}. There are {n} modules.")
        return super().insert(index, module)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ArgumentError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ArgumentError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(other)

    def __mul__(self, times: int) -> Sequential:
        return Sequential(*(list(self) * self._factor(times)))

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self) * (self._factor(times) - 1))

    def _factor(self, times: int) -> int:
        if not isinstance(times, int):
            raise ArgumentTypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ArgumentError(f"Non-positive multiplication factor {times} for {type(self)}")
        return times


class ModuleList(_Numbered):
    """Modules in a list, all of them known to the module that holds the list.

    Args:
        modules: What to begin with.

    Example:
        >>> from lamella import nn
        >>> layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        >>> len(layers), len(list(layers.parameters()))
        (3, 6)
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return self._at(index)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at ``index``."""
        super().insert(index, module)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def __repr__(self) -> str:
        """Modules that look the same, one after the other, are shown once."""
        runs: list[tuple[int, int, str]] = []
        for i, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], i, text)
            else:
                runs.append((i, i, text))
        if not runs:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs
        ]
        inside = "\n  ".join(line.replace("\n", "\n  ") for line in lines)
        return f"{self._get_name()}(\n  {inside}\n)"


class ModuleDict(Module):
    """Modules by name, all of them known to the module that holds the dict.

    Args:
        modules: What to begin with: a mapping, or pairs of a name and a module.

    Example:
        >>> from lamella import nn
        >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "parity": nn.Linear(8, 2)})
        >>> list(heads)
        ['digit', 'parity']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove the module called ``key`` and return it."""
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Pairs of a name and a module."""
        return self._modules.items()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules by name, from a mapping or from pairs; a name that is there gets the new module.

        Raises:
            TypeError: This is neither. ValueError: a pair has not two parts.
        """
        if not isinstance(modules, Iterable):
            raise ArgumentTypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        if isinstance(modules, (Mapping, ModuleDict)):
            modules = list(modules.items())
        for i, pair in enumerate(modules):
            if not isinstance(pair, Iterable):
                raise ArgumentTypeError(
                    f"ModuleDict update sequence element #{i} should be Iterable; is {type(pair).__name__}"
                )
            parts: list[Any] = list(pair)
            if len(parts) != 2:
                raise ArgumentError(f"ModuleDict update sequence element #{i} has length {len(parts)}; 2 is required")
            self[parts[0]] = parts[1]


__all__ = ["ModuleDict", "ModuleList", "Sequential"]
