"""NumPy's files: what NumPy writes is read, NumPy reads what is written, and no pickle or bomb gets through."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import inspect, load, save
from lamella.core.errors import CheckpointError

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def arrays() -> dict[str, np.ndarray]:
    values = np.random.default_rng(0).normal(0, 20, (3, 4))
    made = {f"layer.{dtype}:0": values.astype(dtype) for dtype in DTYPES}
    turned = {"transposed": values.T, "big-endian": values.astype(">f8"), "every second": values[:, ::2]}
    return {**made, **turned, "0-d": np.array(1.5), "empty": np.zeros((0, 3), np.float32)}


def written(write, *positional, **named) -> bytes:
    file = io.BytesIO()
    write(file, *positional, **named)
    return file.getvalue()


def npy(header: str | bytes, data: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    text = header.encode() if isinstance(header, str) else header
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def described(descr: str = "'<f4'", order: object = False, shape: str = "(1,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def read(data: bytes):
    return load(io.BytesIO(data))


# --- what goes in comes out


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("mmap", [False, True])
def test_npz_files_of_numpy_are_read(write, mmap, tmp_path):
    path = tmp_path / "a.npz"
    write(path, **arrays())
    back = load(path, mmap=mmap)
    assert list(back) == list(arrays())
    for name, array in arrays().items():
        np.testing.assert_array_equal(back[name].numpy(), array)
        assert back[name].array.flags.writeable
        assert back[name].array.flags.aligned
        assert back[name].array.dtype.isnative


def test_numpy_reads_what_is_written(tmp_path):
    path = tmp_path / "a.npz"
    given = {name: lamella.from_numpy(array.astype(array.dtype.newbyteorder("="))) for name, array in arrays().items()}
    save(given, path)
    with np.load(path, allow_pickle=False) as back:
        assert list(back) == list(given)
        for name, tensor in given.items():
            np.testing.assert_array_equal(back[name], tensor.numpy())
            assert back[name].dtype == tensor.array.dtype
    mapped = load(path, mmap=True)
    mapped["layer.float32:0"].zero_()  # changes stay private
    assert load(path)["layer.float32:0"].tolist() == given["layer.float32:0"].tolist()


@pytest.mark.parametrize("name", list(arrays()))
def test_npy_files_both_ways(name, tmp_path):
    path, array = tmp_path / "a.npy", arrays()[name]
    np.save(path, array)
    for mmap in (False, True):
        back = load(path, mmap=mmap)
        np.testing.assert_array_equal(back.numpy(), array)
        assert back.shape == array.shape
    save(back, path)
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), array)


def test_order_in_memory_is_kept():
    transposed = lamella.arange(6.0).reshape(2, 3).T
    data = written(lambda file: save(transposed, file, format="npy"))
    assert np.load(io.BytesIO(data)).flags.f_contiguous
    assert read(data).stride() == (1, 3)


def test_an_empty_dict():
    assert read(written(np.savez)) == {}
    data = written(lambda file: save({}, file, format="npz"))
    assert list(np.load(io.BytesIO(data))) == []


def test_headers_of_other_programs_are_read():
    one = np.array([1.0], np.float32).tobytes()
    for header in (
        '{"shape": (1,), "descr": "<f4", "fortran_order": False}\n',
        "{'descr':'<f4','fortran_order':False,'shape':(1,)}",
        described(shape="(1L,)"),  # Python 2
    ):
        assert read(npy(header, one)).tolist() == [1.0]
        assert read(npy(header, one, version=2)).tolist() == [1.0]
    assert read(npy(described("'f4'"), one)).tolist() == [1.0]
    assert read(npy(described("'|u1'"), b"\7")).tolist() == [7]


def test_summaries_do_not_read_the_data():
    data = written(np.savez_compressed, a=np.arange(100_000), b=np.zeros((2, 3), np.float32))
    assert [(tensor.name, tensor.dtype, tensor.shape, tensor.size) for tensor in inspect(io.BytesIO(data)).tensors] == [
        ("a", "int64", (100_000,), 800_000),
        ("b", "float32", (2, 3), 24),
    ]
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 1  # in the middle of a
    assert inspect(io.BytesIO(bytes(damaged))).tensors == inspect(io.BytesIO(data)).tensors
    with pytest.raises(CheckpointError, match="'a': "):
        read(bytes(damaged))


# --- what cannot be saved


@pytest.mark.parametrize(
    ("format", "value", "message"),
    [
        ("npz", [lamella.ones(1)], r"a \.npz file holds a dict of tensors, got list"),
        ("npz", {"a": 1}, r"obj\['a'\] is a int"),
        ("npz", {"é": lamella.ones(1)}, "'é' is not ASCII"),
        ("npz", {"b": lamella.ones(1, dtype=lamella.bfloat16)}, "'b' has dtype bfloat16.*float"),
        ("npy", {"a": lamella.ones(1)}, r"holds one tensor, got dict. Use \.npz"),
        ("npy", lamella.ones(1, dtype=lamella.bfloat16), "the tensor has dtype bfloat16"),
    ],
)
def test_what_the_formats_cannot_hold_is_refused(format, value, message):
    with pytest.raises(CheckpointError, match=message):
        save(value, io.BytesIO(), format=format)


# --- hostile files


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([print], object), "Python objects, which is a pickle"),
        (np.ones(2, np.uint16), "no dtype for arrays of '<u2'"),
        (np.array(["text"]), "no dtype for arrays of '<U4'"),
        (np.array([b"text"]), r"no dtype for arrays of '\|S4'"),
        (np.array(["2020"], "M8[Y]"), "not that of a plain array"),
        (np.ones(2, [("a", "f4")]), "not that of a plain array"),
    ],
    ids=str,
)
def test_arrays_that_no_tensor_can_hold_are_refused(array, message):
    # Objects need not even be there.
    data = written(np.lib.format.write_array_header_1_0, np.lib.format.header_data_from_array_1_0(array))
    data += bytes(array.nbytes)
    with pytest.raises(CheckpointError, match=message):
        read(data)
    with pytest.raises(CheckpointError, match=f"'weights': .*{message}"):
        read(zipped({"weights.npy": data}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (npy(described()), "needs 4 bytes, and 0 are there"),
        (npy(described(), bytes(8)), "needs 4 bytes, and 8 are there"),
        (npy(described(), bytes(4), version=4), "newer version"),
        (npy(described(), bytes(4), length=65535), "header of 65535 bytes is announced"),
        (npy(described(), bytes(4), version=2, length=2**31), "header of 2147483648 bytes is announced"),
        (npy(described() + " " * 2**16, bytes(4), version=2), "more than there are or are allowed"),
        (npy(described(shape="(2**62,)"), bytes(4)), "the shape .* is impossible"),
        (npy(described(shape="(-1,)"), bytes(4)), "the shape .* is impossible"),
        (npy(described(shape="(" + "1," * 65 + ")"), bytes(4)), "is impossible"),
        (npy(described(shape=f"({'9' * 5000},)"), bytes(4)), "is impossible"),
        (npy(described(shape=f"({2**40}, {2**40})"), bytes(4)), "too many elements"),
        (npy(described(shape=f"(0, {2**62}, {2**62})")), "too many elements"),
        (npy(described(shape="()"), bytes(8)), "needs 4 bytes"),
        (npy(described(shape="[1]"), bytes(4)), "not that of a plain array"),
        (npy(described(shape="True"), bytes(4)), "not that of a plain array"),
        (npy(described(order="'x'"), bytes(4)), "not that of a plain array"),
        (npy(described(order="__import__('os')"), bytes(4)), "not that of a plain array"),
        (npy(described("True"), bytes(4)), "not that of a plain array"),
        (npy("{}", bytes(4)), "not that of a plain array"),
        (npy("", bytes(4)), "not that of a plain array"),
        (npy(b"\xff\xfe{}", bytes(4)), "not that of a plain array"),
        (npy("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}", bytes(4)), "not that of a plain array"),
        (npy(described() + described(), bytes(4)), "not that of a plain array"),
        (npy("{" + "'a': 'b'," * 5000 + "}", bytes(4)), "not that of a plain array"),
        (npy(described("'|b1'", shape="(3,)"), b"\0\1\2"), "other than 0 and 1"),
        (npy(described())[:9], "cut short"),
    ],
    ids=range(26),
)
def test_hostile_headers_are_refused(data, message):
    with pytest.raises(CheckpointError, match=message):
        read(data)
    with pytest.raises(CheckpointError, match=message):
        read(zipped({"a.npy": data}, zipfile.ZIP_DEFLATED))


def test_members_that_are_no_arrays_are_refused():
    with pytest.raises(CheckpointError, match=r"member 'b.txt' is no array"):
        read(zipped({"a.npy": npy(described(), bytes(4)), "b.txt": b""}))


def test_damaged_data_is_found_by_its_checksum():
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = zipped({"a.npy": npy(described("'|u1'", shape="(64,)"), bytes(range(64)))}, method)
        crc = zlib.crc32(npy(described("'|u1'", shape="(64,)"), bytes(range(64)))).to_bytes(4, "little")
        assert data.count(crc) == 2
        with pytest.raises(CheckpointError, match="'a': .*does not match its checksum"):
            read(data.replace(crc, b"\1\2\3\4"))


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    header = npy(described("'|u1'", shape=f"({size},)"))
    zeros = bytes(1 << 20)
    crc = zlib.crc32(header)
    packed = packer.compress(header)
    for _ in range(size >> 20):
        packed += packer.compress(zeros)
        crc = zlib.crc32(zeros, crc)
    packed += packer.flush()
    name, length = b"a.npy", len(header) + size
    fields = (8, 0, 0x21, crc, len(packed), length, len(name))
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, *fields, 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, *fields, 0, 0, 0, 0, 0, 0) + name
    start = len(local) + len(packed)
    return local + packed + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), start, 0)


def announced(size: int) -> bytes:
    """The size of a bomb's member as its headers have it."""
    return (len(npy(described("'|u1'", shape=f"({size},)"))) + size).to_bytes(4, "little")


def test_zip_bombs_are_refused_before_they_grow():
    harmless = bomb(1 << 20)
    assert read(harmless)["a"].shape == (1 << 20,)
    whole = bomb(100 << 20)
    small = whole.replace(announced(100 << 20), (1000).to_bytes(4, "little"))
    large = harmless.replace(announced(1 << 20), (2**31).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        for data, message in (
            (whole, "would grow to 104857"),
            (small, "needs 104857600 bytes"),
            (large, "announces 2147483648 bytes, which it cannot hold"),
        ):
            with pytest.raises(CheckpointError, match=message):
                read(data)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_compressed_data_that_ends_elsewhere_is_refused(extra):
    content = npy(described("'|u1'", shape="(64,)"), bytes(64))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content + extra) + packer.flush()
    packed = packed + b"after" if not extra else packed
    fields = (8, 0, 0x21, zlib.crc32(content), len(packed), len(content), 5)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, *fields, 0) + b"a.npy"
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, *fields, 0, 0, 0, 0, 0, 0) + b"a.npy"
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    with pytest.raises(CheckpointError, match="does not end where it should"):
        read(local + packed + central + end)
