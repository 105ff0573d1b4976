"""PyTorch's files without PyTorch: what it wrote is read, and what we write it would read.

The files in ``data/torch_files`` are PyTorch's own: see ``scripts/make_torch_files.py``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import math
import pathlib
import struct
import subprocess
import sys
import zipfile
import zlib
from collections import Counter, OrderedDict, defaultdict

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import formats
from lamella.core.checkpoints.source import Source
from lamella.core.errors import CheckpointError, DeviceError

DATA = pathlib.Path(__file__).parent / "data/torch_files"
HAS_BFLOAT16 = importlib.util.find_spec("ml_dtypes") is not None
HAS_TORCH = importlib.util.find_spec("torch") is not None


def beside(name: str):
    """The module of that name in this folder."""
    spec = importlib.util.spec_from_file_location(name, pathlib.Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


opcodes = beside("torch_opcodes")
FOUR, legacy, number, sizes, storage, tensor, text, zipped = (
    getattr(opcodes, name) for name in ("FOUR", "legacy", "number", "sizes", "storage", "tensor", "text", "zipped")
)


def load(data: bytes, **options):
    return lamella.load(io.BytesIO(data), **options)


def saved(obj: object) -> bytes:
    file = io.BytesIO()
    lamella.save(obj, file, format="torch")
    return file.getvalue()


def summary_of(data: bytes):
    file = io.BytesIO(data)
    return formats.FORMATS["torch"].summary(Source(file, 0, len(data), False, None))


def leaves(value, name=""):
    if isinstance(value, lamella.Tensor):
        yield name, value
    elif isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, f"{name}/{key}" if name else str(key))


# --- what PyTorch wrote


@pytest.mark.parametrize("name", ["tensors.pt", "tensors_legacy.pt"] if HAS_BFLOAT16 else [])
@pytest.mark.parametrize("mmap", [False, True])
def test_tensors(name, mmap):
    back = lamella.load(DATA / name, mmap=mmap)
    expected = np.load(DATA / "tensors.npz")
    assert list(back) == expected.files
    for key, value in back.items():
        array = value.to(lamella.float32).numpy() if key == "bfloat16" else value.detach().numpy()
        assert array.dtype == expected[key].dtype
        assert array.flags.aligned
        np.testing.assert_array_equal(array, expected[key], strict=True)
    assert math.copysign(1, back["special"][2].item()) == -1
    assert [key for key, value in back.items() if value.requires_grad] == ["wants grad", "parameter", "the same"]
    assert back["the same"] is back["parameter"]
    assert back["transposed"].stride() == (1, 6)
    assert back["repeated"].stride() == (0, 1)
    assert back["last channels"].stride() == (24, 1, 8, 2)
    back["base"][0, 2] = 99.0
    assert back["column"][0] == back["transposed"][2, 0] == 99.0


VALUES = {
    "plain": [None, True, False, 0, -1, 255, 65536, 2**31, -(2**70), 0.5, math.inf, 1 + 2j, "text", "ä€😀", ""],
    "bytes": [b"", b"abc\xff", bytearray(b"x"), bytearray()],
    "torch": [lamella.float32, "bfloat16", lamella.bool, lamella.Size([2, 0]), lamella.device("cpu")],
    "cuda": lamella.device("cuda:1"),
    "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, {1: "a", (2, "b"): None}],
    "ordered": OrderedDict(b=1, a=2),
    "default": defaultdict(dict, {1: {2: 3}}),
    "counter": Counter({3: 2}),
    "sets": [{1, 2}, frozenset("a"), set()],
    "numpy": [1.5, 0.25, -3, True, 1j],
}


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("values*.pt")) if HAS_BFLOAT16 else [])
def test_plain_values(name):
    back = lamella.load(DATA / name)
    assert back["torch"].pop(1) is lamella.bfloat16
    expected = {**VALUES, "torch": [item for item in VALUES["torch"] if item != "bfloat16"]}
    assert repr(back) == repr(expected)  # tells True from 1 and 1.0, tuples from lists
    assert back == expected
    assert back["default"]["new"] == {}


@pytest.mark.parametrize("mmap", [False, True])
def test_a_training_checkpoint(mmap):
    back = lamella.load(DATA / "training.pt", mmap=mmap)
    expected = np.load(DATA / "training.npz")
    found = dict(leaves(back))
    assert list(found) == expected.files
    for name, value in found.items():
        np.testing.assert_array_equal(value.numpy(), expected[name], strict=True)
    assert back["model_state_dict"]._metadata["1"] == {"version": 2}
    assert back["scheduler_state_dict"]["milestones"] == Counter({1: 1, 4: 1})
    assert (back["epoch"], back["best"], back["args"]["layers"]) == (2, 0.25, (3, 2))
    assert type(back["best"]) is float


def test_a_slice_and_views_share_their_storage():
    back = lamella.load(DATA / "slice.pt")
    assert back.tolist() == [3.0, 4.0]
    first, second, third = lamella.load(DATA / "views.pt")
    second[0] = 7.0
    assert (first.tolist(), second.tolist(), third.tolist()) == ([0.0, 7.0], [7.0, 2.0], [2.0, 3.0])


def test_files_without_checksums_are_read():
    assert lamella.load(DATA / "no_checksums.pt")["a"].tolist() == [0, 1, 2]


def test_mapped_tensors_are_private_and_read_nothing_at_once():
    path = DATA / "slice.pt"
    before = path.read_bytes()
    back = lamella.load(path, mmap=True)
    back[0] = 100.0
    assert back.tolist() == [100.0, 4.0]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("module", r"'torch\.nn\.modules\.linear\.Linear'.*torch\.save\(model\.state_dict\(\), path\)"),
        ("module_legacy", r"'torch\.nn\.modules\.linear\.Linear'.*torch\.save\(model\.state_dict\(\), path\)"),
        ("torchscript", r"TorchScript.*state_dict"),
        ("sparse", r"Sparse tensors .*to_dense"),
        ("uint16", r"torch\.uint16.*tensor\.to\("),
        ("storage", r"a storage outside of a tensor. Save a tensor over it"),
        ("array", r"NumPy arrays .*torch\.from_numpy"),
        ("meta", r"meta device"),
    ],
)
def test_what_we_do_not_have_is_refused_by_name(name, message):
    with pytest.raises(CheckpointError, match=message):
        lamella.load(DATA / f"refused_{name}.pt")


def test_a_summary_tells_names_shapes_and_dtypes():
    summary = summary_of((DATA / "training.pt").read_bytes())
    assert summary.format == "torch"
    expected = np.load(DATA / "training.npz")
    found = {tensor.name.replace(".", "/"): tensor for tensor in summary.tensors}
    assert list(found) == [name.replace(".", "/") for name in expected.files]
    for name in expected.files:
        tensor = found[name.replace(".", "/")]
        assert (tensor.dtype, tensor.shape, tensor.size) == (
            expected[name].dtype.name, expected[name].shape, expected[name].nbytes,
        )  # fmt: skip
    assert dict(summary.values)["epoch"] == 2
    assert summary_of((DATA / "refused_uint16.pt").read_bytes()).tensors[0].dtype == "uint16"
    assert len(summary_of((DATA / "tensors_legacy.pt").read_bytes()).tensors) == len(
        np.load(DATA / "tensors.npz").files
    )


# --- what others wrote, by hand


def test_a_file_of_pytorch_1_0():
    pickle = b"\x80\x02}" + text("w") + tensor(storage(view=b"N")) + b"s."
    back = load(legacy(pickle, ["0"], struct.pack("<q", 4) + FOUR))
    assert back["w"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_view_of_a_storage_in_an_old_file():
    view = b"(" + text("view") + number(1) + number(2) + b"t"
    pickle = b"\x80\x02" + tensor(storage(view=view), shape=(2,)) + b"."
    assert load(legacy(pickle, ["0"], struct.pack("<q", 4) + FOUR)).tolist() == [1.0, 2.0]
    beyond = b"\x80\x02" + tensor(storage(view=view), shape=(3,)) + b"."
    with pytest.raises(CheckpointError, match="reaches to byte 12 of a storage of 8 bytes"):
        load(legacy(beyond, ["0"], struct.pack("<q", 4) + FOUR))


def test_the_oldest_constructor_and_text_of_python_2():
    place = storage() + number(1) + sizes([3]) + sizes([1])
    pickle = b"\x80\x02ccollections\nOrderedDict\n](](U\x01wctorch._utils\n_rebuild_tensor\n(" + place + b"tRee\x85R."
    back = load(zipped(pickle, {"0": FOUR}))
    assert type(back) is OrderedDict
    assert back["w"].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
@pytest.mark.parametrize(("order", "data"), [(b"<", b"\x01\x00"), (b">", b"\x00\x01")])
def test_numpy_scalars_are_numbers(module, order, data):
    kind = (
        b"cnumpy\ndtype\n"
        + text("i2")
        + b"K\x00K\x01\x87R(K\x03U\x01"
        + order
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    back = load(zipped(b"\x80\x02c" + module + b"\nscalar\n" + kind + b"C\x02" + data + b"\x86R."))
    assert (type(back), back) == (int, 1)


def test_bfloat16_without_its_package_is_refused_by_name():
    program = f"import sys; sys.modules['ml_dtypes'] = None; import lamella; lamella.load({str(DATA / 'tensors.pt')!r})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "CheckpointError: load: " in run.stderr
    assert "bfloat16 needs the package ml_dtypes: pip install" in run.stderr


@pytest.mark.parametrize("rest", [b"\x89}", b"\x89N", b"\x89ccollections\nOrderedDict\n)R}"])
def test_hooks_may_be_empty(rest):
    assert load(zipped(b"\x80\x02" + tensor(storage(), rest=rest) + b".", {"0": FOUR})).shape == (4,)


def test_attributes_of_parameters_are_left_behind():
    made = tensor(storage()) + b"\x88N}" + text("tag") + b"K\x01s"
    pickle = b"\x80\x02ctorch._utils\n_rebuild_parameter_with_state\n(" + made + b"tR."
    back = load(zipped(pickle, {"0": FOUR}))
    assert back.requires_grad
    inner = b"(" + storage() + number(0) + sizes([4]) + sizes([1]) + b"\x89Nt"
    typed = (
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n" + inner + b"}tR"
    )
    assert load(zipped(b"\x80\x02" + typed + b".", {"0": FOUR})).tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("kind", "dtype"), [("FloatStorage", "f4"), ("ComplexDoubleStorage", "c16"), ("ShortStorage", "i2")]
)
def test_big_endian_files(kind, dtype):
    values = np.array([1, -2, 3, 300]).astype(dtype)
    big = values.astype(np.dtype(dtype).newbyteorder(">")).tobytes()
    pickle = b"\x80\x02" + tensor(storage(kind)) + tensor(storage(kind), shape=(2,)) + b"\x86."
    for order in ("big", "little"):
        data = big if order == "big" else values.astype(np.dtype(dtype).newbyteorder("<")).tobytes()
        whole, part = load(zipped(pickle, {"0": data}, byteorder=order.encode()))
        np.testing.assert_array_equal(whole.numpy(), values)
        assert part.tolist() == values[:2].tolist()
    two = b"\x80\x02" + tensor(storage()) + tensor(storage("ShortStorage", numel=8), shape=(2,)) + b"\x86."
    with pytest.raises(CheckpointError, match="numbers of two sizes in foreign byte order"):
        load(zipped(two, {"0": FOUR}, byteorder=b"big" if sys.byteorder == "little" else b"little"))


def test_repacked_files_and_folders_in_them_are_read(tmp_path):
    with zipfile.ZipFile(DATA / "training.pt") as original, zipfile.ZipFile(tmp_path / "r.pt", "w") as copy:
        copy.writestr("training/", b"")
        for name in original.namelist():
            copy.writestr(name, original.read(name))
    for mmap in (False, True):  # nothing is aligned any more
        back = lamella.load(tmp_path / "r.pt", mmap=mmap)
        assert all(value.numpy().flags.aligned for _, value in leaves(back))
        assert back["epoch"] == 2


def test_zip_files_in_the_form_for_large_members():
    """Sizes of 64 bits in the directory and behind the data, as PyTorch writes them from 4 GB on."""
    contents = {"a/data.pkl": b"\x80\x02" + tensor(storage()) + b".", "a/data/0": FOUR}
    file = central = b""
    for name, data in contents.items():
        wide = struct.pack("<HHQQQ", 1, 24, len(data), len(data), len(file))
        crc, unknown = zlib.crc32(data), 0xFFFFFFFF
        fields = (0, 45, 0x808, 0, 0, 0, crc, unknown, unknown, len(name), len(wide), 0, 0, 0, 0, unknown)
        central += struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *fields) + name.encode() + wide
        file += struct.pack("<4s5H3I2H", b"PK\x03\x04", 45, 0x808, 0, 0, 0, 0, 0, 0, len(name), 0) + name.encode()
        file += data + struct.pack("<4sI2Q", b"PK\x07\x08", crc, len(data), len(data))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(central), len(file), 0)
    assert load(file + central + end).tolist() == [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(CheckpointError, match="two headers of member 'a/data/0' disagree"):
        load(file[:-1] + b"\x01" + central + end)


def test_map_location():
    pickle = b"\x80\x02" + tensor(storage()).replace(text("cpu"), text("cuda:0")) + b"."
    data = zipped(pickle, {"0": FOUR})
    assert load(data, map_location="cpu").device == lamella.device("cpu")
    with pytest.raises(DeviceError, match="cuda"):
        load(data)


# --- what we write


PLAIN = {
    "plain": [None, True, -1, 2**31, -(2**2000), 0.5, math.inf, -math.inf, 1 + 2j, "ä\ud800", b"", b"\xff\0"],
    "types": [lamella.float32, lamella.Size([2, 3]), lamella.device("cpu"), lamella.device("cuda:1")],
    "containers": [(), [], {}, OrderedDict(), OrderedDict(a=1), Counter({1: 2}), {(1, "a"): (2,)}],
}


def test_what_we_write_comes_back():
    base = lamella.arange(24.0).reshape(4, 6)
    state = OrderedDict(weight=base, turned=base.t(), column=base[:, 2])
    state._metadata = OrderedDict({"": {"version": 1}})
    wants = lamella.ones(2, requires_grad=True)
    obj = {"state": state, "wants": wants, "again": wants, **PLAIN}
    back = load(saved(obj))
    assert repr({key: back[key] for key in PLAIN}) == repr(PLAIN)
    assert back["state"]._metadata == state._metadata
    assert back["wants"].requires_grad
    assert back["again"] is back["wants"]
    assert back["state"]["turned"].stride() == (1, 6)
    back["state"]["weight"][1, 2] = 50.0
    assert back["state"]["column"][1] == back["state"]["turned"][2, 1] == 50.0


def test_a_complex_tensor_shares_with_its_parts():
    z = lamella.tensor([1 + 2j, 3 + 4j])
    imag, rest = load(saved([z.imag, z[1:]]))
    assert imag.tolist() == [2.0, 4.0]
    rest[0] = 9j
    assert imag.tolist() == [2.0, 9.0]


def test_a_sharing_that_pytorch_cannot_say_is_refused():
    memory = np.arange(6, dtype=np.float32)
    pair = [lamella.from_numpy(memory[:2].view(np.complex64)), lamella.from_numpy(memory[1:5].view(np.complex64))]
    with pytest.raises(CheckpointError, match=r"shares memory .* tensor\.clone\(\)"):
        saved(pair)


def test_equal_contents_make_equal_files(tmp_path):
    def contents():
        return {"a": lamella.arange(6.0).reshape(2, 3).t(), "b": [1, "x"]}

    lamella.save(contents(), tmp_path / "one.pt")
    lamella.save(contents(), tmp_path / "two.pth")
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pth").read_bytes() == saved(contents())


def test_what_cannot_be_written_is_named():
    with pytest.raises(CheckpointError, match=r"obj\['a'\]\[1\] is an int of 376 bytes"):
        saved({"a": [1, 2**3000]})
    with pytest.raises(CheckpointError, match=r"obj\['s'\] is a set"):
        saved({"s": {1}})


@pytest.mark.parametrize("kind", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"])
def test_every_dtype_is_written(kind):
    value = lamella.from_numpy(np.array([[0, 1], [1, 0]], kind))
    back = load(saved(value))
    assert back.dtype is value.dtype
    assert back.tolist() == value.tolist()


def test_what_we_write_is_the_file_that_pytorch_was_seen_to_read():
    """The test below ran on a file of this hash: where its bytes change, it has to be run with PyTorch again."""
    data = saved({"tensors": lamella.load(DATA / "tensors.pt"), **PLAIN})
    assert hashlib.sha256(data).hexdigest() == "a51e055dbc3631ef5b7f19d6d5cb3dad6f9f85aaaf595313775097d98c8e73d6"


if HAS_TORCH:

    @pytest.mark.parametrize("mmap", [False, True])
    def test_pytorch_reads_what_we_write(mmap, tmp_path):
        import torch

        tensors = lamella.load(DATA / "tensors.pt")
        lamella.save({"tensors": tensors, **PLAIN}, tmp_path / "ours.pt")
        back = torch.load(tmp_path / "ours.pt", weights_only=True, mmap=mmap)
        theirs = torch.load(DATA / "tensors.pt", weights_only=True)
        assert list(back["tensors"]) == list(theirs)
        for key, value in back["tensors"].items():
            assert torch.equal(value, theirs[key]) or key == "special"
            assert value.dtype is theirs[key].dtype
            assert value.requires_grad == theirs[key].requires_grad
            assert key in ("repeated", "conjugate", "negative", "empty") or value.stride() == theirs[key].stride()
        assert back["tensors"]["the same"] is back["tensors"]["parameter"]
        assert (
            back["tensors"]["column"].untyped_storage().data_ptr()
            == back["tensors"]["base"].untyped_storage().data_ptr()
        )
        assert repr(back["plain"]) == repr(PLAIN["plain"])
        assert repr(back["types"]) == repr(PLAIN["types"]).replace("lamella", "torch")
        assert repr(back["containers"]) == repr(PLAIN["containers"])
        z = lamella.tensor([1 + 2j, 3 + 4j])
        lamella.save([z.imag, z[1:]], tmp_path / "mixed.pt")
        imag, rest = torch.load(tmp_path / "mixed.pt", weights_only=True, mmap=mmap)
        assert (imag.tolist(), rest.tolist()) == ([2.0, 4.0], [3 + 4j])
