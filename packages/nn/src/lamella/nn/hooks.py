"""Hooks on modules: what to call around ``forward``, in the backward pass, and when state is saved or loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamella.core.errors import ArgumentRangeError, GradError
from lamella.core.function import Function
from lamella.core.graph import Handle
from lamella.core.tensor import Tensor


class Hook:
    """One registration of a function.

    Attributes:
        kind: When it is called, such as ``"forward_pre"``.
        function: What is called.
        with_kwargs: Whether it is given the keyword arguments of the call too.
        always_call: Whether it is called even when ``forward`` raises.
    """

    __slots__ = ("always_call", "function", "kind", "with_kwargs")

    def __init__(
        self, kind: str, function: Callable[..., Any], with_kwargs: bool = False, always_call: bool = False
    ) -> None:
        self.kind = kind
        self.function = function
        self.with_kwargs = with_kwargs
        self.always_call = always_call


#: Hooks of all modules, called before those of the module; see :mod:`lamella.nn.everywhere`.
EVERYWHERE: list[Hook] = []


def add_hook(hooks: list[Hook], hook: Hook, prepend: bool = False) -> Handle:
    """Add ``hook`` to ``hooks``, at the front if ``prepend``; the handle removes it."""
    handle = Handle(hooks, hook)
    if prepend:
        hooks.insert(0, hooks.pop())
    return handle


def of_kind(hooks: list[Hook], *kinds: str) -> list[Hook]:
    """The hooks of some kinds, in order; a new list, because a hook may remove itself."""
    return [hook for hook in hooks if hook.kind in kinds]


def call_with_hooks(module: Any, hooks: list[Hook], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call ``module.forward`` with all hooks around it."""
    called: list[Hook] = []
    result = None
    try:
        for hook in of_kind(hooks, "forward_pre"):
            args, kwargs = _before(hook, module, args, kwargs)
        boundary = Boundary(module, hooks) if any(h.kind in ("backward", "backward_pre") for h in hooks) else None
        if boundary is not None:
            args = boundary.enter(args)
        result = module.forward(*args, **kwargs)
        for hook in of_kind(hooks, "forward"):
            called.append(hook)
            result = _after(hook, module, args, kwargs, result)
        return result if boundary is None else boundary.leave(result)
    except Exception:  # raised again, when the hooks that are always called have been
        for hook in of_kind(hooks, "forward"):
            if hook.always_call and hook not in called:
                _after(hook, module, args, kwargs, result)
        raise


def _before(
    hook: Hook, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if hook.with_kwargs:
        replaced = hook.function(module, args, kwargs)
        if replaced is None:
            return args, kwargs
        if not (isinstance(replaced, tuple) and len(replaced) == 2):
            raise ArgumentRangeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
            )
        return replaced
    replaced = hook.function(module, args)
    if replaced is None:
        return args, kwargs
    return (replaced if isinstance(replaced, tuple) else (replaced,)), kwargs


