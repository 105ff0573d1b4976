"""Module: the base of every layer and model. Holds parameters, buffers and children, and finds them by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from lamella.core import dtypes
from lamella.core.devices import device as Device
from lamella.core.dtypes import dtype as Dtype
from lamella.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    NameMissing,
    NameRefused,
)
from lamella.core.modes import no_grad
from lamella.core.ops.creation import empty_like
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.tensor import Tensor
from lamella.nn import state
from lamella.nn.error_path import add_module_path
from lamella.nn.hooks import Hookable, call_with_hooks
from lamella.nn.parameter import Buffer, Parameter


def _no_forward(self: Module, *args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Hookable):
    """Base of layers and models: subclass it, assign parameters and other modules to attributes, define ``forward``.

    Attributes:
        training: Whether layers such as dropout behave as in training; see :meth:`train`.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.factor = nn.Parameter(lamella.tensor(2.0))
        ...
        ...     def forward(self, x):
        ...         return x * self.factor
        >>> model = nn.Sequential(nn.Linear(3, 3), Scale())
        >>> [name for name, _ in model.named_parameters()]
        ['0.weight', '0.bias', '1.factor']
    """

    #: Saved beside the state of a module, for subclasses whose entries change over time.
    _version: int = 1
    training: bool
    #: Subclasses define it: the computation, from inputs to outputs.
    forward: Callable[..., Any] = _no_forward
    #: Subclasses with more to save than parameters and buffers define both.
    get_extra_state: Callable[..., Any]
    set_extra_state: Callable[..., Any]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent=set(),
            _modules={},
            _hooks=[],
            _state_hooks=[],
        )

    # --- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._hooks:
                return call_with_hooks(self, self._hooks, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:
            add_module_path(error, self)
            raise

    # --- attributes

    def __getattr__(self, name: str) -> Any:
        held = self.__dict__
        try:
            if name in held["_parameters"]:
                return held["_parameters"][name]
            if name in held["_modules"]:
                return held["_modules"][name]
            if name in held["_buffers"]:
                return held["_buffers"][name]
        except KeyError:
            if not name.startswith("__"):
                raise NameMissing(
                    f"'{type(self).__name__}' object has no attribute '{name}': its Module.__init__() has not been "
                    "called. Begin the class's own __init__ with super().__init__()."
                ) from None
        if any(name in vars(base) for base in type(self).__mro__):
            return object.__getattribute__(self, name)  # a property failed: this raises its own error again
        near = "" if name.startswith("_") else did_you_mean(name, _public_names(self))
        raise NameMissing(f"'{type(self).__name__}' object has no attribute '{name}'{near and '.' + near}")

    def __setattr__(self, name: str, value: Any) -> None:
        held = self.__dict__
        if isinstance(value, (Parameter, Module, Buffer)):
            if "_modules" not in held:
                what = "module" if isinstance(value, Module) else "parameters"
                raise NameMissing(f"cannot assign {what} before Module.__init__() call")
            kind = (
                "_modules" if isinstance(value, Module) else "_buffers" if isinstance(value, Buffer) else "_parameters"
            )
            for other in {"_parameters", "_modules", "_buffers"} - {kind}:
                held[other].pop(name, None)
            held.pop(name, None)
            held["_non_persistent"].discard(name)
            if isinstance(value, Parameter):
                self.register_parameter(name, value)
            elif isinstance(value, Buffer):
                self.register_buffer(name, value, value.persistent)
            else:
                held["_modules"][name] = value
            return
        for kind, expected in _EXPECTED.items():
            if name in held.get(kind, ()):
                if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                    what = _OWN_NAMES[kind]
                    raise ArgumentTypeError(
                        f"cannot assign '{_type_name(value)}' as {what} '{name}' ({expected} or None expected)"
                    )
                held[kind][name] = value
                return
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kind in _EXPECTED:
            if name in self.__dict__.get(kind, ()):
                del self.__dict__[kind][name]
                self._non_persistent.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        own = [n for kind in _EXPECTED for n in self.__dict__.get(kind, ()) if n.isidentifier()]
        return sorted({*super().__dir__(), *own})

    def _check_name(self, kind: str, name: Any, owned: str, shown: str = "") -> None:
        if not isinstance(name, str):
            raise ArgumentTypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise NameRefused(f'{kind} name can\'t contain "."{shown}')
        if name == "":
            raise NameRefused(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[owned]:
            raise NameRefused(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make ``param`` a parameter called ``name``. None reserves the name: a part that this module does without.

        Raises:
            TypeError: ``param`` is no Parameter, or ``name`` no string. KeyError: the name is taken, or no name.
        """
        if "_parameters" not in self.__dict__:
            raise NameMissing("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise ArgumentTypeError(
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' "
                "(lamella.nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make ``tensor`` a buffer called ``name``: moved and saved with the module, but not trained.

        Args:
            persistent: Whether it is part of the ``state_dict``.

        Raises:
            TypeError: ``tensor`` is no Tensor, or ``name`` no string. KeyError: the name is taken, or no name.
        """
        if "_buffers" not in self.__dict__:
            raise NameMissing("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (lamella.Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a child called ``name``.

        Raises:
            TypeError: It is no Module, or ``name`` no string. KeyError: the name is taken, or no name.
        """
        if module is not None and not isinstance(module, Module):
            raise ArgumentTypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, "_modules", f", got: {name}")
        self._modules[name] = module

    register_module = add_module

    # --- what it holds

    def _named_members(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in module.__dict__[kind].items():
                if value is not None and value not in seen:
                    if remove_duplicate:
                        seen.add(value)
                    yield (f"{path}.{name}" if path else name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their paths, such as ``"0.weight"``.

        Args:
            prefix: Put before each path. recurse: whether those of children count. remove_duplicate: whether a
                parameter in several places is given once.
        """
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once; what an optimizer is given."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their paths; arguments as for :meth:`named_parameters`."""
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below, each once."""
        for _, module in self.named_children():
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below, with their paths.

        Args:
            memo: Modules to leave out; those given are added. prefix: put before each path.
            remove_duplicate: Whether a module in several places is given once.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below, each once."""
        for _, module in self.named_modules():
            yield module

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as ``"encoder.layers.0"``; this one for ``""``.

        Raises:
            AttributeError: There is none.
        """
        found: Any = self
        for name in target.split(".") if target else ():
            found = _attribute(found, name)
            if not isinstance(found, Module):
                raise NameMissing(f"`{name}` is not an nn.Module")
        return found

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as ``"0.weight"``.

        Raises:
            AttributeError: There is none.
        """
        path, _, name = target.rpartition(".")
        found = _attribute(self.get_submodule(path), name)
        if not isinstance(found, Parameter):
            raise NameMissing(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as ``"1.running_mean"``.

        Raises:
            AttributeError: There is none.
        """
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        found = _attribute(module, name)
        if name not in module._buffers:
            raise NameMissing(f"`{name}` is not a buffer")
        return found

    # --- changing all of it

    def apply(self, fn: Callable[[Module], object]) -> Self:
        """Call ``fn`` with every module below, and with this one last."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set this module and all below to training mode, or to evaluation for False.

        Raises:
            ValueError: ``mode`` is no bool.
        """
        if not isinstance(mode, bool):
            raise ArgumentError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set this module and all below to evaluation mode: no dropout, running statistics in batch norm."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Switch gradients on or off for all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros in place."""
        for parameter in self.parameters():
            grad = parameter._grad
            if set_to_none:
                parameter._grad = None
            elif grad is not None:
                parameter._grad = grad.detach()
                parameter._grad.zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the values of all parameters, of their gradients, and of all buffers, by what ``fn`` makes of them.

        Parameters stay the same objects, so that an optimizer still holds them.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is not None:
                    grad = parameter._grad
                    parameter.data = fn(parameter.detach())
                    parameter._grad = None if grad is None else fn(grad.detach())
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move parameters and buffers to a device, convert the floating-point ones to a dtype, or both.

        ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` and ``to(tensor)`` are understood. Works in place.

        Raises:
            TypeError: The dtype is not a floating-point one, or an argument is none of these.
        """
        place, kind = _destination(args, kwargs)
        if kind is not None and not (kind.is_floating_point or kind.is_complex):
            raise ArgumentTypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={kind}"
            )

        def moved(tensor: Tensor) -> Tensor:
            converts = tensor.dtype.is_floating_point or tensor.dtype.is_complex
            return tensor.to(device=place, dtype=kind if converts else None)

        return self._apply(moved)

    def _to_floating(self, kind: Dtype) -> Self:
        return self._apply(lambda t: t.to(kind) if t.dtype.is_floating_point else t)

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self._to_floating(dtypes.float32)

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self._to_floating(dtypes.float64)

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self._to_floating(dtypes.float16)

    def cpu(self) -> Self:
        """Move parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: int | Device | None = None) -> Self:
        """Move parameters and buffers to a CUDA device."""
        place = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self._apply(lambda t: t.to(device=place))

    def type(self, dst_type: Dtype) -> Self:
        """Convert all parameters and buffers to a dtype."""
        return self._apply(lambda t: t.to(dst_type))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move parameters and buffers to a device without copying their values."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    # --- state

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and persistent buffers by path, sharing memory with the module.

        Args:
            destination: Where to put them; a new dict by default. prefix: put before each path.
            keep_vars: Give the tensors themselves rather than detached.
        """
        return state.save(self, destination, prefix, keep_vars)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Save what this module itself holds, without its children; for subclasses to extend."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if tensor is not None and name not in self._non_persistent:
                destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if state.has_extra_state(self):
            destination[prefix + state.EXTRA_STATE] = self.get_extra_state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state._IncompatibleKeys:
        """Copy parameters and buffers from a dict such as :meth:`state_dict` gives.

        Args:
            state_dict: Tensors by path.
            strict: Whether missing and unexpected keys are an error.
            assign: Take over the tensors given instead of copying their values.

        Returns:
            A tuple of ``missing_keys`` and ``unexpected_keys``.

        Raises:
            TypeError: ``state_dict`` is no mapping.
            RuntimeError: A tensor has another shape, or keys do not match and ``strict`` is True. All that is wrong
                is listed.
        """
        return state.load(self, state_dict, strict, assign)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load what this module itself holds, without its children; for subclasses to extend."""
        state.load_own(self, state_dict, prefix, local_metadata, missing_keys, unexpected_keys, error_msgs)

    # --- showing

    def extra_repr(self) -> str:
        """What ``repr`` shows of the module itself, such as its sizes; for subclasses to define."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        own = self.extra_repr()
        children = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        lines = [*(own.split("\n") if own else ()), *children]
        if not children and len(lines) < 2:
            return f"{self._get_name()}({own})"
        return "\n  ".join((f"{self._get_name()}(", *lines)) + "\n)"


#: Where attributes are kept, what may be assigned there, and what to call it.
_EXPECTED = {
    "_parameters": "lamella.nn.Parameter",
    "_modules": "lamella.nn.Module",
    "_buffers": "lamella.nn.Buffer, lamella.Tensor",
}
_OWN_NAMES = {"_parameters": "parameter", "_modules": "child module", "_buffers": "buffer"}


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _type_name(value: Any) -> str:
    return f"lamella.{type(value).__name__}" if isinstance(value, Tensor) else type(value).__name__


def _public_names(module: Module) -> set[str]:
    return {name for name in dir(module) if not name.startswith("_")}


def _attribute(module: Any, name: str) -> Any:
    if not hasattr(module, name):
        raise NameMissing(f"{type(module).__name__} has no attribute `{name}`")
    return getattr(module, name)


def _destination(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Dtype | None]:
    """The device and dtype that the arguments of :meth:`Module.to` ask for."""
    place, kind, other = kwargs.get("device"), kwargs.get("dtype"), kwargs.get("tensor")
    unknown = set(kwargs) - {"device", "dtype", "tensor", "non_blocking", "memory_format"}
    if unknown:
        raise ArgumentTypeError(f"to() got an unexpected keyword argument '{min(unknown)}'")
    for arg in args:
        if isinstance(arg, Tensor):
            other = arg
        elif isinstance(arg, Dtype):
            kind = arg
        elif isinstance(arg, (str, Device)):
            place = arg
        elif arg is not None and not isinstance(arg, bool):  # a bool is non_blocking
            raise ArgumentTypeError(
                f"to() received an invalid argument: {arg!r}. Expected a device, a floating-point dtype, or a Tensor "
                "that has them."
            )
    return (place, kind) if other is None else (other.device, other.dtype)


__all__ = ["Module"]
