"""PyTorch's files that are damaged, or were made to do harm: refused, and nothing else happens."""

from __future__ import annotations

import importlib.util
import io
import pathlib
import pickle
import struct
import subprocess
import sys
import textwrap
import tracemalloc
import zipfile

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import budget, hashing, torch_files
from lamella.core.checkpoints.source import Source
from lamella.core.checkpoints.zip_members import zip_members
from lamella.core.errors import CheckpointError, DeviceError

HERE = pathlib.Path(__file__).parent
DATA = HERE / "data/torch_files"


def beside(name: str):
    """The module of that name in this folder."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = beside("mutations").mutations
opcodes = beside("torch_opcodes")
FOUR, legacy, number, sizes, storage, tensor, text, zipped = (
    getattr(opcodes, name) for name in ("FOUR", "legacy", "number", "sizes", "storage", "tensor", "text", "zipped")
)


def load(data: bytes):
    return lamella.load(io.BytesIO(data))


def summary_of(data: bytes):
    return torch_files.summary(Source(io.BytesIO(data), 0, len(data), False, None))


def refused(data: bytes, message: str = "load: ") -> None:
    with pytest.raises(CheckpointError, match=message):
        load(data)


def of(body: bytes) -> bytes:
    """A file of a pickle of these opcodes, with a storage of four float32."""
    return zipped(b"\x80\x02" + body + b".", {"0": FOUR})


# --- pickles


CALLS = {
    "system": b"cos\nsystem\n" + text("true") + b"\x85R",
    "eval": b"c__builtin__\neval\n" + text("1") + b"\x85R",
    "eval by stack": text("builtins") + text("eval") + b"\x93" + text("1") + b"\x85R",
    "dotted": text("collections") + text("OrderedDict.fromkeys") + b"\x93]\x85R",
    "getattr": b"cbuiltins\ngetattr\n",
    "storage loader": b"ctorch.storage\n_load_from_bytes\n",
    "class": b"c__main__\nNet\n)\x81}b",
    "dunder": b"ctorch._utils\n__builtins__\n",
    "nearly a dtype": b"ctorch\nfloat32.numpy\n",
}


@pytest.mark.parametrize("name", CALLS)
def test_names_outside_the_table_are_refused(name):
    refused(of(CALLS[name]), r"it asks for '.*', which is no tensor or plain value")


def test_the_name_is_told_and_the_way_out():
    refused(of(CALLS["class"]), r"'__main__\.Net'.*torch\.save\(model\.state_dict\(\), path\)")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_no_pickle_is_executed(protocol, tmp_path):
    class Harm:
        def __reduce__(self):
            return pathlib.Path.touch, (tmp_path / "harm",)

    harm = pickle.dumps({"a": Harm()}, protocol)
    for data in (zipped(harm), legacy(harm, [], b""), harm):
        refused(data, "it asks for")
    assert not (tmp_path / "harm").exists()


ORDERED = b"ccollections\nOrderedDict\n)R"
PICKLES = {
    # what is not in the language
    "text persistent id": (b"Pstorage\n", "opcode 0x50"),
    "extension": (b"\x82\x01", "opcode 0x82"),
    "INST": (b"(ios\nsystem\n", "opcode 0x69"),
    "OBJ": (b"(cos\n", "no end"),
    "NEWOBJ": (b"ctorch\nTensor\n)\x81", "opcode 0x81"),
    "DUP": (b"N2", "opcode 0x32"),
    "text float": (b"F1.5\n", "opcode 0x46"),
    # the stack and the memo
    "nothing": (b"", "takes values from where there are none"),
    "two values": (b"NN", "ends before it is complete"),
    "open mark": (b"N(", "takes values"),
    "mark missing": (b"Nt", "takes values"),
    "below the mark": (b"N(\x85", "takes values"),
    "append below the mark": (b"](a", "takes values"),
    "unknown memo": (b"h\x07", "recalls value 7"),
    "memo in disorder": (b"Nq\x05", "stores value 5, where 0 would be next"),
    "memo twice": (b"Nq\x00q\x00", "stores value 0, where 1 would be next"),
    "put of nothing": (b"q\x00", "takes values"),
    # wrong targets
    "append to a tuple": (b")Na", "appends to a tuple"),
    "append to a dict": (b"}(NNe", "appends to a dict"),
    "item of a list": (b"]NNs", "items of a list"),
    "item of a tensor": (tensor(storage()) + b"NNs", "items of a Tensor"),
    "odd items": (b"}(Nu", "without a value"),
    "add to a list": (b"](N\x90", "adds to a list"),
    "state of a dict": (b"}}b", "gives a state to a dict"),
    "state of a tensor": (tensor(storage()) + b"}b", "gives a state to a Tensor"),
    "attribute of an OrderedDict": (ORDERED + b"}" + text("clear") + b"NsbN0", "gives a state to a OrderedDict"),
    "state of a name": (b"ctorch\nSize\n}b", "gives a state to a Name"),
    # calls
    "call of a value": (b"})R", "calls a dict"),
    "call of a dtype": (b"ctorch\nfloat32\n)R", "calls a dtype"),
    "call of a class": (b"ctorch\nTensor\n)R", r"calls torch\.Tensor"),
    "call of dict": (b"cbuiltins\ndict\n)R", r"calls builtins\.dict"),
    "arguments in a list": (b"ctorch\nSize\n]R", r"calls torch\.Size"),
    "name without text": (b"NN\x93", "a name that is no text"),
    "name without end": (b"c" + b"a" * 1000, "has no end"),
    "name not UTF-8": (b"c\xff\n\xff\n", "not UTF-8"),
    # what the constructors take
    "size of text": (b"ctorch\nSize\n" + text("ab") + b"\x85\x85R", "makes a Size"),
    "negative size": (b"ctorch\nSize\n" + sizes([-1]) + b"\x85R", "makes a Size"),
    "no device": (b"ctorch\ndevice\n" + text("a b") + b"\x85R", "names a device that is none"),
    "device of a number": (b"ctorch\ndevice\nK\x01\x85R", "makes a device"),
    "negative device": (b"ctorch\ndevice\n" + text("cuda") + number(-1) + b"\x86R", "makes a device"),
    "long device": (b"ctorch\ndevice\n" + text("cuda:" + "9" * 5000) + b"\x85R", "makes a device"),
    "bytes of a number": (b"c_codecs\nencode\nK\x01\x85R", "makes a bytes"),
    "bytes in another code": (b"c_codecs\nencode\n" + text("a") + text("rot13") + b"\x86R", "makes a bytes"),
    "bytes of other text": (b"c_codecs\nencode\n" + text("\u20ac") + text("latin1") + b"\x86R", "bytes of text that"),
    "many bytes": (b"c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R", "makes a bytes"),
    "bytearray of a size": (b"c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R", "makes a bytearray"),
    "complex of text": (b"c__builtin__\ncomplex\n" + text("1") + text("1") + b"\x86R", "makes a complex"),
    "set of text": (b"c__builtin__\nset\n" + text("ab") + b"\x85R", "makes a set"),
    "counter of a list": (b"ccollections\nCounter\n]\x85R", "makes a Counter"),
    "ordered dict of a dict": (b"ccollections\nOrderedDict\n}\x85R", "makes a OrderedDict"),
    "ordered dict of no pairs": (b"ccollections\nOrderedDict\n](Ne\x85R", "makes a OrderedDict"),
    "factory that calls": (b"ccollections\ndefaultdict\nctorch\nSize\n\x85R", "makes a defaultdict"),
    "NumPy objects": (b"cnumpy\ndtype\n" + text("O8") + b"\x85R", "makes a NumPy dtype"),
    "NumPy state": (b"cnumpy\ndtype\n" + text("f8") + b"\x85R(K\x03" + text("!") + b"NNNtb", "makes a NumPy dtype"),
    "NumPy state of text": (b"cnumpy\ndtype\n" + text("f8") + b"\x85R" + text("<") + b"b", "makes a NumPy dtype"),
    "NumPy scalar cut short": (
        b"cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\n" + text("f8") + b"\x85RC\x01a\x86R",
        "makes a NumPy scalar",
    ),
    "NumPy scalar of text": (b"cnumpy._core.multiarray\nscalar\nNN\x86R", "makes a NumPy scalar"),
    "NumPy dtype alone": (b"cnumpy\ndtype\n" + text("f8") + b"\x85R", "NumpyKind outside of a tensor"),
    "name alone": (b"ctorch\nSize\n", "Name outside of a tensor"),
    "parameter of a list": (b"ctorch._utils\n_rebuild_parameter\n]\x88N\x87R", "makes a parameter"),
    "class of a tensor": (
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nctorch\nTensor\n)}tR",
        "makes a tensor of",
    ),
    "type of a tensor": (b"ctorch._tensor\n_rebuild_from_type_v2\n(NNNNtR", "makes a tensor of"),
    "tensor of nothing": (b"ctorch._utils\n_rebuild_tensor_v2\n)R", "makes a tensor of"),
    "old tensor of nothing": (b"ctorch._utils\n_rebuild_tensor\n)R", "makes a tensor of"),
    "new tensor of nothing": (b"ctorch._utils\n_rebuild_tensor_v3\n)R", "makes a tensor of"),
    "new tensor without dtype": (
        b"ctorch._utils\n_rebuild_tensor_v3\n(" + storage() + number(0) + sizes([4]) + sizes([1]) + b"\x89NNtR",
        "makes a dtype",
    ),
    # keys
    "the same key twice": (b"}" + 2 * (text("w") + b"Ns"), "the same key twice: 'w'"),
    "1 and True": (b"}(K\x01N\x88Nu", "the same key twice"),
    "a list as a key": (b"}]Ns", "a key of type list"),
    "a tensor as a key": (b"}" + tensor(storage()) + b"Ns", "a key of type Tensor"),
    "a list in a key": (b"}]\x85Ns", "a tuple as a key that holds a value of type list"),
    "a set in a set": (b"\x8f(\x8f\x90", "a key of type set"),
    # lengths
    "long text": (b"X\xff\xff\xff\xff", "announces 4294967295 bytes"),
    "very long text": (b"\x8d" + b"\xff" * 8, "announces 18446744073709551615 bytes"),
    "long int": (b"\x8b\xff\xff\xff\x7f", "announces 2147483647 bytes"),
    "long bytes": (b"\x8e" + b"\xff" * 7 + b"\x7f", "announces"),
    "long bytearray": (b"\x96" + b"\xff" * 7 + b"\x7f", "announces"),
    "long frame": (b"\x95" + b"\xff" * 7 + b"\x7fN", "a frame of"),
    "short number": (b"G\x00", "cut short"),
    "text not UTF-8": (b"X\x01\x00\x00\x00\xff", "not UTF-8"),
    # depth
    "a list in itself": (b"]q\x00h\x00a", "nested more than 100 deep, or contains itself"),
    "a dict in itself": (b"}q\x00Nh\x00s", "nested more than 100 deep, or contains itself"),
    "nested tuples": (b"N" + b"\x85" * 10_000, "nested more than 100 deep"),
    "nested lists": (b"]" * 5000 + b"a" * 4999, "nested more than 100 deep"),
    "nested key": (b"}N" + b"\x85" * 5000 + b"Ns", "a tuple as a key that holds more than 100"),
    "deep where it is shared": (
        b"(" + b"]" * 60 + b"a" * 59 + b"q\x00" + b"h\x00" + b"\x85" * 60 + b"t",
        "nested more",
    ),
}


@pytest.mark.parametrize("name", PICKLES)
def test_pickles_that_say_what_none_says(name):
    body, message = PICKLES[name]
    refused(of(body), message)


@pytest.mark.parametrize("constant", [b"N", b"\x88", b"\x89", b"K\x01", b")"])
def test_constants_are_paid_for_as_numbers_are(constant):
    """They take no memory of their own, but time to read: a file may have as many as of other numbers, and no more."""
    assert load(of(b"](" + constant * 800_000 + b"e"))[-1] in (None, True, False, ())
    refused(of(b"](" + constant * 1_100_000 + b"e"), "describes so many Python objects")


def test_a_pickle_begins_and_ends():
    refused(zipped(b"N."), "does not begin")
    refused(zipped(b"\x80\x01N."), "does not begin")
    refused(zipped(b"\x80\x02N"), "cut short")
    refused(zipped(b""), "cut short")
    refused(zipped(b"\x80\x02N.N."), "something follows its pickle")


def test_nesting_up_to_the_limit_and_shared_values_are_read():
    value = load(of(b"N" + b"\x85" * 101))
    for _ in range(101):
        (value,) = value
    assert value is None
    # 2**40 values if each was looked at as often as it is referred to.
    lists = b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(40))
    doubled = load(of(b"(]q\x00" + lists + b"t"))
    assert doubled[-1][0] is doubled[-1][1] is doubled[-2]


# --- what tensors and storages claim

TENSORS = {
    "beyond the end": (tensor(storage(), 1), "reaches to byte 20 of a storage of 16 bytes"),
    "stride beyond the end": (tensor(storage(), shape=(2,), strides=(4,)), "reaches to byte 20"),
    "negative offset": (tensor(storage(), -1), "impossible tensor"),
    "negative size": (tensor(storage(), shape=(-4,)), "impossible tensor"),
    "negative stride": (tensor(storage(), strides=(-1,)), "impossible tensor"),
    "large size": (tensor(storage(), shape=(2**62,), strides=(0,)), "too many elements"),
    "large sizes": (tensor(storage(), shape=(2**32, 2**32), strides=(0, 0)), "too many elements"),
    "large stride": (tensor(storage(), shape=(1,), strides=(2**62,)), "too many elements"),
    "huge numbers": (tensor(storage(), shape=(2**64,)), "impossible tensor"),
    "fewer strides": (tensor(storage(), shape=(2, 2)), "impossible tensor"),
    "many dimensions": (tensor(storage(), shape=(1,) * 65, strides=(1,) * 65), "impossible tensor"),
    "True for a size": (tensor(storage(), rest=b"K\x00N"), "requires_grad is no bool"),
    "hooks": (tensor(storage(), rest=b"\x89}K\x01Ns"), "backward hooks"),
    "unknown property": (tensor(storage(), rest=b"\x89N}" + text("zero") + b"\x88s"), "properties that are not known"),
    "property of text": (tensor(storage(), rest=b"\x89N}" + text("conj") + b"K\x01s"), "properties that are not known"),
    "bools negated": (
        tensor(storage("BoolStorage", numel=16), shape=(1,), rest=b"\x89N}" + text("neg") + b"\x88s"),
        r"negated tensor of dtype lamella\.bool",
    ),
    "no storage": (tensor(b"N"), "without a storage"),
    "integers that require grad": (tensor(storage("IntStorage"), rest=b"\x88N"), "requires grad"),
    "storage larger than its data": (tensor(storage(numel=5)), "should have 20 bytes, but 16 are there"),
    "storage smaller than its data": (tensor(storage(numel=3), shape=(3,)), "should have 12 bytes, but 16 are there"),
    "storage that is not there": (tensor(storage(key="1")), "storage '1' is missing"),
    "storage elsewhere": (tensor(storage(key="../data.pkl")), "is missing"),
    "storage of more elements than Python writes out": (
        tensor(storage().replace(number(4), b"\x8b" + struct.pack("<I", 5000) + b"\x7f" * 5000)),
        "impossible storage",
    ),
    "negative storage": (tensor(storage(numel=-1)), "impossible storage"),
    "view beyond its storage": (
        tensor(storage(view=b"(" + text("v") + number(2) + number(3) + b"t")),
        "impossible storage",
    ),
    "view of text": (tensor(storage(view=text("v"))), "impossible storage"),
    "storage of text": (text("storage") + b"Q", "refers to something outside"),
    "module": (b"(" + text("module") + b"NNNNtQ", "a way that is not known"),
    "storage class of text": (tensor(storage().replace(b"ctorch\nFloatStorage\n", b"N")), "a way that is not known"),
    "location of a thousand letters": (tensor(storage().replace(text("cpu"), text("c" * 1000))), "impossible storage"),
    "no location": (tensor(storage().replace(text("cpu"), text("a b"))), "a tensor's device is none"),
    "bools of 2": (tensor(storage("BoolStorage", numel=16), shape=(16,)), "bytes other than 0 and 1"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_cannot_be(name):
    body, message = TENSORS[name]
    refused(of(body), message)


def test_a_storage_has_one_size():
    refused(of(tensor(storage()) + tensor(storage(numel=3), shape=(3,)) + b"\x86"), "should have 3 elements of 4 bytes")


def test_a_parameter_of_integers():
    body = b"ctorch._utils\n_rebuild_parameter\n" + tensor(storage("IntStorage")) + b"\x88N\x87R"
    refused(of(body), "requires grad")


def test_a_tensor_that_repeats_itself_is_not_written_out():
    flags = b"\x89N}" + text("conj") + b"\x88s"
    repeated = tensor(storage("ComplexFloatStorage", numel=2), shape=(2**50,), strides=(0,), rest=flags)
    refused(of(repeated), "far more memory than the file")
    plain = tensor(storage(), shape=(2**50,), strides=(0,))
    assert load(of(plain)).shape == (2**50,)


# --- old files


def test_old_files_that_cannot_be():
    sound = b"\x80\x02" + tensor(storage(view=b"N")) + b"."
    data = struct.pack("<q", 4) + FOUR
    assert load(legacy(sound, ["0"], data)).shape == (4,)
    refused(legacy(sound, ["0"], data + b"\0"), "something follows the storages")
    refused(legacy(sound, ["0"], data[:-1]), "cut short")
    refused(legacy(sound, ["0"], struct.pack("<q", 2**62) + FOUR), "should have 4 elements")
    refused(legacy(sound, ["0", "1"], data), "not those that its tensors need")
    refused(legacy(sound, [], b""), "not those that its tensors need")
    refused(legacy(sound, ["0", "0"], 2 * data), "there twice")
    two = b"\x80\x02" + tensor(storage()) + tensor(storage("IntStorage")) + b"\x86."
    refused(legacy(two, ["0"], data), "described in two ways")
    refused(legacy(sound, ["0"], data).replace(b"M\xe9\x03", b"M\xe8\x03"), "not 1001")
    refused(pickle.dumps([1, 2], 2), "none that torch.save wrote")
    tar = bytearray(1024)
    tar[257:262] = b"ustar"
    refused(bytes(tar), "tar file of PyTorch before")


# --- the zip file


def test_every_cut_of_a_small_file_is_refused():
    for data in (of(tensor(storage())), (DATA / "no_checksums.pt").read_bytes()):
        for length in range(len(data)):
            refused(data[:length])
    old = legacy(b"\x80\x02" + tensor(storage()) + b".", ["0"], struct.pack("<q", 4) + FOUR)
    for length in range(len(old)):
        refused(old[:length])


def test_every_changed_byte_of_the_data_is_noticed():
    data = of(tensor(storage()))
    at = data.index(FOUR)
    for i in range(at, at + len(FOUR)):
        refused(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :], "does not match its checksum")


def packed(names: list[str], compression: int = zipfile.ZIP_STORED, **options) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression, **options) as archive_file:
        for name in names:
            archive_file.writestr(name, b"\x80\x02N.")
    return file.getvalue()


def test_zip_files_of_other_kinds():
    refused(packed(["a/other"]), "neither a checkpoint of Lamella's nor one of PyTorch's")
    refused(packed(["a/data.pkl", "b/data.pkl"]), "neither")
    refused(packed(["a/data.pkl"], zipfile.ZIP_DEFLATED), "is compressed")
    refused(packed(["a/data.pkl"], zipfile.ZIP_BZIP2), "method 12")
    with pytest.warns(UserWarning, match="Duplicate"):
        refused(packed(["a/data.pkl", "a/data.pkl"]), "two members have the name")
    for name in ("a/../../b", "a/b\\c", "a//../x"):
        refused(packed(["a/data.pkl", name]), "leads out of the file")
    data = packed(["a/data.pkl"])
    assert load(data) is None
    refused(data + b"\0", "something follows it")
    refused(packed(["a/data.pkl"]).replace(b"a/data.pkl", b"/data.pkl\xff"), "not UTF-8")
    refused(zipped(b"\x80\x02N.", byteorder=b"middle"), "byte order")


def test_the_two_headers_of_a_member_have_to_agree():
    data = packed(["a/data.pkl", "a/x"])
    central = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    changes = {
        18: b"\x07",  # stored size, first header
        14: b"\x07",  # checksum
        8: b"\x08",  # method
        30: b"b",  # name
        6: b"\x01",  # encrypted
        central + 8: b"\x01",
        central + 24: b"\x01",  # size
        central + 42: b"\x01",  # position
        central + 46 + 10 + 42: b"\x00",  # the second member where the first one is
        end + 10: b"\x01",  # number of members
        end + 8: b"\x01",  # number of members on this disk
        end + 12: b"\x01",  # length of the directory
        end + 16: b"\x01",  # its position
        end + 4: b"\x01",  # disk
    }
    for at, byte in changes.items():
        changed = data[:at] + byte + data[at + 1 :]
        assert changed != data
        refused(changed)
    local = data[: data.index(b"PK\x03\x04", 4)]
    refused(local + b"gap" + data[len(local) :])


def test_sizes_of_64_bits_that_are_missing_or_wrong():
    data = of(b"N")
    at = data.index(struct.pack("<HHQQ", 1, 16, 4, 4))
    refused(data[:at] + b"\x02" + data[at + 1 :], "lacks its 64-bit sizes")
    refused(data[: at + 4] + b"\xff" * 8 + data[at + 12 :])
    end = data.index(b"PK\x06\x06")
    for offset in (4, 24, 32, 40, 48):
        refused(data[: end + offset] + b"\x7f" + data[end + offset + 1 :])
    locator = data.index(b"PK\x06\x07")
    refused(data[: locator + 8] + b"\x7f" + data[locator + 9 :], "64-bit part")


def test_a_directory_of_too_many_members_is_refused():
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *9 * [0], 1, *6 * [0]) + b"a"
    count = 100_001
    end = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, count * len(entry), 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, count * len(entry), 1)
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0, 0)
    file = io.BytesIO(entry * count + end + locator + last)
    with pytest.raises(CheckpointError, match="announces 100001 members"):
        zip_members(Source(file, 0, len(file.getvalue()), False, None))


# --- memory


def keys(make) -> bytes:
    return b"}(" + b"".join(make(i) + b"N" for i in range(hashing._MOST_OTHERS + 1)) + b"u"


REPEATS = 1_200_000


def copies_of(made: bytes) -> bytes:
    """The same call again and again, as three opcodes."""
    name = made.index(b"\n", made.index(b"\n") + 1) + 1
    return made[:name] + b"q\x00" + made[name:-1] + b"q\x01" + b"h\x00h\x01R" * REPEATS


LARGE = {
    "lists": b"]" * REPEATS,
    "dicts": b"}" * REPEATS,
    "sets": b"\x8f" * REPEATS,
    "marks": b"(" * REPEATS,
    "tuples": b"N" * REPEATS + b"\x85" * REPEATS,
    "numbers": b"M\xff\x7f" * REPEATS,
    "floats": b"(" + b"G" + b"\x01" * 8 + (b"G" + b"\x01" * 8) * REPEATS + b"t",
    "texts": b"U\x01a" * REPEATS,
    "wide text": text("\U0001f600" + "a" * 30_000_000),
    "copies of text": b"c_codecs\nencode\nq\x00"
    + text("a" * 1_000_000)
    + text("latin1")
    + b"\x86q\x01"
    + b"h\x00h\x01R" * 999,
    "copies of a list": b"c__builtin__\nset\nq\x00](" + b"NK\x01K\x02" * 9999 + b"e\x85q\x01" + b"h\x00h\x01R" * 99_999,
    "copies of a size": b"ctorch\nSize\nq\x00(" + b"K\x01" * 99_999 + b"t\x85q\x01" + b"h\x00h\x01R" * 9999,
    "ordered dicts": b"ccollections\nOrderedDict\nq\x00" + b"h\x00)R" * REPEATS,
    "tensors": copies_of(tensor(storage())),
    "tensors of 64 dimensions": copies_of(tensor(storage(), shape=(1,) * 64, strides=(1,) * 64)),
    "tuple keys": keys(lambda i: b"(M" + struct.pack("<H", i) + b"t"),
    "keys of one hash": keys(lambda i: b"\x8a\x0c" + ((2**61 - 1) * (i + 1)).to_bytes(12, "little")),
}


@pytest.mark.parametrize("name", LARGE)
def test_small_files_do_not_become_large_ones(name):
    data = of(LARGE[name])
    tracemalloc.start()
    try:
        refused(data)
        assert tracemalloc.get_traced_memory()[1] < 64_000_000 + len(data)
    finally:
        tracemalloc.stop()


def test_honest_files_stay_within_the_budget():
    history = {"loss": [float(i) for i in range(300_000)], "names": [f"layer.{i}" for i in range(20_000)]}
    file = io.BytesIO()
    lamella.save(history, file, format="torch")
    assert load(file.getvalue()) == history
    assert len(file.getvalue()) < budget.ALLOWANCE


# --- chance


def looked_at(value) -> None:
    """Reach every element: views into foreign memory would crash here."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, lamella.Tensor):
            assert item.array.nbytes < 1_000_000
            np.array(item.array)
        elif isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list | tuple):
            pending += item


