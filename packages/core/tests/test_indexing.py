"""Reading and writing parts of a tensor, against an expectation worked out element by element in Python."""

from __future__ import annotations

import numpy as np
import pytest

import lamella
from lamella import autograd

t = lamella.tensor
SHAPE = (3, 4, 5)
#: Keys for a tensor of SHAPE.
KEYS = {
    "int": 1,
    "negative int": -1,
    "ints": (2, 0, 3),
    "slice": slice(1, None),
    "slices": (slice(None), slice(1, 3), slice(None, None, 2)),
    "slice with negative ends": (slice(-2, None), slice(None, -1)),
    "slice beyond the end": slice(2, 99),
    "empty slice": slice(2, 1),
    "int and slice": (0, slice(1, 3)),
    "slice and int": (slice(None), 2),
    "ellipsis": ...,
    "ellipsis first": (..., 1),
    "ellipsis last": (1, ...),
    "ellipsis between": (0, ..., slice(2, 4)),
    "ellipsis for nothing": (0, 1, ..., 2),
    "none": None,
    "nones": (None, 1, None, slice(None), None),
    "none and ellipsis": (None, ..., None),
    "nothing": (),
    "numpy int": np.int64(2),
    "0-dim tensor": t(2),
    "0-dim tensor and slice": (slice(None), t(-1)),
    "list": [2, 0],
    "list in tuple": ([0, 2],),
    "range": range(2),
    "array": np.array([0, 0, 1]),
    "tensor": t([2, 0, -1]),
    "matrix of indices": t([[0, 1], [2, 0]]),
    "no index": t([], dtype=lamella.int64),
    "int32 tensor": t([1, 0], dtype=lamella.int32),
    "tensor in the middle": (slice(None), t([0, 3])),
    "tensor last": (..., t([4, 0, 1])),
    "adjacent tensors": (slice(None), t([0, 3]), t([1, 2])),
    "separated tensors": (t([0, 2]), slice(None), t([1, 2])),
    "separated by none": (t([0, 2]), None, t([1, 2])),
    "broadcast tensors": (t([[0], [2]]), t([1, 3])),
    "three tensors": (t([0, 1]), t([1, 2]), t([2, 3])),
    "int, slice, tensor": (1, slice(None), t([0, 1])),
    "tensor, slice, int": (t([0, 1]), slice(None), 1),
    "tensor, int, tensor": (t([0, 2]), 1, t([1, 3])),
    "slice, int, tensor": (slice(0, 2), 3, t([1, 3, 1])),
    "tensor and slice": (t([0, 2]), slice(1, 3), slice(None, None, 2)),
    "tensor and none": (None, t([0, 2]), None),
    "mask of all": t([[[True, False, True, False, False]] * 4] * 3),
    "mask of one": t([True, False, True]),
    "mask of two": t([[True, False, False, True]] * 3),
    "mask in the middle": (slice(None), t([True, False, False, True])),
    "mask and int": (t([True, False, True]), 2),
    "mask and tensor": (t([True, False, True]), t([1, 2])),
    "mask and slice": (t([False, True, True]), slice(None), slice(1, 3)),
    "mask, slice, mask": (t([False, True, True]), slice(None), t([True, False, True, False, False])),
    "empty mask": t([False] * 3),
    "list of bools": [True, False, True],
    "True": True,
    "False": False,
    "True and int": (True, 1),
    "0-dim mask": t(True),
}
every_key = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())


