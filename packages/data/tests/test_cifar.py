"""CIFAR-10 and CIFAR-100: both published versions, as folders and archives, and files that are wrong."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import struct
import tarfile
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest

import lamella
from lamella.core.errors import DataError
from lamella.data import DataLoader
from lamella.data.datasets import CIFAR10, CIFAR100
from lamella.data.datasets.archives import read_tar_gz
from lamella.data.datasets.cifar_pickle import read_batch

TRAIN = [f"data_batch_{i}" for i in range(1, 6)]


class Published:
    """A tiny CIFAR-10, three images a file, in both versions, written from the formats' descriptions."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.pixels = {name: rng.integers(0, 256, (3, 3072), dtype=np.uint8) for name in [*TRAIN, "test_batch"]}
        self.labels = {name: rng.integers(0, 10, 3).tolist() for name in self.pixels}
        self.binary = {
            f"cifar-10-batches-bin/{name}.bin": b"".join(
                bytes([label]) + row.tobytes() for label, row in zip(self.labels[name], pixels, strict=True)
            )
            for name, pixels in self.pixels.items()
        }
        self.python = {
            f"cifar-10-batches-py/{name}": pickled(pixels, b"labels", self.labels[name])
            for name, pixels in self.pixels.items()
        }


def text(content: bytes) -> bytes:
    """A string as Python 2 pickled it."""
    return (b"U" + bytes([len(content)]) if len(content) < 256 else b"T" + struct.pack("<i", len(content))) + content


