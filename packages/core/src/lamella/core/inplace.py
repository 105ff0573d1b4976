"""In-place forms: a tensor takes over the result of an op, in its own memory and in the graph.

``x.op_(…)`` is ``op(x, …)`` written into ``x``'s memory, after which ``x`` stands in the graph where the result
stood. If ``x`` is a view, its base is at the same time replaced, in the graph, by a copy of itself with the view filled
in; other views of the base find their new place when they are next used (``tensor.live_node``). So every gradient
follows from the ordinary rules of ordinary ops, and what is not allowed is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from lamella.core import dtypes, graph, modes, rules
from lamella.core.aliasing import Place
from lamella.core.errors import DtypeError, GradError, ShapeError
from lamella.core.modes import INFERENCE, current_mode
from lamella.core.op import OPS
from lamella.core.tensor import Tensor, live_node


def check_allowed(target: Tensor) -> None:
    """Refuse what PyTorch refuses while recording."""
    if type(target._node) is graph.Leaf:
        raise GradError(
            "a leaf Variable that requires grad is being used in an in-place operation. Wrap it in no_grad(), or "
            "use the out-of-place op."
        )
    view = target._view
    if view is None:
        return
    if type(view.base._node) is graph.Leaf:
        raise GradError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation. Wrap it in "
            "no_grad(), or work on a clone()."
        )
    if view.seen is None:
        raise GradError(
            "a view was created in no_grad mode and is being modified inplace with grad mode enabled. Take the "
            "view with grad mode enabled, or change it in no_grad()."
        )
    if not view.single and (target._node is not None or view.base._node is not None):
        raise GradError(
            "this tensor is one of several views that one op returned (unbind, split, chunk), and is being modified "
            "inplace. Replace the in-place operation by an out-of-place one, or take the view with select() or "
            "narrow()."
        )


def update(
    target: Tensor,
    compute: Callable[[Tensor], Tensor],
    write: Callable[[Any], None] | None = None,
    operands: Iterable[Any] = (),
) -> Tensor:
    """``target`` becomes ``compute(target)``.

    Args:
        target: The tensor to change.
        compute: The out-of-place form. Its result must have the target's shape, and a dtype that can be stored in it.
        write: A shorter way to change the raw array, for when nothing is recorded.
        operands: What else the result depends on; the Tensors among them may want a gradient.

    Raises:
        RuntimeError: The result does not fit, or the graph does not allow the change.
    """
    mode = current_mode()
    if mode.interpreter is not None and (level := modes.innermost_level()) is not None:
        # a copy, because the op may save its input, which is about to be overwritten
        result = _fitting(target, compute(OPS["clone"].call(target)))
        changed: Tensor = level.change(target, result)
        return changed
    if not target.array.flags.writeable:
        raise GradError(
            "this tensor's memory is read-only (or expanded, with several elements in one place); clone() it first"
        )
    if target._cell is INFERENCE and not mode.inference:
        raise GradError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. Make a clone() to get a normal "
            "tensor first."
        )
    recording = mode.grad and _in_graph(target, operands)
    if recording:
        check_allowed(target)
    if write is not None and not recording and mode.interpreter is None:
        write(target.array)
    else:
        old = target
        if recording:  # the op may save its input, which is about to be overwritten
            old = Tensor._wrap(target.array.copy())
            old._node = target._node
        result = _fitting(target, compute(old))
        if recording:
            if live_node(old) is not None and result._node is None:  # it no longer depends on what was there
                result = OPS["overwrite"].call(old, result)
            if type(result._node) is graph.Leaf:  # compute returned another leaf as it is
                result = OPS["clone"].call(result)
            target.array[...] = result.array
            target._bump()
            take_over(target, result._node)
            return target
        target.array[...] = result.array
    target._bump()
    return target


def _in_graph(target: Tensor, operands: Iterable[Any]) -> bool:
    """Whether the target or an operand has a place in the graph."""
    if live_node(target) is not None:
        return True
    for x in operands:
        if isinstance(x, Tensor) and live_node(x) is not None:
            return True
    return False


def _fitting(target: Tensor, result: Tensor) -> Tensor:
    """``result``, converted to what ``target`` can store."""
    if result.array.shape != target.array.shape:
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}: an "
            "in-place op can't change the shape"
        )
    if result.array.dtype == target.array.dtype:
        return result
    if not dtypes.can_cast(result.dtype, target.dtype):
        raise DtypeError(
            f"result type {result.dtype} can't be cast to the desired output type {target.dtype}; use the "
            "out-of-place op, or convert the tensor first"
        )
    cast: Tensor = OPS["cast"].call(result, target.array.dtype)
    return cast


def take_over(target: Tensor, node: graph.Node | None) -> None:
    """Put ``target``, whose memory has changed, in the graph at ``node``, and its base where the change puts it."""
    before, view = target._node, target._view
    if view is None:
        target._node = node
    else:
        base = view.base
        place = Place(target)
        whole, part = Tensor._wrap(base.array), Tensor._wrap(target.array)
        whole._node, part._node = live_node(base), node
        after = place.filled(whole, part)
        target._node = place.read(after)._node
        base._node = after._node
        view.seen = target._version
        graph.move_retained(whole._node, base._node)
    graph.move_retained(before, target._node)


def inplace(function: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place form, ``x.name_(…)``, of an op's public function."""
    op = OPS.get(function.__name__)

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        write = None
        if op is not None and not kwargs and current_mode().interpreter is None and _direct(self, args):
            kernel = op.kernels[type(self.array)]
            # a ufunc of NumPy or CuPy can compute in place; one argument too many is for the function to refuse
            fits = getattr(kernel, "nout", 0) == 1 and getattr(kernel, "nin", 0) == 1 + len(args)
            if fits and self.array.dtype in op.dtype.direct:

                def write(array: Any) -> None:
                    arrays = [a.array if isinstance(a, Tensor) else a for a in args]
                    try:
                        kernel(array, *arrays, out=array)
                    except (FloatingPointError, RuntimeWarning):
                        pass  # an application made errors of NumPy's warnings; they come when all is computed
                    except ValueError:
                        _fitting(self, function(self, *args))  # explains why it doesn't fit
                        raise

        return update(self, lambda old: function(old, *args, **kwargs), write, (*args, *kwargs.values()))

    method.__name__ = method.__qualname__ = f"{function.__name__}_"
    method.__doc__ = f"In-place form of :func:`{function.__name__}`: the result is stored in the tensor itself."
    return method