def expected(x: np.ndarray, key) -> np.ndarray:
    """``x[key]`` by PyTorch's rule: ints, slices and None select first, index tensors pick from what is left."""
    parts = [p.numpy() if isinstance(p, lamella.Tensor) else p for p in (key if isinstance(key, tuple) else (key,))]
    parts = [np.asarray(p) if isinstance(p, (list, range)) else p for p in parts]
    parts = [p.item() if isinstance(p, np.ndarray) and p.ndim == 0 else p for p in parts]
    used = sum(0 if p is None or p is ... or isinstance(p, bool) else p.ndim if _is_mask(p) else 1 for p in parts)
    where = next((i for i, p in enumerate(parts) if p is ...), len(parts))
    parts[where : where + 1] = [slice(None)] * (x.ndim - used)
    picks: list[np.ndarray | None] = []  # for each dimension of what the first step leaves
    dim = 0
    for p in parts:
        if p is None:
            x, picks = np.expand_dims(x, dim), [*picks, None]
            dim += 1
        elif isinstance(p, bool):
            x, picks = np.expand_dims(x, dim), [*picks, np.zeros(int(p), int)]
            dim += 1
        elif isinstance(p, slice):
            x, picks = np.take(x, range(*p.indices(x.shape[dim])), dim), [*picks, None]
            dim += 1
        elif isinstance(p, np.ndarray):
            found = p.nonzero() if _is_mask(p) else (p,)
            picks.extend(found)
            dim += len(found)
        else:
            x = np.take(x, int(p), dim)
    return _picked(x, picks)


def _is_mask(part) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == bool


def _picked(x: np.ndarray, picks) -> np.ndarray:
    at = [d for d, p in enumerate(picks) if p is not None]
    if not at:
        return x
    several = np.broadcast_arrays(*(picks[d] for d in at))
    rest = [d for d in range(x.ndim) if d not in at]
    place = at[0] if at == list(range(at[0], at[-1] + 1)) else 0
    kept = [x.shape[d] for d in rest]
    out = np.empty((*kept[:place], *several[0].shape, *kept[place:]), x.dtype)
    for chosen in np.ndindex(several[0].shape):
        source: list = [slice(None)] * x.ndim
        for d, s in zip(at, several, strict=True):
            source[d] = int(s[chosen])
        out[(slice(None),) * place + chosen] = x[tuple(source)]
    return out


def numbered() -> lamella.Tensor:
    return lamella.arange(60.0).reshape(SHAPE).clone()


# --- reading


@every_key
def test_reading(key):
    wanted = expected(numbered().numpy(), key)
    found = numbered()[key]
    assert tuple(found.shape) == wanted.shape
    assert found.tolist() == wanted.tolist()


@every_key
def test_the_gradient_of_reading_adds_up_where_it_was_read(key):
    x = numbered().requires_grad_()
    found = x[key]
    weights = lamella.arange(1.0, 1.0 + found.numel()).reshape(found.shape)
    (found * weights).sum().backward()
    wanted = np.zeros(60)
    positions = expected(np.arange(60).reshape(SHAPE), key)
    for position, weight in zip(positions.flat, weights.flatten().tolist(), strict=True):
        wanted[position] += weight
    assert x.grad.flatten().tolist() == wanted.tolist()


@every_key
def test_reading_a_tensor_that_is_not_contiguous(key):
    x = lamella.arange(60.0).reshape(5, 4, 3).permute(2, 1, 0)
    assert x[key].tolist() == expected(x.numpy(), key).tolist()


@pytest.mark.parametrize("key", [1, slice(1, None), (..., None), (slice(None), 2), (None, 0)])
def test_a_basic_key_gives_a_view(key):
    x = numbered()
    x[key].zero_()
    assert x[key].sum().item() == 0
    assert x._version == 1


@pytest.mark.parametrize("key", ["list", "mask of one", "tensor in the middle", "int, slice, tensor", "True"])
def test_a_key_with_indices_gives_a_copy(key):
    x = numbered()
    x[KEYS[key]].zero_()
    assert x.tolist() == numbered().tolist() and x._version == 0


def test_reading_twice_differentiably():
    x = lamella.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = (x[t([0, 0, 2])] ** 3).sum() + (x[1:] ** 2).sum()
    (g,) = autograd.grad(y, x, create_graph=True)
    assert g.tolist() == [6.0, 4.0, 33.0]
    assert autograd.grad((g * g[0]).sum(), x)[0].tolist() == pytest.approx([12 * 43 + 6 * 12.0, 2 * 6.0, 20 * 6.0])


