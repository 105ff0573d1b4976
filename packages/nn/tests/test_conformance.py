"""The suite for layers and losses: ours pass it, and each planted fault fails the check that is there for it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import nn
from lamella.core.testing.suite import crossed
from lamella.nn.testing import layer_checks, loss_checks
from lamella.nn.testing.layer_samples import LayerMake, LayerSubject

OURS: dict[str, Any] = {
    "AvgPool2d": lambda make: [make.layer(2)(make.array(2, 3, 4, 4))],
    "BatchNorm1d": lambda make: [make.layer(3)(make.array(4, 3))],
    "Bilinear": lambda make: [make.layer(2, 3, 4)(make.array(5, 2), make.array(5, 3))],
    "Conv2d": lambda make: [
        make.layer(2, 3, 2)(make.array(2, 2, 4, 4)),
        make.layer(2, 3, 1, bias=False)(make.array(2, 3, 3)),
    ],
    "Dropout": lambda make: [make.layer(0.5)(make.array(3, 4))],
    "Embedding": lambda make: [make.layer(5, 3)(make.ints(5, 2, 4))],
    "Flatten": lambda make: [make.layer()(make.array(2, 3, 2))],
    "GELU": lambda make: [make.layer()(make.array(2, 3)), make.layer("tanh")(make.array(3))],
    "GroupNorm": lambda make: [make.layer(2, 4)(make.array(2, 4, 3))],
    "Identity": lambda make: [make.layer()(make.array(2))],
    "LSTM": lambda make: [make.layer(2, 3)(make.array(4, 2, 2))],
    "LayerNorm": lambda make: [make.layer(3)(make.array(2, 3))],
    "Linear": lambda make: [make.layer(3, 2)(make.array(4, 3)), make.layer(3, 2, bias=False)(make.array(3))],
    "PReLU": lambda make: [make.layer()(make.array(2, 3, away_from=0))],
    "Softmax": lambda make: [make.layer(dim=1)(make.array(2, 3))],
}
OUR_LOSSES: dict[str, Any] = {
    "CrossEntropyLoss": lambda make: [make.layer()(make.array(4, 3), make.ints(3, 4))],
    "HuberLoss": lambda make: [make.layer(delta=0.5)(make.array(4), make.array(4))],
    "MSELoss": lambda make: [make.layer()(make.array(4, 2), make.array(4, 2))],
}


@pytest.mark.parametrize(
    "case",
    crossed([LayerSubject("layers", n, getattr(nn, n), s) for n, s in OURS.items()], layer_checks.CHECKS),
    ids=str,
)
def test_our_layers_conform(case: Any) -> None:
    case()


LOSS_CHECKS = (*layer_checks.CHECKS, *loss_checks.CHECKS)


@pytest.mark.parametrize(
    "case", crossed([LayerSubject("losses", n, getattr(nn, n), s) for n, s in OUR_LOSSES.items()], LOSS_CHECKS), ids=str
)
def test_our_losses_conform(case: Any) -> None:
    case()


class Scale(nn.Module):
    """Multiplies by a weight: the layer that the faults below are planted in."""

    conformance_batch = "leading"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(lamella.randn(size))

    def forward(self, x: Any) -> Any:
        return self.weight * x * x

    @staticmethod
    def conformance_samples(make: LayerMake) -> Any:
        return [make.layer(3)(make.array(2, 3))]


class Undocumented(Scale):
    __doc__ = None


class Hides(Scale):
    """Keeps a layer in a plain list."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.parts = [nn.Linear(size, size)]


class Misnamed(Scale):
    """Shows itself as something else."""

    def __repr__(self) -> str:
        return "Layer()"


class DropsState(Scale):
    """Keeps a number that state_dict does not hold."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.register_buffer("offset", lamella.randn(size), persistent=False)

    def forward(self, x: Any) -> Any:
        return super().forward(x) + self.offset


class Copied(Scale):
    """Is another one when copied."""

    def __deepcopy__(self, memo: Any) -> Any:
        return Scale(3).double().eval()


class StaysInTraining(Scale):
    """Leaves a part of it behind."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.part = nn.Dropout(0.0)

    def train(self, mode: bool = True) -> Any:
        self.training = mode
        return self


