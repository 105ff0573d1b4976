"""Making batches of samples of every kind."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict, namedtuple
from types import MappingProxyType

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentTypeError, IndexRangeError, ShapeError
from lamella.data import collate, default_collate, default_collate_fn_map, default_convert

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("batch", "dtype", "values"),
    [
        ([1, 2], lamella.int64, [1, 2]),
        ([True, False], lamella.bool, [True, False]),
        ([1.5, 2], lamella.float64, [1.5, 2.0]),
        ([np.float32(1.5), np.float32(2)], lamella.float32, [1.5, 2.0]),
        ([np.float64(1.5)], lamella.float64, [1.5]),
        ([np.int16(3), np.int16(4)], lamella.int16, [3, 4]),
        ([np.bool_(True)], lamella.bool, [True]),
        ([np.array(3), np.array(4)], lamella.int64, [3, 4]),
        ([np.zeros((1, 2), np.uint8)] * 2, lamella.uint8, [[[0, 0]], [[0, 0]]]),
    ],
)
def test_numbers_and_arrays(batch, dtype, values):
    result = default_collate(batch)
    assert isinstance(result, lamella.Tensor)
    assert result.dtype == dtype
    assert result.tolist() == values


def test_tensors_are_stacked():
    result = default_collate([lamella.ones(2, 3), lamella.zeros(2, 3)])
    assert tuple(result.shape) == (2, 2, 3)
    assert result.sum().item() == 6


def test_tensors_keep_their_gradient():
    weights = [lamella.ones(2, requires_grad=True) for _ in range(2)]
    default_collate(weights).sum().backward()
    assert all(weight.grad.tolist() == [1, 1] for weight in weights)


def test_arrays_are_copied():
    array = np.zeros(2)
    result = default_collate([array])
    array[:] = 1
    assert result.tolist() == [[0, 0]]


@pytest.mark.parametrize("batch", [["a", "b"], [b"a"], [np.str_("a")]])
def test_strings_stay(batch):
    assert default_collate(batch) is batch


def test_structures():
    result = default_collate([{"x": (1, [2.0, "a"])}, {"x": (3, [4.0, "b"])}])
    assert list(result) == ["x"]
    first, (second, names) = result["x"]
    assert first.tolist() == [1, 3]
    assert second.tolist() == [2.0, 4.0]
    assert list(names) == ["a", "b"]
    assert type(result["x"]) is list


def test_named_tuples_keep_their_type():
    result = default_collate([Point(1, 2), Point(3, 4)])
    assert type(result) is Point
    assert result.x.tolist() == [1, 3]
    assert result.y.tolist() == [2, 4]


@pytest.mark.parametrize(
    "mapping",
    [OrderedDict(a=1), defaultdict(list, a=1), MappingProxyType({"a": 1})],
    ids=lambda m: type(m).__name__,
)
def test_mappings_keep_their_type(mapping):
    result = default_collate([mapping, {"a": 2}])
    assert type(result) is type(mapping)
    assert result["a"].tolist() == [1, 2]
    assert mapping["a"] == 1
    assert getattr(result, "default_factory", None) is getattr(mapping, "default_factory", None)


def test_ranges_become_a_list():
    assert [part.tolist() for part in default_collate([range(2), range(2)])] == [[0, 0], [1, 1]]


def test_empty_sequences():
    assert default_collate([[], []]) == []


def test_an_empty_batch_is_refused():
    with pytest.raises(IndexRangeError, match="expected at least one sample, found an empty batch"):
        default_collate([])


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        (object(), "class 'object'"),
        (None, "class 'NoneType'"),
        ({1}, "class 'set'"),
        (1j, "class 'complex'"),
        (np.array(["a"]), "<U1"),
        (np.array([None]), "object"),
    ],
)
def test_other_types_are_refused(sample, name):
    message = f"batch must contain tensors, numpy arrays, numbers, dicts or lists; found .*{name}"
    with pytest.raises(ArgumentTypeError, match=message):
        default_collate([sample])


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(ShapeError, match=r"each element in list of batch should be of equal size.*lengths \[1, 2\]"):
        default_collate([[1, 2], [3]])


def test_tensors_of_unequal_shape_are_refused():
    with pytest.raises(ShapeError):
        default_collate([lamella.zeros(2), lamella.zeros(3)])


def test_a_missing_key_is_named():
    with pytest.raises(KeyError, match="a"):
        default_collate([{"a": 1}, {"b": 1}])


def test_convert_turns_arrays_into_tensors():
    sample = (np.zeros(2), 1, "a", {"k": np.float32(1)}, Point(np.ones(1), None), np.array(["b"]))
    zeros, one, text, mapping, point, strings = default_convert(sample)
    assert zeros.tolist() == [0, 0]
    assert zeros.dtype == lamella.float64
    assert one == 1
    assert text == "a"
    assert mapping["k"].dtype == lamella.float32
    assert mapping["k"].item() == 1
    assert type(point) is Point
    assert point.x.tolist() == [1]
    assert point.y is None
    assert strings is sample[-1]


def test_convert_leaves_tensors_alone():
    tensor = lamella.ones(2)
    assert default_convert(tensor) is tensor


class Fraction:
    def __init__(self, value):
        self.value = value


def mean_of(batch, *, collate_fn_map):
    return sum(fraction.value for fraction in batch) / len(batch)


def test_a_type_may_be_added(monkeypatch):
    with pytest.raises(ArgumentTypeError, match="or add the type to default_collate_fn_map"):
        default_collate([Fraction(1)])
    monkeypatch.setitem(default_collate_fn_map, Fraction, mean_of)
    result = default_collate([{"a": Fraction(1), "b": 2}, {"a": Fraction(3), "b": 4}])
    assert result["a"] == 2
    assert result["b"].tolist() == [2, 4]


def test_collate_takes_functions_by_type_first_and_then_by_instance():
    class Half(Fraction):
        pass

    functions = {(Fraction, int): mean_of, Half: lambda batch, collate_fn_map: "halves"}
    assert collate([Half(1)], collate_fn_map=functions) == "halves"
    assert collate([[Fraction(1)], [Fraction(2)]], collate_fn_map=functions) == [1.5]
    with pytest.raises(ArgumentTypeError, match="found <class 'float'>"):
        collate([1.0])


class Named(list):
    """A list with a name, which a copy keeps."""

    name = "unnamed"


class Sealed(UserDict):
    """A mapping that cannot be copied."""

    def __copy__(self):
        raise TypeError("sealed")


@pytest.mark.parametrize("function", [lambda sample: default_collate([sample, sample]), default_convert])
def test_sequences_keep_their_type_if_they_can(function):
    named = Named([np.zeros(2), 1])
    named.name = "mine"
    result = function(named)
    assert type(result) is Named
    assert result.name == "mine"
    assert isinstance(result[0], lamella.Tensor)
    assert type(function(range(2))) is list
    assert type(function(Sealed(a=1))) is dict
    assert type(named[0]) is np.ndarray
