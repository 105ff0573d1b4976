"""Modules as functions: called with parameters and buffers that are given, not those they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, GradError
from lamella.core.ops.pieces import stack
from lamella.core.tensor import Tensor
from lamella.nn.module import Module
from lamella.nn.parallel import DataParallel

#: Stands for what a module did not have before.
_ABSENT: Any = object()


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the places of its parameters and buffers, which it has again afterwards.

    So a model is a function of its parameters, for ``lamella.func``. What ``forward`` does to one of them, as batch
    normalization to its running mean, is done to the tensor given; where it assigns another one, as in
    ``self.count = self.count + 1``, the dict gets that.

    Args:
        module: What to call.
        parameter_and_buffer_dicts: Tensors by path; or several dicts of them, without a path in common.
        args: The arguments of ``forward``: a tuple, or the only one.
        kwargs: Its keyword arguments.
        tie_weights: Whether a tensor for one of several places that share a parameter goes to all of them.
        strict: Whether there has to be a tensor for each parameter and buffer, and no other.

    Returns:
        What the module returns.

    Raises:
        ValueError: Dicts have a path in common, or places that share a parameter get different tensors.
        RuntimeError: Something is missing or unexpected, and ``strict``; or it is a DataParallel.
        AttributeError: A path leads to no module.
        TypeError: A value is no tensor.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> layer = nn.Linear(2, 1)
        >>> given = {"weight": lamella.ones(1, 2), "bias": lamella.zeros(1)}
        >>> lamella.func.functional_call(layer, given, lamella.tensor([3.0, 4.0]))
        tensor([7.])
    """
    if isinstance(module, DataParallel):
        raise GradError("functional_call can't be used with a DataParallel module. Give it the module inside.")
    given = _one_dict(parameter_and_buffer_dicts)
    with _in_place(module, given, tie_weights, strict):
        return module(*(() if args is None else args if isinstance(args, tuple) else (args,)), **(kwargs or {}))


def _one_dict(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, Sequence) or not all(isinstance(d, dict) for d in dicts):
        raise ArgumentError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    together: dict[str, Tensor] = {}
    for one in dicts:
        repeated = sorted(together.keys() & one.keys())
        if repeated:
            raise ArgumentError(
                f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous. Give each "
                "in one of them."
            )
        together.update(one)
    return together


@contextmanager
def _in_place(module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Inside, ``module`` holds the tensors given; afterwards ``given`` holds what it has in their places."""
    wanted = _tied(module, given) if tie_weights else given
    if strict:
        _check_names(module, wanted)
    before: dict[str, Any] = {}
    try:
        for path, tensor in wanted.items():
            before[path] = _swapped(module, path, tensor)
        yield
    finally:
        for path, tensor in reversed(before.items()):
            after = _swapped(module, path, tensor)
            if path in given and after is not _ABSENT:
                given[path] = after


def _members(module: Module) -> dict[str, Tensor]:
    return dict((*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)))


def _tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """``given``, and the same tensors for all other places that share what those places hold."""
    places: dict[int, list[str]] = {}
    for path, tensor in _members(module).items():
        places.setdefault(id(tensor), []).append(path)
    whole = dict(given)
    for shared in places.values():
        tensors = [given[path] for path in shared if path in given]
        if any(tensor is not tensors[0] for tensor in tensors):
            raise ArgumentError(
                f"functional_call got multiple values for keys {sorted(shared)}, which are tied. Consider using "
                "tie_weights=False"
            )
        if tensors:
            whole.update(dict.fromkeys(shared, tensors[0]))
    return whole


def _check_names(module: Module, given: Mapping[str, Any]) -> None:
    members = _members(module).keys()
    problems = [
        f"{what} key(s): {', '.join(map(repr, keys))}."
        for what, keys in (
            ("Unexpected", [k for k in given if k not in members]),
            ("Missing", [k for k in members if k not in given]),
        )
        if keys
    ]
    if problems:
        listed = "\n\t".join(problems)
        raise ArgumentRangeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{listed}")


def _swapped(root: Module, path: str, tensor: Any) -> Any:
    """Put ``tensor`` at ``path``, past all checks of kinds; gives what was there."""
    if not (tensor is None or tensor is _ABSENT or isinstance(tensor, Tensor)):
        raise ArgumentTypeError(f"functional_call: {tensor} for {path!r} is not an instance of lamella.Tensor")
    parent, _, name = path.rpartition(".")
    module = root.get_submodule(parent)
    held = next((kind for kind in (module._parameters, module._buffers) if name in kind), None)
    if held is not None:
        before = held[name]
        if tensor is _ABSENT:
            del held[name]
        else:
            held[name] = tensor
        return before
    before = getattr(module, name, _ABSENT)
    if not (before is None or before is _ABSENT or isinstance(before, Tensor)):
        raise ArgumentTypeError(f"functional_call: attribute {path!r} is {before}, not an instance of lamella.Tensor")
    if tensor is _ABSENT:
        delattr(module, name)
    else:
        setattr(module, name, tensor)
    return before


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several modules of one class, stacked: what ``vmap`` runs an ensemble with.

    Args:
        models: At least one module, all of one class and all in training or all in evaluation mode.

    Returns:
        Parameters, then buffers, by path, each with a new first dimension for the modules. The parameters are new
        leaves of the graph, for an optimizer.

    Raises:
        RuntimeError: There are none, or their classes, modes or ``requires_grad`` differ.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> from lamella.func import functional_call, stack_module_state, vmap
        >>> models = [nn.Linear(3, 2) for _ in range(5)]
        >>> params, buffers = stack_module_state(models)
        >>> def one(params, buffers, x):
        ...     return functional_call(models[0], (params, buffers), x)
        >>> vmap(one, (0, 0, None))(params, buffers, lamella.ones(7, 3)).shape
        lamella.Size([5, 7, 2])
    """
    if len(models) == 0:
        raise ArgumentRangeError("stack_module_state: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise ArgumentRangeError("stack_module_state: Expected all models to have the same training/eval mode.")
    kinds = {type(model) for model in models}
    if len(kinds) > 1:
        names = sorted(kind.__name__ for kind in kinds)
        raise ArgumentRangeError(f"stack_module_state: Expected all models to be of the same class, got {names}.")
    return (
        _stacked([dict(model.named_parameters()) for model in models]),
        _stacked([dict(model.named_buffers()) for model in models]),
    )


def _stacked(states: list[dict[str, Any]]) -> dict[str, Tensor]:
    result = {}
    for name in states[0]:
        tensors = [held[name] for held in states]
        wants = {tensor.requires_grad for tensor in tensors}
        if len(wants) > 1:
            raise ArgumentRangeError(f"Expected {name} from each model to have the same .requires_grad")
        result[name] = stack(tensors).detach().requires_grad_(wants.pop())
    return result


__all__ = ["functional_call", "stack_module_state"]
