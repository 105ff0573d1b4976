"""Files of PyTorch's formats, written by hand: opcode by opcode, sound or not."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import numpy as np

from lamella.core.checkpoints import archive


def zipped(pickle: bytes, storages: dict[str, bytes] | None = None, **others: bytes) -> bytes:
    """A file of the zip format around a pickle."""
    file = io.BytesIO()
    contents = {"data.pkl": pickle, **{f"data/{key}": data for key, data in (storages or {}).items()}, **others}
    archive.write(file, [(f"archive/{name}", [data]) for name, data in contents.items()])
    return file.getvalue()


def text(value: str) -> bytes:
    """The opcode of a str."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    """The opcode of an int."""
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


def sizes(values: Sequence[int]) -> bytes:
    """The opcodes of a tuple of ints."""
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind: str = "FloatStorage", key: str = "0", numel: int = 4, view: bytes = b"") -> bytes:
    """The opcodes of a reference to a storage."""
    return (
        b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + number(numel) + view + b"tQ"
    )


def tensor(
    of: bytes,
    offset: int = 0,
    shape: Sequence[int] = (4,),
    strides: Sequence[int] = (1,),
    rest: bytes = b"\x89ccollections\nOrderedDict\n)R",
) -> bytes:
    """The opcodes of a tensor."""
    place = of + number(offset) + sizes(shape) + sizes(strides)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + place + rest + b"tR"


def legacy(pickle: bytes, keys: list[str], storages: bytes) -> bytes:
    """A file of the old format, as PyTorch 1.0 wrote it."""
    beginning = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00."
    return beginning + pickle + b"\x80\x02](" + b"".join(map(text, keys)) + b"e." + storages


FOUR = np.arange(4, dtype=np.float32).tobytes()