def pickled(pixels: np.ndarray, key: bytes, labels: list[int]) -> bytes:
    """A batch as Python 2 and its NumPy pickled it."""
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    dtype = b"cnumpy\ndtype\nq\x09" + text(b"u1") + b"K\0K\x01\x87q\x0aRq\x0b(K\x03" + text(b"|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tq\x0cb"
    shape = b"K" + bytes([len(pixels)]) + b"M" + struct.pack("<H", pixels.shape[1]) + b"\x86"
    array = b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\0\x85q\x07" + text(b"b")
    array += b"\x87q\x08R(K\x01" + shape + dtype + b"\x89" + text(pixels.tobytes()) + b"tb"
    names = b"](" + b"".join(text(f"image_{i}.png".encode()) for i in range(len(labels))) + b"e"
    return (
        b"\x80\x02}q\x01(" + text(b"batch_label") + b"q\x02" + text(b"a batch")
        + text(key) + b"q\x03]q\x04(" + numbers + b"e" + text(b"data") + array + text(b"filenames") + names + b"u."
    )  # fmt: skip


def tar_gz(files: dict[str, bytes]) -> bytes:
    """An archive as GNU tar makes it, with a folder in front."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        folder = tarfile.TarInfo(next(iter(files)).split("/")[0])
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture(params=["binary folder", "binary archive", "python folder", "python archive"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, published: Published) -> Path:
    version, form = request.param.split()
    files = published.binary if version == "binary" else published.python
    if form == "archive":
        (tmp_path / f"cifar-10-{version}.tar.gz").write_bytes(tar_gz(files))
    else:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
    return tmp_path


def test_each_form_gives_the_same_images(folder, published):
    train, test = CIFAR10(folder), CIFAR10(str(folder), train=False)
    assert train.data.shape == (15, 32, 32, 3)
    assert train.data.dtype == np.uint8
    assert train.targets == [label for name in TRAIN for label in published.labels[name]]
    assert test.targets == published.labels["test_batch"]
    image, label = train[4]
    assert (image.dtype, tuple(image.shape), label) == (lamella.uint8, (3, 32, 32), train.targets[4])
    assert image.numpy().tobytes() == published.pixels["data_batch_2"][1].tobytes()
    np.testing.assert_array_equal(train.data[4].transpose(2, 0, 1), image.numpy())
    with pytest.raises(IndexError):
        train[15]


def test_our_pickles_are_what_python_would_read(published):
    content = published.python["cifar-10-batches-py/test_batch"]
    ours = read_batch(content, "test_batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, about names and values of its past
        theirs = pickle.loads(content, encoding="bytes")
    np.testing.assert_array_equal(ours.pop(b"data"), theirs.pop(b"data"))
    assert ours == theirs


def test_a_loader_gives_the_samples_in_batches(tmp_path, published):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar_gz(published.binary))
    dataset = CIFAR10(tmp_path, target_transform=lambda label: label + 100)
    images, labels = next(iter(DataLoader(dataset, batch_size=4)))
    assert labels.tolist() == [label + 100 for label in dataset.targets[:4]]
    np.testing.assert_array_equal(images.numpy(), np.stack([dataset[i][0].numpy() for i in range(4)]))
    dataset.data, dataset.targets = dataset.data[5:7], dataset.targets[5:7]  # as programs for torchvision do
    images, labels = next(iter(DataLoader(dataset, batch_size=4)))
    assert labels.tolist() == [label + 100 for label in dataset.targets]


def test_transforms_are_applied(tmp_path, published):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar_gz(published.binary))
    dataset = CIFAR10(tmp_path, transform=lambda image: image.sum().item(), target_transform=str)
    assert dataset[0] == (int(dataset.data[0].sum()), str(dataset.targets[0]))
    assert repr(dataset).startswith("Dataset CIFAR10\n    Number of datapoints: 15\n    Root location: ")


def test_it_pickles(tmp_path, published):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar_gz(published.binary))
    dataset = pickle.loads(pickle.dumps(CIFAR10(tmp_path, train=False)))
    assert dataset[2][0].numpy().tobytes() == published.pixels["test_batch"][2].tobytes()


@pytest.mark.parametrize("version", ["binary", "python"])
def test_cifar100_has_the_fine_labels(tmp_path, version):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 3072), dtype=np.uint8)
    (tmp_path / f"cifar-100-{version}").mkdir()
    if version == "binary":
        content = b"".join(bytes([5, label]) + row.tobytes() for label, row in zip([99, 0], pixels, strict=True))
        (tmp_path / "cifar-100-binary" / "train.bin").write_bytes(content)
    else:
        (tmp_path / "cifar-100-python" / "train").write_bytes(pickled(pixels, b"fine_labels", [99, 0]))
    dataset = CIFAR100(tmp_path)
    assert dataset.targets == [99, 0]
    assert [dataset.classes[label] for label in dataset.targets] == ["worm", "apple"]
    assert dataset[1][0].numpy().tobytes() == pixels[1].tobytes()


@pytest.mark.parametrize(("dataset", "count"), [(CIFAR10, 10), (CIFAR100, 100)])
def test_classes(dataset, count, tmp_path, published):
    assert len(set(dataset.classes)) == count
    assert dataset.classes == sorted(dataset.classes)
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(tar_gz(published.binary))
    assert CIFAR10(tmp_path).class_to_idx["truck"] == 9


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"Dataset not found\. CIFAR10: .*cifar-10-binary.tar.gz.*download=True.*MD5"):
        CIFAR10(tmp_path)
    (tmp_path / "cifar-10-batches-bin").mkdir()
    with pytest.raises(DataError, match=r"data_batch_1.bin: expected a file, found none"):
        CIFAR10(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected records of 3073 bytes, found 0 bytes"),
        (bytes(3072), "expected records of 3073 bytes, found 3072 bytes"),
        (bytes(3073) + b"\x0a" + bytes(3072), "expected labels from 0 to 9, found 10 at index 1"),
    ],
)
def test_binary_files_that_do_not_fit_are_refused(tmp_path, content, message):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(content)
    with pytest.raises(DataError, match="test_batch.bin: " + message):
        CIFAR10(tmp_path, train=False)


def test_a_file_too_large_is_refused_unread(tmp_path):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    with (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").open("wb") as file:
        file.truncate((1 << 28) + 1)  # takes no room on the disk
    with pytest.raises(DataError, match="expected at most 268435456 bytes, found 268435457"):
        CIFAR10(tmp_path, train=False)


PIXELS = np.zeros((2, 3072), np.uint8)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(PIXELS, b"labels", [1]), "expected as many labels as images, 2; found 1"),
        (pickled(PIXELS, b"labels", [1, 10]), "expected labels from 0 to 9, found 10 at index 1"),
        (pickled(PIXELS, b"labels", [1, 2]).replace(b"K\x02e", b"]e"), "found a list at index 1"),
        (pickled(PIXELS, b"fine_labels", [1, 2]), r"expected an array data \(N, 3072\) and a list labels"),
        (pickled(PIXELS[:, :100], b"labels", [1, 2]), r"expected an array data \(N, 3072\) and a list labels"),
        (b"\x80\x02].", "found a list where a dict belongs"),
        (b"\x80\x03}.", "found no pickle of protocol 2"),
        (b"\x80\x02}..", "found more behind the end, or on the stack"),
        (b"\x80\x02}}.", "found more behind the end, or on the stack"),
        (b"\x80\x02", "found 1 bytes announced where 0 are left"),
        (b"\x80\x02T\xff\xff\xff\x7f.", "found 2147483647 bytes announced where 1 are left"),
        (b"\x80\x02T\xff\xff\xff\xff.", "found -1 bytes announced where 1 are left"),
        (b"\x80\x02cos\nsystem\n(U\x02lstR.", "found the name b'os system'"),
        (b"\x80\x02cnumpy\nload\n.", "found the name b'numpy load'"),
        (b"\x80\x02cnumpy\ndtype\nU\x02O8K\0K\x01\x87R.", "found a call"),
        (b"\x80\x02}U\x01aR.", "found a call"),
        (b"\x80\x02}Vtext\n.", "found the opcode 0x56"),
        (b"\x80\x02}K\x01K\x02s.", "found a key that is no string"),
        (b"\x80\x02]U\x01aK\x01s.", "found an opcode for a dict that has none"),
        (b"\x80\x02}U\x01as.", "found a key that is no string"),
        (b"\x80\x02](U\x01aK\x01u.", "found an opcode for a dict that has none"),
        (b"\x80\x02(a.", "found an opcode without its operands"),
        (b"\x80\x02}U\x01ab.", "found a state of something else than an array"),
        (b"\x80\x02h\x07.", "found 7"),
        (b"\x80\x02e.", "found pop from empty list"),
        (pickled(PIXELS, b"labels", [1, 2]).replace(b"(K\x01K\x02M", b"(K\x01K\x03M"), "shape does not fit its 6144"),
        (pickled(PIXELS, b"labels", [1, 2]).replace(b"(K\x01K\x02M", b"(K\x02K\x02M"), "something else than bytes"),
    ],
)
def test_pickles_of_another_shape_are_refused(tmp_path, content, message):
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(content)
    with pytest.raises(DataError, match="test_batch: .*" + message):
        CIFAR10(tmp_path, train=False)


def test_deep_nesting_is_no_trouble():
    deep = b"\x80\x02K\x01" + b"\x85" * 100_000
    for content in (deep + b".", b"\x80\x02}" + deep[2:] + b"K\x01s.", deep + b"K\x01R.", deep + b"b."):
        with pytest.raises(DataError, match="expected a batch"):
            read_batch(content, "deep")


def test_sizes_may_be_long_and_order_may_be_fortrans():
    pixels = np.arange(6144, dtype=np.uint8).reshape(2, 3072)
    content = pickled(pixels, b"labels", [1, 2])
    longer = content.replace(b"(K\x01K\x02M\x00\x0c", b"(K\x01\x8a\x01\x02\x8a\x02\x00\x0c")
    assert len(longer) == len(content) + 2
    np.testing.assert_array_equal(read_batch(longer, "long")[b"data"], pixels)
    turned = content.replace(b"\x89T", b"\x88T").replace(pixels.tobytes(), pixels.tobytes("F"))
    np.testing.assert_array_equal(read_batch(turned, "Fortran's")[b"data"], pixels)


def test_damaged_pickles_are_refused_and_take_no_memory(damage):
    content = pickled(np.arange(48, dtype=np.uint8).reshape(4, 12), b"labels", [1, 2, 3, 4])
    refused = 0
    tracemalloc.start()
    try:
        for mutant in damage(content, mutations=3000):
            try:
                read_batch(mutant, "mutant")
            except DataError:
                refused += 1
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert refused > len(content) + 1000


@pytest.mark.parametrize("version", ["binary", "python"])
def test_damaged_archives_are_refused(tmp_path, version, damage):
    name = "cifar-10-batches-bin/test_batch.bin" if version == "binary" else "cifar-10-batches-py/test_batch"
    pixels = np.zeros((1, 3072), np.uint8)
    content = bytes(3073) if version == "binary" else pickled(pixels, b"labels", [0])
    archive = tmp_path / f"cifar-10-{version}.tar.gz"
    whole = tar_gz({name: content})
    archive.write_bytes(whole)
    assert len(CIFAR10(tmp_path, train=False)) == 1
    for mutant in damage(whole):
        archive.write_bytes(mutant)
        if mutant[:10] != whole[:10] and mutant[10:] == whole[10:]:
            continue  # gzip's header has a date and a name, which nobody checks
        with pytest.raises(DataError, match="expected"):
            CIFAR10(tmp_path, train=False)


def test_archives_damaged_before_they_were_packed_are_refused(tmp_path, damage):
    whole = gzip.decompress(tar_gz({"folder/file": b"content"}))[:2048]
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(gzip.compress(whole))
    assert read_tar_gz(path, {"folder/file": 7}) == {"folder/file": b"content"}
    for mutant in damage(whole, mutations=1000):
        path.write_bytes(gzip.compress(mutant, 0))
        try:
            found = read_tar_gz(path, {"folder/file": 7})["folder/file"]
        except DataError:
            continue
        assert len(found) <= 7  # the damage is in the contents, or behind them


def header(name: bytes, size: int, kind: bytes = b"0") -> bytes:
    block = bytearray(512)
    block[: len(name)] = name
    block[124:136] = b"%011o\0" % size
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header(b"file", 8) + bytes(512), "expected at most 7 bytes in file, found 8"),
        (header(b"other", (1 << 33) - 1) + bytes(512), "expected at most 1073741824 bytes in the archive, found 8589"),
        (header(b"other", 600) + bytes(600), "expected 424 bytes more, found the end"),
        (header(b"file", 7) + bytes(3), "expected 7 bytes in file, found 3"),
        (header(b"file", 0, b"2"), "expected files and folders in the archive, found a member of type b'2'"),
        (header(b"file", 0, b"x"), "expected files and folders in the archive, found a member of type b'x'"),
        (header(b"other", 0), "expected a file file in the archive, found none"),
        (b"", "expected a file file in the archive, found none"),
        (header(b"file", 7)[:200], "expected a block of 512 bytes, found 200"),
        (b"x" + header(b"file", 7)[1:], "expected a tar header with the right checksum"),
        (header(b"file", 7)[:148] + b"none    " + header(b"file", 7)[156:], "expected an octal number"),
    ],
)
def test_what_an_archive_claims_is_checked(tmp_path, content, message):
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=re.escape(str(path)) + ": " + message):
            read_tar_gz(path, {"file": 7})
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_that_goes_on_and_on_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("lamella.data.datasets.archives._MAX_BYTES", 1 << 22)
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24), 1))
    with pytest.raises(DataError, match="expected at most 4194304 bytes in the archive"):
        read_tar_gz(path, {"file": 7})
