"""GradScaler scales losses, unscales gradients, skips steps that overflow, and says so when calls come out of order."""

from __future__ import annotations

from typing import Any

import pytest

import lamella
from lamella.amp import GradScaler


class Descent:
    """The least that a scaler needs of an optimizer."""

    def __init__(self, *params: lamella.Tensor) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(params)}]
        self.steps = 0

    def step(self, factor: float = 1.0) -> int:
        self.steps += 1
        for param in self.param_groups[0]["params"]:
            if param.grad is not None:
                param.data.sub_(param.grad * factor)
        return self.steps


@pytest.fixture
def w() -> lamella.Tensor:
    return lamella.ones(2, requires_grad=True)


def scaled(scaler: GradScaler, w: lamella.Tensor, factor: float = 1.0) -> None:
    w.grad = None
    scaler.scale((w * factor).sum()).backward()


def test_an_iteration_is_what_it_is_without(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu"), Descent(w)
    scaled(scaler, w, 0.25)
    assert w.grad.tolist() == [16384.0, 16384.0]  # type: ignore[union-attr]  # there is a gradient
    assert scaler.step(optimizer, factor=2.0) == 1, "it hands on arguments and result"
    scaler.update()
    assert w.tolist() == [0.5, 0.5]
    assert scaler.get_scale() == 65536.0


def test_unscaling_before_the_step_happens_once(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu"), Descent(w)
    scaled(scaler, w)
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == [1.0, 1.0]  # type: ignore[union-attr]  # as above
    scaler.step(optimizer)
    assert w.tolist() == [0.0, 0.0]


def test_an_overflow_skips_the_step_and_shrinks_the_scale(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu", init_scale=8.0, backoff_factor=0.25), Descent(w)
    for bad in (float("inf"), float("nan")):
        scaled(scaler, w)
        w.grad[0] = bad  # type: ignore[index]  # as above
        assert scaler.step(optimizer) is None
        scaler.update()
    assert optimizer.steps == 0
    assert scaler.get_scale() == 8.0 / 16


def test_growth_after_steps_in_a_row(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu", init_scale=2.0, growth_factor=3.0, growth_interval=2), Descent(w)
    scales = []
    for step in range(6):
        scaled(scaler, w)
        if step == 2:
            w.grad[0] = float("inf")  # type: ignore[index]  # as above
        scaler.step(optimizer)
        scaler.update()
        scales.append(scaler.get_scale())
    assert scales == [2.0, 6.0, 3.0, 3.0, 9.0, 9.0]


def test_the_scale_stays_finite_in_float32(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu", init_scale=2.0**127, growth_interval=1), Descent(w)
    scaled(scaler, w, 0.5)
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 2.0**127


def test_two_optimizers_are_followed_apart(w: lamella.Tensor) -> None:
    other = lamella.ones(1, requires_grad=True)
    scaler, one, two = GradScaler("cpu"), Descent(w), Descent(other)
    scaler.scale((w * 1).sum() + other.sum()).backward()
    other.grad[0] = float("inf")  # type: ignore[index]  # as above
    scaler.step(one)
    scaler.step(two)
    scaler.update()
    assert (one.steps, two.steps) == (1, 0)
    assert scaler.get_scale() == 32768.0


def test_nested_outputs_are_scaled() -> None:
    scaler = GradScaler("cpu", init_scale=4.0)
    first, (second,) = scaler.scale([lamella.ones(1), (lamella.ones(1),)])
    assert (first.item(), second.item()) == (4.0, 4.0)
    assert [x.item() for x in scaler.scale(iter([lamella.ones(())]))] == [4.0]
    for wrong in ("loss", 1.0):
        with pytest.raises(ValueError, match="outputs must be a Tensor or an iterable of Tensors"):
            scaler.scale(wrong)


class TestOrder:
    def test_unscale(self, w: lamella.Tensor) -> None:
        scaler, optimizer = GradScaler("cpu"), Descent(w)
        with pytest.raises(AssertionError, match="Attempted unscale_ but nothing was scaled"):
            scaler.unscale_(optimizer)
        scaled(scaler, w)
        scaler.unscale_(optimizer)
        with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called .* since the last update"):
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match=r"unscale_\(\) is being called after step\(\)"):
            scaler.unscale_(optimizer)

    def test_step(self, w: lamella.Tensor) -> None:
        scaler, optimizer = GradScaler("cpu"), Descent(w)
        with pytest.raises(AssertionError, match="Attempted step but nothing was scaled"):
            scaler.step(optimizer)
        scaler.scale(w.sum())
        with pytest.raises(AssertionError, match=r"No inf checks were recorded for this optimizer"):
            scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="Closure use is not currently supported"):
            scaler.step(optimizer, closure=lambda: None)
        scaler = GradScaler("cpu")
        scaled(scaler, w)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match=r"step\(\) has already been called since the last update"):
            scaler.step(optimizer)

    def test_update(self, w: lamella.Tensor) -> None:
        scaler = GradScaler("cpu")
        with pytest.raises(AssertionError, match="Attempted update but nothing was scaled"):
            scaler.update()
        scaled(scaler, w)
        with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
            scaler.update()

    def test_half_gradients(self) -> None:
        w = lamella.ones(2, dtype=lamella.float16, requires_grad=True)
        scaler = GradScaler("cpu")
        scaler.scale(w.sum()).backward()
        with pytest.raises(ValueError, match="Attempting to unscale FP16 gradients"):
            scaler.unscale_(Descent(w))


def test_a_scale_of_ones_own(w: lamella.Tensor) -> None:
    scaler = GradScaler("cpu")
    scaled(scaler, w)
    scaler.update(3.0)
    assert scaler.get_scale() == 3.0
    scaler.update(lamella.tensor(5.0))
    assert scaler.get_scale() == 5.0
    for wrong in (lamella.ones(2), lamella.tensor(5.0, requires_grad=True), lamella.tensor(5)):
        with pytest.raises(AssertionError, match="new_scale should be a float or a 0-dim"):
            scaler.update(wrong)


def test_factors_are_checked() -> None:
    with pytest.raises(AssertionError, match="growth factor must be > 1.0, got 1.0"):
        GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(AssertionError, match="backoff factor must be < 1.0, got 1.5"):
        GradScaler("cpu", backoff_factor=1.5)


def test_factors_can_be_changed() -> None:
    scaler = GradScaler("cpu")
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.1)
    scaler.set_growth_interval(7)
    found = (scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval())
    assert found == (3.0, 0.1, 7)


def test_disabled_does_nothing(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu", enabled=False), Descent(w)
    loss = w.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [0.0, 0.0]
    assert (scaler.get_scale(), scaler.state_dict(), scaler.is_enabled()) == (1.0, {}, False)
    scaler.load_state_dict({})


def test_a_missing_device_disables() -> None:
    if lamella.cuda.is_available():
        assert GradScaler().is_enabled()
    else:
        with pytest.warns(UserWarning, match="'cuda' is not available. Disabling"):
            assert not GradScaler().is_enabled()


def test_state_goes_over(w: lamella.Tensor) -> None:
    scaler, optimizer = GradScaler("cpu", init_scale=4.0, growth_interval=9), Descent(w)
    scaled(scaler, w)
    scaler.step(optimizer)
    scaler.update()
    state = scaler.state_dict()
    assert state == {
        "scale": 4.0,
        "growth_factor": 2.0,
        "backoff_factor": 0.5,
        "growth_interval": 9,
        "_growth_tracker": 1,
    }
    other = GradScaler("cpu")
    other.load_state_dict(state)
    assert other.state_dict() == state
    with pytest.raises(RuntimeError, match="source state dict is empty"):
        other.load_state_dict({})