def _after(hook: Hook, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    given = (args, kwargs, result) if hook.with_kwargs else (args, result)
    replaced = hook.function(module, *given)
    return result if replaced is None else replaced


class Hookable:
    """What registers hooks; the base of Module."""

    #: Around ``forward`` and in the backward pass.
    _hooks: list[Hook]
    #: When state is saved or loaded.
    _state_hooks: list[Hook]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call ``hook(module, args)`` before ``forward``; a result other than None replaces the arguments.

        Args:
            prepend: Call it before those registered already.
            with_kwargs: Call ``hook(module, args, kwargs)`` instead, which may return a pair of both.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return add_hook(self._hooks, Hook("forward_pre", hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> Handle:
        """Call ``hook(module, args, output)`` after ``forward``; a result other than None replaces the output.

        Args:
            prepend: Call it before those registered already.
            with_kwargs: Call ``hook(module, args, kwargs, output)`` instead.
            always_call: Call it even when ``forward`` raises.

        Returns:
            A handle whose ``remove()`` takes the hook away.
        """
        return add_hook(self._hooks, Hook("forward", hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known; it may return others."""
        return add_hook(self._hooks, Hook("backward_pre", hook), prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known.

        Both are tuples with None where there is no gradient; the hook may return another ``grad_input``.
        """
        return add_hook(self._hooks, Hook("backward", hook), prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> Handle:
        """PyTorch's older name of :meth:`register_full_backward_hook`."""
        return self.register_full_backward_hook(hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call ``hook(module, prefix, keep_vars)`` before this module's state is saved."""
        return add_hook(self._state_hooks, Hook("save_pre", hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after this module's state was saved."""
        return add_hook(self._state_hooks, Hook("save_post", hook))

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> Handle:
        """The same for a hook that may return another ``state_dict``; not public, but used by many models."""
        return add_hook(self._state_hooks, Hook("save_replace", hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call ``hook`` with the module and the arguments of ``_load_from_state_dict``, before it."""
        return add_hook(self._state_hooks, Hook("load_pre", hook))

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> Handle:
        """The same for a hook that is not given the module; not public, but used by many models."""
        return add_hook(self._state_hooks, Hook("load_pre" if with_module else "load_pre_alone", hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call ``hook(module, incompatible_keys)`` after this module was loaded; it may change the lists of keys."""
        return add_hook(self._state_hooks, Hook("load_post", hook))


class Boundary:
    """Watches gradients come into a module's outputs and go out of its inputs, for backward hooks.

    Inputs and outputs pass through an identity of their own, so that the gradients seen are this call's alone,
    whatever else the same tensors are used for.
    """

    def __init__(self, module: Any, hooks: list[Hook]) -> None:
        self.module = module
        self.pre_hooks = of_kind(hooks, "backward_pre")
        self.hooks = of_kind(hooks, "backward")
        self.grad_output: tuple[Tensor | None, ...] = ()
        self.inputs_want_grad = False

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments to call ``forward`` with."""
        found = self._through(args, self._inputs_reached)
        self.inputs_want_grad = found is not None
        return args if found is None else found

    def leave(self, result: Any) -> Any:
        """The result to hand to the caller."""
        several = isinstance(result, (tuple, list))
        found = self._through(tuple(result) if several else (result,), self._outputs_reached)
        if found is None:
            return result
        return type(result)(found) if several else found[0]

    def _through(self, values: tuple[Any, ...], reached: Callable[..., Any]) -> tuple[Any, ...] | None:
        places = [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]
        if not places:
            return None

        def spread(grads: tuple[Tensor | None, ...]) -> list[Tensor | None]:
            whole: list[Tensor | None] = [None] * len(values)
            for i, grad in zip(places, grads, strict=True):
                whole[i] = grad
            replaced = reached(tuple(whole))
            return [replaced[i] for i in places]

        passed = list(values)
        for i, tensor in zip(places, _Identity.apply(spread, *(values[i] for i in places)), strict=True):
            passed[i] = tensor
        return tuple(passed)

    def _outputs_reached(self, grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        for hook in self.pre_hooks:
            grads = _replaced(hook.function(self.module, grads), grads, "pre hook", "grad_output")
        self.grad_output = grads
        if not self.inputs_want_grad:  # nothing will reach the inputs, so this is the time
            for hook in self.hooks:
                hook.function(self.module, (None,), grads)
        return grads

    def _inputs_reached(self, grads: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        for hook in self.hooks:
            grads = _replaced(hook.function(self.module, grads, self.grad_output), grads, "hook", "grad_input")
        return grads


def _replaced(new: Any, old: tuple[Tensor | None, ...], hook: str, what: str) -> tuple[Tensor | None, ...]:
    if new is None:
        return old
    new = new if isinstance(new, tuple) else (new,)
    if len(new) != len(old):
        raise GradError(
            f"Backward {hook} returned an invalid number of {what}, got {len(new)}, but expected {len(old)}. "
            "Return a tuple with one for each, or None to leave them."
        )
    return new


class _Identity(Function):
    """Its inputs, unchanged; their gradients go through a function."""

    @staticmethod
    def forward(ctx: Any, through: Callable[..., Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.through = through
        ctx.set_materialize_grads(False)
        return tuple(t.view(t.shape) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        return (None, *ctx.through(grads))


__all__ = ["EVERYWHERE", "Hook", "Hookable", "add_hook", "call_with_hooks", "of_kind"]
