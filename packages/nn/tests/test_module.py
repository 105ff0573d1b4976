"""Module: names, trees, modes, conversions, errors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import lamella
from lamella import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        self.norm = nn.BatchNorm1d(2)
        self.scale = nn.Parameter(lamella.ones(2))
        self.register_buffer("shift", lamella.zeros(2), persistent=False)
        self.register_parameter("absent", None)

    def forward(self, x: lamella.Tensor) -> lamella.Tensor:
        return self.norm(self.body(x)) * self.scale + self.shift

    @property
    def broken(self) -> int:
        return self.undefined

    @property
    def worse(self) -> int:
        return self.scale.undefined


# --- names and trees


def test_finds_what_was_assigned_by_path() -> None:
    net = Net()
    parameters = ["scale", "body.0.weight", "body.0.bias", "body.2.weight", "body.2.bias", "norm.weight", "norm.bias"]
    assert [name for name, _ in net.named_parameters()] == parameters
    assert [name for name, _ in net.named_parameters("net", recurse=False)] == ["net.scale"]
    assert [name for name, _ in net.named_buffers()] == [
        "shift", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked",
    ]  # fmt: skip
    assert [name for name, _ in net.named_modules()] == ["", "body", "body.0", "body.1", "body.2", "norm"]
    assert [name for name, _ in net.named_children()] == ["body", "norm"]
    assert list(net.children()) == [net.body, net.norm]
    assert next(net.modules()) is net
    assert len(list(net.parameters())) == 7
    assert len(list(net.buffers())) == 4
    assert net.get_submodule("body.2") is net.body[2]
    assert net.get_submodule("") is net
    assert net.get_parameter("body.0.weight") is net.body[0].weight
    assert net.get_buffer("norm.running_mean") is net.norm.running_mean


def test_a_shared_part_is_given_once_unless_asked_otherwise() -> None:
    shared = nn.Linear(2, 2)
    net = nn.Sequential(shared, shared)
    assert len(list(net.parameters())) == 2
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "0", "1"]
    assert list(net.modules()) == [net, shared]
    assert list(net.modules(remove_duplicate=False)) == [net, shared, shared]
    assert [name for name, _ in net.named_children()] == ["0"]
    assert set(net.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_assignment_replaces_in_place_and_moves_between_kinds() -> None:
    net = Net()
    net.body = nn.Identity()
    assert list(net._modules) == ["body", "norm"]  # the place in the order stays
    net.plain = 3
    net.plain = nn.Linear(1, 1)
    assert "plain" not in vars(net)
    assert net.plain is net.get_submodule("plain")
    net.shift = nn.Parameter(lamella.ones(2))
    assert "shift" in dict(net.named_parameters())
    assert "shift" not in dict(net.named_buffers())
    net.scale = None
    assert net.scale is None
    assert "scale" not in dict(net.named_parameters())
    net.mask = nn.Buffer(lamella.ones(2))
    net.cache = nn.Buffer(lamella.ones(2), persistent=False)
    assert "mask" in net.state_dict()
    assert "cache" not in net.state_dict()
    net.mask = lamella.zeros(3)
    assert net.get_buffer("mask").shape == (3,)
    del net.mask, net.plain, net.scale
    for name in ("mask", "plain", "scale"):
        assert not hasattr(net, name)
    net.tensor = lamella.zeros(1)
    assert "tensor" in vars(net)
    assert {"body", "norm", "absent"} <= set(dir(net))


def test_modules_are_put_at_a_path() -> None:
    net, tanh = Net(), nn.Tanh()
    net.set_submodule("body.1", tanh, strict=True)
    assert net.body[1] is tanh
    net.set_submodule("norm", tanh)
    assert net.norm is tanh
    net.set_submodule("body.last", tanh)
    assert net.body[-1] is tanh


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


class Both(nn.Module, Named):
    call_super_init = True


def test_the_next_class_may_be_initialized_too() -> None:
    both = Both(name="a")
    assert both.name == "a"
    assert both.training


def test_subclasses_may_add_to_a_pickled_state() -> None:
    class Later(nn.Linear):
        def __setstate__(self, state: dict[str, object]) -> None:
            super().__setstate__({"added": 1, **state})

    assert copy.deepcopy(Later(1, 1)).added == 1


def test_compiling_says_that_nothing_is_compiled() -> None:
    net = Net().eval()
    before = net(lamella.ones(2, 3)).tolist()
    with pytest.warns(UserWarning, match="nothing is compiled here"):
        net.compile(fullgraph=True)
    assert net(lamella.ones(2, 3)).tolist() == before


def test_a_missing_name_suggests_the_near_one() -> None:
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'bodi'. Did you mean 'body'?"):
        _ = Net().bodi
    with pytest.raises(AttributeError, match="'Linear' object has no attribute '_nothing'$"):
        _ = nn.Linear(1, 1)._nothing
    with pytest.raises(AttributeError, match="nothing"):
        del Net().nothing


def test_a_failing_property_shows_its_own_error() -> None:
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'undefined'"):
        _ = Net().broken
    with pytest.raises(AttributeError, match="'Parameter' object has no attribute 'undefined'"):
        _ = Net().worse


class Hasty(nn.Module):
    def __init__(self, value: object) -> None:
        self.part = value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (nn.Identity(), r"cannot assign module before Module.__init__\(\) call"),
        (nn.Parameter(lamella.ones(1)), r"cannot assign parameters before Module.__init__\(\) call"),
    ],
)
def test_parts_before_init_are_refused(value: object, message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        Hasty(value)


def test_a_module_without_init_says_so() -> None:
    net = Hasty(3)
    assert net.part == 3
    with pytest.raises(AttributeError, match=r"'other': its Module.__init__\(\) has not been called"):
        _ = net.other
    with pytest.raises(AttributeError, match="before Module.__init__"):
        net.register_buffer("b", None)
    with pytest.raises(AttributeError, match="before Module.__init__"):
        net.register_parameter("p", None)


REFUSED = [
    (lambda m: setattr(m,
     "scale", 3), TypeError, r"cannot assign 'int' as parameter 'scale' \(lamella.nn.Parameter or None"),
    (lambda m: setattr(m, "scale", lamella.ones(2)), TypeError, "cannot assign 'lamella.Tensor' as parameter 'scale'"),
    (lambda m: setattr(m,
     "body", 3), TypeError, r"cannot assign 'int' as child module 'body' \(lamella.nn.Module or None"),
    (lambda m: setattr(m, "shift", 3), TypeError, "cannot assign 'int' as buffer 'shift'"),
    (lambda m: m.register_parameter("a.b", None), KeyError, 'parameter name can\'t contain'),
    (lambda m: m.register_parameter("", None), KeyError, "parameter name can't be empty"),
    (lambda m: m.register_parameter(3, None), TypeError, "parameter name should be a string. Got int"),
    (lambda m: m.register_parameter("forward", None), KeyError, "attribute 'forward' already exists"),
    (lambda m: m.register_parameter("x", 3), TypeError, "cannot assign 'int' object to parameter 'x'"),
    (lambda m: m.register_buffer("x", 3), TypeError, "cannot assign 'int' object to buffer 'x'"),
    (lambda m: m.register_buffer("a.b", None), KeyError, "buffer name can't contain"),
    (lambda m: m.register_buffer("forward", None), KeyError, "already exists"),
    (lambda m: m.add_module("a.b", None), KeyError, "module name can't contain .*, got: a.b"),
    (lambda m: m.add_module("x", 3), TypeError, "int is not a Module subclass"),
    (lambda m: m.register_module("forward", None), KeyError, "already exists"),
    (lambda m: m.get_submodule("body.x"), AttributeError, "Sequential has no attribute `x`"),
    (lambda m: m.get_submodule("body.0.weight"), AttributeError, "`weight` is not an nn.Module"),
    (lambda m: m.set_submodule("", nn.ReLU()), ValueError, "without a target name"),
    (lambda m: m.set_submodule("body.0", 3), ValueError, "`module` is not an nn.Module, found <class 'int'>"),
    (lambda m: m.set_submodule("head.0", nn.ReLU()), AttributeError, "Net has no attribute `head`"),
    (lambda m: m.set_submodule("head", nn.ReLU(), strict=True), AttributeError, "Net has no attribute `head`"),
    (lambda m: m.set_submodule("body.0.weight", nn.ReLU()), AttributeError, "`weight` is not an nn.Module"),
    (lambda m: m.share_memory(), RuntimeError, "in this process's own memory"),
    (lambda m: m.cuda(), RuntimeError, "cuda"),
    (lambda m: nn.Module(1), TypeError, r"passed 1 positional arguments on to Module.__init__\(\), which takes none"),
    (lambda m: nn.Module(size=1), TypeError, "passed keyword argument 'size' on to Module"),
    (lambda m: m.get_parameter("body.x"), AttributeError, "Sequential has no attribute `x`"),
    (lambda m: m.get_parameter("norm.running_mean"), AttributeError, "`running_mean` is not an nn.Parameter"),
    (lambda m: m.get_buffer("norm.weight"), AttributeError, "`weight` is not a buffer"),
    (lambda m: m.train(1), ValueError, "training mode is expected to be boolean"),
    (lambda m: m.to(lamella.int64), TypeError, "only accepts floating point or complex dtypes, but got desired dtype="),
    (lambda m: m.to(3.5), TypeError, "invalid argument: 3.5"),
    (lambda m: m.to(colour="red"), TypeError, "unexpected keyword argument 'colour'"),
    (lambda m: nn.Module()(1), NotImplementedError, r'Module \[Module\] is missing the required "forward" function'),
    (lambda m: nn.Parameter([1.0]), TypeError, "expected data to be a Tensor, got list"),
    (lambda m: nn.Parameter(lamella.tensor(3)), RuntimeError, "floating point and complex dtype can require gradients"),
    (lambda m: nn.Buffer(3), TypeError, "expected data to be a Tensor, got int"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: object, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action(Net())


# --- modes, conversions, copies


def test_modes_and_gradients_reach_all_parts() -> None:
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    net(lamella.ones(4, 3)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    held = net.scale.grad
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.tolist() == [0.0, 0.0]
    assert held.tolist() == [0.0, 0.0]
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())


def test_conversion_keeps_the_parameters_and_leaves_integers() -> None:
    net = Net()
    parameters = list(net.parameters())
    net(lamella.ones(4, 3)).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {lamella.float64}
    assert net.scale.grad.dtype is lamella.float64
    assert net.norm.running_mean.dtype is lamella.float64
    assert net.norm.num_batches_tracked.dtype is lamella.int64
    net.zero_grad()
    net(lamella.ones(4, 3, dtype=lamella.float64)).sum().backward()
    assert net.scale.grad.dtype is lamella.float64
    for change, expected in [
        (net.half, lamella.float16),
        (net.bfloat16, lamella.bfloat16),
        (net.float, lamella.float32),
        (lambda: net.to(lamella.float64), lamella.float64),
        (lambda: net.to("cpu", lamella.float32), lamella.float32),
        (lambda: net.to(lamella.zeros(1, dtype=lamella.float64)), lamella.float64),
        (lambda: net.type(lamella.float32), lamella.float32),
        (net.cpu, lamella.float32),
        (lambda: net.to(None, True), lamella.float32),
        (lambda: net.to_empty(device="cpu"), lamella.float32),
    ]:
        assert change() is net
        assert net.scale.dtype is expected
        assert type(net.scale) is nn.Parameter
        assert net.scale.requires_grad


def test_apply_visits_children_first() -> None:
    net = Net()
    seen: list[nn.Module] = []
    assert net.apply(seen.append) is net
    assert seen == [*net.body, net.body, net.norm, net]


def test_copies_are_whole_and_apart() -> None:
    net = Net().eval()
    net.tied = net.scale
    x = lamella.ones(2, 3)
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert copied.scale is copied.tied
        assert not copied.training
        np.testing.assert_array_equal(copied(x).detach().numpy(), net(x).detach().numpy())
        copied.scale.data.fill_(5)
        assert net.scale.tolist() == [1.0, 1.0]


def test_a_copied_parameter_has_no_gradient() -> None:
    parameter = nn.Parameter(lamella.ones(2))
    parameter.grad = lamella.ones(2)
    parameter.note = "kept"
    for copied in (copy.deepcopy(parameter), pickle.loads(pickle.dumps(parameter))):
        assert type(copied) is nn.Parameter
        assert copied.requires_grad
        assert copied.grad is None
        assert copied.note == "kept"
    assert parameter.grad is not None


def test_parameters_are_tensors_that_share_and_show_what_they_are() -> None:
    values = lamella.ones(2)
    parameter = nn.Parameter(values)
    assert repr(parameter) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    values.fill_(2)
    assert parameter.tolist() == [2.0, 2.0]
    assert type(parameter * 2) is lamella.Tensor
    assert nn.Parameter().shape == (0,)
    assert not nn.Parameter(lamella.tensor([1]), requires_grad=False).requires_grad
    assert repr(nn.Buffer(lamella.ones(1))) == "tensor([1.])"


def test_shows_the_tree() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh()))
            self.none = None

        def extra_repr(self) -> str:
            return "first\nsecond"

    assert repr(Deep()) == (
        "Deep(\n  first\n  second\n  (inner): Sequential(\n    (0): ReLU()\n    (1): Sequential(\n      (0): Tanh()\n"
        "    )\n  )\n)"
    )


# --- where in a model an error is from


def test_an_error_inside_names_the_path_of_the_module() -> None:
    net = nn.Sequential(Net(), nn.Identity())
    with pytest.raises(RuntimeError, match="in_features=5") as caught:
        net(lamella.ones(2, 5))
    assert caught.value.__notes__ == ["in module '0.body.0' (Linear) of Sequential"]
    with pytest.raises(RuntimeError) as caught:
        net[0].body[0](lamella.ones(2, 5))
    assert caught.value.__notes__ == ["in module Linear"]


def test_an_error_of_a_module_that_is_no_child_is_named_by_its_class() -> None:
    hidden = [nn.Linear(1, 1)]

    class Outer(nn.Module):
        def forward(self, x: lamella.Tensor) -> lamella.Tensor:
            return hidden[0](x)

    with pytest.raises(RuntimeError) as caught:
        Outer()(lamella.ones(2, 5))
    assert caught.value.__notes__ == ["in module 'Linear' (Linear) of Outer"]
