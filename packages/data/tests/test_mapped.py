"""Arrays in mapped files: written, read, shared, and damaged."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import lamella
from lamella.core.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError
from lamella.data import DataLoader, MemoryMappedDataset, TensorDataset
from lamella.data.datasets import FakeData

DTYPES = [
    "bool",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


@pytest.mark.parametrize("dtype", [*DTYPES, ">f4", ">i2"])
@pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 4), (0, 5), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_writes_is_mapped(tmp_path, dtype, shape, order):
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape), dtype=dtype, order=order)
    np.save(tmp_path / "array.npy", array)
    mapped = MemoryMappedDataset(tmp_path / "array.npy")
    assert len(mapped) == shape[0]
    for i in range(shape[0]):
        [row] = mapped[i]
        assert row.dtype.numpy == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(row.numpy(), array[i])


def test_samples_are_rows(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    np.save(tmp_path / "y.npy", np.array([5, 6, 7]))
    pairs = MemoryMappedDataset(tmp_path / "x.npy", tmp_path / "y.npy")
    assert len(pairs) == 3
    x, y = pairs[-1]
    assert (x.tolist(), y.item(), x.dtype, tuple(y.shape)) == ([4, 5], 7, lamella.float32, ())
    named = MemoryMappedDataset(image=tmp_path / "x.npy", label=str(tmp_path / "y.npy"))
    assert {key: value.tolist() for key, value in named[0].items()} == {"image": [0, 1], "label": 5}
    with pytest.raises(IndexError):
        pairs[3]


def test_batches_are_those_of_the_samples(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10, dtype=np.float32).reshape(5, 2))
    np.save(tmp_path / "y.npy", np.arange(5) > 2)
    paths = [tmp_path / "x.npy", tmp_path / "y.npy"]
    for dataset in (MemoryMappedDataset(*paths), MemoryMappedDataset(x=paths[0], y=paths[1])):
        fast, slow = (list(DataLoader(d, batch_size=2)) for d in (dataset, [dataset[i] for i in range(5)]))
        assert repr(fast) == repr(slow)


def test_changes_stay_out_of_the_file(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((2, 2)))
    dataset = MemoryMappedDataset(path)
    dataset[0][0].add_(1)
    assert dataset[0][0].tolist() == [1, 1]
    assert np.load(path).tolist() == [[0, 0], [0, 0]]


def test_a_copy_carries_paths_not_data(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", np.zeros(100_000))
    monkeypatch.chdir(tmp_path)
    dataset = MemoryMappedDataset("x.npy")
    pickled = pickle.dumps(dataset)
    assert len(pickled) < 1000
    monkeypatch.chdir("/")
    assert len(pickle.loads(pickled)) == 100_000


def test_another_process_maps_the_same_file(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(5))
    (tmp_path / "pickled").write_bytes(pickle.dumps(MemoryMappedDataset(tmp_path / "x.npy")))
    program = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb'))[3])"
    command = [sys.executable, "-c", program, str(tmp_path / "pickled")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "(tensor(3),)\n"


def test_mapping_takes_no_memory(tmp_path):
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 28,)})
        file.truncate(file.tell() + (1 << 30))  # a hole: no room on the disk either
    tracemalloc.start()
    try:
        dataset = MemoryMappedDataset(tmp_path / "x.npy")
        assert dataset[(1 << 28) - 1][0].item() == 0
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_mapping_keeps_no_descriptor(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(10))
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        MemoryMappedDataset(tmp_path / "x.npy")[0]
    assert len(os.listdir("/dev/fd")) <= before + 1


def test_any_dataset_can_be_written(tmp_path):
    fake = FakeData(4, (3, 5, 6))
    written = MemoryMappedDataset.write(fake, tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == ["0.npy", "1.npy"]
    assert len(written) == 4
    for i in range(4):
        image, label = written[i]
        assert image.tolist() == fake[i][0].tolist()
        assert (image.dtype, label.dtype, label.item()) == (lamella.uint8, lamella.int64, fake[i][1])


def test_dicts_and_single_tensors_can_be_written(tmp_path):
    named = MemoryMappedDataset.write([{"x": 0.5, "y": True}, {"x": 1.5, "y": False}], tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["x.npy", "y.npy"]
    assert repr(named[1]) == "{'x': tensor(1.5000, dtype=lamella.float64), 'y': tensor(False)}"
    single = MemoryMappedDataset.write(TensorDataset(lamella.arange(3)).tensors[0], tmp_path / "single")
    assert [sample[0].item() for sample in (single[i] for i in range(3))] == [0, 1, 2]
    again = MemoryMappedDataset.write([[1, 2]], tmp_path)  # beside the others
    assert [part.item() for part in again[0]] == [1, 2]


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ArgumentError, "expected at least one sample"),
        ([{"../x": 1}], ArgumentError, r"expected keys that are identifiers, found '../x'"),
        (["text"], ArgumentTypeError, "expected tensors, arrays and numbers, found str in part 0"),
        ([(1, None)], ArgumentTypeError, "found NoneType in part 1"),
        ([1, 2.5], ShapeError, r"\{0: \('int64', \(\)\)\}; found \{0: \('float64', \(\)\)\} at index 1"),
        ([(1,), (1, 2)], ShapeError, "at index 1"),
        ([{"x": 1}, {"y": 1}], ShapeError, "at index 1"),
        ([np.zeros(2), np.zeros(3)], ShapeError, "at index 1"),
    ],
)
def test_what_cannot_be_written_leaves_no_file(tmp_path, samples, error, message):
    with pytest.raises(error, match=message):
        MemoryMappedDataset.write(samples, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_files_there_were(tmp_path):
    MemoryMappedDataset.write([1, 2], tmp_path)
    with pytest.raises(ShapeError):
        MemoryMappedDataset.write([3, 1.5], tmp_path)
    assert [sample[0].item() for sample in MemoryMappedDataset(tmp_path / "0.npy")] == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["0.npy"]


def test_paths_come_in_one_way(tmp_path):
    with pytest.raises(ArgumentError, match="expected either paths or paths by name, found 0 paths and 0 by name"):
        MemoryMappedDataset()
    with pytest.raises(ArgumentError, match="found 1 paths and 1 by name"):
        MemoryMappedDataset("a", b="b")
    with pytest.raises(FileNotFoundError):
        MemoryMappedDataset(tmp_path / "none.npy")


@pytest.mark.parametrize("arrays", [[np.zeros(3), np.zeros(2)], [np.zeros(())]])
def test_lengths_must_agree(tmp_path, arrays):
    paths = [tmp_path / f"{i}.npy" for i in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        np.save(path, array)
    with pytest.raises(DataError, match=r"expected arrays of equal length, found .*0.npy \("):
        MemoryMappedDataset(*paths)


def test_another_kind_of_file_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros(2))
    with pytest.raises(DataError, match=r"x\.npz: expected one array, found a dict"):
        MemoryMappedDataset(tmp_path / "x.npz")


@pytest.mark.parametrize("array", [np.array([None]), np.array(["text"]), np.zeros(2, [("a", "i4")])])
def test_arrays_that_are_no_tensors_are_refused(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=r"x\.npy: "):
        MemoryMappedDataset(tmp_path / "x.npy")


def test_damaged_files_are_refused_and_take_no_memory(tmp_path, damage):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(6, dtype="<i4").reshape(2, 3))
    whole = path.read_bytes()
    refused = 0
    tracemalloc.start()
    try:
        for mutant in damage(whole, mutations=2000):
            path.write_bytes(mutant)
            try:
                MemoryMappedDataset(path)
            except DataError:
                refused += 1
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert refused > len(whole) + 500
