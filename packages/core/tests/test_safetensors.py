"""Safetensors: the same files as those of the safetensors package, and nothing but CheckpointError for others."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from textwrap import dedent

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy as package

import lamella
from lamella.core.checkpoints import inspect, load, save
from lamella.core.checkpoints.safetensors import load_file, safe_open, save_file
from lamella.core.checkpoints.source import Source
from lamella.core.errors import ArgumentError, CheckpointError

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64"]


def arrays() -> dict[str, np.ndarray]:
    values = np.random.default_rng(0).normal(0, 20, (3, 4))
    made = {f"{dtype} é": values.astype(dtype) for dtype in DTYPES}
    return {**made, "0-d": np.array(1.5), "empty": np.zeros((0, 3), np.float32), 'a "b"\n.weight': np.arange(5)}


def tensors() -> dict[str, lamella.Tensor]:
    return {name: lamella.from_numpy(array) for name, array in arrays().items()}


def file_of(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype: object = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def saved(obj: object) -> bytes:
    file = io.BytesIO()
    save(obj, file, format="safetensors")
    return file.getvalue()


# --- what goes in comes out


def test_files_are_those_of_the_package(tmp_path):
    path = tmp_path / "a.safetensors"
    save(tensors(), path)
    assert path.read_bytes() == package.save(arrays())
    save_file(tensors(), path, {"format": "pt"})
    assert path.read_bytes() == package.save(arrays(), {"format": "pt"})
    assert saved({}) == package.save({})


@pytest.mark.parametrize("mmap", [False, True])
def test_files_of_the_package_are_read(tmp_path, mmap):
    path = tmp_path / "a.safetensors"
    package.save_file(arrays(), path)
    back = load(path, mmap=mmap)
    assert list(back) == list(package.load_file(path))
    for name, array in arrays().items():
        np.testing.assert_array_equal(back[name].numpy(), array)
        assert back[name].array.dtype == array.dtype
        assert back[name].array.flags.writeable
    back["float64 é"].zero_()  # changes stay private
    np.testing.assert_array_equal(load_file(path)["float64 é"].numpy(), arrays()["float64 é"])


def test_bfloat16_keeps_its_bits(tmp_path):
    path = tmp_path / "a.safetensors"
    tensor = lamella.tensor([1.0, -2.5, float("inf")], dtype=lamella.bfloat16)
    save({"a": tensor}, path)
    back = load(path)["a"]
    assert back.dtype is lamella.bfloat16
    assert back.array.tobytes() == np.array([1.0, -2.5, np.inf], ml_dtypes.bfloat16).tobytes()
    assert inspect(path).tensors[0].dtype == "bfloat16"


def test_bfloat16_without_its_package_says_what_to_install(tmp_path):
    tensor = lamella.ones(1, dtype=lamella.bfloat16)
    for path in (tmp_path / "a.safetensors", tmp_path / "a.lam"):
        save({"a": tensor}, path)
        program = f"""
            import sys; sys.modules["ml_dtypes"] = None
            from lamella.core.checkpoints import load
            try:
                load({str(path)!r})
            except Exception as error:
                print(type(error).__name__, error)
        """
        done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("CheckpointError load: ")
        assert "pip install 'lamella-core[bfloat16]'" in done.stdout


def test_tensors_that_are_not_contiguous_are_saved_as_if_they_were():
    base = lamella.arange(12.0).reshape(3, 4)
    back = load(io.BytesIO(saved({"a": base.T[::2]})))["a"]
    assert back.tolist() == base.T[::2].tolist()


def test_metadata_is_kept(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": lamella.ones(1)}, path, {"format": "pt", "größe": "π"})
    assert inspect(path).metadata == {"format": "pt", "größe": "π"}
    with safe_open(path) as file:
        assert file.metadata() == {"format": "pt", "größe": "π"}
    with pytest.raises(CheckpointError, match="convert the values with str"):
        save_file({"a": lamella.ones(1)}, path, {"epoch": 1})


def test_files_with_tensors_out_of_alignment_are_read(tmp_path):
    path = tmp_path / "a.safetensors"
    header = {"b": entry("U8", [1], [0, 1]), "f": entry("F32", [2], [1, 9])}
    path.write_bytes(file_of(header, b"\7" + np.array([1.0, 2.0], np.float32).tobytes()))
    for mmap in (False, True):
        back = load(path, mmap=mmap)
        assert back["f"].tolist() == [1.0, 2.0]
        assert back["f"].array.flags.aligned


def test_tensors_in_another_order_than_the_header_are_read():
    header = {"second": entry(offsets=[4, 8]), "none": entry(shape=[0], offsets=[4, 4]), "first": entry()}
    back = load(io.BytesIO(file_of(header, np.array([1.0, 2.0], np.float32).tobytes())))
    assert {name: tensor.tolist() for name, tensor in back.items()} == {"second": [2.0], "none": [], "first": [1.0]}


# --- reading parts


def test_safe_open_loads_tensors_and_parts_of_them(tmp_path):
    path = tmp_path / "a.safetensors"
    save(tensors(), path)
    with safe_open(path, framework="pt", device="cpu") as file:
        assert file.keys() == list(load(path))
        assert file.get_tensor("0-d").item() == 1.5
        part = file.get_slice("int32 é")
        assert (part.get_shape(), part.get_dtype()) == ([3, 4], "I32")
        np.testing.assert_array_equal(part[1:, ::2].numpy(), arrays()["int32 é"][1:, ::2])
        assert part[..., -1].array.flags.writeable
        assert file.get_slice("bool é")[0, 0].tolist() == bool(arrays()["bool é"][0, 0])
        with pytest.raises(KeyError, match="no tensor 'none'. It has "):
            file.get_tensor("none")
        with pytest.raises(IndexError):
            part[5]
    with pytest.raises(ArgumentError, match="framework='pt', got 'np'"):
        safe_open(path, framework="np")


def test_dtypes_that_lamella_lacks_are_shown_and_refused_by_name(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(file_of({"eight": entry("F8_E4M3", [4]), "f": entry(offsets=[4, 8])}, bytes(8)))
    assert [(tensor.name, tensor.dtype, tensor.size) for tensor in inspect(path).tensors] == [
        ("eight", "F8_E4M3", 4),
        ("f", "float32", 4),
    ]
    with pytest.raises(CheckpointError, match="'eight' has dtype F8_E4M3, which Lamella lacks. safe_open"):
        load(path)
    with safe_open(path) as file:
        assert file.get_tensor("f").tolist() == [0.0]


# --- what cannot be saved


def test_shared_memory_is_refused_with_the_names():
    weight = lamella.ones(4, 4)
    with pytest.raises(CheckpointError, match=r"'a', 'c' share memory.*\.clone\(\).*\.lam"):
        saved({"a": weight, "b": lamella.ones(2), "c": weight[1:].T})
    assert set(load(io.BytesIO(saved({"a": weight[:2], "c": weight[2:]})))) == {"a", "c"}  # no overlap


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([lamella.ones(1)], "holds a dict of tensors, got list"),
        ({"a": 1}, r"obj\['a'\] is a int"),
        ({1: lamella.ones(1)}, r"obj\[1\] is a"),
        ({"a": {"b": lamella.ones(1)}}, r"obj\['a'\] is a dict.*\.lam"),
        ({"z": lamella.ones(1, dtype=lamella.complex128)}, "'z', a tensor of complex128, cannot"),
        ({"__metadata__": lamella.ones(1)}, "'__metadata__'.*Convert or rename"),
        ({"\ud800": lamella.ones(1)}, "cannot be written in UTF-8"),
        ({"x" * (1 << 24): lamella.ones(1)}, "the header takes 1677"),
    ],
    ids=range(8),
)
def test_what_the_format_cannot_hold_is_refused(value, message):
    with pytest.raises(CheckpointError, match=message):
        saved(value)


# --- hostile files

GOOD = {"a": entry()}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (file_of(GOOD, b""), "the tensors end at byte .* cut short"),
        (file_of(GOOD, bytes(5)), "something follows"),
        (file_of(GOOD, bytes(4), length=2**39), "announces a header of 549755813888 bytes"),
        (file_of(GOOD, bytes(4), length=2**24 + 1), "announces a header"),
        (file_of({"a": entry(offsets=[4, 8])}, bytes(8)), "overlap, or bytes that belong to none"),
        (file_of({"a": entry(), "b": entry()}, bytes(4)), "overlap"),
        (file_of({"a": entry(), "b": entry(offsets=[5, 9])}, bytes(9)), "belong to none"),
        (file_of({"a": entry(offsets=[4, 0])}, bytes(4)), "'a' is impossible"),
        (file_of({"a": entry(offsets=[0, 4, 4])}, bytes(4)), "impossible"),
        (file_of({"a": entry(offsets=[0, 4.0])}, bytes(4)), "impossible"),
        (file_of({"a": entry(offsets=[0, True])}, bytes(1)), "impossible"),
        (file_of({"a": entry(offsets=[-4, 0])}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=[-1, -1])}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=[2])}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=4)}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=["1"])}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=[2**62, 2**62, 0], offsets=[0, 0])}), "impossible"),
        (file_of({"a": entry(shape=[2**32, 2**32])}, bytes(4)), "impossible"),
        (file_of({"a": entry(shape=[1] * 65)}, bytes(4)), "impossible"),
        (file_of({"a": entry("C128")}, bytes(4)), "impossible"),
        (file_of({"a": entry(["F32"])}, bytes(4)), "impossible"),
        (file_of({"a": {**entry(), "more": 1}}, bytes(4)), "impossible"),
        (file_of({"a": []}, bytes(4)), "impossible"),
        (file_of({"__metadata__": {"a": 1}}), "holds something else than texts"),
        (file_of({"__metadata__": ["a"]}), "holds something else than texts"),
        (file_of(json.dumps([GOOD, GOOD]).encode()[1:-1].replace(b"}}, {", b"}, "), bytes(4)), "same key twice"),
        (file_of(b'{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)), "same key twice"),
        (file_of(b'{"a":NaN}'), "NaN is not JSON"),
        (file_of(b'{"a":' + b"[" * 200_000), "cannot be read"),
        (file_of(b'{"a":[' + b"[]," * 2_700_000 + b"0]}"), "far more memory than the file"),
        (file_of(b'{"\xff":1}'), "cannot be read"),
        (file_of(b'{"a":' + b"1" * 5000 + b"}"), "cannot be read"),
        (file_of(b'{"a":1} {}'), "cannot be read"),
        (file_of({"a": entry("BOOL", [4])}, b"\0\1\2\1"), "bytes other than 0 and 1"),
    ],
    ids=range(34),
)  # fmt: skip  # a line each
def test_hostile_headers_are_refused(data, message, tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    for mmap in (False, True):
        with pytest.raises(CheckpointError, match=f"load: .*bad.safetensors: .*{message}"):
            load(path, mmap=mmap)


def test_a_slice_of_bools_is_checked(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(file_of({"a": entry("BOOL", [4])}, b"\0\1\2\1"))
    with safe_open(path) as file:
        assert file.get_slice("a")[:2].tolist() == [False, True]
        with pytest.raises(CheckpointError, match="other than 0 and 1"):
            file.get_slice("a")[1:]


def test_load_file_and_safe_open_name_themselves_and_the_file(tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(file_of(GOOD))
    with pytest.raises(CheckpointError, match=r"load_file: .*bad.safetensors: the tensors end"):
        load_file(path)
    with pytest.raises(CheckpointError, match=r"safe_open: .*bad.safetensors: the tensors end"):
        safe_open(path)


def test_a_header_that_looks_like_a_pickle_is_told_from_one():
    header = json.dumps({"a": entry()}).encode()
    data = file_of(header + b" " * (0x80 - len(header)), bytes(4))
    assert data[0] == 0x80
    assert load(io.BytesIO(data))["a"].tolist() == [0.0]


def test_files_that_only_read_are_read_as_well():
    class OnlyRead:
        """A file object without ``readinto``, which gives little at a time."""

        def __init__(self, data: bytes) -> None:
            self.file = io.BytesIO(data)
            self.seek, self.tell = self.file.seek, self.file.tell

        def read(self, size: int) -> bytes:
            return self.file.read(min(size, 7))

    data = saved(tensors())
    back = load(OnlyRead(data))
    np.testing.assert_array_equal(back["int64 é"].numpy(), arrays()["int64 é"])
    with pytest.raises(CheckpointError, match="bytes are missing"):
        Source(OnlyRead(data[:-1]), 0, len(data), False, None).read_at(len(data) - 8, 8)


def test_descriptors_are_closed(tmp_path):
    path = tmp_path / "a.safetensors"
    save(tensors(), path)
    lowest_free = os.open(path, os.O_RDONLY)
    os.close(lowest_free)
    load(path), load(path, mmap=True), inspect(path)
    with safe_open(path) as file:
        file.get_tensor("0-d")
    path.write_bytes(file_of(GOOD))
    with pytest.raises(CheckpointError):
        safe_open(path)
    again = os.open(path, os.O_RDONLY)
    os.close(again)
    assert again == lowest_free
