"""Modules that learn the shapes of their parameters from the first input they see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from lamella.core.errors import ShapeError
from lamella.core.tensor import Tensor
from lamella.nn.module import Module
from lamella.nn.parameter import is_lazy


class LazyModuleMixin:
    """Put in front of a module class: its uninitialized parameters get their shapes when it is first called.

    A subclass sets them up as :class:`UninitializedParameter` and :class:`UninitializedBuffer` in its ``__init__``, and
    gives them shapes in :meth:`initialize_parameters`, which is called before the first ``forward`` with its arguments.
    The module is then an instance of :attr:`cls_to_become`. Move and convert a lazy module before that first call, and
    make its optimizer after it.

    Example:
        >>> import lamella
        >>> from lamella import nn
        >>> model = nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU())
        >>> model(lamella.ones(1, 3, 9, 9)).shape
        lamella.Size([1, 8, 7, 7])
        >>> model[0]
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """

    #: The class of the module once its parameters have shapes; None if it stays as it is.
    cls_to_become: type[Module] | None = None
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whole: Any = self  # with the module class that stands behind the mixin
        self._initialize_hook = whole.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters shapes and values, from the arguments of ``forward``; for subclasses to define.

        Does nothing if they have them, as they do when a state was loaded.
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of the module itself has no shape yet."""
        return any(map(is_lazy, (*self._parameters.values(), *self._buffers.values())))

    def _infer_parameters(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A hook: make the module whole before its first ``forward``, and become what it is meant to be."""
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise ShapeError(
                f"module {type(self).__name__} has not been fully initialized: its initialize_parameters() left some "
                "parameters or buffers without a shape. Call materialize() on each of them there."
            )
        module._initialize_hook.remove()
        del module._initialize_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        lazy = {name: buffer for name, buffer in self._buffers.items() if is_lazy(buffer)}
        for buffer in lazy.values():
            buffer.data = fn(buffer.detach())
        self._buffers.update(dict.fromkeys(lazy))
        try:
            super()._apply(fn, recurse)  # type: ignore[misc]  # of Module
        finally:
            self._buffers.update(lazy)
        return self

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)  # type: ignore[misc]  # a mixin: Module comes next
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            if is_lazy(tensor) and prefix + name in destination:
                destination[prefix + name] = tensor

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name, tensor in (*self._parameters.items(), *self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(tensor) and isinstance(given, Tensor) and not is_lazy(given):
                tensor.materialize(given.shape)
        super()._load_from_state_dict(state_dict, prefix, *rest)  # type: ignore[misc]  # as above


__all__ = ["LazyModuleMixin"]
