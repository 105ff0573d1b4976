"""What all optimizers share: groups, state, saving and loading, hooks, errors."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import lamella
from lamella import optim

#: Every optimizer, with options that make it keep all the state it can.
OPTIMIZERS: list[tuple[Any, dict[str, Any]]] = [
    (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (optim.Adam, {"amsgrad": True}),
    (optim.AdamW, {"amsgrad": True}),
    (optim.RMSprop, {"momentum": 0.9, "centered": True}),
    (optim.Adagrad, {"lr_decay": 0.1}),
    (optim.Adadelta, {"eps": 0.1}),
    (optim.Adafactor, {"lr": 0.1}),
    (optim.Adamax, {}),
    (optim.ASGD, {"t0": 1}),
    (optim.NAdam, {}),
    (optim.RAdam, {}),
    (optim.Rprop, {}),
]
FUSED = (optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad)
every = pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS, ids=lambda x: getattr(x, "__name__", ""))


def param(*values: float) -> lamella.Tensor:
    return lamella.tensor(values or (1.0, 2.0), dtype=lamella.float32, requires_grad=True)


def train(optimizer: optim.Optimizer, steps: int = 3) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = sum((p * p + p).sum() for group in optimizer.param_groups for p in group["params"])
        loss.backward()
        optimizer.step()


def values(*params: lamella.Tensor) -> list[Any]:
    return [p.tolist() for p in params]


# --- saving and loading


@every
def test_state_dict_goes_on_bit_for_bit(optimizer: Any, options: dict[str, Any]) -> None:
    first, second = param(1, -2, 3), param(0.5)
    original = optimizer([{"params": [first]}, {"params": [second], "lr": 0.02}], **options)
    train(original)
    saved = copy.deepcopy(original.state_dict())

    copies = [p.detach().clone().requires_grad_() for p in (first, second)]
    resumed = optimizer([{"params": [copies[0]]}, {"params": [copies[1]]}])
    resumed.load_state_dict(saved)
    assert repr(resumed) == repr(original)
    train(original)
    train(resumed)
    assert values(*copies) == values(first, second)


@every
def test_state_dict_survives_a_file(optimizer: Any, options: dict[str, Any], tmp_path: Any) -> None:
    original = param(1, -2)
    saving = optimizer([original], **options)
    train(saving)
    lamella.save(saving.state_dict(), tmp_path / "optimizer")
    resumed = original.detach().clone().requires_grad_()
    loading = optimizer([resumed])
    loading.load_state_dict(lamella.load(tmp_path / "optimizer"))
    train(saving)
    train(loading)
    assert values(resumed) == values(original)


@every
def test_a_deep_copy_goes_on_alone(optimizer: Any, options: dict[str, Any]) -> None:
    original = param()
    stepper = optimizer([original], **options)
    train(stepper)
    before = values(original)
    twin = copy.deepcopy(stepper)
    train(twin)
    assert values(original) == before
    train(stepper)
    assert values(original) == values(*twin.param_groups[0]["params"])


def test_loading_copies_to_the_parameters_dtype_and_keeps_the_count_a_float32() -> None:
    source, target = param(), lamella.tensor([1.0, 2.0], dtype=lamella.float64, requires_grad=True)
    saving, loading = optim.Adam([source]), optim.Adam([target])
    train(saving)
    loading.load_state_dict(saving.state_dict())
    state = loading.state[target]
    assert state["exp_avg"].dtype is lamella.float64
    assert state["step"].dtype is lamella.float32
    assert state["step"].shape == ()
    train(loading)
    assert saving.state[source]["step"].item() == 3
    assert state["step"].item() == 6


def test_state_dict_numbers_the_parameters_and_shares_the_tensors() -> None:
    a, b, c = param(), param(), param()
    stepper = optim.SGD([{"params": [a, b]}, {"params": c, "lr": 1.0}], lr=0.5, momentum=0.9)
    assert stepper.state_dict()["state"] == {}
    train(stepper)
    saved = stepper.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0, 1], [2]]
    assert [g["lr"] for g in saved["param_groups"]] == [0.5, 1.0]
    assert list(saved["state"]) == [0, 1, 2]
    assert saved["state"][2]["momentum_buffer"] is stepper.state[c]["momentum_buffer"]


def test_state_of_unknown_parameters_is_kept() -> None:
    stepper = optim.SGD([param()])
    saved = {**stepper.state_dict(), "state": {"note": {"seen": 3}}}
    stepper.load_state_dict(saved)
    assert stepper.state_dict()["state"] == {"note": {"seen": 3}}


def test_state_that_is_no_tensor_is_loaded_as_it_is() -> None:
    stepper = optim.SGD([param()])
    saved = {**stepper.state_dict(), "state": {0: {"history": [1, 2], "rows": lamella.tensor([1])}}}
    stepper.load_state_dict(saved)
    assert stepper.state_dict()["state"][0]["history"] == [1, 2]


def test_loading_what_does_not_fit() -> None:
    one, two = optim.SGD([param()]), optim.SGD([{"params": param()}, {"params": param()}])
    with pytest.raises(ValueError, match="different number of parameter groups: 2, expected 1"):
        one.load_state_dict(two.state_dict())
    with pytest.raises(ValueError, match=r"doesn't match the size of optimizer's group: \[2\] .* expected \[1\]"):
        one.load_state_dict(optim.SGD([param(), param()]).state_dict())


def test_names_are_kept() -> None:
    stepper = optim.SGD([("weight", param()), ("bias", param())])
    assert stepper.param_groups[0]["param_names"] == ["weight", "bias"]
    saved = stepper.state_dict()
    assert saved["param_groups"][0]["param_names"] == ["weight", "bias"]
    del saved["param_groups"][0]["param_names"]
    stepper.load_state_dict(saved)
    assert stepper.param_groups[0]["param_names"] == ["weight", "bias"]


# --- groups


def test_groups_have_their_own_options() -> None:
    a, b, c = param(1), param(1), param(1)
    stepper = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5, "maximize": True}], lr=0.1)
    stepper.add_param_group({"params": (p for p in [c]), "lr": 1.0})
    for p in (a, b, c):
        p.grad = lamella.ones(1)
    stepper.step()
    np.testing.assert_allclose([p.item() for p in (a, b, c)], [0.9, 1.5, 0.0], rtol=1e-6)
    stepper.param_groups[0]["lr"] = 0.9
    stepper.step()
    np.testing.assert_allclose([p.item() for p in (a, b, c)], [0.0, 2.0, -1.0], atol=1e-6)


@every
def test_lr_may_be_a_tensor(optimizer: Any, options: dict[str, Any]) -> None:
    a, b = param(), param()
    rate = lamella.tensor(0.25)
    with_tensor, with_number = optimizer([a], **{**options, "lr": rate}), optimizer([b], **{**options, "lr": 0.25})
    train(with_tensor)
    train(with_number)
    assert values(a) == values(b)
    rate.fill_(0.5)
    with_number.param_groups[0]["lr"] = 0.5
    train(with_tensor)
    train(with_number)
    assert values(a) == values(b)


def test_betas_may_be_tensors() -> None:
    stepper = optim.Adam([param()], betas=(lamella.tensor(0.5), lamella.tensor(0.75)))
    assert stepper.param_groups[0]["betas"] == (0.5, 0.75)


def test_duplicates_warn() -> None:
    p = param()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        stepper = optim.SGD([p, p], lr=0.25)
    p.grad = lamella.ones(2)
    stepper.step()
    assert p.tolist() == [0.5, 1.5]


def test_wrong_parameters() -> None:
    p = param()
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts, but got Tensor"):
        optim.SGD(p)
    with pytest.raises(ValueError, match="empty parameter list"):
        optim.SGD([])
    with pytest.raises(TypeError, match="can only optimize Tensors, but one of the params is int"):
        optim.SGD([p, 3])
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        optim.SGD([p * 2])
    with pytest.raises(TypeError, match="ordered collections"):
        optim.SGD([{"params": {p}}])
    with pytest.raises(ValueError, match="Some param names are missing"):
        optim.SGD([("weight", p), param()])
    stepper = optim.SGD([p])
    with pytest.raises(TypeError, match="param_group must be a dict, but got <class 'list'>"):
        stepper.add_param_group([p])
    with pytest.raises(ValueError, match="appear in more than one parameter group"):
        stepper.add_param_group({"params": [p]})
    with pytest.raises(ValueError, match="cannot add param group with names"):
        stepper.add_param_group({"params": [("weight", param())]})
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optim.SGD([("weight", p)]).add_param_group({"params": [param()]})
    assert len(stepper.param_groups) == 1


def test_a_result_that_retains_its_gradient_can_be_optimized() -> None:
    p = param() * 2
    p.retain_grad()
    (p * p).sum().backward()
    optim.SGD([p], lr=0.25).step()
    assert p.tolist() == [1.0, 2.0]


WRONG = [
    ({"lr": -0.5}, "Invalid learning rate: -0.5"),
    ({"lr": float("nan")}, "Invalid learning rate: nan"),
    ({"lr": lamella.ones(2)}, "Tensor lr must be 1-element"),
]
DECAY = ({"weight_decay": -1}, "Invalid weight_decay value: -1")
BETAS = [
    ({"betas": (1.0, 0.5)}, "Invalid beta parameter at index 0: 1.0"),
    ({"betas": (0.5, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
]
EPS = ({"eps": -1}, "Invalid epsilon value: -1")


@pytest.mark.parametrize(
    ("optimizer", "options", "message"),
    [
        *((optimizer, *wrong) for optimizer, _ in [*OPTIMIZERS, (optim.LBFGS, {})] for wrong in WRONG),
        *((optimizer, *DECAY) for optimizer, _ in OPTIMIZERS if optimizer is not optim.Rprop),
        *(
            (optimizer, *wrong)
            for optimizer in (optim.Adam, optim.AdamW, optim.Adamax, optim.NAdam, optim.RAdam)
            for wrong in [*BETAS, EPS]
        ),
        *((optimizer, *wrong) for optimizer in (optim.SparseAdam, optim.Muon) for wrong in WRONG),
        *((optimizer, {"betas": (0, 0.5)}, "both floats or both Tensors") for optimizer in (optim.Adam, optim.AdamW)),
        (optim.SparseAdam, {"eps": 0}, "Invalid epsilon value: 0"),
        (optim.SparseAdam, *BETAS[0]),
        (optim.Adadelta, *EPS),
        (optim.Adadelta, {"rho": 1.5}, "Invalid rho value: 1.5"),
        (optim.Adafactor, {"beta2_decay": 0.5}, "beta2_decay should be <= 0 but is: 0.5"),
        (optim.Adafactor, {"eps": (-1, 0.1)}, "Invalid epsilon1: -1"),
        (optim.Adafactor, {"eps": (None, -1)}, "Invalid epsilon2: -1"),
        (optim.Adafactor, {"d": 0.5}, "Clipping threshold d should be >= 1 but is: 0.5"),
        (optim.NAdam, {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
        (optim.Rprop, {"etas": (0.5, 0.9)}, "Invalid eta values: 0.5, 0.9"),
        (optim.LBFGS, {"line_search_fn": "armijo"}, "only 'strong_wolfe' .* got 'armijo'"),
        (optim.Muon, {"momentum": -1}, "Invalid momentum value: -1"),
        (optim.Muon, {"weight_decay": -1}, "Invalid weight_decay value: -1"),
        (optim.Muon, {"adjust_lr_fn": "no"}, "Adjust learning rate function no is not one of original, match_rms"),
        (optim.Muon, {"ns_coefficients": (1, 2)}, "ns_coefficients must be 3 numbers"),
        (optim.Muon, {"ns_steps": 100}, "ns_steps must be below 100, got 100"),
        (optim.Muon, {}, r"Muon only supports 2D parameters .* size: \(2,\)"),
        (optim.SGD, {"momentum": -1}, "Invalid momentum value: -1"),
        (optim.SGD, {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
        (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov momentum requires"),
        (optim.RMSprop, *EPS),
        (optim.RMSprop, {"momentum": -1}, "Invalid momentum value: -1"),
        (optim.RMSprop, {"alpha": -1}, "Invalid alpha value: -1"),
        (optim.Adagrad, *EPS),
        (optim.Adagrad, {"lr_decay": -1}, "Invalid lr_decay value: -1"),
        (optim.Adagrad, {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
    ],
)
def test_wrong_options(optimizer: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        optimizer([param()], **options)


@every
def test_pytorchs_flags_change_nothing(optimizer: Any, options: dict[str, Any]) -> None:
    plain, flagged = param(), param()
    train(optimizer([plain], **options))
    train(optimizer([flagged], **options, foreach=True))
    assert values(plain) == values(flagged)
    if optimizer in FUSED:
        with pytest.raises(RuntimeError, match="`fused` and `foreach` cannot be `True` together"):
            optimizer([param()], **options, foreach=True, fused=True)
        with pytest.raises(RuntimeError, match="`fused` does not support `differentiable`"):
            optimizer([param()], **options, fused=True, differentiable=True)


# --- a step


@every
def test_a_step_is_seen_by_a_saved_tensor(optimizer: Any, options: dict[str, Any]) -> None:
    p = param()
    stepper = optimizer([p], **options)
    loss = (p * p).sum()
    p.grad = lamella.ones(2)
    stepper.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@every
def test_closure(optimizer: Any, options: dict[str, Any]) -> None:
    p = param(3)
    stepper = optimizer([p], **options)

    def closure() -> lamella.Tensor:
        stepper.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with lamella.no_grad():
        assert stepper.step(closure).item() == 9
    assert p.item() < 3
    assert stepper.step() is None


def test_zero_grad() -> None:
    p, idle = param(), param()
    stepper = optim.SGD([p, idle])
    (p * p).sum().backward(create_graph=True)
    grad = p.grad
    stepper.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert p.grad.tolist() == [0, 0]
    assert not p.grad.requires_grad
    assert idle.grad is None
    stepper.zero_grad()
    assert p.grad is None


def test_hooks() -> None:
    calls: list[Any] = []
    p = param()
    stepper = optim.SGD([p])
    before = stepper.register_step_pre_hook(lambda *call: calls.append(("before", *call)))
    after = stepper.register_step_post_hook(lambda *call: calls.append(("after", *call)))
    closure = p.sum
    stepper.step(closure)
    assert calls == [("before", stepper, (closure,), {}), ("after", stepper, (closure,), {})]
    before.remove()
    after.remove()
    stepper.step()
    assert len(calls) == 2

    changing = stepper.register_step_pre_hook(lambda optimizer, args, kwargs: ((), {"closure": lambda: 7}))
    assert stepper.step() == 7
    changing.remove()
    stepper.register_step_pre_hook(lambda optimizer, args, kwargs: 7)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 7"):
        stepper.step()


def test_hooks_of_state_dicts() -> None:
    calls: list[str] = []

    def noting(name: str, result: Any = None) -> Any:
        def hook(*given: Any) -> Any:
            assert given[0] is stepper
            calls.append(name)
            return result(given[1]) if result else None

        return hook

    stepper = optim.SGD([param()], lr=0.5)
    handles = [
        stepper.register_state_dict_pre_hook(noting("second")),
        stepper.register_state_dict_pre_hook(noting("first"), prepend=True),
        stepper.register_state_dict_post_hook(noting("no change")),
        stepper.register_state_dict_post_hook(noting("marked", lambda saved: {**saved, "mark": 1})),
    ]
    saved = stepper.state_dict()
    assert calls == ["first", "second", "no change", "marked"]
    assert saved["mark"] == 1
    for handle in handles:
        handle.remove()
    assert "mark" not in stepper.state_dict()

    def faster(saved: Any) -> Any:
        return {**saved, "param_groups": [{**group, "lr": 2.0} for group in saved["param_groups"]]}

    calls.clear()
    stepper.register_load_state_dict_pre_hook(noting("changed", faster))
    stepper.register_load_state_dict_post_hook(lambda optimizer: calls.append(f"lr {optimizer.param_groups[0]['lr']}"))
    stepper.register_load_state_dict_post_hook(noting("before"), prepend=True)
    stepper.load_state_dict(saved)
    assert calls == ["changed", "before", "lr 2.0"]


def test_sparse_adam_refuses_dense_gradients() -> None:
    p = param()
    stepper = optim.SparseAdam([p])
    stepper.step()
    p.grad = lamella.ones(2)
    with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients, .* Use Adam"):
        stepper.step()
    assert p.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("optimizer", [optim.Adafactor, optim.Muon])
def test_complex_parameters_are_refused_where_the_rule_is_for_real_ones(optimizer: Any) -> None:
    p = lamella.ones(2, 2, dtype=lamella.complex64, requires_grad=True)
    p.grad = p.detach()
    with pytest.raises(RuntimeError, match="does not support complex parameters"):
        optimizer([p]).step()


def test_lbfgs_has_one_group() -> None:
    with pytest.raises(ValueError, match="LBFGS doesn't support per-parameter options"):
        optim.LBFGS([{"params": [param()]}, {"params": [param()]}])


def test_an_optimizer_of_your_own() -> None:
    class Shrink(optim.Optimizer):
        def __init__(self, params: Any, factor: float) -> None:
            super().__init__(params, {"factor": factor})

        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.mul_(group["factor"])

    p = param(8)
    calls: list[str] = []
    stepper = Shrink([p], 0.5)
    stepper.register_step_post_hook(lambda *call: calls.append("after"))
    stepper.step()
    assert p.item() == 4
    assert calls == ["after"]
    with pytest.raises(NotImplementedError, match="Optimizer defines step"):
        optim.Optimizer([p], {}).step()


def test_repr() -> None:
    stepper = optim.RMSprop([{"params": param()}, {"params": param(), "lr": 0.5}])
    options = (
        "    alpha: 0.99\n    capturable: False\n    centered: False\n    differentiable: False\n    eps: 1e-08\n"
        "    foreach: None\n    lr: {}\n    maximize: False\n    momentum: 0\n    weight_decay: 0\n"
    )
    groups = [f"Parameter Group {i}\n{options.format(lr)}" for i, lr in enumerate([0.01, 0.5])]
    assert repr(stepper) == "RMSprop (\n" + "\n".join(groups) + ")"