def inner_pickle(data: bytes) -> tuple[bytes, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = {name.partition("/")[2]: file.read(name) for name in file.namelist()}
    return members.pop("data.pkl"), {name: content for name, content in members.items() if "/" in name}


def resealed(name: str):
    """A file whose pickle can be changed under sound checksums."""
    body, members = inner_pickle((DATA / name).read_bytes())
    storages = {key.removeprefix("data/"): content for key, content in members.items() if key.startswith("data/")}
    return body, lambda changed: zipped(changed, storages)


SEALED = {name: resealed(name) for name in ("training.pt", "tensors.pt", "values.pt")}
TARGETS = {
    "whole": ((DATA / "training.pt").read_bytes(), lambda data: data),
    "no checksums": ((DATA / "no_checksums.pt").read_bytes(), lambda data: data),
    "legacy": ((DATA / "tensors_legacy.pt").read_bytes(), lambda data: data),
    "legacy values": ((DATA / "values_protocol5_legacy.pt").read_bytes(), lambda data: data),
    **{f"pickle of {name}": target for name, target in SEALED.items()},
}
EACH = 2000


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_refused_or_harmless(name):
    data, seal = TARGETS[name]
    outcomes = {"loaded": 0, "refused": 0}
    for i, changed in enumerate(mutations(data, EACH, seed=len(data))):
        file = seal(changed)
        try:
            outcome = "refused"
            summary_of(file)
            looked_at(load(file))
            outcome = "loaded"
        except (CheckpointError, DeviceError):
            pass
        except BaseException as error:
            error.add_note(f"mutation {i} of {name}")
            raise
        outcomes[outcome] += 1
    assert outcomes["refused"] > EACH // 10


OPCODES = [bytes([code]) for code in b"(.0NJKMGX]}ltesuatRbcQqhrj)"] + [
    b"\x81\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x93\x94"[i : i + 1] for i in range(13)
]


def test_random_programs_are_refused_or_harmless():
    chance = np.random.default_rng(0)
    pieces = [*OPCODES, b"K\x01", b"h\x00", b"q\x00", text("a"), storage(), tensor(storage()), sizes([2, 2]), *[
        call + b")R" for call in (b"ccollections\nOrderedDict\n", b"ctorch\nSize\n", b"c__builtin__\nset\n")
    ]]  # fmt: skip
    loaded = 0
    for _ in range(3000):
        body = b"".join(pieces[i] for i in chance.integers(0, len(pieces), chance.integers(1, 12)))
        try:
            looked_at(load(of(body)))
            loaded += 1
        except (CheckpointError, DeviceError):
            continue
    assert loaded


# --- proof


def test_loading_opens_imports_and_executes_nothing():
    program = textwrap.dedent(
        """
        import sys
        import lamella
        from lamella.core.errors import CheckpointError
        folder = sys.argv[1]
        names = ["training.pt", "tensors.pt", "tensors_legacy.pt", "values.pt", "refused_module.pt", "refused_array.pt"]
        seen = None

        def audit(event, arguments):
            if seen is not None:
                seen.append((event, str(arguments[:1])))

        def load_all():
            for name in names:
                for mmap in (False, True):
                    try:
                        lamella.load(f"{folder}/{name}", mmap=mmap)
                    except CheckpointError:
                        assert name.startswith("refused")

        load_all()
        sys.addaudithook(audit)
        seen = []
        load_all()
        events, seen = seen, None
        opened = [argument for event, argument in events if event == "open"]
        assert opened == [str((f"{folder}/{name}",)) for name in names for _ in range(2)], opened
        others = {event for event, _ in events} - {"open", "mmap.__new__", "builtins.id"}
        assert not others, others
        print("clean")
        """
    )
    run = subprocess.run([sys.executable, "-c", program, str(DATA)], capture_output=True, text=True, check=False)
    assert run.stdout == "clean\n", run.stderr
