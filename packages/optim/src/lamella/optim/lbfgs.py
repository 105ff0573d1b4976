"""L-BFGS."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from lamella.core import backends
from lamella.core.dtypes import float64
from lamella.core.errors import ArgumentError, ArgumentRangeError
from lamella.core.ops.creation import tensor
from lamella.core.tensor import Tensor
from lamella.optim.line_search import strong_wolfe
from lamella.optim.optimizer import Closure, Optimizer, Params, evaluate
from lamella.optim.options import check_lr


def quasi_newton(
    grad: Any, changes: Sequence[Any], steps: Sequence[Any], curvatures: Sequence[float], scale: float
) -> Any:
    """Minus the inverse Hessian times the gradient, as the last steps tell it.

    Args:
        grad: The gradient, a vector.
        changes: By how much each step changed the gradient, oldest first.
        steps: These steps.
        curvatures: 1 / (change · step) of each.
        scale: What stands for the inverse Hessian before the first of them.

    Returns:
        The direction to go.
    """
    direction = -grad
    shares = []
    for change, step, curvature in zip(reversed(changes), reversed(steps), reversed(curvatures), strict=True):
        share = curvature * float(step @ direction)
        direction -= share * change
        shares.append(share)
    direction *= scale
    for change, step, curvature, share in zip(changes, steps, curvatures, reversed(shares), strict=True):
        direction += (share - curvature * float(change @ direction)) * step
    return direction


class LBFGS(Optimizer):
    r"""L-BFGS: Newton's steps, with a Hessian guessed from the last steps. For problems without randomness.

    One call of :meth:`step` makes up to ``max_iter`` iterations and needs a closure, which is called several times.
    It keeps 2 ``history_size`` vectors as long as all parameters together.

    Args:
        params: Parameters; there can be but one group.
        lr: Length of a step, in units of Newton's; with a line search, where it begins.
        max_iter: Iterations in a step.
        max_eval: Calls of the closure in a step; None: 1.25 times ``max_iter``.
        tolerance_grad: Stop when no element of the gradient is larger.
        tolerance_change: Stop when the loss, or all parameters, change by less.
        history_size: How many steps to remember.
        line_search_fn: ``"strong_wolfe"``, or None for steps of length ``lr``.

    Raises:
        ValueError: Several groups, a negative rate, or another line search.

    Example:
        >>> import lamella
        >>> w = lamella.tensor([4.0, -3.0], requires_grad=True)
        >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 4).sum()
        ...     loss.backward()
        ...     return loss
        >>> first = optimizer.step(closure)
        >>> bool(closure() < 1e-6 * first)
        True

    Reference:
        J. Nocedal, S. J. Wright: Numerical optimization, 2nd edition, 2006, algorithms 7.4 and 7.5. The rules for when
        to stop are those of M. Schmidt's minFunc, which PyTorch follows.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ArgumentRangeError(f"only 'strong_wolfe' (or None) is supported, got {line_search_fn!r}")
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)
        if len(self.param_groups) != 1:
            raise ArgumentError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params: list[Tensor] = self.param_groups[0]["params"]

    def step(self, closure: Closure) -> Any:  # type: ignore[override]  # it can't do without
        """Make up to ``max_iter`` iterations.

        Args:
            closure: Computes the loss and its gradients anew.

        Returns:
            The loss before the first iteration.
        """
        [group] = self.param_groups
        lr, tolerance = float(group["lr"]), group["tolerance_change"]
        # PyTorch keeps all of it with the first parameter.
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        first_loss = evaluate(closure)
        loss, grad = float(first_loss), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if not _largest(grad) > group["tolerance_grad"]:
            return first_loss

        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, grad, group["history_size"])
            length = lr
            if state["n_iter"] == 1:
                length *= min(1.0, 1.0 / float(abs(grad).sum()))
            state.update(d=Tensor._wrap(direction), t=length, prev_flat_grad=Tensor._wrap(grad), prev_loss=loss)
            before, slope = loss, float(grad @ direction)
            if slope > -tolerance:
                break

            calls = 0
            if group["line_search_fn"] is None:
                self._move(length, direction)
                if iteration < group["max_iter"]:  # of the last point no one asks for the loss
                    loss, grad = float(evaluate(closure)), self._gradient()
                    calls = 1
            else:
                along, more = self._along(direction, closure), group["max_eval"] - evaluations
                found, calls = strong_wolfe(along, direction, length, loss, grad, slope, more)
                loss, grad, length = found.value, found.grad, found.step
                self._move(length, direction)
                state["t"] = length
            evaluations += calls
            state["func_evals"] += calls

            if evaluations >= group["max_eval"] or not _largest(grad) > group["tolerance_grad"]:
                break
            if _largest(direction) * length <= tolerance or abs(loss - before) < tolerance:
                break
        return first_loss

    def _direction(self, state: dict[str, Any], grad: Any, history_size: int) -> Any:
        """Where to go from here; the last step is remembered."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -grad
        change = grad - state["prev_flat_grad"].array
        step = state["d"].array * float(state["t"])
        products = float(change @ step)
        if products > 1e-10:  # else the function does not curve upward there, and nothing is learned
            state["old_dirs"].append(Tensor._wrap(change))
            state["old_stps"].append(Tensor._wrap(step))
            state["ro"].append(tensor(1.0 / products, dtype=float64))
            for remembered in (state["old_dirs"], state["old_stps"], state["ro"]):
                del remembered[:-history_size]
            state["H_diag"] = products / float(change @ change)
        changes, steps = ([vector.array for vector in state[name]] for name in ("old_dirs", "old_stps"))
        return quasi_newton(grad, changes, steps, [float(r) for r in state["ro"]], float(state["H_diag"]))

    def _along(self, direction: Any, closure: Closure) -> Any:
        """The loss and its gradient as a function of the step along ``direction``."""
        start = [param.array.copy() for param in self._params]

        def at(step: float) -> tuple[float, Any]:
            self._move(step, direction)
            loss, grad = float(evaluate(closure)), self._gradient()
            for param, array in zip(self._params, start, strict=True):
                param.array[...] = array
            return loss, grad

        return at

    def _gradient(self) -> Any:
        """The gradients of all parameters end to end; zeros where there is none."""
        xp = backends.of_array_type(type(self._params[0].array)).xp
        parts = []
        for param in self._params:
            array = xp.zeros_like(param.array) if param.grad is None else param.grad.array
            if param.is_complex():
                array = xp.stack((array.real, array.imag), axis=-1)
            parts.append(array.reshape(-1))
        return xp.concat(parts)

    def _move(self, length: float, direction: Any) -> None:
        """Add ``length`` times the direction to the parameters."""
        start = 0
        for param in self._params:
            array = param.array
            if param.is_complex():
                part = direction[start : start + 2 * array.size].reshape(*array.shape, 2)
                array.real += length * part[..., 0]
                array.imag += length * part[..., 1]
                start += 2 * array.size
            else:
                array += length * direction[start : start + array.size].reshape(array.shape)
                start += array.size
            param._bump()

    def _loaded(self, param: Tensor, name: str, value: Any) -> Any:
        return copy.deepcopy(value)  # vectors of all parameters: nothing of them is of the first one's dtype


def _largest(vector: Any) -> float:
    return float(abs(vector).max()) if vector.size else 0.0
