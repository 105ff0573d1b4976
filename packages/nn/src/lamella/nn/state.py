"""Saving and loading what a module holds: the rules behind ``Module.state_dict`` and ``Module.load_state_dict``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lamella.core.errors import ArgumentTypeError, CheckpointError
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor
from lamella.nn.hooks import of_kind
from lamella.nn.parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from lamella.nn.module import Module

#: Key, after the module's prefix, of what ``get_extra_state`` returns.
EXTRA_STATE = "_extra_state"


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class _IncompatibleKeys(_Keys):
    """What did not match in :meth:`Module.load_state_dict`."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def save(module: Module, destination: Any, prefix: str, keep_vars: bool) -> Any:
    """Put the state of ``module`` and its children under ``prefix`` into ``destination``, a new dict if None."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = {}  # the version of each module, beside the entries, as in PyTorch
    version = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = version
    for hook in of_kind(module._state_hooks, "save_pre"):
        hook.function(module, prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for hook in of_kind(module._state_hooks, "save_post", "save_replace"):
        replaced = hook.function(module, destination, prefix, version)
        if replaced is not None:
            if hook.kind == "save_post":
                raise CheckpointError("state_dict post-hook must return None")
            destination = replaced
    return destination


def load(root: Module, state_dict: Any, strict: bool, assign: bool) -> _IncompatibleKeys:
    """Copy ``state_dict`` into ``root`` and all below; see :meth:`Module.load_state_dict`."""
    if not isinstance(state_dict, Mapping):
        raise ArgumentTypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    versions = getattr(state_dict, "_metadata", {})
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []

    def visit(module: Module, entries: dict[str, Any], prefix: str) -> None:
        metadata = dict(versions.get(prefix[:-1], {}))
        if assign:
            metadata["assign_to_params_buffers"] = True
        arguments = (entries, prefix, metadata, True, missing, unexpected, errors)
        for hook in of_kind(module._state_hooks, "load_pre", "load_pre_alone"):
            hook.function(*(arguments if hook.kind == "load_pre_alone" else (module, *arguments)))
        module._load_from_state_dict(*arguments)
        for name, child in module._modules.items():
            if child is not None:
                inside = f"{prefix}{name}."
                visit(child, {k: v for k, v in entries.items() if k.startswith(inside)}, inside)
        matched = _IncompatibleKeys(missing, unexpected)
        for hook in of_kind(module._state_hooks, "load_post"):
            if hook.function(module, matched) is not None:
                raise CheckpointError(
                    "a hook registered with register_load_state_dict_post_hook returned a value. Change the lists in "
                    "incompatible_keys in place, and return None."
                )

    visit(root, dict(state_dict), "")
    if strict:
        if unexpected:
            errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
        if missing:
            errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise CheckpointError(f"Error(s) in loading state_dict for {type(root).__name__}:\n\t{listed}")
    return _IncompatibleKeys(missing, unexpected)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{k}"' for k in keys)


def load_own(
    module: Module,
    entries: dict[str, Any],
    prefix: str,
    metadata: dict[str, Any],
    missing: list[str],
    unexpected: list[str],
    errors: list[str],
    has_extra_state: bool,
) -> None:
    """Copy the entries of ``module`` itself, without its children, and note what does not fit."""
    own = dict(module._parameters)
    own |= {k: v for k, v in module._buffers.items() if k not in module._non_persistent}
    assign = metadata.get("assign_to_params_buffers", False)
    for name, current in own.items():
        if current is None:
            continue
        key = prefix + name
        if key in entries:
            problem = _take_over(module, name, key, current, entries[key], assign)
            if problem:
                errors.append(problem)
        else:
            missing.append(key)
    extra = prefix + EXTRA_STATE
    if has_extra_state:
        if extra in entries:
            module.set_extra_state(entries[extra])
        else:
            missing.append(extra)
    elif extra in entries:
        unexpected.append(extra)
    for key in entries:
        if key.startswith(prefix) and key != extra:
            first, dot, _ = key[len(prefix) :].partition(".")
            if first not in (module._modules if dot else [k for k, v in own.items() if v is not None]):
                unexpected.append(key)


def _take_over(module: Module, name: str, key: str, current: Tensor, given: Any, assign: bool) -> str | None:
    """Copy or assign one entry; gives what is wrong with it."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{key}", expected lamella.Tensor or Tensor-like object from checkpoint '
            f"but received {type(given)}"
        )
    if is_lazy(given) and is_lazy(current):
        return None
    if not is_lazy(current) and current.shape == () and given.shape == (1,):  # as PyTorch 0.3 wrote numbers
        given = given[0]
    if given.shape != current.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in current "
            f"model is {current.shape}."
        )
    if assign:
        if isinstance(current, Parameter) and not isinstance(given, Parameter):
            given = Parameter(given, requires_grad=current.requires_grad)
        elif isinstance(current, Parameter):
            given.requires_grad_(current.requires_grad)
        setattr(module, name, given)
        return None
    with no_grad():
        current.copy_(given)
    return None


__all__ = ["EXTRA_STATE", "load", "load_own", "save"]
