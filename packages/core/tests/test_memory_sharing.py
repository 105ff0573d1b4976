"""Which results share memory with what they are computed from: exactly those that do in PyTorch.

The table holds what PyTorch does. An expression stands for a call; the names in it are those of :func:`inputs`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamella
from lamella import Tensor


def inputs() -> dict[str, Any]:
    """The inputs by name; ``transposed`` shows the memory of ``matrix``, ``gapped`` that of ``row``."""
    matrix, row = lamella.arange(6.0).reshape(2, 3).clone(), lamella.arange(6.0)
    return {
        "box": lamella.arange(24.0).reshape(2, 3, 4).clone(),
        "matrix": matrix,
        "row": row,
        "scalar": lamella.tensor(1.5),
        "thin": lamella.arange(3.0).reshape(1, 3, 1).clone(),
        "complexes": lamella.zeros(2, 3, dtype=lamella.complex64),
        "pairs": lamella.zeros(2, 3, 2),
        "ints": lamella.arange(4, dtype=lamella.int32),
        "leaf": lamella.ones(2, 3, requires_grad=True),
        "array": np.zeros(3, np.float32),
        "transposed": matrix.t(),
        "gapped": row[::2],
        "index": lamella.tensor([0, 1]),
        "mask": matrix > 2,
    }


OWNERS = ("box", "matrix", "row", "scalar", "thin", "complexes", "pairs", "ints", "leaf", "array")

#: Views, and what else shows the memory of the input named in front.
SHARED = {
    "box": (
        "box.view(6, 4)",
        "box.view(-1)",
        "box.reshape(2, 12)",
        "box.reshape_as(row.new_zeros(24))",
        "box.view_as(row.new_zeros(24))",
        "box.expand(5, 2, 3, 4)",
        "box[0]",
        "box[..., 1]",
        "box[None]",
        "box[:, 1:]",
        "box[1:2, ::2]",
        "box[...]",
        "box[()]",
        "box[0, 0, 0]",
        "box[lamella.tensor(0)]",
        "box[:, lamella.tensor(1)]",
        "box.mT",
        "box.transpose(0, 2)",
        "box.swapaxes(0, 1)",
        "box.swapdims(1, 2)",
        "box.permute(2, 0, 1)",
        "box.movedim(0, 2)",
        "box.moveaxis(0, 2)",
        "lamella.permute(box, (0, 1, 2))",
        "box.adjoint()",
        "box.unbind(0)[1]",
        "box.split(2, 2)[1]",
        "box.split([1, 3], 2)[0]",
        "box.chunk(2)[1]",
        "box.tensor_split(2, 2)[0]",
        "box.tensor_split((1, ), 1)[1]",
        "lamella.split_with_sizes(box, [1, 2], 1)[1]",
        "box.hsplit(3)[0]",
        "box.vsplit(2)[0]",
        "box.dsplit(2)[1]",
        "box.split(10)[0]",
        "list(box)[0]",
        "box.narrow(1, 1, 2)",
        "box.select(1, 2)",
        "lamella.diagonal(box, 1, 0, 1)",
        "box.unfold(1, 2, 2)",
        "box.flatten(1)",
        "box.as_strided((2, 2), (0, 0))",
    ),
    "matrix": (
        "transposed.reshape(3, 2)",
        "matrix.view(lamella.uint8)",
        "matrix.expand(2, 3)",
        "matrix.expand(1, 2, 3)",
        "matrix.expand_as(box.new_zeros(4, 2, 3))",
        "lamella.broadcast_to(matrix, (2, 2, 3))",
        "matrix.T",
        "matrix.mT",
        "matrix.t()",
        "matrix.H",
        "matrix.detach()",
        "matrix.data",
        "matrix.squeeze()",
        "matrix.unsqueeze(0)",
        "matrix.diagonal()",
        "matrix.flatten()",
        "matrix.unflatten(1, (3, 1))",
        "matrix.ravel()",
        "matrix.as_strided((2, ), (1, ))",
        "lamella.as_strided(transposed, (3, ), (2, ), 1)",
        "lamella.atleast_3d(matrix)",
        'lamella.einsum("ij->ji", matrix)',
        'lamella.einsum("ii->i", matrix[:, :2])',
    ),
    "row": (
        "gapped.reshape(3, 1)",
        "gapped.reshape(-1)",
        "lamella.broadcast_tensors(matrix, row[:3])[1]",
        "row.t()",
        "row.unfold(0, 2, 1)",
        "row.ravel()",
        "lamella.atleast_2d(row)",
        'lamella.meshgrid(row, row, indexing="ij")[0]',
        'lamella.meshgrid(row, row, indexing="xy")[1]',
        'lamella.meshgrid(row, indexing="ij")[0]',
        "lamella.squeeze(row, 0)",
    ),
    "ints": ("ints.view(lamella.float32)",),
    "thin": (
        "thin.expand(2, 3, 4)",
        "thin.squeeze()",
        "thin.squeeze(0)",
        "thin.squeeze((0, 2))",
    ),
    "scalar": (
        "scalar[()]",
        "scalar.T",
        "scalar.unsqueeze(0)",
        "scalar.flatten()",
        "scalar.ravel()",
        "lamella.atleast_1d(scalar)",
        "lamella.movedim(scalar, (), ())",
    ),
    "leaf": ("leaf.detach()",),
    "complexes": (
        "complexes.real",
        "complexes.imag",
        "lamella.view_as_real(complexes)",
        "lamella.real(complexes)",
    ),
    "pairs": ("lamella.view_as_complex(pairs)",),
    "array": (
        "lamella.from_numpy(array)",
        "lamella.as_tensor(array)",
    ),
}

#: Calls that return the very tensor they are given.
THE_SAME = (
    ("lamella.broadcast_tensors(matrix, row[:3])[0]", "matrix"),
    ("matrix.contiguous()", "matrix"),
    ("row.flatten()", "row"),
    ("box.flatten(1, 1)", "box"),
    ("gapped.flatten()", "gapped"),
    ("matrix.real", "matrix"),
    ("lamella.real(matrix)", "matrix"),
    ("lamella.conj(matrix)", "matrix"),
    ("matrix.conj()", "matrix"),
    ("matrix.to(lamella.float32)", "matrix"),
    ('matrix.to("cpu")', "matrix"),
    ("matrix.to(matrix)", "matrix"),
    ("matrix.float()", "matrix"),
    ("matrix.cpu()", "matrix"),
    ("matrix.type_as(row)", "matrix"),
    ("lamella.as_tensor(matrix)", "matrix"),
    ("lamella.asarray(matrix)", "matrix"),
    ("lamella.atleast_1d(row)", "row"),
    ("lamella.positive(matrix)", "matrix"),
    ("+matrix", "matrix"),
    ("matrix.sum_to_size(2, 3)", "matrix"),
)

#: Copies, also where a view or the input itself would do.
COPIED = (
    "transposed.reshape(6)",
    "box.transpose(0, 1).reshape(6, 4)",
    "box[index]",
    "box[[0, 1]]",
    "box[:, index]",
    "matrix[mask]",
    "matrix[True]",
    "matrix.clone()",
    "lamella.clone(transposed)",
    "transposed.contiguous()",
    "gapped.contiguous()",
    "matrix.expand(2, 2, 3).contiguous()",
    "transposed.flatten()",
    "transposed.ravel()",
    "gapped.ravel()",
    "matrix.to(lamella.float64)",
    "matrix.to(lamella.float32, copy=True)",
    "matrix.double()",
    "matrix.type_as(ints)",
    "lamella.tensor([1.])",
    "lamella.tensor(array)",
    "lamella.as_tensor(array, dtype=lamella.float64)",
    "lamella.constant_pad_nd(matrix, (0, 0))",
    "lamella.constant_pad_nd(matrix, (-1, 0))",
    "matrix.repeat(1, 1)",
    "matrix.repeat(2, 1)",
    "row.tile(1)",
    "matrix.tile((2, ))",
    "lamella.flip(matrix, (0, ))",
    "lamella.flip(matrix, ())",
    "matrix.fliplr()",
    "matrix.flipud()",
    "lamella.roll(matrix, 1)",
    "lamella.roll(matrix, 0)",
    "lamella.rot90(matrix, 0)",
    "lamella.rot90(matrix)",
    "lamella.rot90(matrix, 2)",
    "lamella.cat([matrix])",
    "lamella.cat([matrix, matrix])",
    "lamella.stack([matrix])",
    "lamella.hstack([matrix])",
    "lamella.vstack([matrix])",
    "lamella.column_stack([matrix])",
    "lamella.dstack([matrix])",
    "lamella.index_select(matrix, 0, index)",
    "lamella.gather(matrix, 0, index.reshape(2, 1))",
    "lamella.masked_select(matrix, mask)",
    "lamella.where(mask, matrix, matrix)",
    "lamella.take_along_dim(matrix, index.reshape(2, 1), 1)",
    "lamella.abs(matrix)",
    "-matrix",
    "matrix + 0",
    "matrix * 1",
    "lamella.clamp(matrix, min=0)",
    "lamella.floor(matrix)",
    "lamella.floor(ints)",
    "lamella.round(ints)",
    "lamella.relu(matrix)",
    "lamella.nan_to_num(matrix)",
    "matrix.sum_to_size(1, 3)",
    "matrix.sum(())",
    "lamella.sum(thin, 0)",
    "lamella.amax(thin, (0, 2))",
    "lamella.sum(scalar)",
    "lamella.mean(scalar)",
    "lamella.tril(matrix)",
    "lamella.triu(matrix)",
    "lamella.diag(row)",
    "lamella.diag_embed(row)",
    "lamella.diagflat(row)",
    "lamella.cumsum(thin, 0)",
    "lamella.sort(row).values",
    "lamella.zeros_like(matrix)",
    "lamella.masked_fill(matrix, mask, 1)",
    "lamella.pow(matrix, 1)",
    "lamella.kron(matrix, lamella.ones(1, 1))",
    "lamella.square(thin)",
    "matrix.nan_to_num()",
    "lamella.narrow(row, 0, 0, 0)",
    "lamella.trace(matrix[:, :2])",
    "matrix.trunc()",
)


def evaluated(expression: str, given: dict[str, Any]) -> Any:
    return eval(expression, {"lamella": lamella, **given})  # of the table above


def memory(x: Any) -> np.ndarray:
    return x.detach().numpy() if isinstance(x, Tensor) else x


def sharing(result: Any, given: dict[str, Any]) -> list[str]:
    return [name for name in OWNERS if np.shares_memory(memory(result), memory(given[name]))]


@pytest.mark.parametrize(("owner", "expression"), [(o, e) for o, table in SHARED.items() for e in table])
def test_shares_the_memory_of_its_input_alone(owner: str, expression: str) -> None:
    given = inputs()
    assert sharing(evaluated(expression, given), given) == [owner]


@pytest.mark.parametrize(("expression", "name"), THE_SAME)
def test_is_the_tensor_itself(expression: str, name: str) -> None:
    given = inputs()
    assert evaluated(expression, given) is given[name]


@pytest.mark.parametrize("expression", COPIED)
def test_has_memory_of_its_own(expression: str) -> None:
    given = inputs()
    result = evaluated(expression, given)
    assert sharing(result, given) == []
    assert result.detach().numpy().flags.writeable


#: Shows the memory without telling: that is what ``data`` is for.
UNNOTICED = {"matrix.data"}


@pytest.mark.parametrize(
    ("owner", "expression"),
    [(o, e) for o, table in SHARED.items() for e in table if o != "array" and e not in UNNOTICED],
)
def test_a_change_of_the_input_is_counted_for_what_shows_it(owner: str, expression: str) -> None:
    given = inputs()
    result = evaluated(expression, given)
    before = result._version
    with lamella.no_grad():
        given[owner].zero_()
    assert result._version == before + 1
    assert not memory(result).any()
