"""What every optimizer is held to."""

from __future__ import annotations

import copy
import io
import pickle  # noqa: TID251  # the check that optimizers survive it; the bytes are its own
from typing import Any

import numpy as np

import lamella
from lamella.core import checkpoints
from lamella.core.tensor import Tensor
from lamella.optim.optimizer import Optimizer
from lamella.optim.testing.problems import OptimizerSubject, assert_identical, quadratic, rosenbrock, run, values

STEPS = 200


def docstring(subject: OptimizerSubject) -> None:
    """The class has a docstring of its own, and is an Optimizer."""
    assert issubclass(subject.cls, Optimizer), f"{subject.name} is no lamella.optim.Optimizer"
    assert subject.cls.__doc__, f"{subject.name} has no docstring"


def quadratic_falls(subject: OptimizerSubject) -> None:
    """A sum of squares falls."""
    _assert_falls(subject, quadratic)


def rosenbrock_falls(subject: OptimizerSubject) -> None:
    """So does a long curved valley."""
    _assert_falls(subject, rosenbrock)


def _assert_falls(subject: OptimizerSubject, problem: Any) -> None:
    params = subject.params()
    losses = run(subject.made(params), params, problem, STEPS)
    assert np.isfinite(losses).all(), f"the loss is not finite after {np.isfinite(losses).sum()} steps"
    assert losses[-1] < losses[0], f"after {STEPS} steps the loss is {losses[-1]}, it was {losses[0]}"


def resumes(subject: OptimizerSubject) -> None:
    """From a checkpoint in the middle of a run, another optimizer goes on bit for bit as this one."""
    params = subject.params()
    optimizer = subject.made(params)
    run(optimizer, params, quadratic, 3)
    file = io.BytesIO()
    checkpoints.save(optimizer.state_dict(), file)
    others = [p.detach().clone().requires_grad_() for p in params]
    other = subject.made(others)
    file.seek(0)
    other.load_state_dict(checkpoints.load(file))
    run(optimizer, params, quadratic, 3)
    run(other, others, quadratic, 3)
    assert_identical(values(others), values(params))


def copies(subject: OptimizerSubject) -> None:
    """A deep copy and a pickle, taken together with the parameters, go on bit for bit alike."""
    params = subject.params()
    optimizer = subject.made(params)
    run(optimizer, params, quadratic, 3)
    twins = [copy.deepcopy((optimizer, params)), pickle.loads(pickle.dumps((optimizer, params)))]
    run(optimizer, params, quadratic, 3)
    for other, others in twins:
        run(other, others, quadratic, 3)
        assert_identical(values(others), values(params))


def absent_gradients(subject: OptimizerSubject) -> None:
    """Parameters without a gradient stay as they are."""
    params = subject.params()
    idle = subject.params()[0]
    before = values([idle])
    run(subject.made([*params, idle]), params, quadratic, 3)
    assert_identical(values([idle]), before)


def zero_gradients(subject: OptimizerSubject) -> None:
    """Gradients of zero leave all finite."""
    params = subject.params()
    run(subject.made(params), params, lambda given: 0 * quadratic(given), 3)
    assert all(np.isfinite(value).all() for value in values(params)), (
        "gradients of zero gave numbers that are not finite"
    )


def groups(subject: OptimizerSubject) -> None:
    """A group's own options count: with ``lr=0`` it stays, or all but; groups can be added."""
    still, moving, added = (subject.params() for _ in range(3))
    if "lr" not in subject.made(still).defaults or getattr(subject.cls, "conformance_groups", True) is False:
        return
    optimizer = subject.made([{"params": still, "lr": 0.0}, {"params": moving}])
    optimizer.add_param_group({"params": added})
    before = values(still)
    run(optimizer, [*still, *moving, *added], quadratic, 3)
    moved = [
        sum(float(abs(a - b).sum()) for a, b in zip(values(g), before, strict=True)) for g in (still, moving, added)
    ]
    assert moved[0] < 0.01 * moved[1], f"with lr=0 a group moves by {moved[0]}, one with the default by {moved[1]}"
    assert moved[2] > 0, "a group that was added does not move"
    _assert_refused(lambda: optimizer.add_param_group({"params": added}), "a parameter in two groups")


def _assert_refused(call: Any, what: str) -> None:
    refused = False
    try:
        call()
    except ValueError:
        refused = True
    assert refused, f"{what} is not refused with a ValueError"


def negative_lr(subject: OptimizerSubject) -> None:
    """A negative learning rate is refused."""
    if "lr" in subject.made(subject.params()).defaults:
        _assert_refused(lambda: subject.made(subject.params(), lr=-1.0), "lr=-1.0")


def maximizing(subject: OptimizerSubject) -> None:
    """With ``maximize=True``, where there is one, steps are those that minimize the negative."""
    if "maximize" not in subject.made(subject.params()).defaults:
        return
    up, down = subject.params(), subject.params()
    run(subject.made(up, maximize=True), up, quadratic, 3, sign=-1)
    run(subject.made(down), down, quadratic, 3)
    assert_identical(values(up), values(down))


def closures(subject: OptimizerSubject) -> None:
    """``step(closure)`` calls it with gradients recorded, and returns what it returned first."""
    params = subject.params()
    optimizer = subject.made(params)
    seen: list[Tensor] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = quadratic(params)
        loss.backward()
        seen.append(loss)
        return loss

    with lamella.no_grad():
        returned = optimizer.step(closure)
    assert seen, "step(closure) does not call the closure"
    assert float(returned) == float(seen[0]), f"step(closure) returns {returned}, the closure returned {seen[0]}"


def layouts(subject: OptimizerSubject) -> None:
    """A parameter whose elements do not lie one after another in memory moves as one whose elements do."""
    plain, gaps = subject.params(), subject.params()
    for p in gaps:
        p.data = lamella.tensor(np.repeat(p.detach().numpy()[None], 2, axis=0).T)[..., 0].permute(
            tuple(reversed(range(p.ndim)))
        )
    run(subject.made(plain), plain, quadratic, 3)
    run(subject.made(gaps), gaps, quadratic, 3)
    for one, other in zip(values(gaps), values(plain), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def precisions(subject: OptimizerSubject) -> None:
    """Parameters in float32 stay in float32 and move as those in float64, but for rounding."""
    single, double = subject.params(lamella.float32), subject.params()
    run(subject.made(single), single, quadratic, 3)
    run(subject.made(double), double, quadratic, 3)
    for one, other in zip(single, double, strict=True):
        assert one.dtype is lamella.float32, f"a float32 parameter became {one.dtype}"
        np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=1e-3, atol=1e-4)


def element_by_element(subject: OptimizerSubject) -> None:
    """If ``conformance_elementwise`` is True: a tensor moves as its parts would alone."""
    if not getattr(subject.cls, "conformance_elementwise", False):
        return
    whole = subject.params()[:1]
    parts = [row.detach().clone().requires_grad_() for row in whole[0]]
    run(subject.made(whole), whole, quadratic, 3)
    run(subject.made(parts), parts, lambda given: quadratic([lamella.stack(list(given))]), 3)
    assert_identical([np.stack(values(parts))], values(whole))


#: In the order in which they run.
CHECKS = (
    docstring,
    quadratic_falls,
    rosenbrock_falls,
    resumes,
    copies,
    absent_gradients,
    zero_gradients,
    groups,
    negative_lr,
    maximizing,
    closures,
    layouts,
    precisions,
    element_by_element,
)

__all__ = ["CHECKS"]
