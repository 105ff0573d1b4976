"""Pickle's language, read as data: opcodes make plain values, and names make what ``allowed`` has for them.

Reference: Python's module pickletools, which describes every opcode.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NoReturn

from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.hashing import Keys
from lamella.core.checkpoints.torch_files.allowed import MEMBER, Making, Name, NumpyKind, look_up, set_numpy_order
from lamella.core.checkpoints.torch_files.records import ElementKind, Maker, StorageClass, storage_record
from lamella.core.checkpoints.torch_files.window import Window
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError

_DICTS = (dict, OrderedDict, Counter, defaultdict)
_FORGETTABLE = frozenset((tuple, OrderedDict))
_NAMED = frozenset((str, Name, StorageClass, ElementKind, dtype, object))  # object: _FORGOTTEN

# What values take up, rounded up: bytes of the object, its place on the stack and in the memo.
_STEP = 16
_NUMBER = 32  # constants too, which take no memory of their own: so many bytes of them could take long to read
_MARK = 180
_TEXT = 80
_CONTAINER = 200  # as an empty dict with its first item
_TUPLE = 150
_ITEM = 10
_PAIR = 110
_MADE = 550  # a tensor with its array, or a summary with its storage's record
_MEMO = 10
_FORGOTTEN = object()


class Machine:
    """Reads one pickle after another from a window.

    Args:
        window: Where the pickles are.
        maker: Makes what stands for tensors.
        budget: Pays for everything that is made.
    """

    def __init__(self, window: Window, maker: Maker, budget: Budget) -> None:
        self.window = window
        self.budget = budget
        self.making = Making(maker, budget, Keys())
        self._start()

    def _start(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[tuple[int, int, int]] = []  # height of the stack, budget, and length of the memo
        self.floor = 0  # no opcode reaches below it
        self.memo: list[Any] = []
        # The budget after the last tuple of what was above a mark; at the mark, the budget and the memo's length.
        self.last_tuple = (0, 0, 0)

    def load(self) -> Any:
        """The value of the next pickle.

        Raises:
            CheckpointError: It is damaged, or says what no file of tensors and plain values says.
        """
        self._start()
        take, spend = self.window.take, self.budget.spend
        if take(1) != b"\x80" or take(1)[0] not in (2, 3, 4, 5):
            raise CheckpointError("its pickle does not begin as one of protocol 2 to 5 does.")
        while True:
            code = take(1)[0]
            if code == _STOP:
                break
            action = _ACTIONS.get(code)
            if action is None:
                raise CheckpointError(f"its pickle has the opcode {code:#04x}, which files of tensors do not need.")
            spend(_STEP)
            action(self)
        value = self.pop()
        if self.stack or self.marks:
            raise CheckpointError("its pickle ends before it is complete.")
        return value

    # --- the stack

    def push(self, value: Any, cost: int = 0) -> None:
        """Put a value on the stack, and pay for it."""
        self.budget.spend(cost)
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the topmost value."""
        if len(self.stack) <= self.floor:
            self._underflow()
        return self.stack.pop()

    def top(self) -> Any:
        """The topmost value, which stays."""
        if len(self.stack) <= self.floor:
            self._underflow()
        return self.stack[-1]

    def pop_many(self, count: int) -> list[Any]:
        """Take the ``count`` topmost values, the topmost one last."""
        if len(self.stack) - count < self.floor:
            self._underflow()
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def pop_to_mark(self) -> list[Any]:
        """Take the values above the last mark, and the mark."""
        if not self.marks:
            self._underflow()
        values = self.stack[self.floor :]
        del self.stack[self.floor :]
        self.marks.pop()
        self.floor = self.marks[-1][0] if self.marks else 0
        return values

    def mark(self) -> None:
        """Remember how high the stack is."""
        self.budget.spend(_MARK)
        self.floor = len(self.stack)
        self.marks.append((self.floor, self.budget.left, len(self.memo)))

    def _underflow(self) -> NoReturn:
        raise CheckpointError("its pickle takes values from where there are none.")

    # --- numbers and text

    def number(self, form: struct.Struct) -> Any:
        """A number of fixed size."""
        return form.unpack(self.window.take(form.size))[0]

    def sized(self, form: struct.Struct) -> bytes:
        """Bytes that follow their length."""
        length = self.number(form)
        if length > self.window.left:
            raise CheckpointError(
                f"its pickle announces {length} bytes, but {self.window.left} are left: it is cut short or damaged."
            )
        self.budget.spend(_TEXT + length)
        return self.window.take(length)

    def text(self, form: struct.Struct) -> None:
        """Push a str."""
        raw = self.sized(form)
        if not raw.isascii():
            self.budget.spend(3 * len(raw))  # up to four bytes a character
        try:
            self.stack.append(raw.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError as error:
            raise CheckpointError(f"its pickle has text that is not UTF-8: {raw[:60]!r}.") from error

    # --- containers

    def append(self, items: list[Any]) -> None:
        """Add items to the list on top."""
        target = self.top()
        if type(target) is not list:
            raise CheckpointError(f"its pickle appends to a {type(target).__name__}, not to a list.")
        self.budget.spend(_ITEM * len(items))
        target.extend(items)

    def set_items(self, flat: list[Any]) -> None:
        """Add keys and values, taken in turn, to the dict on top."""
        target = self.top()
        if type(target) not in _DICTS or len(flat) % 2:
            raise CheckpointError(f"its pickle sets items of a {type(target).__name__}, or a key without a value.")
        self.budget.spend(_PAIR * (len(flat) // 2))
        for at in range(0, len(flat), 2):
            self.making.keys.set_item(target, flat[at], flat[at + 1])

    def add_items(self, items: list[Any]) -> None:
        """Add items to the set on top."""
        target = self.top()
        if type(target) is not set:
            raise CheckpointError(f"its pickle adds to a {type(target).__name__}, not to a set.")
        self.budget.spend(MEMBER * len(items))
        self.making.keys.add(target, items)

    def frozen_set(self) -> None:
        """Push a frozenset of what is above the mark."""
        made: set[Any] = set()
        items = self.pop_to_mark()
        self.budget.spend(MEMBER * len(items))
        self.making.keys.add(made, items)
        self.push(frozenset(made), _CONTAINER)

    def push_tuple(self, items: list[Any]) -> None:
        """Push a tuple."""
        self.push(tuple(items), _TUPLE + 8 * len(items))

    def push_marked_tuple(self) -> None:
        """Push a tuple of what is above the mark, and remember how it was at the mark."""
        _, left, start = self.marks[-1] if self.marks else (0, 0, 0)
        self.push_tuple(self.pop_to_mark())
        self.last_tuple = (self.budget.left, left, start)

    # --- the memo

    def memoize(self, index: int) -> None:
        """Remember the topmost value under a number."""
        if index == len(self.memo) + 1:  # Python 2 counted from 1
            self.memo.append(_FORGOTTEN)
        if index != len(self.memo):
            raise CheckpointError(f"its pickle stores value {index}, where {len(self.memo)} would be next.")
        self.budget.spend(_MEMO)
        self.memo.append(self.top())

    def recall(self, index: int) -> None:
        """Push what is remembered under a number."""
        if index >= len(self.memo) or self.memo[index] is _FORGOTTEN:
            raise CheckpointError(f"its pickle recalls value {index}, which it has not stored.")
        self.stack.append(self.memo[index])

    def forget_arguments(self) -> None:
        """Give back to the budget what the arguments of a tensor took, none of which the tensor keeps.

        They have to be the tuple made just before, but for the storing of it, so that nothing else can hold them.
        PyTorch stores each of them in the memo and recalls only names and text. The tuples and the empty dict of hooks
        are dropped from there: in a file of many small tensors they would take more memory than these.
        """
        left_then, left, start = self.last_tuple
        if left_then - self.budget.left not in (_STEP, 2 * _STEP + _MEMO):
            return
        stored = self.memo[start:]
        if not all(type(value) in _FORGETTABLE or type(value) in _NAMED for value in stored):
            return
        kept = _MEMO * len(stored) + sum(_TEXT + 4 * len(value) for value in stored if type(value) is str)
        self.memo[start:] = [_FORGOTTEN if type(value) in _FORGETTABLE else value for value in stored]
        self.budget.left = left - kept

    # --- names

    def name(self, module: Any, name: Any) -> None:
        """Push what stands for a name."""
        if type(module) is not str or type(name) is not str:
            raise CheckpointError("its pickle asks for a name that is no text.")
        self.stack.append(look_up(module, name))

    def stack_name(self) -> None:
        """Push what stands for the name on top of the stack, above its module."""
        module, name = self.pop_many(2)
        self.name(module, name)

    def reduce(self) -> None:
        """Make a value of a name and arguments."""
        called, arguments = self.pop_many(2)
        if type(called) is not Name or called.make is None or type(arguments) is not tuple:
            what = called.name if type(called) is Name else f"a {type(called).__name__}"
            raise CheckpointError(f"its pickle calls {what[:60]}, which is nothing that makes values.")
        if called.makes_tensors:
            self.forget_arguments()
        self.push(called.make(self.making, arguments), _MADE)

    def build(self) -> None:
        """Give the topmost value but one a state."""
        state = self.pop()
        target = self.top()
        if type(target) is NumpyKind:
            set_numpy_order(target, state)
        elif type(target) is OrderedDict and type(state) is dict and state.keys() <= {"_metadata"}:
            for name, value in state.items():  # the versions of modules, which hang on a state dict
                setattr(target, name, value)
        else:
            raise CheckpointError(f"its pickle gives a state to a {type(target).__name__}, which has none.")

    def frame(self) -> None:
        """Pass over a frame's length: frames only help those who read from slow files."""
        length = self.number(_U64)
        if length > self.window.left:
            raise CheckpointError(f"its pickle announces a frame of {length} bytes, but {self.window.left} are left.")


_U8 = struct.Struct("<B")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_I32 = struct.Struct("<i")
_F64 = struct.Struct(">d")

_STOP = ord(".")
_ACTIONS: dict[int, Callable[[Machine], None]] = {
    0x95: Machine.frame,
    ord("("): Machine.mark,
    ord("N"): lambda m: m.push(None, _NUMBER),
    0x88: lambda m: m.push(True, _NUMBER),
    0x89: lambda m: m.push(False, _NUMBER),
    ord("J"): lambda m: m.push(m.number(_I32), _NUMBER),
    ord("K"): lambda m: m.push(m.number(_U8), _NUMBER),
    ord("M"): lambda m: m.push(m.number(_U16), _NUMBER),
    0x8A: lambda m: m.push(int.from_bytes(m.sized(_U8), "little", signed=True)),
    0x8B: lambda m: m.push(int.from_bytes(m.sized(_U32), "little", signed=True)),
    ord("G"): lambda m: m.push(m.number(_F64), _NUMBER),
    ord("X"): lambda m: m.text(_U32),
    0x8C: lambda m: m.text(_U8),
    0x8D: lambda m: m.text(_U64),
    # Python 2 wrote its strings so, and PyTorch takes them for text.
    ord("T"): lambda m: m.text(_U32),
    ord("U"): lambda m: m.text(_U8),
    ord("B"): lambda m: m.push(m.sized(_U32)),
    ord("C"): lambda m: m.push(m.sized(_U8)),
    0x8E: lambda m: m.push(m.sized(_U64)),
    0x96: lambda m: m.push(bytearray(m.sized(_U64))),
    ord(")"): lambda m: m.push((), _NUMBER),
    ord("t"): Machine.push_marked_tuple,
    0x85: lambda m: m.push_tuple(m.pop_many(1)),
    0x86: lambda m: m.push_tuple(m.pop_many(2)),
    0x87: lambda m: m.push_tuple(m.pop_many(3)),
    ord("]"): lambda m: m.push([], _CONTAINER),
    ord("a"): lambda m: m.append([m.pop()]),
    ord("e"): lambda m: m.append(m.pop_to_mark()),
    ord("}"): lambda m: m.push({}, _CONTAINER),
    ord("s"): lambda m: m.set_items(m.pop_many(2)),
    ord("u"): lambda m: m.set_items(m.pop_to_mark()),
    0x8F: lambda m: m.push(set(), 2 * _CONTAINER),
    0x90: lambda m: m.add_items(m.pop_to_mark()),
    0x91: Machine.frozen_set,
    ord("c"): lambda m: m.name(m.window.line(), m.window.line()),
    0x93: Machine.stack_name,
    ord("R"): Machine.reduce,
    ord("b"): Machine.build,
    ord("Q"): lambda m: m.push(storage_record(m.pop()), _CONTAINER),
    ord("q"): lambda m: m.memoize(m.number(_U8)),
    ord("r"): lambda m: m.memoize(m.number(_U32)),
    0x94: lambda m: m.memoize(len(m.memo)),
    ord("h"): lambda m: m.recall(m.number(_U8)),
    ord("j"): lambda m: m.recall(m.number(_U32)),
}
