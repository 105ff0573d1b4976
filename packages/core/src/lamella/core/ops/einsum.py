"""Einstein summation: sums of products of tensors' elements, said with subscripts.

A call goes in three steps. The equation is read into *terms*: for each operand a tuple of labels, ints, one for each of
its dimensions. From terms and shapes, without data, a :class:`Plan` is made, and kept for the next call of the kind.
Then the plan is carried out in ordinary ops: each contraction of two operands is a permutation, a reshape and a matrix
product, or an elementwise product if nothing is summed.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from types import EllipsisType
from typing import Any, NamedTuple

from lamella.core.errors import ArgumentError, ArgumentTypeError, ShapeError
from lamella.core.ops.diagonals import diagonal
from lamella.core.ops.matmul import matmul
from lamella.core.ops.pointwise import mul
from lamella.core.ops.reductions import sum
from lamella.core.ops.shapes import permute, reshape
from lamella.core.tensor import Tensor, check_tensor

Shape = tuple[int, ...]
Labels = tuple[int, ...]
#: The subscripts of one operand as written: labels, and maybe one ``...``.
Term = tuple[int | EllipsisType, ...]

_LETTERS = ascii_uppercase + ascii_lowercase  # the label of a letter is its place here: the order of an implicit output
#: Up to so many operands the best order of contraction is found by trying all, which takes 3**n steps.
_TRY_ALL = 6


# --- reading


@functools.lru_cache(maxsize=256)
def _read(equation: str) -> tuple[tuple[Term, ...], Term | None]:
    """The terms of the operands and of the output; None for an output to be worked out."""
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = tuple(_term(text, f"operand {i}", equation) for i, text in enumerate(inputs.split(",")))
    return terms, _term(output, "the output", equation) if arrow else None


def _term(text: str, where: str, equation: str) -> Term:
    parts = text.split("...")
    if len(parts) > 2:
        raise ShapeError(f"einsum: more than one ellipsis for {where} in {equation!r}")
    wrong = sorted(set("".join(parts)) - set(_LETTERS))
    if wrong:
        raise ShapeError(
            f"einsum: {wrong[0]!r} for {where} in {equation!r}; expected letters from a to z or A to Z, at most one "
            "'...', commas between operands and at most one '->'"
        )
    before, *after = ([_LETTERS.index(c) for c in part] for part in parts)
    return (*before, ..., *after[0]) if after else tuple(before)


def _sublist(given: Any) -> Term:
    """The term of a list of ints, each from 0 to 51, and maybe ``...``."""
    try:
        labels = tuple(x if x is ... else operator.index(x) for x in given)
    except TypeError:
        raise ArgumentTypeError(f"einsum: expected a list of ints, maybe with an Ellipsis, got {given!r}") from None
    if any(x is not ... and not 0 <= x < len(_LETTERS) for x in labels):
        raise ArgumentError(f"einsum: expected subscripts from 0 to {len(_LETTERS) - 1}, got {list(labels)}")
    if labels.count(...) > 1:
        raise ShapeError(f"einsum: more than one ellipsis in {list(labels)}")
    return labels


def _shown(label: int) -> str:
    return _LETTERS[label] if label < len(_LETTERS) else f"{label - len(_LETTERS)} of the ellipsis"


# --- planning


class Step(NamedTuple):
    """Contract the operands in slots ``left`` and ``right``; the result, in slot ``left``, has the labels ``kept``."""

    left: int
    right: int
    kept: Labels


class Preparation(NamedTuple):
    """What happens to one operand by itself, in this order.

    Attributes:
        diagonals: Pairs of dimensions of which the diagonal is taken, which becomes the last dimension.
        summed: Dimensions to sum over. shape: without those of size 1 that broadcast; labels: what is left.
    """

    diagonals: tuple[tuple[int, int], ...]
    summed: tuple[int, ...]
    shape: Shape
    labels: Labels


class Plan(NamedTuple):
    """How to compute one kind of call."""

    prepared: tuple[Preparation, ...]
    steps: tuple[Step, ...]
    output: Labels


@functools.lru_cache(maxsize=256)
def _plan(terms: tuple[Term, ...], output: Term | None, shapes: tuple[Shape, ...]) -> Plan:
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum: the equation has {len(terms)} operands, but {len(shapes)} tensors were given")
    widest = max(0, *map(_covered, terms, shapes))
    inputs = [_labelled(t, s, i, widest) for i, (t, s) in enumerate(zip(terms, shapes, strict=True))]
    sizes = _sizes(inputs, shapes)
    wanted = _output(inputs, output, widest)
    taken = [_without_repeats(labels, shape) for labels, shape in zip(inputs, shapes, strict=True)]
    # a dimension of size 1 is the same for all: it does without its label where another operand has it wide
    wide = [{x for x, n in zip(labels, shape, strict=True) if n == sizes[x]} for _, labels, shape in taken]
    used = Counter(itertools.chain(wanted, *wide))
    prepared = []
    for diagonals, labels, shape in taken:
        places = list(enumerate(zip(labels, shape, strict=True)))
        summed = tuple(d for d, (x, n) in places if n == sizes[x] and used[x] == 1)
        left = [(x, n) for d, (x, n) in places if n == sizes[x] and d not in summed]
        prepared.append(Preparation(diagonals, summed, tuple(n for _, n in left), tuple(x for x, _ in left)))
    steps = _steps([p.labels for p in prepared], wanted, sizes)
    return Plan(tuple(prepared), steps, wanted)


def _covered(term: Term, shape: Shape) -> int:
    """How many dimensions the term's ellipsis stands for."""
    return len(shape) - len(term) + 1 if ... in term else 0


