"""What the current thread or task wants of an op call: recorded or not, and by whom it is seen."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar

from lamella.core.errors import GradError


class NoVersion:
    """In place of the version of its memory, what each inference tensor has: changes to it are not counted."""

    def __getitem__(self, index: int) -> int:
        # who asks is about to save it
        raise GradError(
            "Inference tensors cannot be saved for backward. To work around you can make a clone to use it in autograd."
        )


INFERENCE: Any = NoVersion()


class Mode:
    """What the current thread or task wants of an op call. Immutable; one object is replaced by another."""

    # cell: the version cell of new tensors
    __slots__ = ("cell", "grad", "inference", "interpreter")

    def __init__(self, grad: bool = True, interpreter: Any = None, inference: bool = False) -> None:
        self.grad = grad
        self.interpreter = interpreter
        self.inference = inference
        self.cell = INFERENCE if inference else None


_mode: ContextVar[Mode] = ContextVar("lamella_mode", default=Mode())  # noqa: B039  # a Mode never changes
#: The mode in force here: ``current_mode()``. Bound once, because every op call asks.
current_mode = _mode.get
#: ``token = switch_mode(mode)``, undone by ``restore_mode(token)``: what the context managers below are made of.
switch_mode = _mode.set
restore_mode = _mode.reset

F = TypeVar("F", bound=Callable[..., Any])


class ModeSwitch:
    """Holds another mode inside a ``with`` block or a decorated function, and restores the old one."""

    def __init__(self) -> None:
        self._outer: list[Mode] = []

    def mode(self, outer: Mode) -> Mode:
        raise NotImplementedError(f"{type(self).__name__} defines which mode it switches to")

    def __enter__(self) -> None:
        outer = current_mode()
        self._outer.append(outer)
        switch_mode(self.mode(outer))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        switch_mode(self._outer.pop())

    def __call__(self, function: F) -> F:
        def again() -> ModeSwitch:
            return type(self)(*self._arguments())

        if inspect.isgeneratorfunction(function):
            # a generator runs in pieces: each piece in the mode, its caller outside of it
            def inside(*args: Any, **kwargs: Any) -> Any:
                running = function(*args, **kwargs)
                step, value = running.send, None
                while True:
                    try:
                        with again():
                            item = step(value)
                    except StopIteration as end:
                        return end.value
                    try:
                        value = yield item
                        step = running.send
                    except GeneratorExit:
                        running.close()
                        raise
                    except BaseException as error:  # noqa: BLE001  # the generator gets it
                        step, value = running.throw, error
        else:

            def inside(*args: Any, **kwargs: Any) -> Any:
                with again():
                    return function(*args, **kwargs)

        return functools.wraps(function)(inside)  # type: ignore[return-value]  # wraps() keeps the signature

    def _arguments(self) -> tuple[Any, ...]:
        return ()


class no_grad(ModeSwitch):
    """Results computed inside need no gradient. A context manager and a decorator (with or without parentheses).

    Example:
        >>> import lamella
        >>> x = lamella.ones(2, requires_grad=True)
        >>> with lamella.no_grad():
        ...     (x * 2).requires_grad
        False
    """

    def __new__(cls, function: F | None = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]  # @no_grad without parentheses: __new__ returns the wrapped function
        return made(function)

    def __init__(self, function: None = None) -> None:
        super().__init__()

    def mode(self, outer: Mode) -> Mode:
        return Mode(False, outer.interpreter, outer.inference)


class enable_grad(no_grad):
    """Results computed inside are recorded again, within an outer :class:`no_grad`."""

    def mode(self, outer: Mode) -> Mode:
        return Mode(True, outer.interpreter, outer.inference)


class set_grad_enabled(ModeSwitch):
    """Recording on or off by ``mode``: takes effect at once, and as a context manager is undone at its end."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.enabled = bool(mode)
        self.before = current_mode()
        switch_mode(self.mode(self.before))

    def mode(self, outer: Mode) -> Mode:
        return Mode(self.enabled, outer.interpreter, outer.inference)

    def __enter__(self) -> None:
        switch_mode(self.mode(current_mode()))

    def __exit__(self, *exception: object) -> None:
        switch_mode(self.before)

    def __call__(self, function: F) -> F:
        switch_mode(self.before)  # as a decorator it must not take effect until the function runs
        return super().__call__(function)

    def _arguments(self) -> tuple[Any, ...]:
        return (self.enabled,)


class inference_mode(ModeSwitch):
    """Like :class:`no_grad`, for code meant for inference only: tensors made inside can't be part of gradients later.

    They can't be saved for a backward pass, nor be changed in place outside; a ``clone()`` made outside can.
    ``inference_mode(False)`` ends an outer one, and records again.
    """

    def __new__(cls, mode: Any = True) -> Any:
        if not callable(mode):
            return super().__new__(cls)
        return cls()(mode)  # @inference_mode without parentheses

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.enabled = bool(mode)

    def mode(self, outer: Mode) -> Mode:
        return Mode(not self.enabled, outer.interpreter, self.enabled)

    def _arguments(self) -> tuple[Any, ...]:
        return (self.enabled,)


class interpreted(ModeSwitch):
    """Hands every op call inside to ``interpreter`` (see ``dispatch.Interpreter``).

    None switches back to plain running.
    """

    def __init__(self, interpreter: Any) -> None:
        super().__init__()
        self.interpreter = interpreter

    def mode(self, outer: Mode) -> Mode:
        return Mode(outer.grad, self.interpreter, outer.inference)

    def _arguments(self) -> tuple[Any, ...]:
        return (self.interpreter,)


def innermost_level() -> Any:
    """The innermost interpreter with tensors of its own (see ``transforms.wrapped``); None if there is none."""
    interpreter = current_mode().interpreter
    while interpreter is not None and not interpreter.wraps:
        interpreter = interpreter.outer
    return interpreter


def is_grad_enabled() -> bool:
    """Whether op calls are recorded here."""
    return current_mode().grad


def is_inference_mode_enabled() -> bool:
    """Whether this is inside an :class:`inference_mode`."""
    return current_mode().inference
