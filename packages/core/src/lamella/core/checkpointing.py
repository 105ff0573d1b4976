"""Memory for time: ``checkpoint`` keeps a function's inputs only, and computes the rest again when it is needed."""

from __future__ import annotations

import warnings
from _thread import RLock  # see backends.kernels
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any

from lamella.core import autograd, modes, trees
from lamella.core.autocast_policy import regions, within
from lamella.core.dispatch import Interpreter
from lamella.core.errors import ArgumentError, GradError
from lamella.core.function import Function
from lamella.core.modes import Mode, current_mode
from lamella.core.op import Op
from lamella.core.random import current_generator, fork_rng
from lamella.core.saved_tensors import Saved, saved_tensors_hooks
from lamella.core.tensor import Tensor

Contexts = Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]]


class CheckpointError(GradError):
    """A checkpointed function did something else when it was computed again."""


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Two contexts that do nothing: for the first computation, and for that in the backward pass."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Contexts = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, computed again in the backward pass in place of keeping what that needs.

    Args:
        function: Must do the same each time.
        args: Its arguments.
        use_reentrant: False: what would be saved is saved by its place alone, and computed again when a node asks.
            True: the function is not recorded at all, and run and differentiated within the backward pass; then at
            least one argument must require grad, and ``backward()`` must be called without ``inputs``. To be given;
            None warns and means True.
        context_fn: Returns two contexts: one to compute in, one to compute again in. Only where not reentrant.
        determinism_check: "default" compares shapes, dtypes and devices of what is saved; "none" does not.
        debug: Name the ops in the error where the second computation differs from the first. Only where not reentrant.
        early_stop: Stop computing again as soon as all is there that was saved.
        kwargs: Keyword arguments of the function; and ``preserve_rng_state=True``: whether the second computation draws
            the same random numbers as the first.

    Raises:
        ValueError: An option does not go with reentrant checkpointing, or is none that there is.
        CheckpointError: In the backward pass, if the function did something else (a RuntimeError).

    Example:
        >>> import lamella
        >>> x = lamella.tensor([0.0, 1.0], requires_grad=True)
        >>> y = lamella.utils.checkpoint.checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False)
        >>> y.sum().backward()
        >>> x.grad
        tensor([1.0000, 1.2534])
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. use_reentrant=False is "
            "recommended; without it this call means use_reentrant=True.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ArgumentError(
                f"Unexpected keyword arguments: {', '.join(kwargs)}. Reentrant checkpointing passes on positional ones "
                "only: give use_reentrant=False."
            )
        if context_fn is not noop_context_fn or debug:
            raise ArgumentError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return _reentrant(function, preserve, args)
    if determinism_check not in ("default", "none"):
        raise ArgumentError(f"determinism_check should be 'default' or 'none', got {determinism_check!r}")
    if not current_mode().grad:
        return function(*args, **kwargs)
    first, second = context_fn()
    stop = early_stop if _early_stop.get() is None else bool(_early_stop.get())
    frame = _Frame(function, args, kwargs, second, preserve, determinism_check == "default", stop, debug)
    with frame.noted(frame.ops), frame.recording(), first:
        return function(*args, **kwargs)


# --- not reentrant

_early_stop: ContextVar[bool | None] = ContextVar("lamella_checkpoint_early_stop", default=None)


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside, checkpoints stop computing again as soon as they can, or never; whatever they are told themselves."""
    token = _early_stop.set(enable)
    try:
        yield
    finally:
        _early_stop.reset(token)


class _Stop(BaseException):  # so that no `except Exception` of the function takes it
    """All is there that was saved."""


class _Frame:
    """One call of a checkpointed function: how to compute again what its nodes save.

    It keeps the place, the shape, the dtype and the device of each saved tensor. What is computed again stays until a
    node has asked for it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Any,
        kwargs: Any,
        context: AbstractContextManager[Any],
        preserve: bool,
        check: bool,
        stop: bool,
        debug: bool,
    ) -> None:
        self.function = function
        self.context = context
        self.check, self.stop, self.debug = check, stop, debug
        self.random = current_generator().state_array() if preserve else None
        self.interpreter = current_mode().interpreter
        self.regions = regions.get()
        leaves, self.structure = trees.flatten((args, kwargs))
        # an outer checkpoint is in force here, and keeps them in its way
        self.leaves = [Saved(x) if isinstance(x, Tensor) else x for x in leaves]
        self.seen: list[tuple[Any, ...]] = []  # of each saved tensor
        self.ops: list[str] = []
        self.found: dict[int, Tensor] = {}
        self.lock = RLock()

    def noted(self, ops: list[str]) -> AbstractContextManager[Any]:
        """A context that writes the names of the ops called down, if that was asked for."""
        return _Names(ops) if self.debug else nullcontext()

    def recording(self) -> saved_tensors_hooks:
        """The hooks of the first computation."""

        def pack(tensor: Tensor) -> int:
            self.seen.append((tuple(tensor.shape), tensor.dtype, tensor.device))
            return len(self.seen) - 1

        return saved_tensors_hooks(pack, self.again)

    def again(self, place: int) -> Tensor:
        """The tensor that was saved in the ``place``-th place."""
        with self.lock:
            if place not in self.found:
                self._compute()
            return self.found.pop(place)

    def _compute(self) -> None:
        found: list[Tensor] = []

        def pack(tensor: Tensor) -> Tensor:
            found.append(tensor)
            if self.stop and len(found) == len(self.seen):
                raise _Stop
            return tensor

        self.ops_again: list[str] = []
        leaves = [x.unpack() if isinstance(x, Saved) else x for x in self.leaves]
        args, kwargs = self.structure.build(iter(leaves))
        token = modes.switch_mode(Mode(True, self.interpreter))
        try:
            with (
                fork_rng(enabled=self.random is not None),
                within(self.regions),
                self.noted(self.ops_again),
                saved_tensors_hooks(pack, lambda t: t),
                self.context,
            ):
                if self.random is not None:
                    current_generator().set_state_array(self.random)
                with suppress(_Stop):
                    self.function(*args, **kwargs)
        finally:
            modes.restore_mode(token)
        self._compare(found)
        self.found = dict(enumerate(found))

    def _compare(self, found: list[Tensor]) -> None:
        if len(found) != len(self.seen):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.seen)}\nNumber of tensors saved "
                f"during recomputation: {len(found)}.{self._hint()}"
            )
        if not self.check:
            return
        for place, (before, tensor) in enumerate(zip(self.seen, found, strict=True)):
            now = (tuple(tensor.shape), tensor.dtype, tensor.device)
            if now != before:
                raise CheckpointError(
                    "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                    f"during the forward pass.\ntensor at position {place}:\nsaved metadata: {before}\n"
                    f"recomputed metadata: {now}{self._hint()}"
                )

    def _hint(self) -> str:
        if not self.debug:
            return "\nPass debug=True to checkpoint() to see the ops of both."
        return f"\nOps of the forward: {', '.join(self.ops)}\nOps of the recomputation: {', '.join(self.ops_again)}"


