"""Random programs give the same values, gradients and sharing of memory as an autograd too simple to be wrong.

A program is a list of lines of Python; both engines run the very same lines. What fails is shrunk, and printed as such.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import lamella
from lamella.core.errors import GradError
from lamella.core.testing import assert_close

SLOTS = 256  # of which an element of a result or of a changed tensor takes one
ELEMENTS = 12  # that a tensor may have
LARGE = 1e3  # what is larger is not computed with, lest values overflow

#: Why a change in place may be refused, and a gradient after such a change. That of a leaf must be.
OF_A_LEAF = "leaf Variable that requires grad is being used in an in-place"
REFUSALS = (
    "view was created in no_grad mode",
    "elements in one place",
    "gaps between its elements",
    "modified by an inplace operation",
)


def _naive() -> ModuleType:
    path = Path(__file__).with_name("naive_autograd.py")
    spec = importlib.util.spec_from_file_location("naive_autograd", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


naive = _naive()

# --- what can be written: each gives the text that follows a tensor's name for its shape, or None


def _dim(shape: tuple[int, ...], i: int, text: str, least: int = 1) -> str | None:
    """``text`` with a dimension of the shape, its size and an index into it."""
    dim = i % len(shape) if shape else 0
    if len(shape) < least:
        return None
    size = shape[dim] if shape else 1
    return text.format(dim=dim, at=i % size, half=(size + 1) // 2, other=(dim + 1) % max(len(shape), 1))


def _first(shape: tuple[int, ...], i: int, text: str) -> str | None:
    return text.format(at=i % shape[0]) if shape else None


def _reshaped(shape: tuple[int, ...], i: int, _: str) -> str:
    count = int(np.prod(shape))
    sizes = [(count,), (1, count), *([(2, count // 2), (count // 2, 2)] if count % 2 == 0 else [])]
    return f".reshape{sizes[i % len(sizes)]}"


def _expanded(shape: tuple[int, ...], i: int, _: str) -> str | None:
    sizes = tuple(2 + i % 2 if size == 1 else size for size in shape)
    return f".expand{sizes}" if sizes != shape else f".expand(2, {', '.join(map(str, shape))})" if shape else None


def _matrix(shape: tuple[int, ...], i: int, text: str) -> str | None:
    return text if len(shape) == 2 else None


Template = tuple[Callable[[tuple[int, ...], int, str], str | None], str]

VIEWS: list[Template] = [
    (_dim, ".select({dim}, {at})"),
    (_dim, ".narrow({dim}, 0, {half})"),
    (_dim, ".transpose({dim}, {other})"),
    (_dim, ".movedim({dim}, {other})"),
    (_first, "[{at}:]"),
    (_first, "[::2]"),
    (_dim, ".squeeze({dim})"),
    (lambda shape, i, text: text.format(i % (len(shape) + 1)), ".unsqueeze({})"),
    (_reshaped, ""),
    (_expanded, ""),
    (_matrix, ".diagonal()"),
    (_matrix, "[:, 0]"),
]
ONE_INPUT: list[Template] = [
    *[(lambda shape, i, text: text, f".{name}()") for name in (*naive.UNARY, "clone")],
    *[(_dim, f".{name}({{dim}})") for name in ("sum", "mean", "amax", "cumsum", "flip")],
    (_dim, ".roll(1, {dim})"),
    (_dim, ".index_select({dim}, tensor([{at}, 0]))"),
    (_first, "[[0, {at}, 0]]"),
]
TWO_INPUTS = ["{a}.add({b})", "{a}.sub({b})", "{a}.mul({b})", "{a}.maximum({b})", "where({a} > 0.1, {a}, {b})"]
JOINED = ["cat([{a}, {b}], 0)", "stack([{a}, {b}], 0)", "stack([{b}, {a}], 0)"]
CHANGES = [*(f".{name}_()" for name in (*naive.UNARY, "zero"))]
CHANGES_BY_ANOTHER = [
    ".add_({b})",
    ".sub_({b})",
    ".mul_({b})",
    ".copy_({b})",
    "[:1] = {b}",
    "[[0, 1]] = {b}",
    "[0] = 2.0",
]

NAMES = ("cat", "no_grad", "stack", "tensor", "where")  # what programs use but for methods

places = st.integers(0, 30)
targets = st.integers(0, 30).map(lambda place: place if place % 8 == 0 else -1 - place % 6)  # late ones: seldom leaves
indices = st.integers(0, 5)


class Programs(RuleBasedStateMachine):
    """Writes a program a line at a time, and lets both engines run it."""

    def __init__(self) -> None:
        super().__init__()
        self.tape = naive.Tape(SLOTS)
        self.ours, self.naive = ({n: getattr(library, n) for n in NAMES} for library in (lamella, self.tape))
        lamella.set_default_dtype(lamella.float64)
        self.lines: list[str] = []
        self.names: list[str] = []

    # --- running

    @contextmanager
    def told(self) -> Iterator[None]:
        """Print the program with whatever goes wrong inside."""
        try:
            yield
        except Exception as error:
            error.add_note("in the program\n    " + "\n    ".join(self.lines))
            raise

    def run(self, line: str) -> bool:
        """Run a line on ours, and unless that refuses it on the naive one."""
        self.lines.append(line)
        with self.told():
            try:
                exec(line, self.ours)
            except GradError as refusal:
                if not any(known in str(refusal) for known in (OF_A_LEAF, *REFUSALS)):
                    raise
                self.lines[-1] += f"  # refused: {str(refusal).partition('.')[0]}"
                return False
            exec(line, self.naive)
        return True

    def bind(self, expression: str, quietly: bool) -> None:
        """Name the value of an expression, computed in ``no_grad()`` if that is asked for."""
        name = f"t{len(self.names)}"
        line = f"{name} = {expression}"
        if self.run(f"with no_grad(): {line}" if quietly else line):
            self.names.append(name)
            made = self.naive[name]
            if made.base is None:
                made.mark()

    def change(self, target: str, text: str, quietly: bool) -> None:
        """Change a tensor in place; that of a leaf must be refused."""
        root = self.naive[target].base or self.naive[target]
        worked = self.run(f"with no_grad(): {target}{text}" if quietly else f"{target}{text}")
        with self.told():
            assert not (worked and root.leaf and not quietly), "a leaf was changed while recording"
            self.values_agree()

    # --- picking

    def shape(self, name: str) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.naive[name].value.shape
        return shape

    def any(self, place: int) -> str:
        return self.names[place % len(self.names)]

    def pick(self, place: int) -> str | None:
        """A tensor to compute with."""
        name = self.any(place)
        return name if np.abs(self.naive[name].value).max() < LARGE else None

    def fits(self, a: str, b: str, into: bool = False) -> bool:
        """Whether the shapes broadcast, to few elements; or the second to the first."""
        pairs = zip(reversed(self.shape(a)), reversed(self.shape(b)), strict=False)
        if not all(m == n or 1 in (m, n) for m, n in pairs):
            return False
        shape = np.broadcast_shapes(self.shape(a), self.shape(b))
        return shape == self.shape(a) if into else int(np.prod(shape)) <= ELEMENTS

    def room(self) -> bool:
        """Whether there are slots for another step."""
        return self.tape.used + 2 * ELEMENTS <= SLOTS

    # --- the lines

    @initialize(values=st.lists(st.integers(-9, 9), min_size=9, max_size=9))
    def start(self, values: list[int]) -> None:
        # numbers that print shortly; the last one, irrational, makes ties rare but does not rule them out
        numbers = [v / 4 for v in values]
        self.bind(f"tensor([{numbers[:3]}, {numbers[3:6]}], requires_grad=True)", False)
        self.bind(f"tensor({numbers[6:]}, requires_grad=True)", False)
        self.bind(f"tensor({numbers[:3]})", False)
        self.bind("t0.mul(t2)", False)  # something that may be changed

    @precondition(room)
    @rule(at=places, template=st.sampled_from([*VIEWS, *VIEWS, *ONE_INPUT]), i=indices, quietly=st.integers(0, 7))
    def one_input(self, at: int, template: Template, i: int, quietly: int) -> None:
        name = self.pick(at)
        text = None if name is None else template[0](self.shape(name), i, template[1])
        if text is not None:
            self.bind(f"{name}{text}", quietly == 7)
            if int(np.prod(self.shape(self.names[-1]))) > ELEMENTS:
                self.forget_last()

    def forget_last(self) -> None:
        """Write on with smaller ones."""
        self.names.pop()
        self.lines.pop()

    @precondition(room)
    @rule(at=places, other=places, text=st.sampled_from(TWO_INPUTS))
    def two_inputs(self, at: int, other: int, text: str) -> None:
        a, b = self.pick(at), self.pick(other)
        if a is not None and b is not None and self.fits(a, b):
            self.bind(text.format(a=a, b=b), False)

    @precondition(room)
    @rule(at=places, other=places, text=st.sampled_from(JOINED))
    def joined(self, at: int, other: int, text: str) -> None:
        a, b = self.pick(at), self.pick(other)
        if a is not None and b is not None:
            shape = self.shape(a)
            if shape == self.shape(b) != () and 2 * int(np.prod(shape)) <= ELEMENTS:
                self.bind(text.format(a=a, b=b), False)

    @precondition(room)
    @rule(at=places, other=places)
    def product(self, at: int, other: int) -> None:
        a, b = self.pick(at), self.pick(other)
        if a is not None and b is not None:
            first, second = self.shape(a), self.shape(b)
            if len(first) == len(second) == 2 and first[1] == second[0] and first[0] * second[1] <= ELEMENTS:
                self.bind(f"{a}.matmul({b})", False)

    @precondition(lambda self: self.room() and len(self.names) > 4)
    @rule(at=places)
    def detached(self, at: int) -> None:
        self.bind(f"{self.any(at)}.detach()", False)

    @precondition(room)
    @rule(at=targets, text=st.sampled_from(CHANGES), quietly=st.integers(0, 5))
    def changed(self, at: int, text: str, quietly: int) -> None:
        a = self.pick(at)
        if a is not None:
            self.change(a, text, quietly == 5)

    @precondition(room)
    @rule(at=targets, other=places, text=st.sampled_from(CHANGES_BY_ANOTHER), quietly=st.integers(0, 5))
    def changed_by_another(self, at: int, other: int, text: str, quietly: int) -> None:
        a, b = self.pick(at), self.pick(other)
        if a is None or b is None:
            return
        shape = self.shape(a)
        index = re.match(r"\[.*\]", text)
        if index is not None:
            if not shape or shape[0] < 2:
                return
            if "{b}" in text and self.shape(b) not in ((), shape[1:]):
                return
        elif not self.fits(a, b, into=True):
            return
        self.change(a, text.format(b=b), quietly == 5)

    @rule(at=places)
    def retained(self, at: int) -> None:
        name = self.any(at)
        simple = self.naive[name]
        if self.ours[name].requires_grad and simple.base is None and simple not in self.tape.wanted:
            self.run(f"{name}.retain_grad()")

    @precondition(lambda self: len(self.names) > 5)
    @rule(at=places, number=st.integers(-3, 3))
    def backward(self, at: int, number: int) -> None:
        name = self.any(at)
        if self.ours[name].requires_grad:
            values = np.arange(self.naive[name].value.size).reshape(self.shape(name)) / 2 + number
            if not self.run(f"{name}.backward(tensor({values.tolist()}), retain_graph=True)"):
                # some gradients may have arrived before it was found that others can't be computed
                self.run(f"{'.grad = '.join(self.wanted())}.grad = None")
            self.gradients_agree()

    # --- comparing

    def values_agree(self) -> None:
        for name in self.names:
            ours, simple = self.ours[name], self.naive[name]
            assert_close(ours.detach().numpy(), simple.value, rtol=1e-9, atol=1e-9)

    def wanted(self) -> list[str]:
        return [name for name in self.names if self.naive[name] in self.tape.wanted]

    def gradients_agree(self) -> None:
        with self.told():
            for name in self.wanted():
                found, right = (
                    np.zeros(self.shape(name)) if g is None else np.asarray(g)
                    for g in (self.ours[name].grad, self.naive[name].grad)
                )
                assert_close(found, right, rtol=1e-8, atol=1e-8, msg=lambda text: f"{name}.grad: {text}")  # noqa: B023  # called at once

    def teardown(self) -> None:
        try:
            self.everything_agrees()
        finally:
            lamella.set_default_dtype(lamella.float32)

    def everything_agrees(self) -> None:
        for place in range(len(self.names)):
            self.backward(place, 1)
        with self.told():
            self.values_agree()
            for name in self.names:
                if not self.ours[name].requires_grad:
                    slope = self.naive[name].slope
                    lost = any(slope[..., self.naive[leaf].own].any() for leaf in self.names[:2])
                    assert not lost, f"{name} does not require grad"
            for a, b in combinations(self.names, 2):
                shared = np.shares_memory(self.ours[a].array, self.ours[b].array)
                expected = np.shares_memory(self.naive[a].value, self.naive[b].value)
                assert shared == expected, f"{a} and {b} {'share' if shared else 'do not share'} memory"


Programs.TestCase.settings = settings(
    max_examples=2000,
    stateful_step_count=16,
    report_multiple_bugs=False,
    deadline=None,
    derandomize=True,
    database=None,
)
TestPrograms = Programs.TestCase


@pytest.fixture
def started() -> Iterator[Programs]:
    machine = Programs()
    machine.start([1, 2, 3, 4, 5, 6, 7, 8, 9])
    yield machine
    lamella.set_default_dtype(lamella.float32)


def test_a_wrong_gradient_is_found_and_the_program_printed(started: Programs) -> None:
    started.naive["t3"].slope *= 1.001
    with pytest.raises(AssertionError, match="t0.grad: Tensor-likes are not close") as failure:
        started.everything_agrees()
    assert failure.value.__notes__[0].splitlines()[-1] == (
        "    t3.backward(tensor([[1.0, 1.5, 2.0], [2.5, 3.0, 3.5]]), retain_graph=True)"
    )


def test_a_missed_change_is_found(started: Programs) -> None:
    exec("t3.mul_(2.0)", started.ours)
    with pytest.raises(AssertionError, match="not close"):
        started.everything_agrees()


def test_memory_that_should_be_shared_is_found(started: Programs) -> None:
    started.bind("t3.select(0, 1)", False)
    started.ours["t4"] = started.ours["t4"].clone()
    with pytest.raises(AssertionError, match="t3 and t4 do not share memory"):
        started.everything_agrees()


def test_a_program_with_views_and_changes_in_place(started: Programs) -> None:
    """One that may not be refused."""
    started.bind("t3.select(0, 1)", False)
    started.bind("t3.transpose(0, 1)", False)
    started.change("t4", ".add_(t1)", False)
    started.bind("t5[:, 0]", False)
    started.run("t3.retain_grad()")
    started.change("t6", ".neg_()", False)
    started.bind("t3.add(t4)", False)
    started.everything_agrees()
    assert not any("refused" in line for line in started.lines)
