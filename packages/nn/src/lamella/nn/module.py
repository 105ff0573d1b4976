"""Module: the base of every layer and model. Holds parameters, buffers and children, and finds them by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

from lamella.core import call_sites
from lamella.core.errors import ArgumentError, ArgumentRangeError, ArgumentTypeError, NameMissing, NameRefused
from lamella.core.plugins.suggestions import did_you_mean
from lamella.core.tensor import Tensor
from lamella.nn import state
from lamella.nn.conversions import Convertible
from lamella.nn.error_path import add_module_path, in_words
from lamella.nn.everywhere import registered
from lamella.nn.hooks import EVERYWHERE, Hookable, call_with_hooks
from lamella.nn.parameter import Buffer, Parameter
from lamella.nn.tree import Tree


def _no_forward(self: Module, *args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Tree, Convertible, Hookable):
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
    #: Whether ``__init__`` calls that of the next class: for a module that is one of several bases of a class.
    call_super_init: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (args or kwargs) and not self.call_super_init:
            given = f"keyword argument '{next(iter(kwargs))}'" if kwargs else f"{len(args)} positional arguments"
            raise ArgumentTypeError(
                f"{type(self).__name__}.__init__() passed {given} on to Module.__init__(), which takes none"
            )
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent=set(),
            _modules={},
            _hooks=[],
            _state_hooks=[],
        )
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    # --- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if EVERYWHERE:
                return call_with_hooks(self, [*EVERYWHERE, *self._hooks], args, kwargs)
            if self._hooks:
                return call_with_hooks(self, self._hooks, args, kwargs)
            return self.forward(*args, **kwargs)
        except Exception as error:  # raised again, saying in which module
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
                held["_modules"][name] = registered("child module", self, name, value)
            return
        for kind, expected in _EXPECTED.items():
            if name in held.get(kind, ()):
                if value is not None and not (kind == "_buffers" and isinstance(value, Tensor)):
                    what = _OWN_NAMES[kind]
                    raise ArgumentTypeError(
                        f"cannot assign '{_type_name(value)}' as {what} '{name}' ({expected} or None expected)"
                    )
                held[kind][name] = None if kind == "_parameters" else registered(_OWN_NAMES[kind], self, name, value)
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
        own = [name for kind in _EXPECTED for name in self.__dict__.get(kind, ())]
        return sorted(name for name in {*super().__dir__(), *own} if name.isidentifier())

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
        self._parameters[name] = None if param is None else registered("parameter", self, name, param)

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
        self._buffers[name] = registered("buffer", self, name, tensor)
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make ``module`` a child called ``name``.

        Raises:
            TypeError: It is no Module, or ``name`` no string. KeyError: the name is taken, or no name.
        """
        if module is not None and not isinstance(module, Module):
            raise ArgumentTypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, "_modules", f", got: {name}")
        self._modules[name] = registered("child module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

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

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing but say so: nothing is compiled, and the module runs as it did."""
        warnings.warn("Module.compile: nothing is compiled here; the module runs as it is.", stacklevel=2)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros in place."""
        for parameter in self.parameters():
            grad = parameter._grad
            if set_to_none:
                parameter._grad = None
            elif grad is not None:
                parameter._grad = grad.detach()
                parameter._grad.zero_()

    # --- state

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and persistent buffers by path, sharing memory with the module.

        Args:
            args: The others, in order; PyTorch's older form.
            destination: Where to put them; a new dict by default. prefix: put before each path.
            keep_vars: Give the tensors themselves rather than detached.
        """
        return state.save(self, *args, *(destination, prefix, keep_vars)[len(args) :])

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Save what this module itself holds, without its children; for subclasses to extend."""
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if tensor is not None and name not in self._non_persistent:
                destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Module.get_extra_state:
            destination[prefix + state.EXTRA_STATE] = self.get_extra_state()

    def get_extra_state(self) -> Any:
        """What to save besides parameters and buffers; subclasses that have more define it, and the next."""
        raise ArgumentRangeError(f"{type(self).__name__} has no extra state: it does not define get_extra_state().")

    def set_extra_state(self, state: Any) -> None:
        """Take back what :meth:`get_extra_state` gave."""
        raise ArgumentRangeError(f"{type(self).__name__} has no extra state: it does not define set_extra_state().")

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
        has_extra_state = type(self).set_extra_state is not Module.set_extra_state
        state.load_own(
            self, state_dict, prefix, local_metadata, missing_keys, unexpected_keys, error_msgs, has_extra_state
        )

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


call_sites.PARTS[Module.__call__.__code__] = in_words

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


__all__ = ["Module"]