def _ellipsis(covered: int, widest: int) -> Labels:
    """Labels of the ``covered`` last of the ellipsis's dimensions."""
    return tuple(range(len(_LETTERS) + widest - covered, len(_LETTERS) + widest))


def _labelled(term: Term, shape: Shape, operand: int, widest: int) -> Labels:
    """One label for each dimension."""
    covered = _covered(term, shape)
    if covered < 0 or (... not in term and len(term) != len(shape)):
        raise ShapeError(
            f"einsum: operand {operand} has {len(term) - (... in term)} subscripts, but {len(shape)} dimensions "
            f"(shape {shape}). Write one for each; '...' stands for any number."
        )
    return tuple(x for part in term for x in (_ellipsis(covered, widest) if part is ... else (part,)))


def _sizes(inputs: Sequence[Labels], shapes: Sequence[Shape]) -> dict[int, int]:
    """The size of each label: the one that is not 1, if any."""
    sizes: dict[int, int] = {}
    for i, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        own: dict[int, int] = {}
        for x, n in zip(labels, shape, strict=True):
            if own.setdefault(x, n) != n:
                raise ShapeError(
                    f"einsum: subscript {_shown(x)} is repeated for operand {i}, but the sizes {own[x]} and {n} differ"
                )
            if sizes.setdefault(x, n) != n:
                if 1 not in (n, sizes[x]):
                    raise ShapeError(
                        f"einsum: subscript {_shown(x)} has size {n} for operand {i}, which does not broadcast with "
                        f"the size {sizes[x]} seen before (shapes {', '.join(map(str, shapes))})"
                    )
                if n != 1:
                    sizes[x] = n
    return sizes


def _output(inputs: Sequence[Labels], output: Term | None, widest: int) -> Labels:
    seen = Counter(itertools.chain(*inputs))
    if output is None:  # what the ellipsis covers, then the labels that appear once
        return (*_ellipsis(widest, widest), *sorted(x for x, n in seen.items() if n == 1 and x < len(_LETTERS)))
    for x in output:
        if x is not ... and output.count(x) > 1:
            raise ShapeError(f"einsum: output subscript {_shown(x)} appears more than once in the output")
        if x is not ... and x not in seen:
            raise ShapeError(f"einsum: output subscript {_shown(x)} does not appear in any operand")
    return tuple(x for part in output for x in (_ellipsis(widest, widest) if part is ... else (part,)))


