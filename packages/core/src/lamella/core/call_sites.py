"""Where in the user's program an op was called: the line, and the place in the model."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary, ref

from lamella.core.graph import Node

#: Functions on the stack that stand for a part of a model, by their code, and what puts the place into words: it is
#: given their ``self``, from the innermost call out. The layers' package registers its own.
PARTS: dict[CodeType, Callable[[Sequence[Any]], str]] = {}


class CallSite:
    """Where an op was called.

    Attributes:
        file, line, function: The innermost place outside of Lamella.
    """

    __slots__ = ("_describe", "_parts", "file", "function", "line")

    def __init__(
        self, file: str, line: int, function: str, parts: Sequence[Any], describe: Callable[[Sequence[Any]], str] | None
    ) -> None:
        self.file = file
        self.line = line
        self.function = function
        # weakly: a part may hold the tensor whose node this is kept for, which would never be freed
        self._parts = [ref(part) for part in parts]
        self._describe = describe

    @property
    def source(self) -> str:
        """The text of the line; empty where the file can't be read."""
        return linecache.getline(self.file, self.line).strip()

    @property
    def place(self) -> str | None:
        """The place in the model, such as ``"in module '0.body' (Linear) of Sequential"``; None outside of one."""
        parts = [part for known in self._parts if (part := known()) is not None]
        return None if self._describe is None or not parts else self._describe(parts)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.function}: {self.source}"


#: Where the op that made a node was called, for nodes made while somebody notes it.
SITES: WeakKeyDictionary[Node, CallSite] = WeakKeyDictionary()


def here() -> CallSite:
    """The call site of what is running."""
    frame = sys._getframe(1)
    outermost = frame
    found = None
    parts: list[Any] = []
    describe = None
    own = tuple(os.path.join(folder, "") for folder in sys.modules["lamella"].__path__)
    while frame is not None:
        code = frame.f_code
        if code in PARTS:
            parts.append(frame.f_locals["self"])
            describe = PARTS[code]
        elif found is None and not code.co_filename.startswith(own):
            found = frame
        outermost, frame = frame, frame.f_back  # type: ignore[assignment]  # the loop ends at None
    at = found or outermost
    return CallSite(at.f_code.co_filename, at.f_lineno, at.f_code.co_name, parts, describe)


__all__ = ["PARTS", "SITES", "CallSite", "here"]
