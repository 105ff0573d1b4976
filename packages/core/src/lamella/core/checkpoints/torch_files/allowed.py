"""The names that a pickle may use, and what each of them makes here. There is nothing else that it can ask for.

A name is looked up in a table; it is never imported, and what it makes is made by a function of this module
from arguments of known types.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from lamella.core import dtypes
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.hashing import Keys
from lamella.core.checkpoints.storages import dtype_named
from lamella.core.checkpoints.torch_files.records import (
    BYTES,
    FOREIGN_KINDS,
    STORAGE_CLASSES,
    ElementKind,
    Maker,
    StorageClass,
    TensorRecord,
    is_size,
    tensor_record,
    types_of,
)
from lamella.core.devices import device
from lamella.core.dtypes import dtype
from lamella.core.errors import CheckpointError, LamellaError
from lamella.core.tensor import Size

Arguments = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Making:
    """What the functions of this module need beside their arguments."""

    maker: Maker
    budget: Budget
    keys: Keys


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a pickle has asked for.

    Attributes:
        name: The name.
        make: Makes a value of arguments; None where the name itself is all that may be used.
        factory: What it stands for as the default of a ``defaultdict``.
        makes_tensors: Whether it makes tensors, which keep nothing of the arguments.
    """

    name: str
    make: Callable[[Making, Arguments], Any] | None = None
    factory: Callable[[], Any] | None = None
    makes_tensors: bool = False


class NumpyKind:
    """A NumPy dtype of a scalar."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "="


#: What a dimension of a tensor costs: its size and its stride, and the time to check them.
_DIMENSION = 50
#: What a member of a set costs.
MEMBER = 100
_NUMPY_CODES = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"}
_OLD_MODULES = {"__builtin__": "builtins", "numpy.core.multiarray": "numpy._core.multiarray"}
_HINTS = {
    "torch._utils._rebuild_sparse_tensor": "Sparse tensors cannot be loaded: save tensor.to_dense().",
    "torch._utils._rebuild_sparse_csr_tensor": "Sparse tensors cannot be loaded: save tensor.to_dense().",
    "torch._utils._rebuild_nested_tensor": "Nested tensors cannot be loaded: save tensor.to_padded_tensor(0.0).",
    "torch._utils._rebuild_qtensor": "Quantized tensors cannot be loaded: save tensor.dequantize().",
    "torch._utils._rebuild_meta_tensor_no_storage": "A tensor on the meta device has no data to load.",
    "argparse.Namespace": "Save it as a dict: vars(args).",
    "numpy._core.multiarray._reconstruct": "NumPy arrays cannot be loaded: save torch.from_numpy(array).",
}


def look_up(module: str, name: str) -> Any:
    """What stands for ``module.name`` while a pickle is read.

    Raises:
        CheckpointError: It is not in the table.
    """
    path = f"{_OLD_MODULES.get(module, module)}.{name}"
    if path in _NAMES:
        return _NAMES[path]
    plain = path.removeprefix("torch.")
    if path.startswith("torch.") and (plain in _DTYPES or plain in FOREIGN_KINDS):
        return FOREIGN_KINDS[plain] if plain in FOREIGN_KINDS else dtype_named(plain)
    hint = _HINTS.get(
        path,
        "If this is a whole model, open it where it was written, and save what belongs to no class: "
        "torch.save(model.state_dict(), path).",
    )
    raise CheckpointError(
        f"it asks for {path[:200]!r}, which is no tensor or plain value, and nothing else is loaded. {hint}"
    )


def _refuse(name: str, arguments: Any) -> NoReturn:
    raise CheckpointError(f"it makes a {name} of what cannot be one: {types_of(arguments)}.")


# --- tensors


def _tensor(making: Making, arguments: Arguments) -> Any:
    if len(arguments) != 4:
        _refuse("tensor", arguments)
    return _made(making, tensor_record(*arguments, requires_grad=False, kind=None, flags=None))


def _tensor_v2(making: Making, arguments: Arguments) -> Any:
    if len(arguments) not in (6, 7):
        _refuse("tensor", arguments)
    storage, offset, shape, strides, requires_grad, hooks = arguments[:6]
    flags = arguments[6] if arguments[6:] else None
    _check_hooks(hooks)
    return _made(making, tensor_record(storage, offset, shape, strides, requires_grad, None, flags))


def _tensor_v3(making: Making, arguments: Arguments) -> Any:
    if len(arguments) not in (7, 8):
        _refuse("tensor", arguments)
    storage, offset, shape, strides, requires_grad, hooks, kind = arguments[:7]
    flags = arguments[7] if arguments[7:] else None
    _check_hooks(hooks)
    if type(kind) is dtype:
        kind = ElementKind(kind.name, kind.itemsize)
    if type(kind) is not ElementKind:
        _refuse("dtype", kind)
    return _made(making, tensor_record(storage, offset, shape, strides, requires_grad, kind, flags))


def _made(making: Making, record: TensorRecord) -> Any:
    making.budget.spend(_DIMENSION * len(record.shape))
    return making.maker.tensor(record)


def _check_hooks(hooks: Any) -> None:
    """Hooks are functions, so there are none; PyTorch writes an empty dict for them."""
    is_empty = type(hooks) in (dict, OrderedDict) and not hooks and not getattr(hooks, "__dict__", None)
    if hooks is not None and not is_empty:
        raise CheckpointError("it has a tensor with backward hooks, which are code and not loaded.")


def _parameter(making: Making, arguments: Arguments) -> Any:
    # A fourth argument has attributes that a program hung on the parameter. Tensors have no place for them.
    if (
        len(arguments) not in (3, 4)
        or type(arguments[1]) is not bool
        or not isinstance(arguments[0], making.maker.made_type)
    ):
        _refuse("parameter", arguments)
    _check_hooks(arguments[2])
    return making.maker.parameter(arguments[0], arguments[1])


def _tensor_with_attributes(making: Making, arguments: Arguments) -> Any:
    """A tensor of a class of its own, or with attributes: taken for a plain one if the class is PyTorch's."""
    if tuple(map(type, arguments[:3])) != (Name, Name, tuple) or len(arguments) != 4:
        _refuse("tensor", arguments)
    rebuild, of_class, inner, _ = arguments
    if rebuild.make not in (_tensor_v2, _tensor_v3) or of_class.name not in _TENSOR_CLASSES:
        _refuse("tensor", arguments)
    return rebuild.make(making, inner)