def _without_repeats(labels: Labels, shape: Shape) -> tuple[tuple[tuple[int, int], ...], Labels, Shape]:
    """Pairs of dimensions to take the diagonal of until no label is there twice; then the labels and the shape."""
    pairs = []
    x, n = list(labels), list(shape)
    for label in dict.fromkeys(labels):
        while x.count(label) > 1:
            first = x.index(label)
            second = x.index(label, first + 1)
            pairs.append((first, second))
            size = n[first]
            del x[second], x[first], n[second], n[first]
            x.append(label)
            n.append(size)
    return tuple(pairs), tuple(x), tuple(n)


def _steps(terms: Sequence[Labels], output: Labels, sizes: dict[int, int]) -> tuple[Step, ...]:
    """The contractions, in an order that takes few multiplications."""
    pairs = _tried(terms, output, sizes) if len(terms) <= _TRY_ALL else _greedy(terms, output, sizes)
    slots: list[Labels] = list(terms)
    alive = set(range(len(terms)))
    steps = []
    for i, j in pairs:
        alive.discard(j)
        outside = set(output).union(*(slots[k] for k in alive if k != i))
        kept = tuple(x for x in dict.fromkeys(slots[i] + slots[j]) if x in outside)
        slots[i] = kept if len(alive) > 1 else output
        steps.append(Step(i, j, slots[i]))
    return tuple(steps)


def _tried(terms: Sequence[Labels], output: Labels, sizes: dict[int, int]) -> list[tuple[int, int]]:
    """The best order of all: for every set of operands, numbers with a bit for each, the best of all its halvings."""
    everything = (1 << len(terms)) - 1

    def labels(chosen: int) -> set[int]:
        return set().union(*(t for i, t in enumerate(terms) if chosen >> i & 1))

    # what a set of operands has left when all its own sums are done
    kept = [labels(s) & (labels(everything ^ s) | set(output)) for s in range(everything + 1)]
    cost = {1 << i: 0 for i in range(len(terms))}
    half: dict[int, int] = {}
    for s in range(1, everything + 1):
        lowest = s & -s
        part = (s - 1) & s
        while part:
            if part & lowest:  # each halving once
                rest = s ^ part
                steps = cost[part] + cost[rest] + math.prod(sizes[x] for x in kept[part] | kept[rest])
                if s not in cost or steps < cost[s]:
                    cost[s], half[s] = steps, part
            part = (part - 1) & s

    def pairs(s: int) -> list[tuple[int, int]]:
        if s not in half:
            return []
        a, b = half[s], s ^ half[s]
        return [*pairs(a), *pairs(b), ((a & -a).bit_length() - 1, (b & -b).bit_length() - 1)]

    return pairs(everything)


def _greedy(terms: Sequence[Labels], output: Labels, sizes: dict[int, int]) -> list[tuple[int, int]]:
    """Always the pair next whose product needs the least memory beyond that of the two; of several, the least work.

    Reference:
        D. G. A. Smith and J. Gray, "opt_einsum", Journal of Open Source Software 3(26), 2018,
        https://doi.org/10.21105/joss.00753; its "greedy" path, which has
        no rule for several.
    """
    slots = {i: set(t) for i, t in enumerate(terms)}
    pairs = []
    while len(slots) > 1:

        def kept(i: int, j: int) -> set[int]:
            return (slots[i] | slots[j]) & set(output).union(*(slots[k] for k in slots if k not in (i, j)))

        def growth(pair: tuple[int, int]) -> tuple[bool, int, int]:
            a, b = slots[pair[0]], slots[pair[1]]
            result, left, right, work = (math.prod(sizes[x] for x in labels) for labels in (kept(*pair), a, b, a | b))
            return a.isdisjoint(b), result - left - right, work  # outer products come last

        i, j = min(itertools.combinations(sorted(slots), 2), key=growth)
        slots[i] = kept(i, j)
        del slots[j]
        pairs.append((i, j))
    return pairs


# --- computing


def _prepare(x: Tensor, preparation: Preparation) -> Tensor:
    for first, second in preparation.diagonals:
        x = diagonal(x, 0, first, second)
    if preparation.summed:
        x = sum(x, preparation.summed)
    return _shaped(x, preparation.shape)


def _shaped(x: Tensor, shape: Shape) -> Tensor:
    return x if x.array.shape == shape else reshape(x, shape)


