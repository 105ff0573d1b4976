"""Exceptions on their way from a worker to whoever iterates."""

from __future__ import annotations

import traceback
from typing import NamedTuple

from lamella.core.errors import WorkerError


class _Verbatim(str):
    """A message that ``KeyError`` shows as it is, not in quotes."""

    __slots__ = ()

    __repr__ = str.__str__


class Failure(NamedTuple):
    """An exception of a worker: its type, and a message that holds its traceback."""

    kind: type[BaseException]
    message: str

    @classmethod
    def of(cls, error: BaseException, where: str) -> Failure:
        """Put down an exception that was raised in the worker ``where``."""
        told = "".join(traceback.format_exception(error))
        return cls(type(error), f"Caught {type(error).__name__} in DataLoader worker {where}.\nOriginal {told}")

    def exception(self) -> Exception:
        """Make an exception of the same type; a :class:`WorkerError` if the type wants other arguments.

        What is no error where it is raised again, such as ``StopIteration`` or ``SystemExit``, becomes a
        :class:`WorkerError` too: it would end the caller's loop, or the program, without a word.
        """
        if not issubclass(self.kind, Exception) or issubclass(self.kind, StopIteration | StopAsyncIteration):
            return WorkerError(self.message)
        try:
            error = self.kind(_Verbatim(self.message))
        except Exception:  # noqa: BLE001  # a foreign constructor may raise anything; the message tells the cause
            return WorkerError(self.message)
        if self.message not in str(error):
            error.add_note(self.message)
        return error
