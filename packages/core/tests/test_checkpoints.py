"""Checkpoints: what goes in comes out, and no file does harm."""

from __future__ import annotations

import io
import json
import math
import os
import pathlib
import pickle
import stat
import struct
import threading
import tracemalloc
import zipfile
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import archive, load, native, save
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.storages import turned
from lamella.core.checkpoints.tree import MAX_DEPTH
from lamella.core.errors import ArgumentTypeError, CheckpointError, DeviceError

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64"]
DTYPES += ["complex128"]


def saved(obj: object) -> bytes:
    file = io.BytesIO()
    save(obj, file)
    return file.getvalue()


def round_trip(obj: object):
    return load(io.BytesIO(saved(obj)))


def loaded(data: bytes):
    return load(io.BytesIO(data))


def tensor(array, requires_grad: bool = False) -> lamella.Tensor:
    return lamella.Tensor._wrap(np.asarray(array), requires_grad)


def addresses(*tensors: lamella.Tensor) -> list[int]:
    return [item.array.__array_interface__["data"][0] for item in tensors]


def contents_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive_file:
        return {name: archive_file.read(name) for name in archive_file.namelist()}


def rewritten(data: bytes, change) -> bytes:
    """The file again, sound in every checksum, after `change` had its way with the header and the members."""
    contents = contents_of(data)
    header = json.loads(contents["lamella.json"])
    columns = header["tensors"]
    header["tensors"] = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    replaced = change(header, contents)
    columns = {key: None for entry in header["tensors"] for key in entry} or columns
    header["tensors"] = {key: [entry[key] for entry in header["tensors"]] for key in columns}
    contents["lamella.json"] = json.dumps(header).encode() if replaced is None else replaced
    file = io.BytesIO()
    archive.write(file, [(name, [data]) for name, data in contents.items()])
    return file.getvalue()


# --- what goes in comes out


def test_plain_values_keep_type_and_value():
    value = {
        "none": None,
        "bools": [True, False],
        "ints": (0, -1, 2**63, -(2**64) + 1, 2**64, -(10**90)),
        "floats": [0.0, 1.5, 1e308, 5e-324, 0.1, math.pi, math.inf, -math.inf],
        "complex": [1 + 2j, complex(math.inf, -0.0)],
        "text": ["", "ä\ud800\0\n", "list", '"'],
        "bytes": [b"", bytes(range(256))],
        "types": [lamella.float32, lamella.bool, lamella.device("cpu"), lamella.device("cuda:3")],
        "sizes": [lamella.Size([]), lamella.Size([2, 0, 3])],
        1: "int key",
        (1, "a", (None, 2.5)): "tuple key",
        None: [],
        2.5: (),
        b"k": {},
        lamella.int64: OrderedDict(b=1, a=2),
    }
    back = round_trip(value)
    assert repr(back) == repr(value)  # tells 1 from 1.0 and True, tuples from lists, and keeps order
    assert back == value
    assert round_trip(10**5000) == 10**5000  # more digits than Python converts at once
    assert type(back["sizes"][1]) is lamella.Size
    assert back["types"][0] is lamella.float32


def test_signs_of_zero_and_nan():
    back = round_trip([-0.0, math.nan, complex(-0.0, math.nan)])
    assert math.copysign(1, back[0]) == -1
    assert math.isnan(back[1])
    assert math.copysign(1, back[2].real) == -1
    assert math.isnan(back[2].imag)


def test_state_dict_metadata_comes_along():
    state = OrderedDict(weight=tensor([1.0]))
    state._metadata = OrderedDict({"": {"version": 1}, "bn": {"version": 2}})
    back = round_trip(state)
    assert type(back) is OrderedDict
    assert back._metadata == state._metadata
    assert not hasattr(round_trip(OrderedDict(a=1)), "_metadata")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (5,), (2, 3, 4)])