def _arranged(x: Tensor, labels: Labels, order: Sequence[int]) -> Tensor:
    """``x``, whose dimensions are ``labels``, with them in another order."""
    dims = tuple(labels.index(label) for label in order)
    return x if dims == tuple(range(len(dims))) else permute(x, dims)


def _contract(a: Tensor, of_a: Labels, b: Tensor, of_b: Labels, kept: Labels) -> Tensor:
    """The sum of the products of ``a`` and ``b`` over the labels that are not kept."""
    shared = [x for x in of_a if x in of_b]
    summed = [x for x in shared if x not in kept]
    if not summed:
        return mul(_spaced(a, of_a, kept), _spaced(b, of_b, kept))
    batch = [x for x in shared if x in kept]
    rows, columns = [x for x in of_a if x not in of_b], [x for x in of_b if x not in of_a]
    sizes = dict(zip(of_a + of_b, a.array.shape + b.array.shape, strict=True))

    def count(labels: Sequence[int]) -> int:
        return math.prod(sizes[x] for x in labels)

    lead = [sizes[x] for x in batch]
    left = _shaped(_arranged(a, of_a, batch + rows + summed), (*lead, count(rows), count(summed)))
    right = _shaped(_arranged(b, of_b, batch + summed + columns), (*lead, count(summed), count(columns)))
    found = tuple(batch + rows + columns)
    return _arranged(_shaped(matmul(left, right), tuple(sizes[x] for x in found)), found, kept)


def _spaced(x: Tensor, labels: Labels, kept: Labels) -> Tensor:
    """``x`` with its dimensions in the order ``kept``, and size 1 for the labels that it lacks."""
    sizes = dict(zip(labels, x.array.shape, strict=True))
    return _shaped(_arranged(x, labels, [k for k in kept if k in sizes]), tuple(sizes.get(k, 1) for k in kept))


def einsum(*args: Any) -> Tensor:
    """The sum of products of the operands' elements that the subscripts say.

    ``einsum(equation, *operands)``: the equation has for each operand a letter for each dimension, with commas between
    operands, and after ``->`` the letters of the result. Over the others is summed. A letter twice in one operand
    takes the diagonal. ``...`` stands for all dimensions without a letter, which broadcast. Without ``->`` the result
    has the dimensions of ``...``, then the letters that appear once, in the order of the alphabet, capitals first.

    ``einsum(operand, subscripts, …, output_subscripts)``: the same with lists of ints from 0 to 51, and ``Ellipsis``.

    Three and more operands are contracted two by two, in an order that takes few multiplications.

    Returns:
        The result; of one operand a view of it, where nothing is summed.

    Raises:
        RuntimeError: Subscripts, sizes or dtypes do not fit. ValueError: there is no operand, or a subscript in a list
            is out of range. TypeError: an operand is no Tensor.

    Example:
        >>> a, b = lamella.ones(2, 3), lamella.ones(3, 4)
        >>> lamella.einsum("ij,jk->ik", a, b).shape == lamella.einsum(a, [0, 1], b, [1, 2], [0, 2]).shape
        True
    """
    if len(args) < 2:
        raise ArgumentError("einsum: expected an equation and operands, or operands each with its list of subscripts")
    output: Term | None
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
        terms, output = _read(args[0])
    else:
        pairs = len(args) // 2
        operands = args[: 2 * pairs : 2]
        terms = tuple(map(_sublist, args[1 : 2 * pairs : 2]))
        output = _sublist(args[-1]) if len(args) % 2 else None
    for i, x in enumerate(operands):
        check_tensor("einsum", f"operands[{i}]", x)
    plan = _plan(terms, output, tuple(x.array.shape for x in operands))
    slots = [_prepare(x, p) for x, p in zip(operands, plan.prepared, strict=True)]
    labels = [p.labels for p in plan.prepared]
    for left, right, kept in plan.steps:
        slots[left] = _contract(slots[left], labels[left], slots[right], labels[right], kept)
        labels[left] = kept
    if plan.steps:
        return slots[0]
    # of one operand: a view, never the operand itself
    return permute(slots[0], tuple(labels[0].index(x) for x in plan.output))


#: Functions without ``out=``.
NO_OUT = ("einsum",)

__all__ = ["einsum"]
