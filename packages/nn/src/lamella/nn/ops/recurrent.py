"""What the ops of recurrent layers share: the order of times, lengths of sequences, shapes, second derivatives.

An op reads whole sequences, ``(L, N, F)``. Where they differ in length the longest comes first and ``sizes`` says how
many go on at each time; after a sequence's end its state stays what it is, in both directions of reading. So the last
state of all is the state at the last time, and a layer above can be given the output as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lamella.core import autograd
from lamella.core.errors import ShapeError
from lamella.core.modes import enable_grad
from lamella.core.ops.pieces import cat
from lamella.core.tensor import Tensor

Shape = tuple[int, ...]
Sizes = tuple[int, ...] | None


def times(length: int, reverse: bool) -> range:
    """The times in the order of reading."""
    return range(length - 1, -1, -1) if reverse else range(length)


def last(output: Tensor, first: Tensor, reverse: bool) -> Tensor:
    """The state after reading all of ``output``; ``first`` if that is nothing."""
    return output[0 if reverse else -1] if output.array.shape[0] else first


def carried(new: Tensor, old: Tensor) -> Tensor:
    """``new``, and the rows of ``old`` that come after: the states of sequences that have ended."""
    return new if new.shape[0] == old.shape[0] else cat([new, old[new.shape[0] :]])


def clear_ended(array: Any, sizes: Sizes) -> None:
    """Set to 0 what ``array``, ``(L, N, …)``, holds after the sequences' ends."""
    for t, n in enumerate(sizes or ()):
        array[t, n:] = 0


def layer_shape(
    gates: int,
    input: Shape,
    states: dict[str, Shape],
    w_ih: Shape,
    w_hh: Shape,
    b_ih: Shape | None,
    b_hh: Shape | None,
    sizes: Sizes,
) -> Shape:
    """The shape of the output, ``(L, N, H)``.

    Args:
        gates: How many rows the weights have for each feature of the state.

    Raises:
        ShapeError: The shapes do not fit each other.
    """
    if len(input) != 3 or len(w_hh) != 2:
        of = "H" if gates == 1 else f"{gates} * H"
        raise ShapeError(f"expected `input` (L, N, F) and `w_hh` ({of}, H), got {input} and {w_hh}")
    (length, batch, features), hidden = input, w_hh[1]
    given = {**states, "w_ih": w_ih, "w_hh": w_hh, "b_ih": b_ih, "b_hh": b_hh}
    expected: dict[str, Shape] = dict.fromkeys(("b_ih", "b_hh"), (gates * hidden,))
    expected |= dict.fromkeys(states, (batch, hidden))
    expected |= {"w_ih": (gates * hidden, features), "w_hh": (gates * hidden, hidden)}
    for name, shape in given.items():
        if shape not in (None, expected[name]):
            raise ShapeError(
                f"`{name}` has shape {shape}, expected {expected[name]} (input {input}: L, N, F; hidden size {hidden})"
            )
    if sizes is not None and (len(sizes) != length or any(not 0 <= n <= batch for n in sizes)):
        raise ShapeError(f"`sizes` {sizes} must say for each of {length} times how many of {batch} sequences go on")
    return (length, batch, hidden)


def fit(input: Any, states: Sequence[Any], w_hh: Any, b_ih: Any, b_hh: Any, sizes: Sizes) -> bool:
    """Whether what would broadcast, or be cut, has the right shape: states, biases and sizes."""
    length, batch, _ = input.shape
    return (
        all(s.shape == (batch, w_hh.shape[1]) for s in states)
        and all(b is None or b.shape == w_hh.shape[:1] for b in (b_ih, b_hh))
        and (sizes is None or (len(sizes) == length and all(0 <= n <= batch for n in sizes)))
    )


def total(b_ih: Any, b_hh: Any) -> Any:
    """The sum of two biases, each of which may be None; 0 if both are."""
    return (0 if b_ih is None else b_ih) + (0 if b_hh is None else b_hh)


