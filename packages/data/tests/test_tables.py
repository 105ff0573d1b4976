"""Tables: CSV, NPZ and Parquet."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

import lamella
from lamella.core.errors import ArgumentError, DataError
from lamella.data import DataLoader
from lamella.data.datasets import TableDataset

LENGTH, WIDTH, SPECIES = [5.5, 6.25, 4.75], [3, 2, 4], [0, 1, 0]


def write_csv(path: Path) -> None:
    rows = zip(LENGTH, WIDTH, SPECIES, strict=True)
    text = "length,width,species\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def write_npz(path: Path) -> None:
    np.savez(path, length=LENGTH, width=WIDTH, species=SPECIES)


def write_parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"length": LENGTH, "width": WIDTH, "species": SPECIES}), path)


WRITERS = {"csv": write_csv, "npz": write_npz, "parquet": write_parquet}


@pytest.fixture(params=WRITERS)
def flowers(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"flowers.{request.param}"
    WRITERS[request.param](path)
    return path


def test_each_kind_gives_the_same(flowers):
    table = TableDataset(flowers, target="species")
    assert table.feature_names == ["length", "width"]
    features, target = table.tensors
    assert (features.dtype, features.tolist()) == (lamella.float32, [[5.5, 3], [6.25, 2], [4.75, 4]])
    assert (target.dtype, target.tolist()) == (lamella.int64, SPECIES)
    assert [part.tolist() for part in table[1]] == [[6.25, 2], 1]
    [batch] = DataLoader(table, batch_size=3)
    assert batch[0].tolist() == features.tolist()
    assert len(pickle.loads(pickle.dumps(table))) == 3


def test_columns_can_be_chosen(flowers):
    table = TableDataset(flowers, target="length", features=["species", "width"])
    assert table.feature_names == ["species", "width"]
    assert table.tensors[0].tolist() == [[0, 3], [1, 2], [0, 4]]
    assert table.tensors[1].dtype == lamella.float32
    assert TableDataset(flowers).feature_names == ["length", "width", "species"]
    assert len(TableDataset(flowers)[0]) == 1
    assert TableDataset(flowers, features=["width"], target="width")[0][0].tolist() == [3]


def test_what_is_not_there_is_named(flowers):
    message = re.escape(str(flowers)) + ": expected a column among length, width, species; found 'colour'"
    with pytest.raises(ArgumentError, match=message):
        TableDataset(flowers, target="colour")
    with pytest.raises(ArgumentError, match=message):
        TableDataset(flowers, features=["width", "colour"])


def test_files_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"expected a file that ends with \.csv, \.npz, \.parquet; found '\.xls'"):
        TableDataset(tmp_path / "table.xls")
    with pytest.raises(FileNotFoundError):
        TableDataset(tmp_path / "table.csv")
    with pytest.raises(FileNotFoundError):
        TableDataset(tmp_path / "table.npz")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\r\n1,2\r\n\r\n", {"a": [1], "b": [2]}),
        ("\ufeffa\n-1\n", {"a": [-1]}),
        ('a,"b ""c"", d"\n1e3,"2.5"', {"a": [1000], 'b "c", d': [2.5]}),
        ("a\ninf\nnan\n", {"a": [float("inf"), float("nan")]}),
        ("a\n9223372036854775808\n", {"a": [2.0**63]}),
        ("a,b\n", {"a": [], "b": []}),
    ],
)
def test_csv_as_people_write_it(tmp_path, text, columns):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")
    table = TableDataset(path)
    assert table.feature_names == list(columns)
    np.testing.assert_array_equal(table.tensors[0].numpy(), np.array(list(columns.values()), np.float32).T)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected names of columns in the first line, each once; found []"),
        (b"a,a\n1,2\n", "expected names of columns in the first line, each once; found ['a', 'a']"),
        (b"a,b\n1,2\n1,2,3\n", "line 3: expected 2 cells, found 3"),
        (b"a,b\n1,2\n\n1\n", "line 4: expected 2 cells, found 1"),
        (b"a,b\n1,2\n1,\n", "expected numbers in column 'b', found '' in row 1"),
        (b"a\n1\n2.5\nred\n", "expected numbers in column 'a', found 'red' in row 2"),
        (b'a\n"1\n', "expected CSV in UTF-8 (unexpected end of data)"),
        (b"a\n\xff\n", "expected CSV in UTF-8 ('utf-8' codec can't decode byte 0xff"),
        (b"a\n" + b"1" * 200_000 + b"\n", "expected CSV in UTF-8 (field larger than field limit"),
    ],
)
def test_csv_that_is_wrong_is_named(tmp_path, content, message):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)):
        TableDataset(tmp_path / "table.csv")


def test_a_target_alone_leaves_nothing_to_predict_from(tmp_path):
    (tmp_path / "table.csv").write_text("a\n1\n")
    with pytest.raises(ArgumentError, match="expected at least one column of features, found none"):
        TableDataset(tmp_path / "table.csv", target="a")


def test_matrices_in_npz_are_columns(tmp_path):
    np.savez_compressed(tmp_path / "table.npz", x=np.arange(6).reshape(2, 3), y=np.array([True, False]))
    table = TableDataset(tmp_path / "table.npz", target="y")
    assert table.feature_names == ["x[0]", "x[1]", "x[2]"]
    assert table.tensors[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (table.tensors[1].dtype, table.tensors[1].tolist()) == (lamella.int64, [1, 0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, r"expected columns of one length, found \{'a': 2, 'b': 3\}"),
        ({"a": np.zeros((2, 2, 2))}, r"expected arrays \(N,\) or \(N, K\), found 'a' with shape \(2, 2, 2\)"),
        ({"a": np.zeros(())}, r"found 'a' with shape \(\)"),
        ({"a": np.array(["red"])}, r"table\.npz: 'a': there is no dtype for arrays of '<U3'"),
        ({"a": np.array([None])}, r"table\.npz: 'a': it is an array of Python objects"),
        ({"a": np.zeros(2, complex)}, "expected numbers in column 'a', found complex128"),
        ({"a": np.zeros(10_000_000)}, "its arrays would grow to 80000128 bytes"),
    ],
)
def test_npz_that_is_wrong_is_named(tmp_path, arrays, message):
    np.savez_compressed(tmp_path / "table.npz", **arrays)
    with pytest.raises(DataError, match=message):
        TableDataset(tmp_path / "table.npz")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": ["red"]}, "expected numbers in column 'a', found object"),
        ({"a": [[1, 2]]}, "expected numbers in column 'a', found object"),
    ],
)
def test_parquet_that_is_wrong_is_named(tmp_path, columns, message):
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
    with pytest.raises(DataError, match=message):
        TableDataset(tmp_path / "table.parquet")


def test_parquet_with_a_name_twice_is_refused(tmp_path):
    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["a", "a"])
    pyarrow.parquet.write_table(table, tmp_path / "table.parquet")
    with pytest.raises(DataError, match=r"expected each column's name once, found \['a', 'a'\]"):
        TableDataset(tmp_path / "table.parquet")


def test_missing_values_in_parquet_are_nan(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"a": [1, None]}), tmp_path / "table.parquet")
    np.testing.assert_array_equal(TableDataset(tmp_path / "table.parquet").tensors[0].numpy(), [[1], [np.nan]])


def test_damaged_tables_are_refused(flowers, damage):
    whole = flowers.read_bytes()
    refused = 0
    tracemalloc.start()
    try:
        for mutant in damage(whole):
            flowers.write_bytes(mutant)
            try:
                TableDataset(flowers, target="species")
            except (DataError, ArgumentError):  # the latter where a column's name is what is damaged
                refused += 1
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert refused > (20 if flowers.suffix == ".csv" else len(whole))


@pytest.mark.parametrize("content", [{"a": [1]}, 5, {5: lamella.zeros(2)}, {"a": lamella.zeros(2), "b": "text"}])
def test_another_kind_of_file_is_refused(tmp_path, content):
    lamella.save(content, tmp_path / "table.lamella")
    (tmp_path / "table.lamella").rename(tmp_path / "table.npz")
    with pytest.raises(DataError, match=r"table.npz: expected arrays \(N,\) or \(N, K\), found"):
        TableDataset(tmp_path / "table.npz")


def test_a_number_beyond_float32_is_infinite(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n1,1e99\n")
    assert TableDataset(tmp_path / "table.csv", target="a").tensors[0].tolist() == [[float("inf")]]


def test_without_pyarrow_the_error_says_what_to_install(tmp_path):
    write_parquet(tmp_path / "table.parquet")
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"  # what an absent package looks like to an import
        "from lamella.data.datasets import TableDataset\n"
        "try: TableDataset(sys.argv[1])\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "table.parquet")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "Parquet files need pyarrow. Install it with: pip install lamella-data[tables]\n"