def test_tensors_of_every_dtype_and_shape(dtype, shape):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    back = round_trip(tensor(array))
    assert type(back) is lamella.Tensor
    assert back.array.dtype is tensor(array).array.dtype
    assert back.shape == shape
    np.testing.assert_array_equal(back.array, array)
    assert back.array.flags.writeable
    assert back.array.flags.aligned


def test_bfloat16():
    back = round_trip(lamella.tensor([1.5, -2.0], dtype=lamella.bfloat16, requires_grad=True))
    assert back.dtype is lamella.bfloat16
    assert back.tolist() == [1.5, -2.0]
    assert back.requires_grad


def test_bits_of_floats_are_kept():
    bits = np.array([0x7FC00001, 0xFF800000, 0x80000000, 1], np.uint32)
    assert round_trip(tensor(bits.view(np.float32))).array.view(np.uint32).tolist() == bits.tolist()


def test_requires_grad_parameters_and_results():
    class Parameter(lamella.Tensor):
        """Stands for nn.Parameter, which is another package's."""

    weight = Parameter._wrap(np.ones(3), True)
    result = weight * 2
    back = round_trip({"weight": weight, "result": result, "plain": tensor([1.0])})
    assert [type(item) for item in back.values()] == [lamella.Tensor] * 3
    assert [item.requires_grad for item in back.values()] == [True, True, False]
    assert all(item.is_leaf for item in back.values())


def test_the_same_tensor_twice_is_one_tensor_again():
    one = tensor([1.0, 2.0])
    back = round_trip({"a": one, "b": [one], "other": tensor([1.0, 2.0])})
    assert back["a"] is back["b"][0]
    assert back["a"] is not back["other"]
    assert len(contents_of(saved([one, one]))) == 2


def test_views_share_memory_again_with_their_strides():
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    views = {
        "transposed": tensor(base.T),
        "row": tensor(base[1]),
        "column": tensor(base[:, 2]),
        "every second": tensor(base[::2, 1::2]),
        "as ints": tensor(base.view(np.int32)),
        "repeated": tensor(np.broadcast_to(base[2:3], (5, 6))),
    }
    data = saved(views)
    assert len(contents_of(data)) == 2
    back = loaded(data)
    for name, view in views.items():
        np.testing.assert_array_equal(back[name].array, view.array)
        assert back[name].array.strides == view.array.strides
    back["transposed"].array[...] = 7.0
    assert all((back[name].array == 7.0).all() for name in ("row", "column", "every second", "repeated"))
    assert (back["as ints"].array.view(np.float32) == 7.0).all()


def test_complex_numbers_share_with_their_parts():
    numbers = np.array([1 + 2j, 3 + 4j], np.complex64)
    back = round_trip([tensor(numbers.imag), tensor(numbers)])
    back[1].array[0] = 9j
    assert back[0].array.tolist() == [9.0, 4.0]


def test_what_does_not_overlap_is_kept_apart():
    base = np.zeros(1_000_000, np.float64)
    data = saved([tensor(base[10:12]), tensor(base[2:4]), tensor(base[11:15]), tensor(base[4:5])])
    assert [len(member) for member in contents_of(data).values()][1:] == [40, 16, 8]


def test_a_view_alone_does_not_take_its_base_along():
    base = np.arange(1_000_000.0).reshape(1000, 1000)
    data = saved(tensor(base[:, 3]))
    assert len(data) < 10_000
    back = loaded(data)
    np.testing.assert_array_equal(back.array, base[:, 3])
    assert back.array.strides == (8,)
    transposed = round_trip(tensor(base[:3, :3].copy().T))
    assert transposed.array.strides == (8, 24)
    assert len(saved(tensor(np.broadcast_to(np.float32(1), (1000, 1000))))) < 2000


def test_negative_strides_are_straightened():
    back = round_trip(tensor(np.arange(6)[::-1]))
    assert back.array.tolist() == [5, 4, 3, 2, 1, 0]
    assert back.array.strides == (8,)


