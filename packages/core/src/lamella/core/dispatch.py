"""The one path every op call takes.

:func:`define_op` makes the public function of an op. Called with Tensors it finds the kernel for their arrays,
computes,
wraps the result, and if a gradient is wanted adds a node to the graph. Called with raw arrays it only computes: so the
same gradient rules, written in ops, run on arrays at NumPy's speed and on Tensors differentiably.

Ops of one input, and of two without attributes, have a short way (:func:`_unary`, :func:`_binary`) for the plain case:
Tensors of one dtype, no interpreter. It does what :func:`apply` does, with nothing left to decide. Checks are the
kernel's own; :func:`_explain` finds the good message after one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamella.core import backends, modes
from lamella.core.aliasing import alias
from lamella.core.dtypes import DIFFERENTIABLE, FLOATING, STORED, widened
from lamella.core.errors import ArgumentTypeError, DeviceError, LamellaError
from lamella.core.graph import Node, next_number, part_of
from lamella.core.modes import current_mode
from lamella.core.op import OPS, Op, OpFunction, keep_quiet
from lamella.core.recording import NOTHING, OpNode, SeveralNode, fill, mark
from lamella.core.rules import DtypeRule
from lamella.core.tensor import Tensor, live_node, new

NUMBERS = (bool, int, float, complex, np.generic)
#: What an operator may stand between; arrays, because gradient rules use operators too.
OPERANDS = (Tensor, *NUMBERS, np.ndarray)


def define_op(
    *,
    inputs: Sequence[str],
    shape: Callable[..., Any],
    dtype: DtypeRule,
    samples: Callable[[Any], Any] | None = None,
    errors: Callable[[Any], Any] | None = None,
    variadic: bool = False,
    view: bool = False,
    linear: Sequence[str] = (),
    trailing: int | tuple[int, ...] | None = None,
    autocast: str | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Any]], OpFunction]:
    """Define an op by its forward function, ``forward(xp, *inputs, *attributes)``.

    Attributes must be plain values (numbers, strings, tuples of them, dtypes). The docstring becomes that of the
    public function. Attach gradients with ``.vjp(…)``.

    Args:
        inputs: Names of the tensor inputs, the first parameters after ``xp``. One may be None, or a tuple of tensors.
        shape: Shape rule, called with the inputs' shapes and the attributes.
        dtype: Dtype rule; see ``lamella.core.rules``.
        samples: ``samples(make)`` gives the sample inputs that the conformance tests run on.
        errors: ``errors(make)`` gives calls that must fail, with the type and the message.
        variadic: The only input is a sequence of tensors.
        view: The result shares memory with the first input.
        linear: Inputs in which the op is linear while the others are held; then it is its own derivative by them.
        trailing: How many last dimensions of each input the op works on, where those in front are a batch to it (and
            broadcast, or are alike); one number for all inputs, or one for each. Then ``vmap`` needs no rule.
        autocast: What the op computes in inside an autocast region: ``"lower"`` for the region's dtype,
            ``"float32"``; None for what it is given.
        name: The op's name where it differs from the function's.

    Raises:
        TypeError: The forward's parameters do not match ``inputs``, or the name is taken.
    """

    def define(forward: Callable[..., Any]) -> OpFunction:
        if name is not None:
            forward.__name__ = name
        op = Op(
            forward,
            inputs=inputs,
            shape=shape,
            dtype=dtype,
            variadic=variadic,
            view=view,
            linear=linear,
            trailing=trailing,
            autocast=autocast,
            samples=samples,
            errors=errors,
        )
        if op.name in OPS:
            raise TypeError(f"an op named {op.name!r} is already defined, in {OPS[op.name].forward.__module__}")
        OPS[op.name] = op
        keep_quiet(forward.__module__)
        make = _general
        if dtype.direct and not variadic:
            if len(op.inputs) == 1:
                make = _unary
            elif len(op.inputs) == 2 and not op.attributes:
                make = _binary
        function: Any = make(op)
        function.__name__ = op.name
        function.__qualname__ = op.name
        function.__module__ = forward.__module__
        function.__doc__ = forward.__doc__
        function.op = op
        function.vjp = op.vjp
        function.batched = op.batched
        op.call = function
        op.operator = _binary(op, operator=True) if make is _binary else function
        return function

    return define


# --- the ways in


def _unary(op: Op) -> Callable[..., Any]:
    kernels, direct, count = op.kernels, op.dtype.direct, len(op.attributes)

    def call(input: Any, *attrs: Any, **named: Any) -> Any:
        if named or len(attrs) != count:
            inputs, attrs = op.bind((input, *attrs), named)
            input = inputs[0]
        mode = current_mode()
        if mode.interpreter is None and isinstance(input, Tensor):
            array = input.array
            if array.dtype in direct:
                try:
                    result = kernels[type(array)](array, *attrs)
                except Exception as error:  # noqa: BLE001  # _explain raises it again, or a better one
                    result = _explain(op, (array,), attrs, error)
                if type(result) is not type(array):
                    if type(result) is tuple:
                        recording = mode.grad and op.differentiable
                        edges = (live_node(input) if recording else None,)
                        return _several(op, (input,), [array], attrs, edges, [_as_array(r, array) for r in result])
                    result = _as_array(result, array)
                out = new(Tensor)
                out.array = result
                out._cell = mode.cell
                out._view = out._grad = None
                node = input._node if input._view is None else live_node(input)
                if node is None or not mode.grad or not op.differentiable or result.dtype not in DIFFERENTIABLE:
                    out._node = None
                else:
                    made = out._node = new(OpNode)
                    made.op = op
                    made.edges = (node,)
                    made.number = next_number()
                    made.shape = result.shape
                    made.dtype = result.dtype
                    made.hooks = None
                    made.attrs = (*attrs, array.shape) if op.keeps_shapes else attrs
                    plan = op.plans.get(1)
                    keep_out, keep_input = plan if plan is not None else op.plan(1)
                    if keep_out:
                        made.saved = (result, array if keep_input else None)
                        made.versions = (mark(out), mark(input)) if keep_input else (mark(out),)
                    elif keep_input:
                        made.saved = (None, array)
                        made.versions = (mark(input),)
                    else:
                        made.saved = NOTHING[1]
                        made.versions = ()
                if op.view:
                    alias(out, input, True)
                return out
        return apply(op, (input,), attrs)

    return call


def _binary(op: Op, operator: bool = False) -> Callable[..., Any]:
    """The public function of an op of two inputs; as an operator it leaves foreign operands to their own class."""
    kernels, direct = op.kernels, op.dtype.direct
    # with a Python float or int beside it, a floating tensor keeps its dtype
    beside_number = direct & FLOATING

    def call(input: Any, other: Any) -> Any:
        mode = current_mode()
        if mode.interpreter is None and isinstance(input, Tensor):
            a = input.array
            dtype = a.dtype
            if isinstance(other, Tensor):
                number, b = False, other.array
                ready = dtype is b.dtype and dtype in direct
            else:
                number, b = True, other
                ready = (type(other) is float or type(other) is int) and dtype in beside_number
            if ready:
                try:
                    result = kernels[type(a)](a, b)
                except Exception as error:  # noqa: BLE001  # _explain raises it again, or a better one
                    result = _explain(op, (a, b), (), error)
                out = new(Tensor)
                if type(result) is not type(a):
                    result = _as_array(result, a)
                out.array = result
                out._cell = mode.cell
                out._view = out._grad = None
                node_a = input._node if input._view is None else live_node(input)
                node_b = None if number else other._node if other._view is None else live_node(other)
                if (node_a is None and node_b is None) or not mode.grad or not op.differentiable:
                    out._node = None
                    return out
                made = out._node = new(OpNode)
                made.op = op
                made.edges = (node_a, node_b) if op.all_graded else op.graded((node_a, node_b))
                made.number = next_number()
                made.shape = result.shape
                made.dtype = result.dtype
                made.hooks = None
                made.attrs = ()
                if op.grad_suffices:
                    made.saved = NOTHING[2]
                    made.versions = ()
                    return out
                plan = op.plans.get((node_a is not None) | (node_b is not None) << 1)
                keep_out, keep_a, keep_b = plan or op.plan((node_a is not None) | (node_b is not None) << 1)
                made.saved = (result if keep_out else None, a if keep_a else None, b if keep_b else None)
                versions = [mark(out)] if keep_out else []
                if keep_a:
                    versions.append(mark(input))
                if keep_b and not number:
                    versions.append(mark(other))
                made.versions = versions
                return out
        if operator and not isinstance(other, OPERANDS):
            return NotImplemented
        return apply(op, (input, other), ())

    return call


def _general(op: Op) -> Callable[..., Any]:
    total, n = len(op.inputs) + len(op.attributes), len(op.inputs)

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != total:
            inputs, attrs = op.bind(args, kwargs)
            return apply(op, inputs, attrs)
        return apply(op, args[:n], args[n:])

    return call


def apply(op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
    """Call ``op``: what the public functions do when there is something to decide."""
    mode = current_mode()
    if mode.interpreter is not None:
        return mode.interpreter.process(op, inputs, attrs)
    given: tuple[Any, ...] = tuple(inputs[0]) if op.variadic else inputs
    recording = mode.grad and op.differentiable
    operands: list[Any] = []
    edges: list[Node | None] = []
    first: Any = None
    direct = True  # all of one dtype that the kernel takes as it is
    for i, x in enumerate(given):
        edge = None
        if isinstance(x, Tensor):
            array = x.array
            operands.append(array)
            if first is None:
                first = array
            elif array.dtype is not first.dtype:
                direct = False
            if recording and (op.variadic or op.rules[i] is not None):
                edge = x._node if x._view is None else live_node(x)
        elif x is None:
            operands.append(None)
        else:
            operands.append(_operand(op, x))
            direct = False
        edges.append(edge)
    if first is None:
        return _apply_raw(op, operands, attrs)
    dtype = None
    try:
        if not direct or first.dtype not in op.dtype.direct:
            compute, dtype = op.dtype.find(operands, *attrs)
            if compute is not None:
                operands = _converted(operands, compute)
        kernel = op.kernels[type(first)]
        taken = operands if op.view or not STORED else [widened(x) for x in operands]
        result = kernel(taken, *attrs) if op.variadic else kernel(*taken, *attrs)
    except Exception as error:  # noqa: BLE001  # _explain raises it again, or a better one
        result = _explain(op, ([operands] if op.variadic else operands), attrs, error)
        dtype = op.dtype.find(operands, *attrs)[1]
    if type(result) in (tuple, list):
        arrays = [_as_array(r, first) for r in result]
        if type(dtype) is list:
            arrays = [a if a.dtype == d else a.astype(d) for a, d in zip(arrays, dtype, strict=True)]
        elif dtype in STORED:
            arrays = [a.astype(dtype) if a.dtype == np.float32 else a for a in arrays]
        return _several(op, given, operands, attrs, edges, arrays)
    if type(result) is not type(first):
        result = _as_array(result, first)
    if dtype is not None and result.dtype is not dtype and result.dtype != dtype:
        result = result.astype(dtype)
    out = new(Tensor)
    out.array = result
    out._cell = mode.cell
    out._view = out._grad = out._node = None
    if recording and result.dtype in DIFFERENTIABLE and any(edge is not None for edge in edges):
        node = out._node = new(OpNode)
        node.shape = result.shape
        node.dtype = result.dtype
        fill(node, op, edges, given, operands, attrs, result, (out,))
    if op.view:
        alias(out, given[0], True)
    return out


def _operand(op: Op, x: Any) -> Any:
    """What the kernel gets for an input that is no Tensor."""
    if x is None or isinstance(x, NUMBERS):
        return x
    if isinstance(x, (tuple, list)):
        return tuple(i.array if isinstance(i, Tensor) else _operand(op, i) for i in x)
    if type(x) in backends._by_array_type:
        return x
    raise ArgumentTypeError(
        f"{op.name}(): arguments {', '.join(op.inputs)} must be Tensors or numbers, got {type(x).__name__}. "
        "Make a tensor of it with lamella.as_tensor()."
    )


def _converted(operands: list[Any], compute: Any) -> list[Any]:
    each = compute if isinstance(compute, tuple) else (compute,) * len(operands)
    return [x if d is None else _as_dtype(x, d) for x, d in zip(operands, each, strict=True)]


def _as_dtype(x: Any, dtype: Any) -> Any:
    if type(x) is int and dtype.kind in "iu":  # NumPy refuses an int out of range, PyTorch wraps it
        bits = 8 * dtype.itemsize
        x &= (1 << bits) - 1
        return x - (1 << bits) if dtype.kind == "i" and x >> (bits - 1) else x
    if getattr(x, "ndim", None) is None or x.dtype is dtype or x.dtype == dtype:
        return x
    return x.astype(dtype)


def _apply_raw(op: Op, operands: list[Any], attrs: tuple[Any, ...]) -> Any:
    """Raw arrays in, raw arrays out: what a gradient rule gets when nothing is to be recorded."""
    for x in operands:
        if type(x) in backends._by_array_type:
            kernel = op.kernels[type(x)]
            return kernel(operands, *attrs) if op.variadic else kernel(*operands, *attrs)
    raise ArgumentTypeError(f"{op.name}(): expected at least one Tensor, got only {', '.join(map(repr, operands))}")


def _as_array(result: Any, like: Any) -> Any:
    """``result`` as an array: NumPy gives scalars for 0-dim results."""
    if type(result) in backends._by_array_type:  # not always of the input's type: `move` changes it
        return result
    backend = backends.of_array_type(type(like))
    return backend.asarray(np.asarray(result), backend.device_of(like))


def _several(
    op: Op,
    given: tuple[Any, ...],
    operands: list[Any],
    attrs: tuple[Any, ...],
    edges: Sequence[Node | None],
    arrays: list[Any],
) -> tuple[Tensor, ...]:
    """The results of an op that has more than one."""
    outs: list[Tensor] = [Tensor._wrap(a) for a in arrays]
    cell = current_mode().cell
    for out in outs:
        out._cell = cell
    if any(edge is not None for edge in edges):
        node = new(SeveralNode)
        node.parts = tuple([(a.shape, a.dtype) for a in arrays])
        node.made = {}
        node.shape, node.dtype = (), None  # each of its parts has its own
        fill(node, op, edges, given, operands, attrs, tuple(arrays), outs)
        for i, out in enumerate(outs):
            if out.array.dtype in DIFFERENTIABLE:
                out._node = part_of(node, i, out.array)
    if op.view:
        for out in outs:
            alias(out, given[0], False)
    return tuple(outs)


def _explain(op: Op, operands: Sequence[Any], attrs: tuple[Any, ...], error: Exception) -> Any:
    """A kernel failed.

    Raise the message that helps, or compute again if only a floating-point warning was in the way.
    """
    flat = list(operands[0]) if op.variadic else list(operands)
    within = [i for x in flat for i in (x if isinstance(x, tuple) else (x,))]
    arrays = [x for x in within if type(x) in backends._by_array_type]
    devices = [backends.device_of(x) for x in arrays]
    if len(set(devices)) > 1:
        raise DeviceError(
            f"{op.name}: expected all tensors to be on the same device, but found at least two devices, "
            f"{' and '.join(dict.fromkeys(map(str, devices)))}. Move one of them with x.to(device)."
        ) from None
    shapes: list[Any] = [
        tuple(getattr(i, "shape", None) for i in x)
        if isinstance(x, tuple)
        else getattr(x, "shape", None if x is None else ())
        for x in flat
    ]
    try:
        op.dtype.find(flat, *attrs)
        op.shape(tuple(shapes), *attrs) if op.variadic else op.shape(*shapes, *attrs)
    except LamellaError as explained:
        raise type(explained)(f"{op.name}: {explained}") from None
    if isinstance(error, (FloatingPointError, RuntimeWarning)):
        with np.errstate(all="ignore"):
            return _apply_raw(op, flat, attrs)
    raise error


class Interpreter:
    """Sees every op call made inside ``with interpreter:``, in place of running it.

    A subclass defines :meth:`process`, which may run the call with :meth:`run`, rewrite, record or batch it.
    Interpreters nest: :meth:`run` hands the call to the next one out.
    """

    #: The next one out, known once this one is entered.
    outer: Interpreter | None
    #: Whether it has tensors of its own, see ``transforms.wrapped``.
    wraps = False
    #: Whether it is to see the op calls of a backward pass. If not, one that it is the innermost for runs without it:
    #: at full speed where nothing is recorded.
    sees_backward = True

    def __enter__(self) -> Any:
        self.outer = current_mode().interpreter
        self._switch = modes.interpreted(self)
        self._switch.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._switch.__exit__(*exception)

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        """Handle one op call and return its result."""
        raise NotImplementedError(f"{type(self).__name__} defines what to do with an op call")

    def run(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        """Run the call as if this interpreter were not there."""
        with modes.interpreted(self.outer):
            return apply(op, inputs, attrs)

    def added(self, node: Node) -> None:
        """Learn of a node that no op call made, but a user's ``Function``; for subclasses to extend."""
        if self.outer is not None:
            self.outer.added(node)


__all__ = [
    "Interpreter",
    "OpNode",
    "apply",
    "define_op",
]