# --- plain values


def _ordered_dict(making: Making, arguments: Arguments) -> Any:
    made: OrderedDict[Any, Any] = OrderedDict()
    if arguments:  # Python 2 wrote it as a list of pairs
        pairs = arguments[0]
        if len(arguments) != 1 or type(pairs) is not list:
            _refuse("OrderedDict", arguments)
        making.budget.spend(200 * len(pairs))
        for pair in pairs:
            if type(pair) not in (list, tuple) or len(pair) != 2:
                _refuse("OrderedDict", pair)
            making.keys.set_item(made, *pair)
    return made


def _counter(making: Making, arguments: Arguments) -> Any:
    counts = arguments[0] if arguments else {}
    if len(arguments) > 1 or type(counts) is not dict:
        _refuse("Counter", arguments)
    making.budget.spend(100 * len(counts))
    made: Counter[Any] = Counter()
    dict.update(made, counts)
    return made


def _defaultdict(making: Making, arguments: Arguments) -> Any:
    factory = arguments[0] if arguments else None
    if len(arguments) > 1 or (factory is not None and (type(factory) is not Name or factory.factory is None)):
        _refuse("defaultdict", arguments)
    return defaultdict(None if factory is None else factory.factory)


def _size(making: Making, arguments: Arguments) -> Any:
    if len(arguments) != 1 or type(arguments[0]) is not tuple or not all(map(is_size, arguments[0])):
        _refuse("Size", arguments)
    making.budget.spend(8 * len(arguments[0]))
    return Size(arguments[0])


def _device(making: Making, arguments: Arguments) -> Any:
    has_types = tuple(map(type, arguments)) in ((str,), (str, int))
    if not has_types or len(arguments[0]) > 100 or not all(map(is_size, arguments[1:])):
        _refuse("device", arguments)
    try:
        return device(*arguments)
    except LamellaError as error:
        raise CheckpointError(f"it names a device that is none: {error}") from error


def _encode(making: Making, arguments: Arguments) -> Any:
    if tuple(map(type, arguments)) != (str, str) or arguments[1] not in ("latin1", "latin-1"):
        _refuse("bytes", arguments)
    making.budget.spend(len(arguments[0]))
    try:
        return arguments[0].encode("latin-1")
    except UnicodeEncodeError as error:
        raise CheckpointError(f"it makes bytes of text that is none: {arguments[0][:60]!r}") from error