def test_bytes_are_little_endian_on_every_machine():
    members = contents_of(saved([tensor(np.array([1, 2], np.int32)), tensor(np.array([1 + 2j], np.complex128))]))
    assert members["storages/0"] == struct.pack("<ii", 1, 2)
    assert members["storages/1"] == struct.pack("<dd", 1.0, 2.0)
    memory = np.frombuffer(struct.pack(">ii", 1, 2), np.uint8)  # what a big-endian machine would hold
    assert turned(memory, 4, "big").tobytes() == members["storages/0"]
    assert turned(memory, 4, "little") is memory


# --- files


def test_paths_and_file_objects(tmp_path):
    value = {"a": tensor([1.0, 2.0])}
    for path in (tmp_path / "a.lam", str(tmp_path / "b.lam"), os.fsencode(tmp_path / "c.lam")):
        save(value, path)
        assert load(path)["a"].array.tolist() == [1.0, 2.0]
    with open(tmp_path / "d.lam", "wb") as file:
        save(value, file)
    with open(tmp_path / "d.lam", "rb", buffering=0) as file:
        assert load(file)["a"].array.tolist() == [1.0, 2.0]
    assert len({(tmp_path / name).read_bytes() for name in ("a.lam", "b.lam", "c.lam", "d.lam")}) == 1


def test_a_file_object_is_read_from_where_it_stands():
    file = io.BytesIO(b"something before" + saved([1]))
    file.seek(16)
    assert load(file) == [1]


def test_other_zip_programs_can_read_it():
    data = saved({"a": tensor(np.arange(100))})
    with zipfile.ZipFile(io.BytesIO(data)) as archive_file:
        assert archive_file.testzip() is None
        assert archive_file.namelist() == ["lamella.json", "storages/0"]
        assert json.loads(archive_file.read("lamella.json"))["format"] == "lamella-checkpoint"


def test_data_is_aligned_and_can_be_mapped(tmp_path):
    value = [tensor(np.arange(n, dtype=np.float32)) for n in (1, 0, 1000, 3)]
    path = tmp_path / "a.lam"
    save(value, path)
    with open(path, "rb") as file:
        members = archive.members_of(Source(file, 0, path.stat().st_size, False, None))
    assert all(member.data_position % 64 == 0 for member in members)
    mapped = load(path, mmap=True)
    assert all(address % 64 == 0 for address in addresses(mapped[0], mapped[2], mapped[3]))
    for before, after in zip(value, mapped, strict=True):
        np.testing.assert_array_equal(after.array, before.array)
    mapped[2].array[0] = -1.0  # changes stay private
    assert load(path)[2].array[0] == 0.0
    with pytest.raises(ArgumentTypeError, match="needs a path"):
        load(io.BytesIO(saved(1)), mmap=True)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.lam"
    save("old", path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save("new", path)
    monkeypatch.undo()
    assert load(path) == "old"
    assert os.listdir(tmp_path) == ["a.lam"]
    with pytest.raises(CheckpointError):
        save({"x": object()}, path)
    assert load(path) == "old"


if os.name == "posix":  # permissions, links and pipes as it has them

    def test_a_replaced_file_keeps_permissions_and_links(tmp_path):
        path, link = tmp_path / "a.lam", tmp_path / "link.lam"
        save(1, path)
        path.chmod(0o600)
        link.symlink_to(path)
        save(2, link)
        assert link.is_symlink()
        assert load(path) == 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        received = []
        reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
        reader.start()
        save(3, pipe)
        reader.join()
        assert loaded(received[0]) == 3
        assert pipe.is_fifo()


def test_map_location_and_unavailable_devices():
    data = rewritten(saved(tensor([1.0])), lambda header, _: header["tensors"][0].update(device="cuda:1"))
    for place in ("cpu", lamella.device("cpu"), {"cuda:1": "cpu", "cuda:0": "cuda:5"}):
        assert load(io.BytesIO(data), place).array.tolist() == [1.0]
    with pytest.raises(DeviceError, match="cuda"):
        loaded(data)
    with pytest.raises(DeviceError, match="cuda"):
        load(io.BytesIO(data), {"cuda:0": "cpu"})
    with pytest.raises(ArgumentTypeError, match=r"map_location .* got function"):
        load(io.BytesIO(data), map_location=lambda storage, place: storage)
    assert load(io.BytesIO(data), "cpu", weights_only=False).array.tolist() == [1.0]


# --- what cannot be saved

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, object()]}, r"obj\['a'\]\[1\] is a object"),
        ({"a": {1, 2}}, r"obj\['a'\] is a set"),
        ([np.float64(1.0)], r"obj\[0\] is a numpy.float64.*\.item\(\)"),
        (np.ones(2), r"obj is a numpy.ndarray.*lamella\.from_numpy"),
        (Point(1, 2), "obj is a .*Point"),
        (defaultdict(list), "obj is a collections.defaultdict"),
        ({frozenset(): 1}, "a key of obj is a frozenset"),
        (print, "obj is a builtin_function_or_method"),
    ],
)
def test_values_that_cannot_be_saved_are_named(value, message):
    with pytest.raises(CheckpointError, match=message):
        saved(value)


