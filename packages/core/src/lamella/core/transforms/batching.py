"""``vmap``: a function of one sample, run on a whole batch at once.

The samples lie along a dimension in front that the function does not see. Each op call runs once on all of them, by the
op's own rule (:meth:`~lamella.core.op.Op.batched`) or one of two that hold for many ops; where there is none, it runs
once for each sample.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import autograd, rules, trees
from lamella.core.algebra import TENSORS
from lamella.core.errors import ArgumentError, ArgumentRangeError, GradError
from lamella.core.op import OPS, Op
from lamella.core.tensor import Tensor
from lamella.core.transforms.wrapped import Level, Outline, Wrapped, refuse_escaped

#: Names of attributes that are a dim, or several, counted from the front.
DIMS = frozenset({"dim", "dims", "dim0", "dim1", "dim2"})
ELEMENTWISE = (rules.elementwise, rules.broadcast, rules.broadcast_attributes)


class Batched(Wrapped):
    """A tensor for each sample; the samples lie along the first dimension of the one that it holds."""

    __slots__ = ()

    level: Batch

    def __repr__(self) -> str:
        return f"Batched(shape={tuple(self.shape)}, samples={self.level.size}, level={self.level.depth()})"


class Batch(Level):
    """Runs op calls on all samples at once.

    Args:
        size: How many samples there are.
        randomness: What draws inside give: "error", "same" numbers for all samples, or "different" ones.
    """

    kind = Batched

    def __init__(self, size: int, randomness: str = "error") -> None:
        self.size = size
        self.randomness = randomness

    def outline(self, inner: Tensor) -> Outline:
        return Outline(tuple(inner.array.shape[1:]), inner.array.dtype)

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        given = tuple(inputs[0]) if op.variadic else inputs
        batched = tuple([self._is_batched(x) for x in given])
        if not any(batched):
            return self.run(op, inputs, attrs)
        rule = op.batching or default_rule(op)
        with self.outside():
            inner = [self._inner(x) for x in given]
            result = rule(TENSORS.F, self.size, batched, *([inner] if op.variadic else inner), *attrs)
        return tuple([self.wrap(r) for r in result]) if type(result) in (tuple, list) else self.wrap(result)

    def _is_batched(self, value: Any) -> bool:
        if isinstance(value, (tuple, list)):
            return any(self.owns(v) for v in value)
        if self.owns(value):
            return True
        refuse_escaped(value)
        return False

    def _inner(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):  # of tensors, or None: where one is batched, all are made so
            every = any(map(self.owns, value))
            return tuple([self.full(v) if every and isinstance(v, Tensor) else v for v in value])
        return value.held if self.owns(value) else value

    def lowered(self, value: Tensor) -> Tensor:
        return self.full(value)

    def full(self, value: Tensor) -> Tensor:
        """``value`` with the samples along a dimension in front, repeated for each if it does not depend on them."""
        return value.held if self.owns(value) else expanded(value, self.size)

    def adopted(self, made: Tensor, input: Any) -> Tensor:
        wrapped: Tensor = self.wrap(OPS["clone"].call(expanded(made, self.size), None))
        return wrapped

    def again(self, x: Tensor, inner: Tensor) -> Tensor:
        """``inner``, made of ``x`` for each sample, as a tensor of this level."""
        wrapped: Tensor = self.wrap(inner)
        return wrapped

    def change(self, target: Tensor, result: Tensor) -> Tensor:
        """In-place ops: ``target`` becomes ``result``.

        Raises:
            RuntimeError: The result differs between samples, but the target doesn't.
        """
        if not self.owns(target):
            if self.owns(result):
                raise GradError(
                    "vmap: an in-place op would write a different value for each sample into a tensor that all "
                    "samples share. Use the out-of-place op, or make the tensor from one of vmap's inputs."
                )
            with self.outside():
                target.copy_(result)
            return target
        with self.outside():
            target.held.copy_(self.full(result))
        return target

    def draw(self, op: str, shape: tuple[int, ...], make: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
        if self.randomness == "error":
            raise GradError(
                f"vmap: {op} draws random numbers inside, and it is not said whether samples get the same: give vmap "
                "randomness='same' or 'different', or draw outside."
            )
        with self.outside():
            if self.randomness == "same":
                return make(shape)
            different = make((self.size, *shape))
        wrapped: Tensor = self.wrap(different)
        return wrapped

    def gradients(
        self,
        outputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        inputs: Sequence[Tensor],
        batch: tuple[int, ...],
        create_graph: bool,
        keep: bool,
    ) -> list[Tensor | None]:
        own_outputs = any(map(self.owns, outputs))
        if not own_outputs and not any(map(self.owns, grads)):
            with self.outside():
                return autograd.gradients(outputs, grads, inputs, batch, create_graph, keep)
        shared = [i for i, x in enumerate(inputs) if own_outputs and not self.owns(x) and x.requires_grad]
        if shared:
            raise GradError(
                f"vmap: input {shared[0]} of the gradient is shared by all samples, so its gradient would be their "
                "sum. Differentiate with lamella.func.grad inside vmap, or outside of vmap."
            )
        with self.outside():
            starts = [self.full(g) for g in grads]
            if own_outputs:  # the samples go where the outputs have them: after the dimensions of `batch`
                outputs = [self.full(x) for x in outputs]
                inputs = [self.full(x) for x in inputs]
                starts = [moved(g, 0, len(batch)) for g in starts]
                found = autograd.gradients(outputs, starts, inputs, batch, create_graph, keep)
                found = [g if g is None else moved(g, len(batch), 0) for g in found]
            else:
                found = autograd.gradients(outputs, starts, inputs, (self.size, *batch), create_graph, keep)
        return [g if g is None else self.wrap(g) for g in found]


# --- rules for many ops


def default_rule(op: Op) -> Callable[..., Any]:
    """The rule of an op that has none of its own."""
    if op.shape in ELEMENTWISE:
        op.batched(functools.partial(elementwise, op))
    elif op.trailing is not None:
        op.batched(functools.partial(_on_trailing, op))
    elif not DIMS.isdisjoint(op.attributes):
        op.batched(functools.partial(_along_dims, op))
    else:
        op.batched(functools.partial(_one_by_one, op))
    return op.batching  # type: ignore[return-value]  # it has been set


def elementwise(op: Op, F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
    """The rule of elementwise ops: samples in front, missing dimensions behind them."""
    n = len(op.inputs)
    inputs, attrs = values[:n], values[n:]
    ndim = max(x.array.ndim - b for x, b in zip(inputs, batched, strict=True) if isinstance(x, Tensor))
    compute = _compute_dtypes(op, inputs, batched, attrs)
    aligned = []
    for given, b, dtype in zip(inputs, batched, compute, strict=True):
        x = given
        if isinstance(x, Tensor):
            if dtype is not None and x.array.dtype != dtype:
                x = F.cast(x, dtype)
            if b and x.array.ndim - 1 < ndim:
                x = F.reshape(x, (size, *(1,) * (ndim + 1 - x.array.ndim), *x.array.shape[1:]))
            elif not b and op.shape is rules.elementwise:
                x = expanded(x, size)
        aligned.append(x)
    return op.call(*aligned, *attrs)


def _compute_dtypes(op: Op, inputs: Sequence[Any], batched: tuple[bool, ...], attrs: tuple[Any, ...]) -> list[Any]:
    """The dtypes to convert inputs to beforehand: a sample's 0-dim tensor is weak, but the batch of them is not."""
    seen = [
        Outline(tuple(x.array.shape[b:]), x.array.dtype) if isinstance(x, Tensor) else x
        for x, b in zip(inputs, batched, strict=True)
    ]
    kinds = {x.dtype for x in seen if isinstance(x, Outline)}
    if len(kinds) == 1:
        return [None] * len(seen)
    compute, _ = op.dtype.find(seen, *attrs)
    return list(compute) if isinstance(compute, tuple) else [compute] * len(seen)


