"""What nodes save for the backward pass, as the user wants it kept: ``saved_tensors_hooks``, ``save_on_cpu``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

from lamella.core import backends, modes
from lamella.core.errors import ArgumentTypeError, GradError
from lamella.core.graph import Node
from lamella.core.modes import Mode, current_mode
from lamella.core.recording import OpNode, SeveralNode
from lamella.core.tensor import Tensor, live_node
from lamella.core.watchers import Watcher

#: The hooks that pack here (only the innermost do), or the message that forbids any.
_in_force: ContextVar[saved_tensors_hooks | str | None] = ContextVar("lamella_saved_tensors_hooks", default=None)


def hooks_in_force() -> saved_tensors_hooks | None:
    """The hooks that pack what is saved here."""
    hooks = _in_force.get()
    return hooks if isinstance(hooks, saved_tensors_hooks) else None


class saved_tensors_hooks(Watcher):
    """Inside, each tensor saved for the backward pass is replaced by what ``pack_hook`` makes of it.

    Of several contexts the innermost packs. Hooks run without recording. That a saved tensor was changed in place since
    is not noticed: what was packed is what comes back.

    Args:
        pack_hook: From the tensor (outside the graph) to anything.
        unpack_hook: From that to a tensor of the same elements; called each time a backward pass needs it.

    Raises:
        RuntimeError: ``pack_hook`` changed its tensor in place, or hooks are disabled here.
        TypeError: A hook is no function, or ``unpack_hook`` returned no Tensor.

    Example:
        >>> import lamella
        >>> x = lamella.tensor([1.0, 2.0], requires_grad=True)
        >>> with lamella.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), lamella.from_numpy):
        ...     y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        for what, hook in (("pack_hook", pack_hook), ("unpack_hook", unpack_hook)):
            if not callable(hook):
                raise ArgumentTypeError(f"saved_tensors_hooks: {what} must be a function, got {type(hook).__name__}")
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        message = _in_force.get()
        if isinstance(message, str):
            raise GradError(message)
        self._token: Token[Any] = _in_force.set(self)
        super().__enter__()

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        _in_force.reset(self._token)

    def recorded(self, node: Node) -> None:
        if isinstance(node, OpNode) and hooks_in_force() is self:
            pack_node(node, self)

    def pack(self, tensor: Tensor) -> Packed:
        """What ``pack_hook`` makes of a tensor that is saved."""
        version = tensor._version
        token = modes.switch_mode(Mode(False, self.outer, current_mode().inference))
        try:
            given = self.pack_hook(tensor)
        finally:
            modes.restore_mode(token)
        if tensor._version != version:
            raise GradError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook can "
                "not be modified by in-place operations, as others use them too. Change a clone() in the hook."
            )
        return Packed(self.unpack_hook, given)


class Packed:
    """What a ``pack_hook`` gave, and how to get the tensor back from it."""

    __slots__ = ("given", "unpack_hook")

    def __init__(self, unpack_hook: Callable[[Any], Tensor], given: Any) -> None:
        self.unpack_hook = unpack_hook
        self.given = given

    def unpack(self) -> Tensor:
        """The tensor again."""
        tensor = self.unpack_hook(self.given)
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(tensor).__name__}"
            )
        return tensor


class Saved:
    """A tensor that is saved, with its place in the graph; packed if there are hooks in force.

    Raises:
        RuntimeError: On :meth:`unpack`, if it was changed in place since.
    """

    __slots__ = ("_kept", "_node", "_version")

    def __init__(self, tensor: Tensor) -> None:
        hooks = hooks_in_force()
        self._kept = tensor if hooks is None else hooks.pack(_outside(tensor))
        self._node = None if hooks is None else live_node(tensor)
        cell = tensor._cell
        self._version = 0 if cell is None else cell[0]

    def unpack(self) -> Tensor:
        """The tensor that was saved, or one that stands where it stood."""
        if isinstance(self._kept, Packed):
            # versions are not followed through hooks
            return placed(self._kept.unpack(), self._node)
        if self._kept._version != self._version:
            raise GradError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: a "
                f"tensor saved for backward is at version {self._kept._version}; expected version {self._version} "
                "instead. Use the out-of-place form of the op that changed it, or change a clone()."
            )
        return self._kept


def placed(tensor: Tensor, node: Node | None) -> Tensor:
    """The elements of ``tensor`` at another place in the graph."""
    made: Tensor = Tensor._wrap(tensor.array)
    made._cell = tensor._cell
    made._node = node
    return made


def _outside(tensor: Tensor) -> Tensor:
    return tensor.detach() if live_node(tensor) is not None else tensor


# --- the nodes of ops

_OP_SAVED: Any = OpNode.__dict__["saved"]  # the slot, which the classes below hide behind a property


class _Unpacking:
    """An :class:`OpNode` whose ``saved`` is packed. It reads it once for each backward pass."""

    __slots__ = ()

    @property
    def saved(self) -> tuple[Any, ...] | None:
        kept = _OP_SAVED.__get__(self)
        return None if kept is None else tuple([_unpacked(value) for value in kept])

    def holds(self, array: Any) -> bool:
        return True  # nobody knows what the hooks hold

    def release(self) -> None:
        _OP_SAVED.__set__(self, None)


class PackedNode(_Unpacking, OpNode):  # type: ignore[override]  # `saved` is read here, and never assigned
    """The node of an op's result, made where hooks were in force."""

    __slots__ = ()


class PackedSeveralNode(_Unpacking, SeveralNode):  # type: ignore[override]  # as above
    """The node of an op with several results, made where hooks were in force."""

    __slots__ = ()


def pack_node(node: OpNode, hooks: saved_tensors_hooks) -> None:
    """Pack what a new node has saved."""
    if not node.versions:  # no tensor
        return
    packed = tuple([_packed(value, hooks) for value in node.saved or ()])
    node.versions = ()
    node.saved = packed
    node.__class__ = PackedSeveralNode if isinstance(node, SeveralNode) else PackedNode  # of the same slots


def _packed(value: Any, hooks: saved_tensors_hooks) -> Any:
    if type(value) is tuple:
        return tuple([_packed(v, hooks) for v in value])
    return hooks.pack(Tensor._wrap(value)) if type(value) in backends._by_array_type else value


def _unpacked(value: Any) -> Any:
    if type(value) is tuple:
        return tuple([_unpacked(v) for v in value])
    return value.unpack().array if isinstance(value, Packed) else value


# --- what is made of hooks


class save_on_cpu(saved_tensors_hooks):
    """Inside, what is saved for the backward pass is kept in the host's memory, and brought back when it is needed.

    Args:
        pin_memory: Whether to bring it back without waiting.
        device_type: For PyTorch's sake; tensors on any device are moved.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Tensor) -> tuple[Any, Tensor]:
            return tensor.device, tensor.cpu()

        def unpack(packed: tuple[Any, Tensor]) -> Tensor:
            place, tensor = packed
            return tensor.to(place, non_blocking=pin_memory)

        super().__init__(pack, unpack)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, hooks on saved tensors raise ``error_message``.

    Raises:
        RuntimeError: Hooks are in force already, or are to be inside.
    """
    if hooks_in_force() is not None:
        raise GradError(error_message)
    token = _in_force.set(error_message)
    try:
        yield
    finally:
        _in_force.reset(token)


__all__ = [
    "Packed",
    "Saved",
    "disable_saved_tensors_hooks",
    "hooks_in_force",
    "pack_node",
    "placed",
    "save_on_cpu",
    "saved_tensors_hooks",
]