def test_depth_is_limited_both_ways_and_cycles_are_caught():
    nested: list = []
    for _ in range(MAX_DEPTH):
        nested = [nested]
    assert round_trip(nested) == nested
    with pytest.raises(CheckpointError, match=f"more than {MAX_DEPTH} deep"):
        saved([nested])
    circle: dict = {}
    circle["again"] = circle
    with pytest.raises(CheckpointError, match="or contains itself"):
        saved(circle)


def test_arguments_of_the_wrong_type():
    with pytest.raises(ArgumentTypeError, match="a path or a binary file to write to, got int"):
        save(1, 3)
    with pytest.raises(ArgumentTypeError, match="a binary file that can seek, got int"):
        load(3)


# --- hostile files

SAMPLE = {"w": tensor(np.arange(3, dtype=np.float32), True), "n": 1, "t": ("x", None)}


def test_every_truncation_is_refused():
    data = saved(SAMPLE)
    for length in range(len(data)):
        with pytest.raises(CheckpointError):
            loaded(data[:length])


def test_every_changed_byte_is_refused():
    data = saved(SAMPLE)
    for position in range(len(data)):
        for change in (0x01, 0x80):
            damaged = bytearray(data)
            damaged[position] ^= change
            with pytest.raises(CheckpointError):
                loaded(bytes(damaged))


def test_bytes_added_anywhere_are_refused():
    data = saved(SAMPLE)
    for position in range(0, len(data) + 1, 7):
        with pytest.raises(CheckpointError):
            loaded(data[:position] + b"\0" + data[position:])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_repacked_and_compressed_archives_are_refused(method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive_file:
        for name, data in contents_of(saved(SAMPLE)).items():
            archive_file.writestr(name, data)
    with pytest.raises(CheckpointError, match="repacked"):
        loaded(file.getvalue())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["lamella.json", "storages/0", "storages/0"], "two members have the same name"),
        (["lamella.json", "lamella.json"], "two members have the same name"),
        (["lamella.json", "storages/1"], "expected members"),
        (["lamella.json", "../storages/0"], "expected members"),
        (["lamella.json", "/etc/passwd"], "expected members"),
        (["storages/0", "lamella.json"], "neither a checkpoint of Lamella's"),
        (["lamella.json", "storages/0", "extra"], "expected members"),
        (["storages/0"], "neither a checkpoint of Lamella's"),
    ],
)
def test_names_outside_the_format_are_refused(names, message):
    contents = contents_of(saved(SAMPLE))
    file = io.BytesIO()
    archive.write(file, [(name, [contents.get(name, b"")]) for name in names])
    with pytest.raises(CheckpointError, match=message):
        loaded(file.getvalue())