def _along_dims(op: Op, F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
    n = len(op.inputs)
    inputs, attrs = values[:n], values[n:]
    given = list(inputs[0] if op.variadic else inputs)
    if any(name in DIMS and value in ((), None) for name, value in zip(op.attributes, attrs, strict=True)):
        return _one_by_one(op, F, size, batched, *values)  # no dims: what that means, the op knows
    flat = all(x.array.ndim == b for x, b in zip(given, batched, strict=True) if isinstance(x, Tensor))
    if flat and op.variadic:
        return _one_by_one(op, F, size, batched, *values)
    given = [full(x, b, size) for x, b in zip(given, batched, strict=True)]
    if flat:  # a 0-dim tensor may be addressed as if it had a dim
        given = [F.reshape(x, (size, 1)) if isinstance(x, Tensor) else x for x in given]
    attrs = tuple([_of_batch(name, value, size) for name, value in zip(op.attributes, attrs, strict=True)])
    result = op.call(*([given] if op.variadic else given), *attrs)
    if flat:
        several = type(result) in (tuple, list)
        parts = [F.reshape(r, (size,)) for r in (result if several else (result,))]
        return tuple(parts) if several else parts[0]
    return result


def _of_batch(name: str, value: Any, size: int) -> Any:
    """An attribute for one sample as it is for the batch."""
    if name in DIMS:
        return shifted(value)
    return (size, *value) if name == "shape" else value


def _one_by_one(op: Op, F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
    n = len(op.inputs)
    inputs, attrs = values[:n], values[n:]
    given = inputs[0] if op.variadic else inputs

    def sample(x: Any, b: bool, i: int) -> Any:
        if isinstance(x, tuple):
            return tuple([sample(v, b, i) for v in x])
        return F.getitem(x, (i,)) if b and x is not None else x

    if not size:
        raise GradError(f"vmap: {op.name} runs once for each sample, and there are none")
    results = []
    for i in range(size):
        chosen = [sample(x, b, i) for x, b in zip(given, batched, strict=True)]
        results.append(op.call(*([chosen] if op.variadic else chosen), *attrs))
    if type(results[0]) in (tuple, list):
        return tuple([F.stack(list(part), 0) for part in zip(*results, strict=True)])
    return F.stack(results, 0)


def _on_trailing(op: Op, F: Any, size: int, batched: tuple[bool, ...], *values: Any) -> Any:
    n = len(op.inputs)
    attrs = values[n:]
    inputs = [full(x, b, size) for x, b in zip(values[:n], batched, strict=True)]
    own = op.trailing or ()
    in_front = [x.array.ndim - t if isinstance(x, Tensor) else 0 for x, t in zip(inputs, own, strict=True)]
    most = max(in_front)
    if all(d == most for d, x in zip(in_front, inputs, strict=True) if isinstance(x, Tensor)):
        return op.call(*inputs, *attrs)
    shapes = [tuple(x.array.shape) if isinstance(x, Tensor) else None if x is None else () for x in inputs]
    aligned = [
        F.reshape(x, (size, *(1,) * (most - d), *x.array.shape[1:])) if isinstance(x, Tensor) else x
        for x, d in zip(inputs, in_front, strict=True)
    ]
    result = op.call(*aligned, *attrs)
    expected = op.shape(*[shape and shape[1:] for shape in shapes], *attrs)
    if type(result) in (tuple, list):
        return tuple([F.reshape(r, (size, *shape)) for r, shape in zip(result, expected, strict=True)])
    return F.reshape(result, (size, *expected))


def shifted(dims: Any) -> Any:
    """Dims of a sample as dims of the batch."""
    return tuple([d + 1 for d in dims]) if isinstance(dims, tuple) else dims if dims is None else dims + 1


def full(x: Any, batched: bool, size: int) -> Any:
    """A tensor with the samples in front, whether it depends on them or not; what is no tensor stays as it is."""
    return x if batched or not isinstance(x, Tensor) else expanded(x, size)


def expanded(x: Tensor, size: int) -> Tensor:
    """``x`` repeated along a new dimension in front; a view."""
    shape = tuple(x.array.shape)
    once = OPS["reshape"].call(x, (1, *shape))
    repeated: Tensor = OPS["expand"].call(once, (size, *shape))
    return repeated


def moved(x: Tensor, source: int, to: int) -> Tensor:
    """``x`` with one dimension elsewhere; a view."""
    if source == to:
        return x
    order = [d for d in range(x.array.ndim) if d != source]
    order.insert(to, source)
    view: Tensor = OPS["permute"].call(x, tuple(order))
    return view


# --- the transform


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """``func``, of one sample, as a function of a batch.

    Args:
        func: Takes and returns tensors, or nested tuples, lists and dicts of them.
        in_dims: The dimension along which the samples lie in each argument: an int for all, or a tuple with one for
            each, nested like the arguments where these are; None where all samples share the argument.
        out_dims: Where the samples are to lie in each result.
        randomness: What draws inside give: an "error", the "same" numbers for all samples, or "different" ones.
        chunk_size: How many samples to take at once; None for all.

    Returns:
        A function that takes the batch. All samples share its keyword arguments.

    Raises:
        ValueError: ``in_dims`` or ``out_dims`` do not fit, or the arguments differ in their numbers of samples.
        RuntimeError: The function asks for the value of a sample, or draws numbers and ``randomness`` is "error".

    Example:
        >>> import lamella
        >>> rows = lamella.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> lamella.func.vmap(lamella.dot)(rows, rows)
        tensor([ 5., 25.])
    """
    if randomness not in ("error", "same", "different"):
        raise ArgumentRangeError(f"vmap: randomness must be 'error', 'different' or 'same', got {randomness!r}")
    if chunk_size is not None and chunk_size < 1:
        raise ArgumentError(f"vmap: chunk_size should be None or greater than 0, got {chunk_size}")

    @functools.wraps(func)
    def batched(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = trees.flatten((args, kwargs))
        dims = _dims_of(func, in_dims, args) + [None] * len(trees.flatten(kwargs)[0])
        size = _size(leaves, dims)
        fronted = [x if d is None else moved(x, rules.one_dim(d, x.ndim), 0) for x, d in zip(leaves, dims, strict=True)]
        if chunk_size is None or chunk_size >= size:
            results, of_results = _run(func, fronted, dims, structure, size, randomness)
        else:
            parts = []
            for start in range(0, size, chunk_size):
                stop = min(start + chunk_size, size)
                chunk = [x if d is None else x[start:stop] for x, d in zip(fronted, dims, strict=True)]
                part, of_results = _run(func, chunk, dims, structure, stop - start, randomness)
                parts.append(part)
            results = [OPS["cat"].call(list(pieces), 0) for pieces in zip(*parts, strict=True)]
        tree = of_results.build(iter(results))
        places = trees.spread(_out_dims(out_dims, tree), tree, "vmap: out_dims")
        return of_results.build(iter([_placed(x, d) for x, d in zip(results, places, strict=True)]))

    return batched


def _dims_of(func: Callable[..., Any], in_dims: Any, args: tuple[Any, ...]) -> list[Any]:
    name = getattr(func, "__name__", repr(func))
    if not args:
        return []
    if isinstance(in_dims, tuple) and len(in_dims) != len(args):
        raise ArgumentError(
            f"vmap({name}, in_dims={in_dims}): in_dims has {len(in_dims)} entries for {len(args)} arguments. Give one "
            "for each, or one int for all."
        )
    if not isinstance(in_dims, (int, tuple)):
        raise ArgumentError(f"vmap({name}, in_dims={in_dims!r}): in_dims must be an int or a tuple")
    return trees.spread(in_dims, args, f"vmap({name}): in_dims")


def _size(leaves: Sequence[Any], dims: Sequence[Any]) -> int:
    sizes = {}
    for x, d in zip(leaves, dims, strict=True):
        if d is None:
            continue
        if not isinstance(d, int):
            raise ArgumentError(f"vmap: an entry of in_dims must be an int or None, got {d!r}")
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"vmap: in_dims is {d} for an argument that is no Tensor but {type(x).__name__}. Give None for it."
            )
        if not -x.ndim <= d < x.ndim:
            raise ArgumentError(f"vmap: in_dims is {d} for an argument of shape {tuple(x.shape)}: no such dimension")
        sizes[tuple(x.shape), d] = x.shape[d]
    if not sizes:
        raise ArgumentError("vmap: at least one argument must be a Tensor with an int in in_dims")
    if len(set(sizes.values())) > 1:
        given = ", ".join(f"{n} (shape {shape}, dim {d})" for (shape, d), n in sizes.items())
        raise ArgumentError(
            f"vmap: expected all tensors to have the same size in the mapped dimension, got sizes {given}"
        )
    return next(iter(sizes.values()))


def _run(
    func: Callable[..., Any],
    leaves: Sequence[Any],
    dims: Sequence[Any],
    structure: trees.Structure,
    size: int,
    randomness: str,
) -> tuple[list[Tensor], trees.Structure]:
    """The results' leaves, with the samples along a dimension in front, and their structure."""
    with Batch(size, randomness) as level:
        wrapped = [x if d is None else level.wrap(x) for x, d in zip(leaves, dims, strict=True)]
        args, kwargs = structure.build(iter(wrapped))
        results, of_results = trees.flatten(func(*args, **kwargs))
    for x in results:
        if not isinstance(x, Tensor):
            raise ArgumentError(
                f"vmap: the function must only return Tensors (or tuples, lists, dicts of them), got {type(x).__name__}"
            )
    return [level.full(x) for x in results], of_results


def _out_dims(out_dims: Any, tree: Any) -> Any:
    if isinstance(out_dims, (tuple, list)) and not isinstance(tree, (tuple, list, dict)):
        return out_dims[0] if len(out_dims) == 1 else out_dims
    return tuple(out_dims) if isinstance(out_dims, list) else out_dims


def _placed(x: Tensor, dim: Any) -> Tensor:
    if dim is None:
        return x[0]
    return moved(x, 0, rules.one_dim(dim, x.ndim))


__all__ = ["Batch", "Batched", "elementwise", "expanded", "full", "shifted", "vmap"]
