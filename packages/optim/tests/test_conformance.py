"""The suite for optimizers: ours pass it, and each planted fault fails the check that is there for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import lamella
from lamella import optim
from lamella.core.testing.suite import crossed
from lamella.optim.testing.optimizer_checks import CHECKS
from lamella.optim.testing.problems import OptimizerSubject

OURS = [
    *(optim.ASGD, optim.Adadelta, optim.Adafactor, optim.Adagrad, optim.Adam, optim.AdamW, optim.Adamax, optim.NAdam),
    *(optim.RAdam, optim.RMSprop, optim.Rprop, optim.SGD),
]


@pytest.mark.parametrize("case", crossed([OptimizerSubject(c.__name__, c) for c in OURS], CHECKS), ids=str)
def test_ours_conform(case: Any) -> None:
    case()


class MatrixMuon(optim.Muon):
    """Muon, which takes matrices alone."""

    conformance_shapes = ((2, 3), (3, 3))


class OneGroup(optim.LBFGS):
    """L-BFGS, which takes one group of parameters."""

    conformance_groups = False
    conformance_options = {"max_iter": 2}  # noqa: RUF012  # never changed


@pytest.mark.parametrize("cls", [MatrixMuon, OneGroup])
def test_what_an_optimizer_takes_can_be_narrowed(cls: Any) -> None:
    for case in crossed([OptimizerSubject(cls.__name__, cls)], CHECKS):
        if case.check.__name__ not in ("absent_gradients", "resumes"):
            case()


class Descent(optim.Optimizer):
    """Gradient descent with momentum: the optimizer that the faults below are planted in."""

    conformance_elementwise = True

    def __init__(self, params: Any, lr: float = 0.0005, maximize: bool = False) -> None:
        if lr < 0:
            raise ValueError(f"lr must not be negative, got {lr}")
        super().__init__(params, {"lr": lr, "maximize": maximize})

    def step(self, closure: Any = None) -> Any:
        with lamella.enable_grad():
            loss = None if closure is None else closure()
        with lamella.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.change(p, p.grad, group)
        return loss

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        state = self.state[p]
        speed = state["speed"] = 0.9 * state.get("speed", 0 * grad) + (-grad if group["maximize"] else grad)
        p -= group["lr"] * speed


class Undocumented(Descent):
    __doc__ = None


class Climbs(Descent):
    """Goes up."""

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        p += group["lr"] * grad


class Forgets(Descent):
    """Keeps its speed where state_dict does not see it."""

    def __init__(self, params: Any, lr: float = 0.0005, maximize: bool = False) -> None:
        super().__init__(params, lr, maximize)
        self.speeds: dict[int, Any] = {}

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        speed = self.speeds[id(p)] = 0.9 * self.speeds.get(id(p), 0 * grad) + grad
        p -= group["lr"] * speed


class Drifts(Descent):
    """Shrinks what has no gradient."""

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        with lamella.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.mul_(1 - group["lr"])
        return loss


class Normalizes(Descent):
    """Divides by the size of the gradient."""

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        p -= group["lr"] * grad / (grad * grad).sum().sqrt()


class OneRate(Descent):
    """Looks at the defaults, and not at the group."""

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        super().change(p, grad, {**group, "lr": self.defaults["lr"]})


class AnyRate(Descent):
    """Takes every rate."""

    def __init__(self, params: Any, lr: float = 0.0005, maximize: bool = False) -> None:
        super().__init__(params, abs(lr), maximize)


class NeverClimbs(Descent):
    """Does not look at maximize."""

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        super().change(p, grad, {**group, "maximize": False})


class Silent(Descent):
    """Returns nothing."""

    def step(self, closure: Any = None) -> Any:
        super().step(closure)
        return 0.0


class Rounds(Descent):
    """Steps of the size that float16 can hold."""

    def change(self, p: Any, grad: Any, group: dict[str, Any]) -> None:
        p.data = (p - group["lr"] * grad).double()


FAULTS = [
    (Undocumented, "docstring"),
    (Climbs, "quadratic_falls"),
    (Climbs, "rosenbrock_falls"),
    (Forgets, "resumes"),
    (Forgets, "copies"),
    (Drifts, "absent_gradients"),
    (Normalizes, "zero_gradients"),
    (OneRate, "groups"),
    (AnyRate, "negative_lr"),
    (NeverClimbs, "maximizing"),
    (Silent, "closures"),
    (Rounds, "precisions"),
    (Normalizes, "element_by_element"),
]


def failures(cls: type[optim.Optimizer]) -> Iterator[str]:
    for case in crossed([OptimizerSubject(cls.__name__, cls)], CHECKS):
        try:
            case()
        except Exception:  # noqa: BLE001  # whatever a fault raises, it is a failure
            yield case.check.__name__


def test_the_optimizer_without_a_fault_passes() -> None:
    assert not list(failures(Descent))


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("cls", "check"), FAULTS)
def test_a_planted_fault_fails_its_check(cls: Any, check: str) -> None:
    assert check in set(failures(cls))