def test_a_tensor_without_dimensions():
    x = lamella.tensor(5.0)
    assert x[()].item() == x[...].item() == 5.0
    assert x[None].tolist() == x[True].tolist() == [5.0] and x[False].tolist() == []
    assert x[t(True)].tolist() == [5.0]


def test_iterating_and_unpacking():
    rows = list(numbered())
    assert len(rows) == 3 and rows[1].tolist() == numbered()[1].tolist()
    (a, b), c = lamella.tensor([[1.0, 2.0], [3.0, 4.0]])[0], 5
    assert (a.item(), b.item(), c) == (1.0, 2.0, 5)


# --- writing


@every_key
@pytest.mark.parametrize("value", ["number", "whole", "row"])
def test_writing(key, value):
    x = numbered()
    places = expected(np.arange(60).reshape(SHAPE), key)
    shape = {"number": (), "whole": places.shape, "row": places.shape[-1:]}[value]
    values = -np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)
    wanted = np.arange(60.0)
    for position, v in zip(places.flat, np.broadcast_to(values, places.shape).flat, strict=True):
        wanted[position] = v
    x[key] = -1.0 if value == "number" else lamella.tensor(values, dtype=x.dtype)
    assert x.flatten().tolist() == wanted.tolist()


@every_key
def test_the_gradient_of_writing(key):
    x = numbered().requires_grad_()
    y = x * 1
    places = expected(np.arange(60).reshape(SHAPE), key)
    value = lamella.zeros(places.shape, requires_grad=True)
    y[key] = value
    weights = lamella.arange(1.0, 61.0).reshape(SHAPE)
    of_x, of_value = autograd.grad((y * weights).sum(), (x, value), materialize_grads=True)
    kept = np.arange(1.0, 61.0)
    kept[places.ravel()] = 0
    assert of_x.flatten().tolist() == kept.tolist()
    if len(set(places.flat)) == places.size:  # else which of the values stays is not told
        assert of_value.flatten().tolist() == (places.ravel() + 1).tolist()


