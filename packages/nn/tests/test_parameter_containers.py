"""ParameterList and ParameterDict: as lists and dicts whose tensors are trained."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import lamella
from lamella import nn

ones = lamella.ones


def test_a_list_of_parameters() -> None:
    own = nn.Parameter(ones(2))
    values = nn.ParameterList([own, ones(3), "text"])
    assert len(values) == 3
    assert values[0] is own
    assert type(values[1]) is nn.Parameter
    assert values[-1] == "text"
    assert [n for n, _ in values.named_parameters()] == ["0", "1"]
    assert values.append(ones(1)) is values
    values += [ones(4)]
    values[0] = ones(5)
    assert [tuple(p.shape) for p in values.parameters()] == [(5,), (3,), (1,), (4,)]
    part = values[1:3]
    assert type(part) is nn.ParameterList
    assert list(part) == [values[1], "text"]
    assert not any(name.isdigit() for name in dir(values))
    assert repr(nn.ParameterList([ones(2, 3), 7])) == (
        "ParameterList(\n    (0): Parameter containing: [lamella.float32 of size 2x3]\n    (1): Object of type: int\n)"
    )


def test_a_dict_of_parameters() -> None:
    values = nn.ParameterDict({"b": ones(2), "a": ones(3)})
    assert list(values) == ["a", "b"]  # a plain dict is sorted, as in PyTorch
    assert list(nn.ParameterDict(OrderedDict(b=ones(1), a=ones(1)))) == ["b", "a"]
    assert type(values["a"]) is nn.Parameter
    values["c"] = ones(1)
    values.update([("d", 4)])
    assert [n for n, _ in values.named_parameters()] == ["a", "b", "c"]
    assert list(reversed(values)) == ["d", "c", "b", "a"]
    assert values.popitem() == ("d", 4)
    assert "c" in values
    kept = values["c"]
    assert values.pop("c") is kept
    del values["b"]
    assert len(values) == 1
    assert values.setdefault("a", 3) is values["a"]
    assert values.setdefault("e", 3) == 3
    assert values.get("none") is None
    assert values.get("e", 5) == 3
    assert list(values.keys()) == ["a", "e"]
    assert list(values.items())[1] == ("e", 3)
    assert list(values.values())[1] == 3
    assert values.copy()["a"] is values["a"]
    assert list(values.fromkeys(["y", "x"], 1).items()) == [("y", 1), ("x", 1)]
    assert list((values | nn.ParameterDict({"z": 1})).keys()) == ["a", "e", "z"]
    assert list(({"z": 1} | values).keys()) == ["z", "a", "e"]
    values |= {"f": ones(1)}
    assert list(values.state_dict()) == ["a", "f"]
    assert repr(nn.ParameterDict({"a": ones(2)})) == (
        "ParameterDict(  (a): Parameter containing: [lamella.float32 of size 2])"
    )
    values.clear()
    assert len(values) == 0


REFUSED = [
    (lambda: nn.ParameterList([1])[1], IndexError, "index 1 is out of range"),
    (lambda: nn.ParameterList([1])["0"], TypeError, "interpreted as an integer"),
    (lambda: nn.ParameterList(ones(2)), TypeError, "should be called with an iterable, but got Tensor"),
    (lambda: nn.ParameterList().extend(3), TypeError, "should be called with an iterable, but got int"),
    (lambda: nn.ParameterList()(1), RuntimeError, "ParameterList should not be called"),
    (lambda: nn.ParameterList([ones(1)]).__setitem__(0, 3), TypeError, "cannot assign 'int' as parameter '0'"),
    (lambda: nn.ParameterDict()(1), RuntimeError, "ParameterDict should not be called"),
    (lambda: nn.ParameterDict()["a"], AttributeError, "no attribute 'a'"),
    (lambda: nn.ParameterDict().__delitem__("a"), KeyError, "a"),
    (lambda: nn.ParameterDict().popitem(), KeyError, "empty"),
    (lambda: nn.ParameterDict().__setitem__(3, 1), TypeError, r"a key should be a string, but got 3 \(int\)"),
    (lambda: nn.ParameterDict(3), TypeError, "iterable of key/value pairs, but got int"),
    (lambda: nn.ParameterDict([3]), TypeError, "element #0 should be Iterable; is int"),
    (lambda: nn.ParameterDict([("a",)]), ValueError, "element #0 has length 1; 2 is required"),
    (lambda: nn.ParameterDict({"a.b": ones(1)}), KeyError, "parameter name can't contain"),
    (lambda: nn.ParameterDict({"keys": ones(1)}), KeyError, "attribute 'keys' already exists"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "message"), REFUSED)
def test_refuses_with_a_reason(action: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()


def test_data_parallel_runs_the_module() -> None:
    inner = nn.Linear(2, 3)
    model = nn.DataParallel(inner, device_ids=[0, 1])
    x = ones(4, 2)
    assert model(x).tolist() == inner(x).tolist()
    assert model(input=x).tolist() == inner(x).tolist()
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