def _no_bytes(making: Making, arguments: Arguments) -> Any:
    if arguments:
        _refuse("bytes", arguments)
    return b""


def _bytearray(making: Making, arguments: Arguments) -> Any:
    content = b"" if not arguments else _encode(making, arguments) if len(arguments) == 2 else arguments[0]
    if type(content) is not bytes:
        _refuse("bytearray", arguments)
    making.budget.spend(len(content))
    return bytearray(content)


def _complex(making: Making, arguments: Arguments) -> Any:
    if tuple(map(type, arguments)) != (float, float):
        _refuse("complex", arguments)
    return complex(*arguments)


def _set(making: Making, arguments: Arguments) -> Any:
    items = arguments[0] if arguments else []
    if len(arguments) > 1 or type(items) is not list:
        _refuse("set", arguments)
    making.budget.spend(MEMBER * len(items))
    made: set[Any] = set()
    making.keys.add(made, items)
    return made


def _frozenset(making: Making, arguments: Arguments) -> Any:
    return frozenset(_set(making, arguments))


# --- NumPy's scalars, which training loops save without knowing


def _numpy_kind(making: Making, arguments: Arguments) -> Any:
    if not arguments or type(arguments[0]) is not str or arguments[0] not in _NUMPY_CODES:
        _refuse("NumPy dtype", arguments)
    return NumpyKind(arguments[0])


def set_numpy_order(kind: NumpyKind, state: Any) -> None:
    """Take over the state of a NumPy dtype, of which only the byte order matters."""
    if type(state) is not tuple or tuple(map(type, state[:5])) != (int, str, *3 * [type(None)]):
        _refuse("NumPy dtype", state)
    if state[1] not in ("<", ">", "|", "="):
        _refuse("NumPy dtype", state)
    kind.order = state[1]


def _numpy_scalar(making: Making, arguments: Arguments) -> Any:
    """A Python number: a checkpoint holds those, and they compare and compute alike."""
    if tuple(map(type, arguments)) != (NumpyKind, bytes):
        _refuse("NumPy scalar", arguments)
    kind = np.dtype(arguments[0].order + arguments[0].code)
    if len(arguments[1]) != kind.itemsize:
        _refuse("NumPy scalar", arguments)
    return np.frombuffer(arguments[1], kind)[0].item()


_TENSOR_CLASSES = ("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")
_DTYPES = {kind.name for kind in dtypes.ALL} | {"bfloat16"}
_NAMES: dict[str, Any] = {
    **{f"torch.{name}": StorageClass(kind) for name, kind in STORAGE_CLASSES.items()},
    "torch.storage.UntypedStorage": StorageClass(BYTES),
    **{
        name.name: name
        for name in (
            Name("torch._utils._rebuild_tensor", _tensor, makes_tensors=True),
            Name("torch._utils._rebuild_tensor_v2", _tensor_v2, makes_tensors=True),
            Name("torch._utils._rebuild_tensor_v3", _tensor_v3, makes_tensors=True),
            Name("torch._utils._rebuild_parameter", _parameter),
            Name("torch._utils._rebuild_parameter_with_state", _parameter),
            Name("torch._tensor._rebuild_from_type_v2", _tensor_with_attributes),
            *map(Name, _TENSOR_CLASSES),
            Name("torch.Size", _size),
            Name("torch.device", _device),
            Name("collections.OrderedDict", _ordered_dict),
            Name("collections.Counter", _counter),
            Name("collections.defaultdict", _defaultdict),
            Name("_codecs.encode", _encode),
            Name("builtins.bytes", _no_bytes),
            Name("builtins.bytearray", _bytearray),
            Name("builtins.complex", _complex),
            Name("builtins.set", _set, set),
            Name("builtins.frozenset", _frozenset),
            Name("builtins.dict", None, dict),
            Name("builtins.list", None, list),
            Name("builtins.int", None, int),
            Name("builtins.long", None, int),  # as protocols before 3 call it
            Name("builtins.float", None, float),
            Name("numpy.dtype", _numpy_kind),
            Name("numpy._core.multiarray.scalar", _numpy_scalar),
        )
    },
}
