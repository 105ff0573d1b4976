"""Sequential, ModuleList and ModuleDict: as lists and dicts of modules."""

from __future__ import annotations

from typing import Any

import pytest

import lamella
from lamella import nn


def linear(n: int = 1) -> nn.Linear:
    return nn.Linear(n, n)


@pytest.fixture
def three() -> list[nn.Module]:
    return [linear(1), nn.ReLU(), linear(2)]


@pytest.mark.parametrize("kind", [lambda parts: nn.Sequential(*parts), nn.ModuleList])
def test_are_lists_of_modules(kind: Any, three: list[nn.Module]) -> None:
    a, b, c = three
    parts = kind(three)
    assert len(parts) == 3
    assert list(parts) == three
    assert parts[0] is a
    assert parts[-1] is c
    assert list(parts[1:]) == [b, c]
    assert type(parts[:1]) is type(parts)
    assert parts.append(b) is parts
    parts.insert(1, c)
    assert list(parts) == [a, c, b, c, b]
    assert parts.pop(1) is c
    assert list(parts) == [a, b, c, b]
    parts[-1] = a
    del parts[0]
    assert list(parts) == [b, c, a]
    del parts[1:]
    assert list(parts) == [b]
    assert list(parts.extend([a, c])) == [b, a, c]
    assert list(parts._modules) == ["0", "1", "2"]
    assert list(parts + kind([a])) == [b, a, c, a]
    parts += kind([b])
    assert list(parts) == [b, a, c, b]
    assert [name for name, _ in parts.named_parameters()] == ["1.weight", "1.bias", "2.weight", "2.bias"]


def test_sequential_runs_one_after_the_other() -> None:
    net = nn.Sequential({"first": nn.ReLU(), "second": nn.Flatten()})
    assert [name for name, _ in net.named_children()] == ["first", "second"]
    assert net(lamella.tensor([[[-1.0, 2.0]]])).tolist() == [[0.0, 2.0]]
    assert list((net * 2)._modules) == ["0", "1", "2", "3"]
    assert len(2 * net) == 4
    net *= 3
    assert len(net) == 6
    assert list(nn.Sequential(linear(1), nn.ReLU())[-1:]._modules) == ["1"]
    assert nn.Sequential()(3) == 3
    assert list(nn.Sequential(*net).pop(slice(4, None))._modules) == ["4", "5"]


def test_a_list_shows_what_repeats_once() -> None:
    assert repr(nn.ModuleList([linear(), linear(), nn.ReLU()])) == (
        "ModuleList(\n  (0-1): 2 x Linear(in_features=1, out_features=1, bias=True)\n  (2): ReLU()\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
    assert repr(nn.ModuleList([nn.Sequential(nn.ReLU())])) == (
        "ModuleList(\n  (0): Sequential(\n    (0): ReLU()\n  )\n)"
    )


def test_module_dict_is_a_dict_of_modules() -> None:
    a, b = linear(1), linear(2)
    parts = nn.ModuleDict({"a": a})
    parts["b"] = b
    parts.update(nn.ModuleDict({"c": a}))
    parts.update([("d", b)])
    assert list(parts) == list(parts.keys()) == ["a", "b", "c", "d"]
    assert list(parts.values()) == [a, b, a, b]
    assert list(parts.items())[1] == ("b", b)
    assert "b" in parts
    assert parts["b"] is b
    assert parts.pop("d") is b
    del parts["c"]
    assert len(parts) == 2
    assert repr(parts).startswith("ModuleDict(\n  (a): Linear(")
    parts.clear()
    assert len(parts) == 0


REFUSED = [
    (lambda: nn.Sequential(linear())[5], IndexError, "index 5 is out of range"),
    (lambda: nn.Sequential(linear()).__setitem__(-2, linear()), IndexError, "index -2 is out of range"),
    (lambda: nn.Sequential().pop(0), IndexError, "index 0 is out of range"),
    (lambda: nn.Sequential(linear())["a"], TypeError, "interpreted as an integer"),
    (lambda: nn.Sequential(3), TypeError, "int is not a Module subclass"),
    (lambda: nn.Sequential(linear()).append(3), TypeError, "int is not a Module subclass"),
    (lambda: nn.Sequential(linear()).insert(0, 3), AssertionError, "module should be of type: .*Module.*, but got int"),
    (lambda: nn.Sequential(linear()).insert(5, linear()), IndexError, "Index out of range: 5"),
    (lambda: nn.Sequential(linear()).__setitem__(0, 3), TypeError, "int is not a Module subclass"),
    (lambda: nn.Sequential(linear()) + 3, ValueError, "only objects of Sequential class, but <class 'int'>"),
    (lambda: nn.Sequential(linear()).__iadd__(3), ValueError, "only objects of Sequential class"),
    (lambda: nn.Sequential(linear()) * "a", TypeError, "unsupported operand type"),
    (lambda: nn.Sequential(linear()) * 0, ValueError, "Non-positive multiplication factor 0"),
    (lambda: nn.ModuleList([3]), TypeError, "int is not a Module subclass"),
    (lambda: nn.ModuleList(3), TypeError, "ModuleList.extend should be called with an iterable, but got int"),
    (lambda: nn.ModuleList([linear()])(1), NotImplementedError, r'Module \[ModuleList\] is missing'),
    (lambda: nn.ModuleDict({"a": 3}), TypeError, "int is not a Module subclass"),
    (lambda: nn.ModuleDict(3), TypeError, "iterable of key/value pairs, but got int"),
    (lambda: nn.ModuleDict([("a",)]), ValueError, "element #0 has length 1; 2 is required"),
    (lambda: nn.ModuleDict([3]), TypeError, "element #0 should be Iterable; is int"),
    (lambda: nn.ModuleDict({3: linear()}), TypeError, "module name should be a string. Got int"),
    (lambda: nn.ModuleDict({"keys": linear()}), KeyError, "attribute 'keys' already exists"),
    (lambda: nn.ModuleDict()["a"], KeyError, "a"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()
