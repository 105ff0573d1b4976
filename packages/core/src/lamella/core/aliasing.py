"""Tensors that show another tensor's memory: noting that they do, and finding their place in it again.

A view may show complex elements as pairs of real ones, or pairs as complex elements. Its place is then counted in the
real ones, which both have.
"""

from __future__ import annotations

from lamella.core import backends
from lamella.core.errors import GradError
from lamella.core.graph import Node
from lamella.core.modes import INFERENCE, Mode, current_mode, restore_mode, switch_mode
from lamella.core.op import OPS
from lamella.core.tensor import Tensor, View, live_node


class StridedView(View):
    """A view found again in its changed base by its place in the base's memory."""

    __slots__ = ()

    def renewed(self, tensor: Tensor) -> Node | None:
        base = self.base
        if live_node(base) is None:
            return None
        token = switch_mode(Mode())  # whatever the mode in which somebody looks at the view
        try:
            return Place(tensor).read(base)._node
        finally:
            restore_mode(token)


class Place:
    """A view's place within its base.

    Attributes:
        order: The order of the base's dimensions in which its elements lie one after another in memory; None if that
            is their own order.
        splits: Whether the view shows real parts of complex elements. joins: whether its elements are complex ones
            made of pairs.
        strided: The shape, the strides and the offset of the view in the memory, in elements: real ones where it
            splits or joins.

    Raises:
        RuntimeError: There are gaps between the base's elements.
    """

    __slots__ = ("joins", "order", "splits", "strided")

    def __init__(self, view: Tensor) -> None:
        array, base = view.array, view._base.array  # type: ignore[union-attr]  # the caller has a view
        order = tuple(sorted(range(base.ndim), key=lambda d: -base.strides[d]))
        if not base.transpose(order).flags.c_contiguous:
            raise GradError(
                "an in-place change reaches a view of a tensor with gaps between its elements, and its gradient can't "
                "be followed. Make the tensor contiguous() first, or use the out-of-place op."
            )
        self.order = None if order == tuple(range(base.ndim)) else order
        self.splits = base.dtype.kind == "c" and array.dtype.kind != "c"
        self.joins = base.dtype.kind != "c" and array.dtype.kind == "c"
        if self.joins:
            array = array.real
        strides = tuple(s // array.itemsize for s in array.strides)
        offset = backends.of_array_type(type(array)).offset(array, base)
        self.strided = (array.shape, strides, offset)
        if self.joins:
            self.strided = ((*array.shape, 2), (*strides, 1), offset)

    def read(self, base: Tensor) -> Tensor:
        """What the view shows of ``base``."""
        shown: Tensor = OPS["as_strided"].call(self._laid_out(base), *self.strided)
        return OPS["view_as_complex"].call(shown) if self.joins else shown

    def filled(self, base: Tensor, part: Tensor) -> Tensor:
        """A copy of ``base`` in which the view shows ``part``."""
        if self.joins:
            part = OPS["view_as_real"].call(part)
        whole: Tensor = OPS["as_strided_scatter"].call(self._laid_out(base), part, *self.strided)
        if self.splits:
            whole = OPS["view_as_complex"].call(whole)
        if self.order is not None:
            whole = OPS["permute"].call(whole, tuple(sorted(range(len(self.order)), key=self.order.__getitem__)))
        return whole

    def _laid_out(self, base: Tensor) -> Tensor:
        """``base`` with its elements in their order in memory, in the parts that strides and offset count."""
        if self.order is not None:
            base = OPS["permute"].call(base, self.order)
        return OPS["view_as_real"].call(base) if self.splits else base


def alias(out: Tensor, source: Tensor, single: bool) -> None:
    """Note that ``out`` shows ``source``'s memory, as the ``single`` view that an op made of it or one of several."""
    shown, own = out.array.base, source.array
    if shown is None or not (
        shown is own or shown is own.base or backends.of_array_type(type(own)).may_share_memory(out.array, own)
    ):
        return  # a reshape that had to copy
    base = source if source._view is None else source._view.base
    out._cell = cell = base._shared_cell()
    single = single and (source._view is None or source._view.single)
    tracked = current_mode().grad and (source._view is None or source._view.seen is not None)
    out._view = StridedView(base, cell[0] if tracked and cell is not INFERENCE else None, single)


__all__ = ["Place", "StridedView", "alias"]
