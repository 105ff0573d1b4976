"""Finding the op that gave the first NaN or Inf, forward or backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamella.core import backends
from lamella.core.call_sites import SITES, CallSite, here
from lamella.core.debug.lines import record_lines
from lamella.core.dtypes import DIFFERENTIABLE, STORED, from_numpy_dtype
from lamella.core.errors import NonFiniteError
from lamella.core.graph import Algebra, Node, PartialGrads
from lamella.core.op import Op
from lamella.core.recording import OpNode
from lamella.core.tensor import Tensor
from lamella.core.transforms.wrapped import Wrapped
from lamella.core.watchers import Pull


class check_finite(record_lines):
    """Stop at the first op that gives NaN or Inf, forward or in a backward pass; a context manager.

    The error names the op, the user's line that called it (in a backward pass that of the forward call) and the
    module, and sums up the op's inputs. Outside of the context nothing is checked, and nothing costs time. Inside
    each op call takes a pass over its result and some microseconds more.

    Only what is computed inside is known: the backward pass has to run inside too, and the lines are those of ops
    called inside. The gradients within :func:`lamella.func.grad` and its like are checked as well; enter the context
    around the transformed function.

    Args:
        ignore_inf: Look for NaN alone; for programs that mean their infinities, such as those of a mask.

    Raises:
        NonFiniteError: An op gave NaN or Inf; a RuntimeError.

    Example:
        >>> import lamella
        >>> with lamella.debug.check_finite():
        ...     lamella.tensor([4.0, -1.0]).sqrt()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lamella.core.errors.NonFiniteError: check_finite: sqrt gave NaN: 1 of 2 elements (50 %)
          at ...
          input: float32 (2,), min -1, max 4, all finite
    """

    def __init__(self, ignore_inf: bool = False) -> None:
        self.ignore_inf = ignore_inf

    def process(self, op: Op, inputs: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
        result = super().process(op, inputs, attrs)
        if self.running is not None:  # the op calls of a gradient rule count as a whole
            return result
        for part in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(part, Tensor) and self._is_bad(part.array):
                given = inputs[0] if op.variadic else inputs
                names = _names(op, len(given))
                lines = [f"check_finite: {op.name} gave {_found(part.array)}", f"at {here()}"]
                lines += _inputs(zip(names, given, strict=True))
                if attrs:
                    shown = zip(op.attributes, attrs, strict=True)
                    lines.append("with " + ", ".join(f"{name}={value!r}" for name, value in shown))
                raise NonFiniteError("\n  ".join(lines + self._advice(part.array)))
        return result

    def pull(self, run: Pull, node: Node, grad: Any, algebra: Algebra, wanted: set[Node] | None) -> Sequence[Any]:
        grads = super().pull(run, node, grad, algebra, wanted)
        for i, g in enumerate(grads):
            if g is None or isinstance(g, PartialGrads):
                continue
            array = _array(g)
            if self._is_bad(array):
                error = NonFiniteError("\n  ".join(_backward_lines(node, i, grad, array) + self._advice(array)))
                site = SITES.get(node)
                if site is not None and site.place is not None:
                    error.add_note(site.place)
                raise error
        return grads

    def _is_bad(self, array: Any) -> bool:
        if array.dtype not in DIFFERENTIABLE:
            return False
        xp = backends.of_array_type(type(array)).xp
        return bool(xp.isnan(array).any()) if self.ignore_inf else not bool(xp.isfinite(array).all())

    def _advice(self, array: Any) -> list[str]:
        if self.ignore_inf or np.isnan(_on_host(array)).any():
            return []
        return ["If infinity is meant here, as in a mask, use check_finite(ignore_inf=True)."]


def _backward_lines(node: Node, i: int, grad: Any, array: Any) -> list[str]:
    site: CallSite | None = SITES.get(node)
    incoming: list[tuple[str, Any]]
    if isinstance(grad, dict):
        incoming = [(f"gradient of result {index}", g) for index, g in sorted(grad.items())]
    else:
        incoming = [("gradient of the result", grad)]
    if isinstance(node, OpNode):
        names = _names(node.op, len(node.edges))
        what, towards = f"the backward of {node.op.name}", f"`{names[i]}`"
        out, *kept = node.saved or (None,)
        if node.op.variadic:
            kept = list(kept[0] or ()) if kept else []
        values = [*incoming, ("result", out), *zip(names, kept, strict=False)]
    else:
        what, towards, values = node.name(), f"argument {i}", incoming
    where = (
        "the line of the forward call is not known: it was not inside check_finite()"
        if site is None
        else f"the forward call was at {site}"
    )
    return [f"check_finite: {what} gave {_found(array)} in the gradient of {towards}", where, *_inputs(values)]


def _names(op: Op, count: int) -> list[str]:
    return [f"{op.inputs[0]}[{i}]" for i in range(count)] if op.variadic else list(op.inputs)


def _inputs(named: Any) -> list[str]:
    """A line for each input, and one that says which were not finite already."""
    lines = []
    earlier = []
    for name, value in named:
        if value is None or isinstance(value, tuple):
            continue
        if isinstance(value, Tensor) or type(value) in backends._by_array_type:
            array = _array(value)
            lines.append(f"{name}: {_summary(array)}")
            if array.dtype in DIFFERENTIABLE and not np.isfinite(_on_host(array)).all():
                earlier.append(name)
        else:
            lines.append(f"{name}: {value!r}")
    if earlier:
        verb = "was" if len(earlier) == 1 else "were"
        lines.append(f"{' and '.join(earlier)} {verb} not finite before this op: look for the cause where it was made")
    return lines


def _array(value: Any) -> Any:
    while isinstance(value, Wrapped):  # a gradient for each of several: all of them
        value = value.held
    return value.array if isinstance(value, Tensor) else value


def _on_host(array: Any) -> Any:
    array = np.asarray(backends.of_array_type(type(array)).to_numpy(array))
    return array.astype(np.float32) if array.dtype in STORED else array


def _found(array: Any) -> str:
    """How much of an array is not finite: ``"NaN: 2 of 3 elements (67 %)"``."""
    array = _on_host(array)
    counts = {"NaN": int(np.isnan(array).sum()), "Inf": int(np.isinf(array).sum())}
    kinds = " and ".join(kind for kind, n in counts.items() if n)
    return f"{kinds}: {_share(sum(counts.values()), array.size)}"


def _share(n: int, total: int) -> str:
    return f"{n} of {total} element{'s' if total != 1 else ''} ({100 * n / total:.3g} %)"


def _summary(array: Any) -> str:
    """Dtype, shape, least and greatest finite element, and how many are not finite."""
    shown = f"{str(from_numpy_dtype(array.dtype)).removeprefix('lamella.')} {tuple(array.shape)}"
    array = _on_host(array)
    if not array.size:
        return f"{shown}, empty"
    nan, inf = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    parts = [shown]
    if nan + inf < array.size:
        values, size = (np.abs(array), "|x| ") if array.dtype.kind == "c" else (array, "")
        finite = values[np.isfinite(array)]
        parts.append(f"{size}min {finite.min():.6g}, max {finite.max():.6g}")
    parts += [f"{_share(n, array.size)} {kind}" for n, kind in ((nan, "NaN"), (inf, "Inf")) if n]
    return ", ".join(parts if nan + inf else [*parts, "all finite"])


__all__ = ["check_finite"]
