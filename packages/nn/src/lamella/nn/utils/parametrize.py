"""Parametrizations: tensors of a module that are computed, each time they are asked for, from others that are trained.

``module.weight`` becomes a property of a class of its own for the module, and what it is computed from and with lies in
``module.parametrizations.weight``, a :class:`ParametrizationList`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from lamella.core.errors import ArgumentError, GradError
from lamella.core.modes import no_grad
from lamella.core.tensor import Tensor
from lamella.nn.containers import ModuleDict, ModuleList
from lamella.nn.module import Module
from lamella.nn.parameter import Parameter

#: What was computed so far inside :func:`cached`, by list; None outside.
_cache: ContextVar[dict[ParametrizationList, Any] | None] = ContextVar("parametrizations", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once, however often it is asked for.

    Example:
        >>> from lamella import nn
        >>> from lamella.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.orthogonal(nn.Linear(3, 3))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
        >>> layer.weight is layer.weight
        False
    """
    token = _cache.set({} if _cache.get() is None else _cache.get())
    try:
        yield
    finally:
        _cache.reset(token)


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order of registration, and what the tensor is computed from.

    That is ``original``, or ``original0``, ``original1`` … if the first parametrization's ``right_inverse`` gives
    several tensors. Made by :func:`register_parametrization`.

    Args:
        modules: The parametrizations, at least one.
        original: The tensor as it was.
        unsafe: Whether they may change its shape and dtype.

    Raises:
        ValueError: There are none, or what they give does not fit the tensor.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ArgumentError("ParametrizationList requires one or more modules, got none.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            inverse = self._inverse(original)
        self.is_tensor = isinstance(inverse, Tensor)
        self.ntensors = 1 if self.is_tensor else len(_several(inverse))
        if self.is_tensor:
            if inverse.dtype is not dtype or inverse.device != original.device:
                raise ArgumentError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype or the device: got "
                    f"{inverse.dtype} on {inverse.device} for a tensor of {dtype} on {original.device}."
                )
            _hold(original, inverse)
            _register(self, "original", original)
        else:
            for i, tensor in enumerate(inverse):
                made = Parameter(tensor, False) if isinstance(original, Parameter) else tensor
                _register(self, f"original{i}", made.requires_grad_(original.requires_grad))
        if not unsafe:
            _check("a parametrization", self(), shape, dtype)

    def _inverse(self, value: Any) -> Any:
        """What ``value`` is computed from; a parametrization without inverse is taken to leave it as it is."""
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                try:
                    value = module.right_inverse(value)
                except NotImplementedError:
                    continue
        return value

    def right_inverse(self, value: Tensor) -> None:
        """Make the tensor ``value``: what an assignment to the module's attribute does.

        Raises:
            RuntimeError: A parametrization has no ``right_inverse``.
            ValueError: What it gives does not fit what is held.
        """
        with no_grad():
            given: Any = value
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise GradError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                given = module.right_inverse(given)
        if self.is_tensor:
            if not isinstance(given, Tensor):
                raise ArgumentError(f"`right_inverse` should return a tensor. Got {type(given).__name__}")
            tensors: Sequence[Tensor] = (given,)
        else:
            tensors = _several(given)
            if len(tensors) != self.ntensors:
                raise ArgumentError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                    f"length {len(tensors)}."
                )
        originals = self._originals()
        for i, (tensor, original) in enumerate(zip(tensors, originals, strict=True)):
            if tensor.dtype is not original.dtype:
                raise ArgumentError(
                    f"Tensor {i} returned by `right_inverse` has dtype {tensor.dtype} while the one held has dtype "
                    f"{original.dtype}. Return it in that."
                )
        for tensor, original in zip(tensors, originals, strict=True):
            _hold(original, tensor)

    def _originals(self) -> list[Any]:
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Any:
        first, *rest = self
        value = first(*self._originals())
        for module in rest:
            value = module(value)
        return value


def _several(tensors: Any) -> Sequence[Tensor]:
    if not isinstance(tensors, Sequence):
        raise ArgumentError(
            f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
            f"{type(tensors).__name__}"
        )
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise ArgumentError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                f"{i} of the sequence with type {type(tensor).__name__}."
            )
    return tensors


def _hold(original: Tensor, values: Tensor) -> None:
    """Give ``original`` other values, perhaps of another shape. It stays the object that an optimizer holds."""
    if values is not original:
        original.data = values.detach()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check(what: str, result: Any, shape: Any, dtype: Any) -> None:
    if not isinstance(result, Tensor):
        raise ArgumentError(f"A parametrization must return a tensor. Got {type(result).__name__} from {what}.")
    if result.dtype is not dtype or result.shape != shape:
        raise ArgumentError(
            "Registering a parametrization may not change the dtype or the shape of the tensor, unless the `unsafe` "
            f"flag is enabled: {what} gave {result.dtype} of shape {tuple(result.shape)} for {dtype} of shape "
            f"{tuple(shape)}."
        )