def test_a_written_value_is_broadcast_and_its_gradient_summed():
    x = lamella.zeros(2, 3)
    row, number = lamella.ones(3, requires_grad=True), lamella.tensor(2.0, requires_grad=True)
    x[:] = row
    x[t([0, 1]), 0] = number
    (x * t([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).sum().backward()
    assert row.grad.tolist() == [0.0, 7.0, 9.0] and number.grad.item() == 5.0


def test_leading_ones_of_a_value_are_dropped():
    x = lamella.zeros(2, 3)
    x[0] = lamella.ones(1, 1, 3)
    x[1] = lamella.full((1, 1), 2.0)
    assert x.tolist() == [[1.0] * 3, [2.0] * 3]


def test_a_value_is_converted_to_the_tensors_dtype():
    x = lamella.zeros(2, dtype=lamella.int64)
    x[0] = 3.9
    x[1:] = lamella.tensor([2.5])
    assert x.tolist() == [3, 2] and x.dtype == lamella.int64


def test_writing_what_is_being_read():
    x = lamella.arange(5.0)
    x[1:] = x[:-1].clone()
    x[t([0, 1])] = x[t([1, 0])]
    assert x.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
    x[x > 1] *= 10
    assert x.tolist() == [0.0, 0.0, 1.0, 20.0, 30.0]


def test_index_put():
    x = lamella.zeros(4)
    x.index_put_((t([1, 1, 3]),), t([1.0, 2.0, 3.0]), accumulate=True)
    assert x.tolist() == [0.0, 3.0, 0.0, 3.0]
    y = x.index_put((t([0]),), t([9.0]))
    assert y.tolist() == [9.0, 3.0, 0.0, 3.0] and x[0].item() == 0.0


# --- errors


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        (3, IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
        ((0, -5), IndexError, "index -5 is out of bounds for dimension . with size 4"),
        ((0, 0, 0, 0), IndexError, r"too many indices for tensor of dimension 3"),
        ((..., ..., 0), IndexError, "can only have a single ellipsis"),
        (t([0, 3]), IndexError, "index 3 is out of bounds for dimension 0 with size 3"),
        ((slice(None), t([-5])), IndexError, "index -5 is out of bounds for dimension 1 with size 4"),
        (t([True, False]), IndexError, r"mask \[2\] at index 0 does not match .* \[3, 4, 5\]"),
        ((0, t([True] * 5)), IndexError, r"mask \[5\] at index .* does not match the shape of the indexed tensor"),
        (t([0.5]), IndexError, "tensors used as indices must be long, int, byte or bool tensors"),
        ((t([0, 1]), t([0, 1, 2])), (IndexError, RuntimeError), r"2.*3"),
        (slice(None, None, -1), ValueError, "step must be greater than zero"),
        (slice(None, None, 0), ValueError, "step"),
        ("first", TypeError, "only integers, slices"),
        (1.0, IndexError, "only integers, slices"),
        ({}, IndexError, "only integers, slices"),
    ],
)
def test_keys_that_do_not_fit(key, kind, message):
    x = numbered()
    with pytest.raises(kind, match=message):
        x[key]
    with pytest.raises(kind, match=message):
        x[key] = 1.0
    assert x.tolist() == numbered().tolist()


@pytest.mark.parametrize(("key", "value"), [(0, (3,)), (..., (2, 4, 5)), (t([0, 1]), (3, 4, 5)), (0, (2, 4, 5))])
def test_values_that_do_not_fit(key, value):
    with pytest.raises(RuntimeError, match="shape mismatch|expand"):
        numbered()[key] = lamella.ones(value)


def test_a_tensor_without_dimensions_has_no_elements_to_count():
    with pytest.raises(IndexError, match="too many indices|invalid index of a 0-dim tensor"):
        lamella.tensor(1.0)[0]


# --- what PyTorch makes of unusual keys and values


def test_uint8_indices_are_masks():
    x = t([1, 2, 3])
    for mask in (t([1, 0, 1], dtype=lamella.uint8), np.array([1, 0, 1], np.uint8)):
        with pytest.warns(UserWarning, match="uint8 is now deprecated") as caught:
            assert x[mask].tolist() == [1, 3]
        assert caught[0].filename == __file__
    assert x[t(1, dtype=lamella.uint8)].shape == (1, 3)


@pytest.mark.parametrize("kind", [lamella.int8, lamella.int16], ids=str)
def test_narrow_integers_are_no_indices(kind):
    x = t([1, 2, 3])
    with pytest.raises(IndexError, match="long, int, byte or bool"):
        x[t([0, 1], dtype=kind)]
    assert x[t(1, dtype=kind)].item() == 2 and x[np.array([1, 0], np.int8)].tolist() == [2, 1]


@pytest.mark.parametrize(
    "key",
    [
        [[0, 1], [1, 0]],
        [t(0), t(1)],
        [slice(0, 1)],
        [slice(0, 1), 1],
        [[0, 1]],
        [None],
        [..., 0],
        [np.array([0, 1]), 0],
        [(0, 1), (1, 0)],
        [[0, 1], 2],
    ],
    ids=str,
)
def test_a_list_of_more_than_numbers_counts_as_a_tuple(key):
    x, y = numbered(), numbered()
    with pytest.warns(UserWarning, match="non-tuple sequence"):
        assert x[key].tolist() == x[tuple(key)].tolist()
    with pytest.warns(UserWarning, match="non-tuple sequence"):
        x[key] = -1.0
    y[tuple(key)] = -1.0
    assert x.tolist() == y.tolist()


def test_a_long_list_of_lists_does_not():
    assert lamella.ones(2)[[[0]] * 32].shape == (32, 1)


def test_bounds_of_slices_are_ints():
    with pytest.raises(TypeError, match="slice indices must be integers"):
        numbered()[1.5:]
    assert numbered()[t(1) :].shape == (2, 4, 5)


def test_leading_ones_of_values_put_by_index_are_dropped():
    x = lamella.zeros(3, 2)
    x[[0, 1]] = lamella.ones(1, 1, 2, 2)
    x[x == 0] = t([[2.0, 3.0]])
    assert x.tolist() == [[1.0, 1.0], [1.0, 1.0], [2.0, 3.0]]
    with pytest.raises(RuntimeError, match="shape mismatch"):
        x[[0, 1]] = lamella.ones(2, 2, 2)


@pytest.mark.parametrize("key", [0, [0], slice(None)], ids=str)
@pytest.mark.parametrize(
    ("kind", "value", "error", "message"),
    [
        (lamella.uint8, 300, RuntimeError, "converted to type uint8 without overflow: got 300"),
        (lamella.int64, float("nan"), RuntimeError, "without overflow"),
        (lamella.float32, 1e300, RuntimeError, "without overflow"),
        (lamella.float32, 1j, RuntimeError, "without overflow"),
        (lamella.int64, 2**63, ValueError, "Overflow"),
        (lamella.float32, None, TypeError, "can't assign a NoneType"),
        (lamella.float32, "a", TypeError, "can't assign a str"),
    ],
)
def test_numbers_that_cannot_be_stored(key, kind, value, error, message):
    x = lamella.zeros(2, dtype=kind)
    with pytest.raises(error, match=message):
        x[key] = value
    assert x.tolist() == [0, 0]


def test_a_negative_byte_wraps_and_a_list_is_taken():
    x = lamella.zeros(2, dtype=lamella.uint8)
    x[0] = -1
    x[1:] = [7]
    assert x.tolist() == [255, 7]


# --- gather, index_select


def test_gather_and_index_select_of_a_number():
    x = lamella.tensor(5.0, requires_grad=True)
    picked = lamella.gather(x, 0, t([0, 0])), lamella.gather(x, -1, t(0)), lamella.index_select(x, 0, t([0]))
    assert [p.tolist() for p in picked] == [[5.0, 5.0], 5.0, 5.0]
    sum(p.sum() for p in picked).backward()
    assert x.grad.item() == 4.0
    assert lamella.gather(t([5.0, 6.0]), 0, t(1)).tolist() == 6.0
    with pytest.raises(RuntimeError, match="can have only 1 value, got 2"):
        lamella.index_select(x, 0, t([0, 0]))


@pytest.mark.parametrize(
    ("pick", "index", "kind", "message"),
    [
        (lamella.gather, t([[[-1]]]), RuntimeError, "index -1 is out of bounds for dimension 1 with size 4"),
        (lamella.gather, t([[[4]]]), RuntimeError, "index 4 is out of bounds for dimension 1 with size 4"),
        (lamella.gather, t([[[0.0]]]), RuntimeError, "Expected dtype int32/int64 for index"),
        (lamella.gather, [0], TypeError, "'index' must be Tensor, not list"),
        (lamella.gather, t([0]), RuntimeError, "same number of dimensions"),
        (lamella.gather, t([[[0]]] * 4), RuntimeError, "no larger than self"),
        (lamella.index_select, t([-1]), IndexError, "index -1 is out of bounds for dimension 1 with size 4"),
        (lamella.index_select, t([4]), IndexError, "index 4 is out of bounds for dimension 1 with size 4"),
        (lamella.index_select, t([0.0]), RuntimeError, "Expected dtype int32/int64 for index"),
        (lamella.index_select, [0], TypeError, "'index' must be Tensor, not list"),
        (lamella.index_select, t([[0]]), IndexError, "supposed to be a vector"),
    ],
)
def test_what_cannot_be_picked(pick, index, kind, message):
    with pytest.raises(kind, match=message):
        pick(numbered(), 1, index)


def test_what_indices_pick_lies_in_row_major_order():
    x = lamella.arange(24).reshape(2, 3, 4)
    i = lamella.tensor([1, 0])
    for picked in (x[:, i], x[:, :, i], x[i, :, i], x.index_select(2, i), x.permute(2, 0, 1)[i]):
        assert picked.is_contiguous()