def layer_samples(gates: int, states: int, attributes: Sequence[Any] = ()) -> Callable[[Any], list[Any]]:
    """Sample inputs of a layer's op: lengths, directions, with and without biases.

    Args:
        gates: As for :func:`layer_shape`. states: how many states it has. attributes: between biases and direction.
    """

    def samples(make: Any) -> list[Any]:
        def call(length: int, batch: int, features: int, hidden: int, biases: Any, reverse: bool, sizes: Sizes) -> Any:
            shapes = [
                (length, batch, features),
                *[(batch, hidden)] * states,
                (gates * hidden, features),
                (gates * hidden, hidden),
            ]
            given = [make.array(gates * hidden, low=-1, high=1) if there else None for there in biases]
            return make(*(make.array(*s, low=-1, high=1) for s in shapes), *given, *attributes, reverse, sizes)

        return [
            call(3, 2, 3, 2, (True, True), False, None),
            call(3, 2, 3, 2, (True, True), True, None),
            call(2, 1, 1, 1, (False, False), False, None),
            call(1, 2, 2, 3, (True, False), True, None),
            call(1, 2, 2, 3, (False, True), False, None),
            call(3, 3, 2, 2, (True, True), False, (3, 2, 1)),
            call(3, 3, 2, 2, (True, True), True, (3, 1, 1)),
        ]

    return samples


def layer_errors(gates: int, states: Sequence[str], attributes: Sequence[Any] = ()) -> Callable[[Any], list[Any]]:
    """Calls of a layer's op that must fail; arguments as for :func:`layer_samples`, ``states`` by name."""

    def errors(make: Any) -> list[Any]:
        def refused(message: str, sizes: Sizes = None, **shapes: Shape) -> Any:
            right: dict[str, Shape] = {"input": (3, 2, 5), **dict.fromkeys(states, (2, 4))}
            right |= {"w_ih": (4 * gates, 5), "w_hh": (4 * gates, 4), "b_ih": (4 * gates,), "b_hh": (4 * gates,)}
            arrays = [make.array(*shape) for shape in (right | shapes).values()]
            return make.error((*arrays, *attributes, False, sizes), ShapeError, message)

        return [
            *(refused(rf"`{name}` has shape \(3, 4\), expected \(2, 4\)", **{name: (3, 4)}) for name in states),
            refused(rf"`w_ih` has shape \({4 * gates}, 6\), expected \({4 * gates}, 5\)", w_ih=(4 * gates, 6)),
            refused(rf"`b_hh` has shape \(3,\), expected \({4 * gates},\)", b_hh=(3,)),
            refused(r"expected `input` \(L, N, F\)", input=(3, 5)),
            refused(r"`sizes` \(2, 3, 1\) must say for each of 3 times how many of 2", sizes=(2, 3, 1)),
        ]

    return errors


def by_running_again(plain: Callable[[list[Tensor]], list[Tensor]], given: Sequence[Any], grad: Sequence[Any]) -> Any:
    """The gradients of a backward op, from the same computation in plain ops: slow, but no third set of formulas.

    Args:
        plain: What gives the op's results from tensors in place of ``given``, by ops that have gradients.
        given: The op's inputs. grad: the gradients of its results.
    """
    with enable_grad():
        # new places in the graph: `output` depends on `input`, but here each is an input of its own
        sources = [
            x.clone() if isinstance(x, Tensor) and x.requires_grad else Tensor._wrap(getattr(x, "array", x), True)
            for x in given
        ]
        weights = [g if isinstance(g, Tensor) else Tensor._wrap(g) for g in grad]
        differentiable = any(isinstance(x, Tensor) for x in given)
        found = autograd.grad(plain(sources), sources, weights, create_graph=differentiable, allow_unused=True)
    return tuple(g if g is None or differentiable else g.array for g in found)