# --- the class of a parametrized module


def _with_properties(base: type[Module], names: Sequence[str]) -> type[Module]:
    """A class like ``base`` with properties for parametrized tensors."""
    members: dict[str, Any] = {name: _property(name) for name in names}
    return type(f"Parametrized{base.__name__}", (base,), {**members, "__reduce_ex__": _reduced, "_base": base})


def _property(name: str) -> property:
    def get(module: Any) -> Any:
        parametrizations = module.parametrizations[name]
        cache = _cache.get()
        if cache is None:
            return parametrizations()
        if parametrizations not in cache:
            cache[parametrizations] = parametrizations()
        return cache[parametrizations]

    def put(module: Any, value: Tensor) -> None:
        module.parametrizations[name].right_inverse(value)

    return property(get, put)


def _reduced(module: Any, protocol: Any) -> Any:
    """How copies and pickles are made, which cannot name the class."""
    return _unparametrized, (module._base, tuple(module.parametrizations)), module.__dict__


def _unparametrized(base: type[Module], names: Sequence[str]) -> Module:
    kind = _with_properties(base, names)
    return kind.__new__(kind)


def _set_class(module: Module, base: type[Module], names: Sequence[str]) -> None:
    module.__class__ = _with_properties(base, names) if names else base


def type_before_parametrizations(module: Module) -> type:
    """The class that ``module`` had before any of its tensors was parametrized."""
    return type(module)._base if is_parametrized(module) else type(module)  # type: ignore[attr-defined]  # made with it


# --- registering


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let a parameter or buffer of a module be computed by another module from then on.

    ``module.weight`` is then ``parametrization(module.parametrizations.weight.original)``, computed each time; if there
    are parametrizations already, this one is given what they make. A parametrization may have a method
    ``right_inverse(tensor)``: it gives what to compute from, at first and when the attribute is assigned to. It may
    give several tensors, which are then the arguments of ``forward``; add those to the optimizer.

    Args:
        module: Whose tensor it is.
        tensor_name: Its name.
        parametrization: What computes it.
        unsafe: Whether this may change the shape or dtype; if so, nothing is checked.

    Returns:
        ``module``.

    Raises:
        ValueError: There is no such tensor; or shape or dtype change, and not ``unsafe``.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> from lamella.nn.utils.parametrize import register_parametrization
        >>> class Symmetric(nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).mT
        >>> layer = register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all())
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        parametrizations: Any = module.parametrizations[tensor_name]
        if not unsafe:
            _check_one(parametrization, getattr(module, tensor_name))
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ArgumentError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    base = type_before_parametrizations(module)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = parametrizations
    _set_class(module, base, tuple(module.parametrizations))
    return module


def _check_one(parametrization: Any, current: Tensor) -> None:
    """Check one that is registered after others: it and its inverse keep shape and dtype."""
    result = parametrization(current)
    _check("parametrization", result, current.shape, current.dtype)
    if hasattr(parametrization, "right_inverse"):
        try:
            inverse = parametrization.right_inverse(result)
        except NotImplementedError:
            return
        _check("parametrization.right_inverse", inverse, current.shape, current.dtype)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether the tensor of that name is parametrized; without a name, whether any is."""
    parametrizations = module._modules.get("parametrizations")
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor a plain parameter or buffer again.

    Args:
        module: Whose tensor it is.
        tensor_name: Its name.
        leave_parametrized: Whether it keeps the value that is computed, or gets the one it is computed from.

    Returns:
        ``module``.

    Raises:
        ValueError: The tensor is not parametrized; or it is computed from several, and not ``leave_parametrized``.
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"Module {module} does not have a parametrization on {tensor_name}")
    parametrizations: Any = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        tensor = parametrizations.original
        if leave_parametrized:
            with no_grad():
                _hold(tensor, getattr(module, tensor_name))
    elif leave_parametrized:
        tensor = getattr(module, tensor_name)
        tensor = Parameter(tensor) if tensor.requires_grad else tensor
    else:
        raise ArgumentError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    base = type_before_parametrizations(module)
    del module.parametrizations[tensor_name]
    _set_class(module, base, tuple(module.parametrizations))
    if not is_parametrized(module):
        del module.parametrizations
    _register(module, tensor_name, tensor)
    return module


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Let tensors of another module be computed by the parametrizations of this one, from the same tensors.

    Args:
        from_module: Whose parametrizations to take; nothing happens if it has none.
        to_module: Which gets them, and any tensor it lacks.
        tensor_name: The tensor; all that are parametrized by default.

    Returns:
        ``to_module``.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        source = from_module.parametrizations[name]
        for parametrization in source:
            register_parametrization(to_module, name, parametrization, unsafe=source.unsafe)
        for held, tensor in (*source._parameters.items(), *source._buffers.items()):
            setattr(to_module.parametrizations[name], held, tensor)
    return to_module


__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]