class Counts(Scale):
    """Gives something else at each call."""

    calls = 0

    def forward(self, x: Any) -> Any:
        type(self).calls += 1
        return super().forward(x) * type(self).calls


class Wrong(lamella.autograd.Function):
    """A square with half of its gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * x


class WrongGradient(Scale):
    """Has a wrong gradient."""

    def forward(self, x: Any) -> Any:
        return self.weight * Wrong.apply(x)


class Detached(Scale):
    """Computes past its weight."""

    def forward(self, x: Any) -> Any:
        return self.weight.detach() * x * x


class Widens(Scale):
    """Computes in double precision whatever it is given."""

    def forward(self, x: Any) -> Any:
        return super().forward(x).double()


class NotMoved(Scale):
    """Returns a copy from to()."""

    def to(self, *arguments: Any, **options: Any) -> Any:
        return copy.deepcopy(self) if arguments == ("cpu",) else super().to(*arguments, **options)


class ReadsMemory(Scale):
    """Reads elements as they lie in memory."""

    def forward(self, x: Any) -> Any:
        flat = np.ravel(x.detach().numpy(), order="K").reshape(x.shape)
        return super().forward(x) + lamella.tensor(flat).to(x.dtype)


class Overwrites(Scale):
    """Computes in its input."""

    def forward(self, x: Any) -> Any:
        x.data.mul_(2)
        return super().forward(x)


class MixesSamples(Scale):
    """Subtracts the mean of the batch."""

    def forward(self, x: Any) -> Any:
        return super().forward(x - x.mean(0))


FAULTS = [
    (Undocumented, "docstring"),
    (Hides, "registered_parameters"),
    (Misnamed, "representation"),
    (DropsState, "state_round_trip"),
    (Copied, "copies"),
    (StaysInTraining, "modes"),
    (Counts, "no_hidden_state"),
    (WrongGradient, "gradient"),
    (WrongGradient, "second_gradient"),
    (Detached, "trained_parameters"),
    (Widens, "precisions"),
    (NotMoved, "devices"),
    (ReadsMemory, "layouts"),
    (Overwrites, "inputs_stay"),
    (MixesSamples, "batches"),
]


def failures(cls: type[nn.Module], checks: Any = layer_checks.CHECKS) -> Iterator[str]:
    for case in crossed([LayerSubject("layers", cls.__name__, cls, None)], checks):
        try:
            case()
        except Exception:  # noqa: BLE001  # whatever a fault raises, it is a failure
            yield case.check.__name__


def test_the_layer_without_a_fault_passes() -> None:
    assert not list(failures(Scale))


@pytest.mark.parametrize(("cls", "check"), FAULTS)
def test_a_planted_fault_fails_its_check(cls: Any, check: str) -> None:
    assert check in set(failures(cls))


class SumsTwice(nn.MSELoss):
    """Twice the sum."""

    def forward(self, input: Any, target: Any) -> Any:
        return super().forward(input, target) * (2 if self.reduction == "sum" else 1)

    @staticmethod
    def conformance_samples(make: LayerMake) -> Any:
        return [make.layer()(make.array(4), make.array(4))]


class Spread(SumsTwice):
    """A number for each sample."""

    def forward(self, input: Any, target: Any) -> Any:
        return (input - target) ** 2


def test_planted_faults_of_losses_fail() -> None:
    assert list(failures(SumsTwice, loss_checks.CHECKS)) == ["reductions"]
    assert list(failures(Spread, loss_checks.CHECKS)) == ["reductions", "one_number"]


def test_a_layer_without_samples_says_what_to_write() -> None:
    (case, *_) = crossed([LayerSubject("layers", "ReLU", nn.ReLU, None)], (layer_checks.copies,))
    with pytest.raises(AssertionError, match=r"conformance_samples\(make\), as in"):
        case()
    (case, *_) = crossed([LayerSubject("layers", "ReLU", nn.ReLU, lambda make: [])], (layer_checks.copies,))
    with pytest.raises(AssertionError, match="is empty"):
        case()


def test_fewer_derivatives_can_be_declared() -> None:
    class Once(WrongGradient):
        """Has no second derivative."""

        conformance_derivatives = 0

    assert "gradient" not in set(failures(Once))