HUGE = 2**62
ENTRY_CHANGES = [
    ({"shape": [4]}, "reaches to byte 16 of a storage of 12"),
    ({"strides": [8]}, "reaches to byte 20"),
    ({"offset": 4}, "reaches to byte 16"),
    ({"offset": -4}, "whole numbers"),
    ({"strides": [-4], "offset": 8}, "whole numbers"),
    ({"shape": [-3]}, "whole numbers"),
    ({"shape": [True]}, "whole numbers"),
    ({"shape": [1.0]}, "whole numbers"),
    ({"shape": ["3"]}, "whole numbers"),
    ({"shape": 3}, "whole numbers"),
    ({"shape": [2**64]}, "whole numbers"),
    ({"offset": 2}, "units of 4 bytes"),
    ({"strides": [2]}, "units of 4 bytes"),
    ({"shape": [HUGE], "strides": [4]}, "too many elements"),
    ({"shape": [HUGE, 4], "strides": [0, 0]}, "too many elements"),
    ({"shape": [2**40, 2**40], "strides": [0, 0]}, "too many elements"),
    ({"shape": [0, 2**62, 2**62], "strides": [0, 0, 0]}, "too many elements"),
    ({"shape": [2, 2], "strides": [4 * HUGE // 4, 4]}, "reaches to byte"),
    ({"shape": [0], "offset": 4000}, "reaches to byte 4000"),
    ({"shape": [1] * 65, "strides": [4] * 65}, "at most 64"),
    ({"shape": [3, 1]}, "one stride"),
    ({"storage": 1}, "there are 1 storages"),
    ({"storage": -1}, "whole numbers"),
    ({"storage": None}, "whole numbers"),
    ({"dtype": "float64"}, "units of 8 bytes"),
    ({"dtype": "object"}, "no such dtype"),
    ({"dtype": ["float32"]}, "no such dtype"),
    ({"dtype": "int32"}, "requires_grad must be"),
    ({"requires_grad": 1}, "requires_grad must be"),
    ({"device": "not a device"}, "device"),
    ({"device": 3}, "device"),
    ({"extra": 1}, "expected exactly"),
]


@pytest.mark.parametrize(("change", "message"), ENTRY_CHANGES, ids=[str(change) for change, _ in ENTRY_CHANGES])
@pytest.mark.parametrize("mmap", [False, True], ids=["read", "mapped"])
def test_impossible_tensors_are_refused(change, message, mmap, tmp_path):
    path = tmp_path / "bad.lam"
    path.write_bytes(rewritten(saved(SAMPLE), lambda header, _: header["tensors"][0].update(change)))
    with pytest.raises(CheckpointError, match=f"bad.lam: .*{message}"):
        load(path, mmap=mmap)


def set_tree(node):
    return lambda header, _: header.update(tree=node)


@pytest.mark.parametrize(
    "node",
    [
        [],
        {},
        {"a": 1},
        ["unknown"],
        ["tensor", 1],
        ["tensor", -1],
        ["tensor", True],
        ["tensor", "0"],
        ["tensor"],
        ["dict", 1],
        ["dict", [1]],
        ["dict", ["a", 1], ["a", 2]],
        ["dict", [1, 1], [True, 2]],
        ["dict", [["list"], 1]],
        ["dict", [["tuple", ["list"]], 1]],
        ["odict"],
        ["float", "1.5"],
        ["float", 1.5],
        ["int", "0xg"],
        ["int", 5],
        ["complex", 1.5],
        ["complex", 1, 2],
        ["complex", "a", 1.0],
        ["bytes", "0"],
        ["bytes", "zz"],
        ["dtype", "float99"],
        ["device", "??"],
        ["size", -1],
        ["size", 1.5],
        ["size", 2**63],
        [["list"], 1],
        [None, "x"],
    ],
    ids=str,
)
def test_meaningless_trees_are_refused(node):
    with pytest.raises(CheckpointError, match="load: the file given: "):
        loaded(rewritten(saved(SAMPLE), set_tree(node)))


COLUMNS = b",".join(b'"%s":[]' % key.encode() for key in native._TENSOR_KEYS)


def nested_text(depth: int) -> bytes:
    return (
        b'{"format":"lamella-checkpoint","version":1,"units":[],"tensors":{'
        + COLUMNS
        + b'},"tree":'
        + depth * b'["list",'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "cannot be read"),
        (b"[]", "does not describe"),
        (b"{}", "does not describe"),
        (b"\xff", "cannot be read"),
        (b'{"format":"lamella-checkpoint","version":2}', "version 2 .*Install"),
        (b'{"format":"lamella-checkpoint","version":1}', "lacks a part"),
        (nested_text(101) + b"1" + 101 * b"]" + b"}", "nested more than 100 deep"),
        (nested_text(100_000), "cannot be read"),
        (nested_text(0) + b"NaN}", "NaN is not JSON"),
        (nested_text(0) + b"1e999}", "too large for a float"),
        (nested_text(0) + b"1" * 5000 + b"}", "cannot be read"),
    ],
    ids=range(11),
)
def test_bad_json_is_refused(text, message):
    file = io.BytesIO()
    archive.write(file, [("lamella.json", [text])])
    with pytest.raises(CheckpointError, match=message):
        loaded(file.getvalue())


@pytest.mark.parametrize("units", [[], [4, 4], [3], [8], [0], ["4"], [None], [4.0], 4])
def test_units_that_do_not_fit_are_refused(units):
    with pytest.raises(CheckpointError):
        loaded(rewritten(saved(SAMPLE), lambda header, _: header.update(units=units)))


def test_storage_of_broken_units_is_refused():
    with pytest.raises(CheckpointError, match="whole units"):
        loaded(rewritten(saved(SAMPLE), lambda _, contents: contents.update({"storages/0": b"1234567890123"})))


def test_bools_are_zero_or_one():
    data = saved(tensor([True, False]))
    with pytest.raises(CheckpointError, match="bytes other than 0 and 1"):
        loaded(rewritten(data, lambda _, contents: contents.update({"storages/0": b"\1\2"})))


def test_claimed_sizes_are_not_allocated():
    data = saved(SAMPLE)
    position = data.index(b"PK\x01\x02")
    bombs = []
    for at in range(position, len(data) - 8):
        bomb = bytearray(data)
        bomb[at : at + 8] = struct.pack("<Q", 2**40)
        bombs.append(bytes(bomb))
    for shape, strides in [([2**40], [0]), ([2**30, 2**30], [0, 0])]:
        bombs.append(
            rewritten(data, lambda header, _, s=shape, t=strides: header["tensors"][0].update(shape=s, strides=t))
        )
    tracemalloc.start()
    try:
        for bomb in bombs:
            try:
                loaded(bomb)  # the repeated element of the last two is a view, which costs nothing
            except CheckpointError:
                continue
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_no_pickle_is_executed(tmp_path):
    class Harm:
        def __reduce__(self):
            return pathlib.Path.touch, (tmp_path / "harm",)

    with pytest.raises(CheckpointError):
        loaded(pickle.dumps(Harm()))
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"hello, world", bytes(200), b"PK\x03\x04" + bytes(300)])
def test_other_files_are_refused(data, tmp_path):
    path = tmp_path / "other.lam"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"load: .*other.lam: "):
        load(path)


def test_reading_a_file_object_at_its_end_says_so():
    file = io.BytesIO()
    save(1, file)
    with pytest.raises(CheckpointError, match=r"seek\(0\) first"):
        load(file)


def test_a_missing_file_is_pythons_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.lam")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"the folder '.*absent' does not exist\. Make it first"):
        save({}, tmp_path / "absent" / "x.pt")