class _Names(Interpreter):
    """Writes the names of ops down."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        self.names.append(op.name)
        return self.run(op, inputs, attrs)


# --- reentrant


def _reentrant(function: Callable[..., Any], preserve: bool, args: tuple[Any, ...]) -> Any:
    if current_mode().grad and not any(isinstance(a, Tensor) and a.requires_grad for a in args):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", UserWarning, stacklevel=3)
    return CheckpointFunction.apply(function, preserve, *args)


class CheckpointFunction(Function):
    """Runs a function without recording it; its backward runs and differentiates it."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], preserve: bool, *args: Any) -> Any:
        """The function's result."""
        ctx.function = function
        ctx.random = current_generator().state_array() if preserve else None
        ctx.interpreter = current_mode().interpreter
        ctx.regions = regions.get()
        ctx.others = [None if isinstance(a, Tensor) else a for a in args]
        ctx.save_for_backward(*[a if isinstance(a, Tensor) else None for a in args])
        return function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradient of each argument; leaves that the function uses besides have theirs added."""
        if ctx._for_inputs:
            raise GradError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        args = [
            other if x is None else x.detach().requires_grad_(x.requires_grad)
            for x, other in zip(ctx.saved_tensors, ctx.others, strict=True)
        ]
        token = modes.switch_mode(Mode(True, ctx.interpreter))
        try:
            with fork_rng(enabled=ctx.random is not None), within(ctx.regions):
                if ctx.random is not None:
                    current_generator().set_state_array(ctx.random)
                result = ctx.function(*args)
        finally:
            modes.restore_mode(token)
        outputs = result if isinstance(result, tuple) else (result,)
        live = [(o, g) for o, g in zip(outputs, grads, strict=True) if isinstance(o, Tensor) and o.requires_grad]
        if not live:
            raise GradError("none of output has requires_grad=True, this checkpoint() is not necessary")
        autograd.backward([o for o, _ in live], [g for _, g in live])
        return (None, None, *[a.grad if isinstance(a, Tensor) else None for a in args])


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Run functions one after another, in segments of which each but the last is a :func:`checkpoint`.

    Args:
        functions: A list of functions, or a ``Sequential`` module.
        segments: Into how many segments to divide them.
        input: What the first gets; what each returns is what the next one gets.
        use_reentrant: As for :func:`checkpoint`.
        kwargs: ``preserve_rng_state``, as for :func:`checkpoint`.

    Raises:
        ValueError: There is another keyword argument.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. "
            "use_reentrant=False is recommended; without it this call means use_reentrant=True.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ArgumentError(f"Unexpected keyword arguments: {', '.join(kwargs)}. There is only preserve_rng_state.")
    steps: Sequence[Callable[..., Any]] = list(functions.children() if hasattr(functions, "children") else functions)

    def segment(start: int, stop: int) -> Callable[[Any], Any]:
        def run(value: Any) -> Any:
            for step in steps[start:stop]:
                value = step(value)
            return value

        return run

    size = len(steps) // segments
    for start in range(0, size * (segments - 1), size or 1):
        input = checkpoint(
            segment(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )
    return segment(size * (segments - 1), len(steps))(input)


__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "checkpoint",
    "checkpoint_sequential",
    "noop_context_fn",
    "set_checkpoint_early_stop",
]
