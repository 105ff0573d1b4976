"""What files may cost, and what they may hold: honest ones are read, however many small things are in them."""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import pathlib
import struct
import tracemalloc

import pytest

import lamella
from lamella.core.checkpoints import archive, hashing, native
from lamella.core.errors import ArgumentTypeError, CheckpointError, DeviceError

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("torch_opcodes", HERE / "torch_opcodes.py")
opcodes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(opcodes)
FOUR, number, sizes, storage, tensor, text, zipped = (
    getattr(opcodes, name) for name in ("FOUR", "number", "sizes", "storage", "tensor", "text", "zipped")
)


def saved(obj, format: str) -> bytes:
    file = io.BytesIO()
    lamella.save(obj, file, format=format)
    return file.getvalue()


def load(data: bytes, *arguments):
    return lamella.load(io.BytesIO(data), *arguments)


def refused(data: bytes, message: str) -> None:
    """The file is refused, and took no more memory than its size and 64 MB."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=message):
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 64_000_000 + len(data)
    finally:
        tracemalloc.stop()


def of(body: bytes) -> bytes:
    return zipped(b"\x80\x02" + body + b".", {"0": FOUR})


# --- many small tensors


@pytest.mark.parametrize("format", ["lamella", "torch", "safetensors"])
def test_many_small_tensors(format):
    state = {f"layers.{i}.weight": lamella.ones(2) for i in range(30_000)}
    back = load(saved(state, format))
    assert back.keys() == state.keys()
    assert back["layers.29999.weight"].tolist() == [1.0, 1.0]


def stored_everywhere(count: int) -> tuple[bytes, dict[str, bytes]]:
    """The opcodes of a dict of tensors as PyTorch writes them: each value is put into the memo."""
    puts = itertools.count()

    def put() -> bytes:
        return b"r" + struct.pack("<I", next(puts))

    body = b"}" + put() + b"("
    for i in range(count):
        body += text(f"layers.{i}.weight") + put()
        body += b"ctorch._utils\n_rebuild_tensor_v2\n" + put() + b"((" + text("storage") + put()
        body += b"ctorch\nFloatStorage\n" + put() + text(str(i)) + put() + text("cpu") + put() + b"K\x04t" + put()
        body += b"QK\x00K\x04\x85" + put() + b"K\x01\x85" + put() + b"\x89ccollections\nOrderedDict\n" + put()
        body += b")R" + put() + b"t" + put() + b"R" + put()
    return body + b"u", {str(i): FOUR for i in range(count)}


def test_many_small_tensors_of_pytorch():
    body, storages = stored_everywhere(20_000)
    back = load(zipped(b"\x80\x02" + body + b".", storages))
    assert len(back) == 20_000
    assert back["layers.19999.weight"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_what_was_forgotten_cannot_be_recalled():
    made = b"(" + tensor(storage()).replace(b"tR", b"tq\x00R")
    refused(of(made + b"h\x00t"), "recalls value 0")


ORDERED = b"ccollections\nOrderedDict\n)R"
SMUGGLED = {
    "behind hooks": tensor(storage(), rest=b"\x89" + ORDERED + b"}" + text("_metadata") + b"]sb"),
    "hooks that count": tensor(storage(), rest=b"\x89ccollections\nCounter\n)R"),
    "in a view": tensor(storage(view=b"(]" + number(0) + number(4) + b"t")),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_arguments_of_tensors_hold_nothing_else(name):
    refused(of(SMUGGLED[name]), "hooks|impossible storage")


def test_arguments_are_paid_for_where_something_else_holds_them():
    call = tensor(storage())
    name = call.index(b"\n", call.index(b"\n") + 1) + 1
    # Each is stored and put into a list, and used only then.
    at = [struct.pack("<I", i) for i in range(60_000)]
    calls = [call[name:-1] + b"r" + i + b"h\x00j" + i + b"a" + call[:name] + b"j" + i + b"R" for i in at[1:]]
    refused(of(b"(]q\x00" + b"".join(calls) + b"t"), "far more memory")


def test_storages_do_not_pay_for_objects():
    body = b"(" + b"]" * 300_000 + tensor(storage(numel=10_000_000), shape=(4,)) + b"t"
    refused(zipped(b"\x80\x02" + body + b".", {"0": bytes(40_000_000)}), "far more memory")


def test_conjugated_and_negated_elements_are_computed_in_one_piece():
    flags = b"\x89N}(" + text("conj") + b"\x88" + text("neg") + b"\x88u"
    data = of(tensor(storage("ComplexFloatStorage", numel=2), shape=(5_000_000,), strides=(0,), rest=flags))
    tracemalloc.start()
    try:
        assert load(data)[-1].item() == complex(-0.0, 1.0)
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


# --- JSON


def native_file(tree: bytes) -> bytes:
    header = {"format": native.FORMAT, "version": native.VERSION, "units": [], "tree": None}
    header["tensors"] = {key: [] for key in native._TENSOR_KEYS}
    file = io.BytesIO()
    archive.write(file, [(native.TREE, [json.dumps(header).encode().replace(b"null", tree)])])
    return file.getvalue()


TREES = {
    "small numbers": b'["list",' + b"1," * 6_000_000 + b"1]",
    "large numbers": b'["list",' + b"1000," * 3_000_000 + b"1]",
    "floats": b'["list",' + b"1.5," * 3_000_000 + b"1]",
    "texts": b'["list",' + b'"abc",' * 1_300_000 + b"1]",
    "dicts": b'["list",' + b'["odict",null],' * 600_000 + b"1]",
    "wide text": b'"' + b"a" * 20_000_000 + b'\\ud83d\\ude00"',
    "one dict": b'["dict",' + b",".join(b'["%d",1000]' % i for i in range(330_000)) + b"]",
}


@pytest.mark.parametrize("name", TREES)
def test_json_is_bounded(name):
    refused(native_file(TREES[name]), "far more memory than the file")


def test_as_many_members_as_there_may_be():
    contents = [(str(i), [b""]) for i in range(archive.MAX_MEMBERS + 1)]
    with pytest.raises(CheckpointError, match="at most 100000 tensors"):
        archive.write(io.BytesIO(), contents)
    file = io.BytesIO()
    archive.write(file, contents[1:])
    many = bytearray(file.getvalue())
    struct.pack_into("<QQ", many, many.rindex(b"PK\6\6") + 24, *2 * [archive.MAX_MEMBERS + 1])
    refused(bytes(many), "announces 100001 members")


# --- keys

COLLIDING = [(i, -i) for i in range(hashing._MOST_OTHERS + 1)]


@pytest.mark.parametrize("format", ["lamella", "torch"])
def test_keys_that_could_be_made_slow_are_few(format):
    with pytest.raises(CheckpointError, match="more than 4000 keys"):
        saved(dict.fromkeys(COLLIDING), format)
    assert len(load(saved(dict.fromkeys(COLLIDING[1:]), format))) == hashing._MOST_OTHERS
    pairs = {(f"a{i}", f"b{i}"): i for i in range(2 * hashing._MOST_OTHERS)}
    assert load(saved(pairs, format)) == pairs


def test_keys_of_one_hash_are_refused():
    pairs = b",".join(b'[["int","%x"],1]' % ((2**61 - 1) * (i + 1)) for i in range(60_000))
    refused(native_file(b'["dict",' + pairs + b"]"), "more than 4000 keys")


# --- devices


def test_functions_as_map_location_are_refused_before_anything_is_read():
    with pytest.raises(ArgumentTypeError, match="got function. Functions get .* pass 'cpu'"):
        load(saved(1, "torch"), lambda storage, place: storage)
    with pytest.raises(ArgumentTypeError, match="map_location as a device, its name, or a dict of such names, got int"):
        load(saved(1, "torch"), 0)


def test_a_device_that_is_not_there_and_the_way_out():
    data = of(tensor(storage().replace(text("cpu"), text("cuda:3"))))
    with pytest.raises(DeviceError, match="saved on cuda:3: map_location='cpu' brings it to the CPU"):
        load(data)
    assert load(data, "cpu").shape == (4,)


def test_devices_with_absurd_indices():
    for index in ("9" * 10, "9" * 5000, "\u0663"):
        with pytest.raises(DeviceError, match="expected 'type' or 'type:index'"):
            lamella.device(f"cuda:{index}")
    refused(native_file(b'["device","cuda:' + b"9" * 5000 + b'"]'), "expected 'type'")


# --- what is told


def test_text_files_are_no_binary_files():
    with pytest.raises(ArgumentTypeError, match="expected a path or a binary file"):
        lamella.load(io.StringIO("text"))


def test_the_default_of_a_defaultdict_by_its_old_name():
    back = load(of(b"ccollections\ndefaultdict\nc__builtin__\nlong\n\x85R"))
    assert back["new"] == 0


def test_a_namespace_is_refused_with_advice():
    refused(of(b"cargparse\nNamespace\n)R"), r"'argparse\.Namespace'.*vars\(args\)")


@pytest.mark.parametrize("format", ["lamella", "torch"])
def test_what_has_a_state_dict_says_so(format):
    class Model:
        def state_dict(self):
            return {}

    with pytest.raises(CheckpointError, match=r"Save its state: call \.state_dict\(\) on it"):
        saved({"model": Model()}, format)