def _direct(target: Tensor, arguments: tuple[Any, ...]) -> bool:
    """Whether a ufunc may compute straight into ``target``: nothing is converted. It checks the shapes itself."""
    t = target.array
    for argument in arguments:
        if isinstance(argument, Tensor):
            a = argument.array
            if type(a) is not type(t) or a.dtype is not t.dtype:
                return False
        elif not isinstance(argument, (int, float)) or t.dtype.kind != "f":
            return False
    return True


def copy_(self: Tensor, other: Any, non_blocking: bool = False) -> Tensor:
    """Fill the tensor with the elements of ``other``, broadcast and converted to its dtype and device."""
    if not isinstance(other, Tensor):  # a number
        return fill_(self, other)
    given, own = other.array.shape, self.array.shape
    if given != own and rules.broadcast(own, given) != own:
        raise ShapeError(f"copy_: a tensor of shape {list(given)} doesn't fit into one of shape {list(own)}")

    def compute(old: Tensor) -> Tensor:
        value = (
            OPS["cast"].call(other.to(self.device), self.array.dtype)
            if other.dtype is not self.dtype
            else other.to(self.device)
        )
        return value.expand(self.shape)

    def write(array: Any) -> None:
        array[...] = other.to(self.device).array

    return update(self, compute, write, (other,))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Fill the tensor with one value: a number or a 0-dim tensor."""
    if isinstance(value, Tensor):
        if value.array.ndim:
            raise ShapeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.array.ndim} dimensions."
            )
        return copy_(self, value)
    value = dtypes.fitting(value, self.dtype)

    def write(array: Any) -> None:
        array.fill(value)

    return update(self, lambda old: self.new_full(self.shape, value), write)


def zero_(self: Tensor) -> Tensor:
    """Fill the tensor with zeros."""
    return fill_(self, 0)


#: The in-place methods that have no out-of-place form.
METHODS = ("copy_", "fill_", "zero_")

__all__ = ["METHODS", "copy_", "fill_", "inplace", "update", "zero_"]
