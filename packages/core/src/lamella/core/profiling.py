"""How often ops are called and how long they take: PyTorch's ``torch.autograd.profiler.profile``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from lamella.core.dispatch import Interpreter
from lamella.core.errors import ArgumentError, GradError
from lamella.core.modes import current_mode
from lamella.core.op import Op
from lamella.core.tensor import Tensor

Shapes = tuple[tuple[int, ...], ...]


@dataclass
class FunctionEvent:
    """One op call, or one :class:`record_function` block. Times are in microseconds.

    Attributes:
        name: The op's or the block's.
        cpu_time_total: Time it took. self_cpu_time_total: without that of the ops inside.
        input_shapes: Of the tensors it got, if they were asked for.
    """

    name: str
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    input_shapes: Shapes = ()


@dataclass
class FunctionEventAvg:
    """Events of one name, added up. Times are in microseconds.

    Attributes:
        key: The name. count: how many there are.
        cpu_time_total: Their times. self_cpu_time_total: without those of ops inside.
        input_shapes: Theirs, if they were grouped by them.
    """

    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    input_shapes: Shapes = ()

    @property
    def cpu_time(self) -> float:
        """The mean time of one."""
        return self.cpu_time_total / self.count if self.count else 0.0


class EventList(list[Any]):
    """Events added up, as :meth:`profile.key_averages` gives them."""

    #: What a table can be sorted by.
    SORTABLE = ("count", "cpu_time", "cpu_time_total", "self_cpu_time_total")

    def table(self, sort_by: str | None = None, row_limit: int = 100) -> str:
        """A table to print.

        Args:
            sort_by: One of :attr:`SORTABLE`, the largest first; None keeps the order of first calls.
            row_limit: The most rows to show; -1 for all.

        Raises:
            ValueError: There is nothing of that name to sort by.
        """
        if sort_by is not None and sort_by not in self.SORTABLE:
            raise ArgumentError(f"table: sort_by must be one of {', '.join(self.SORTABLE)}, got {sort_by!r}")
        rows = list(self) if sort_by is None else sorted(self, key=lambda e: -getattr(e, sort_by))
        whole = sum(e.self_cpu_time_total for e in self)
        shapes = any(e.input_shapes for e in self)
        head = ["Name", "Self CPU %", "Self CPU", "CPU total", "CPU time avg", "# of Calls"]
        lines = [head + ["Input Shapes"] * shapes]
        for e in rows if row_limit < 0 else rows[:row_limit]:
            share = 100 * e.self_cpu_time_total / whole if whole else 0.0
            times = [_time(t) for t in (e.self_cpu_time_total, e.cpu_time_total, e.cpu_time)]
            lines.append(
                [e.key, f"{share:.2f}%", *times, str(e.count)] + [str([list(s) for s in e.input_shapes])] * shapes
            )
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        rule = "  ".join("-" * w for w in widths)
        text = [
            "  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)])
            for line in lines
        ]
        return "\n".join([rule, text[0], rule, *text[1:], rule, f"Self CPU time total: {_time(whole)}"])

    def __str__(self) -> str:
        return self.table()


def _time(microseconds: float) -> str:
    for limit, unit in ((1e3, "us"), (1e6, "ms")):
        if microseconds < limit:
            return f"{microseconds * 1e3 / limit:.3f}{unit}"
    return f"{microseconds / 1e6:.3f}s"


class profile(Interpreter):
    """Measures each op call inside, forward and backward: a context manager.

    What is measured is the call as the program sees it: the kernel, and what this library does around it. The
    backward pass runs its rules as op calls too, more slowly than it does unobserved.

    Args:
        enabled: Whether to do anything.
        record_shapes: Keep the shapes of the tensors that ops get.

    Example:
        >>> import lamella
        >>> with lamella.autograd.profiler.profile() as p:
        ...     y = lamella.ones(2, 2) @ lamella.ones(2, 2) + 1
        >>> [(e.key, e.count) for e in p.key_averages()]
        [('matmul', 1), ('add', 1)]
    """

    def __init__(self, enabled: bool = True, *, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes
        self._events: list[FunctionEvent] = []
        self._inside: list[float] = [0.0]  # of each event that runs, and of all: the time of those inside
        self._running = False
        self._entered = False

    def __enter__(self) -> profile:
        if self._entered:
            raise GradError("Profiler context manager is not reentrant")
        self._entered = True
        if self.enabled:
            super().__enter__()
            self._running = True
        return self

    def __exit__(self, *exception: Any) -> None:
        if self.enabled:
            self._running = False
            super().__exit__(*exception)

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        if not self._running:  # a checkpoint runs it again
            return self.run(op, inputs, attrs)
        end = self.begin(op.name, _shapes(inputs) if self.record_shapes else ())
        try:
            return self.run(op, inputs, attrs)
        finally:
            end()

    def begin(self, name: str, shapes: Shapes = ()) -> Callable[[], None]:
        """Begin an event; call what is returned at its end."""
        event = FunctionEvent(name, input_shapes=shapes)
        self._events.append(event)
        self._inside.append(0.0)
        start = perf_counter_ns()

        def end() -> None:
            event.cpu_time_total = (perf_counter_ns() - start) / 1e3
            event.self_cpu_time_total = event.cpu_time_total - self._inside.pop()
            self._inside[-1] += event.cpu_time_total

        return end

    @property
    def function_events(self) -> list[FunctionEvent]:
        """The events, in the order in which they began."""
        self._check_ended()
        return list(self._events)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, in microseconds."""
        self._check_ended()
        return sum(e.self_cpu_time_total for e in self._events)

    def key_averages(self, group_by_input_shape: bool = False) -> EventList:
        """The events added up by name.

        Args:
            group_by_input_shape: By the shapes too, with ``record_shapes``.

        Raises:
            RuntimeError: The profiler has not run, or still runs.
        """
        self._check_ended()
        groups: dict[Any, FunctionEventAvg] = {}
        for e in self._events:
            shapes = e.input_shapes if group_by_input_shape else ()
            group = groups.setdefault((e.name, shapes), FunctionEventAvg(e.name, input_shapes=shapes))
            group.count += 1
            group.cpu_time_total += e.cpu_time_total
            group.self_cpu_time_total += e.self_cpu_time_total
        return EventList(groups.values())

    def table(self, sort_by: str | None = None, row_limit: int = 100) -> str:
        """The table of :meth:`key_averages`; see :meth:`EventList.table`."""
        return self.key_averages().table(sort_by, row_limit)

    def _check_ended(self) -> None:
        if not self._entered or self._running:
            raise GradError("Profiler didn't finish running: ask after the end of its `with` block")

    def __str__(self) -> str:
        return str(self.key_averages()) if self._entered and not self._running else "<unfinished profile>"


def _shapes(inputs: tuple[Any, ...]) -> Shapes:
    given = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (tuple, list)) else inputs
    return tuple([tuple(x.shape) if isinstance(x, Tensor) else () for x in given])


class record_function:
    """A block, or a decorated function, that the profilers in force show under a name of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._ends: list[Callable[[], None]] = []

    def __enter__(self) -> record_function:
        self._ends = [p.begin(self.name) for p in _profilers()]
        return self

    def __exit__(self, *exception: Any) -> None:
        for end in self._ends:
            end()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def named(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return named


def _profilers() -> Iterator[profile]:
    interpreter = current_mode().interpreter
    while interpreter is not None:
        if isinstance(interpreter, profile) and interpreter._running:
            yield interpreter
        interpreter = interpreter.outer


__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "profile", "record_function"]
