"""What a checkpoint holds, as the pickle that PyTorch would write: opcodes that its safe reader takes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from lamella.core.checkpoints.torch_files.records import STORAGE_CLASSES
from lamella.core.devices import device
from lamella.core.errors import CheckpointError

_CLASS_OF = {kind.name: name for name, kind in STORAGE_CLASSES.items()}
_LARGEST_INT = 255  # bytes: PyTorch's safe reader knows no opcode for larger ones


class Pickle:
    """A pickle in the making.

    Args:
        entries: What the numbers of tensors stand for, as ``storages.lay_out`` has it.
        sizes: Bytes of each storage.
        is_mixed: For each storage, whether tensors of different dtypes share it.
    """

    def __init__(self, entries: list[dict[str, Any]], sizes: list[int], is_mixed: list[bool]) -> None:
        self.written = bytearray(b"\x80\x02")
        self._entries = entries
        self._sizes = sizes
        self._is_mixed = is_mixed
        self._memo: dict[str | int, int] = {}

    def end(self) -> bytes:
        """The finished pickle."""
        return bytes(self.written + b".")

    def value(self, node: Any, where: str) -> None:
        """Write a value.

        Args:
            node: Its form, as ``tree.encode`` has it.
            where: How the caller would write the value, for messages.

        Raises:
            CheckpointError: PyTorch's files cannot hold it.
        """
        if node is None or node is True or node is False:
            self.written += b"N" if node is None else b"\x88" if node else b"\x89"
        elif isinstance(node, str):
            self._text(node)
        elif isinstance(node, int):
            self._int(node, where)
        elif isinstance(node, float):
            self.written += struct.pack(">cd", b"G", node)
        else:
            kind, *arguments = node
            _WRITERS[kind](self, arguments, where)

    def _text(self, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        self.written += struct.pack("<cI", b"X", len(raw)) + raw

    def _int(self, number: int, where: str) -> None:
        if -(2**31) <= number < 2**31:
            self.written += struct.pack("<ci", b"J", number)
            return
        length = number.bit_length() // 8 + 1
        if length > _LARGEST_INT:
            raise CheckpointError(f"save: {where} is an int of {length} bytes, and PyTorch's files hold at most 255.")
        self.written += struct.pack("<BB", 0x8A, length) + number.to_bytes(length, "little", signed=True)

    def _once(self, key: str | int, write: Callable[[], None]) -> None:
        """Write a value, or refer to it if it has been written before."""
        if key in self._memo:
            self.written += struct.pack("<cI", b"j", self._memo[key])
            return
        write()
        self._memo[key] = len(self._memo)
        self.written += struct.pack("<cI", b"r", self._memo[key])

    def _name(self, module: str, name: str) -> None:
        line = f"c{module}\n{name}\n".encode("ascii")
        self._once(f"{module}.{name}", lambda: self.written.extend(line))

    def _call(self, module: str, name: str, *arguments: Any) -> None:
        """Write the call of a name, with values in the form of ``tree.encode``."""
        self._name(module, name)
        self._tuple(list(arguments), name)
        self.written += b"R"

    def _tuple(self, nodes: list[Any], where: str) -> None:
        self.written += b"("
        for i, node in enumerate(nodes):
            self.value(node, f"{where}[{i}]")
        self.written += b"t"

    def _list(self, nodes: list[Any], where: str) -> None:
        self.written += b"]("
        for i, node in enumerate(nodes):
            self.value(node, f"{where}[{i}]")
        self.written += b"e"

    def _items(self, pairs: list[Any], where: str) -> None:
        self.written += b"("
        for key, node in pairs:
            self.value(key, f"a key of {where}")
            self.value(node, f"{where}[{key!r}]")
        self.written += b"u"

    def _dict(self, pairs: list[Any], where: str) -> None:
        self.written += b"}"
        self._items(pairs, where)

    def _ordered_dict(self, arguments: list[Any], where: str) -> None:
        metadata, *pairs = arguments
        self._call("collections", "OrderedDict")
        self._items(pairs, where)
        if metadata is not None:
            self._dict([["_metadata", metadata]], where)
            self.written += b"b"

    def _counter(self, pairs: list[Any], where: str) -> None:
        self._call("collections", "Counter", ["dict", *pairs])

    def _float(self, arguments: list[Any], where: str) -> None:
        self.value(float(arguments[0]), where)

    def _large_int(self, arguments: list[Any], where: str) -> None:
        self._int(int(arguments[0], 16), where)

    def _complex(self, arguments: list[Any], where: str) -> None:
        self._call("__builtin__", "complex", *arguments)

    def _bytes(self, arguments: list[Any], where: str) -> None:
        # There are opcodes for bytes, but PyTorch's safe reader does not know them.
        self._call("_codecs", "encode", bytes.fromhex(arguments[0]).decode("latin-1"), "latin1")

    def _dtype(self, arguments: list[Any], where: str) -> None:
        self._name("torch", arguments[0])

    def _device(self, arguments: list[Any], where: str) -> None:
        place = device(arguments[0])
        self._call("torch", "device", place.type, *([] if place.index is None else [place.index]))

    def _size(self, arguments: list[Any], where: str) -> None:
        self._call("torch", "Size", ["tuple", *arguments])

    def _tensor(self, arguments: list[Any], where: str) -> None:
        number = arguments[0]
        self._once(number, lambda: self._new_tensor(self._entries[number], where))

    def _new_tensor(self, entry: dict[str, Any], where: str) -> None:
        storage, dtype, itemsize = entry["storage"], entry["dtype"], entry["itemsize"]
        is_mixed = self._is_mixed[storage]
        self._name("torch._utils", "_rebuild_tensor_v3" if is_mixed else "_rebuild_tensor_v2")
        self.written += b"(("
        self._text("storage")
        if is_mixed:
            self._name("torch.storage", "UntypedStorage")
        else:
            self._name("torch", _CLASS_OF[dtype])
        self._text(str(storage))
        self._text(entry["device"])
        self._int(self._sizes[storage] // (1 if is_mixed else itemsize), where)
        self.written += b"tQ"
        self._int(entry["offset"] // itemsize, where)
        self._tuple(list(entry["shape"]), where)
        self._tuple([stride // itemsize for stride in entry["strides"]], where)
        self.value(entry["requires_grad"], where)
        self._call("collections", "OrderedDict")  # no hooks
        if is_mixed:
            self._name("torch", dtype)
        self.written += b"tR"


_WRITERS: dict[str, Callable[[Pickle, list[Any], str], None]] = {
    "list": Pickle._list,
    "tuple": Pickle._tuple,
    "dict": Pickle._dict,
    "odict": Pickle._ordered_dict,
    "counter": Pickle._counter,
    "float": Pickle._float,
    "int": Pickle._large_int,
    "complex": Pickle._complex,
    "bytes": Pickle._bytes,
    "dtype": Pickle._dtype,
    "device": Pickle._device,
    "size": Pickle._size,
    "tensor": Pickle._tensor,
}
