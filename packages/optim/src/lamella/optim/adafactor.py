"""Adafactor: adaptive steps with little memory."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from lamella.core.dtypes import finfo
from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_at_least_0, check_lr
from lamella.optim.rows import first_state, host_number
from lamella.optim.update import Apply, Update, descent


@functools.partial(Update, elementwise=False)
def adafactor_step(
    xp: Any,
    constant: Callable[[float], Any],
    *,
    step: float,
    lr: float,
    beta2_decay: float,
    eps1: float,
    eps2: float,
    d: float,
    weight_decay: float,
    maximize: bool,
) -> Apply:
    """Rows are ``(param, grad, variance)``, or ``(param, grad, row_var, col_var)``; ``step`` counts from 1."""
    direction = descent(xp, constant, 0.0, maximize)
    let_in = constant(step**beta2_decay)
    shrink, smallest, floor = constant(1 - lr * weight_decay), constant(eps1), constant(eps1 * eps1)
    relative_rate = min(lr, 1 / math.sqrt(step))

    def widened(array: Any) -> Any:
        return array if array.dtype.itemsize > 2 else array.astype(xp.float32)  # half precision is no place for sums

    def root_mean_square(array: Any) -> float:
        vector = widened(array).reshape(-1)
        return math.sqrt(float(vector @ vector) / vector.size)

    def mean(array: Any, axis: int) -> Any:
        return xp.mean(widened(array), axis=axis, keepdims=True).astype(array.dtype)

    def average_in(average: Any, value: Any) -> None:
        average += let_in * (value - average)

    def apply(scratch: Any, spare: Any, param: Any, grad: Any, *variance: Any) -> None:
        if param.size == 0:
            return
        grad = direction(spare, param, grad)
        rate = relative_rate * max(eps2, root_mean_square(param))
        if weight_decay:
            xp.multiply(param, shrink, out=param)
        xp.multiply(grad, grad, out=scratch)
        if len(variance) == 1:
            average_in(variance[0], scratch)
            estimate = xp.maximum(variance[0], floor, out=scratch)
        else:
            row_var, col_var = variance
            average_in(row_var, mean(scratch, -1))
            average_in(col_var, mean(scratch, -2))
            # the matrix of rank 1 with these means: row_var col_var / mean(row_var)
            xp.multiply(row_var, col_var, out=scratch)
            xp.divide(scratch, xp.maximum(mean(row_var, -2), smallest), out=scratch)
            estimate = xp.maximum(scratch, floor, out=scratch)
        # update = grad / sqrt(estimate), no longer than d on average
        update = xp.divide(grad, xp.sqrt(estimate, out=scratch), out=scratch)
        length = max(1.0, root_mean_square(update) / d)
        xp.multiply(update, constant(rate / length), out=scratch)
        xp.subtract(param, scratch, out=param)

    return apply


class Adafactor(Optimizer):
    r"""Adafactor: steps relative to the parameter's size, scaled by averages over rows and columns.

    With g the gradient of the parameter p, in step t::

        β = 1 - t^beta2_decay
        r = β r + (1 - β) (mean of g² over each row)
        c = β c + (1 - β) (mean of g² over each column)
        u = g / sqrt(r c / mean(r))               (no more than two rows of memory; of a vector: g / sqrt(v))
        p = p - min(lr, 1 / sqrt(t)) max(eps2, rms(p)) u / max(1, rms(u) / d)

    Args:
        params: Parameters, or groups of them; see :class:`Optimizer`.
        lr: The largest relative step: a number, or a Tensor of one element.
        beta2_decay: How fast the averages become long.
        eps: The smallest divisor of an average (None: the resolution of the parameter's dtype), and the smallest size
            that is taken for a parameter's.
        d: How long an update may be, on average over its elements.
        weight_decay: How much to shrink the parameter in each step, in units of ``lr``.
        foreach: See :class:`Optimizer`.
        maximize: Climb instead of descend.

    Raises:
        ValueError: An option out of its range.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0], requires_grad=True)
        >>> optimizer = Adafactor([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([3.6000], requires_grad=True)

    Reference:
        N. Shazeer, M. Stern: Adafactor: adaptive learning rates with sublinear memory cost, 2018,
        https://arxiv.org/abs/1804.04235, algorithms 4 to 6. As in PyTorch the epsilon is a lower bound of the
        averages instead of a summand.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        if not beta2_decay <= 0:
            raise ArgumentError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None:
            check_at_least_0("epsilon1", eps[0])
        check_at_least_0("epsilon2", eps[1])
        if not d >= 1:
            raise ArgumentError(f"Clipping threshold d should be >= 1 but is: {d}")
        check_at_least_0("weight_decay value", weight_decay)
        options = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def step(self, closure: Closure | None = None) -> Any:
        loss = evaluate(closure)
        for group in self.param_groups:
            eps1, eps2 = group["eps"]
            for (step, dtype), rows in self._rows(group).items():
                adafactor_step(
                    rows,
                    step=step,
                    lr=float(group["lr"]),
                    beta2_decay=group["beta2_decay"],
                    eps1=finfo(dtype).eps if eps1 is None else eps1,
                    eps2=eps2,
                    d=group["d"],
                    weight_decay=group["weight_decay"],
                    maximize=group["maximize"],
                )
        return loss

    def _rows(self, group: dict[str, Any]) -> dict[Any, list[tuple[Any, ...]]]:
        """The rows by count of steps and dtype."""
        found: dict[Any, list[tuple[Any, ...]]] = {}
        for param in group["params"]:
            grad = param.grad
            if grad is None:
                continue
            if param.is_complex():
                raise ArgumentRangeError("Adafactor does not support complex parameters; view them as real ones")
            state = self.state[param]
            if not state:
                state.update(_first_state(param))
            count = state["step"].array
            count += 1
            param._bump()
            rows = found.setdefault((count.item(), param.dtype), [])
            names = ("row_var", "col_var") if "row_var" in state else ("variance",)
            rows.append((param.array, grad.array, *[state[name].array for name in names]))
        return found


def _first_state(param: Tensor) -> dict[str, Tensor]:
    if param.ndim < 2:
        return first_state(param, {"variance": 0.0})
    *outer, rows, columns = param.shape
    row_var, col_var = (param.new_zeros((*outer, *shape)) for shape in ((rows, 1), (1, columns)))
    return {"step": host_number(0.0), "row_var": row_var, "col_var": col_var}
