"""What a file holds, told without loading it; the same in another format; both as functions and as commands."""

from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import convert, inspect, json_text, load, save
from lamella.core.checkpoints.budget import Budget
from lamella.core.checkpoints.leaves import leaves
from lamella.core.checkpoints.safetensors import save_file
from lamella.core.cli import main
from lamella.core.errors import ArgumentError, CheckpointError

NESTED = {
    "model": OrderedDict([("fc.weight", lamella.ones(3, 4)), ("fc.bias", lamella.zeros(3, dtype=lamella.float64))]),
    "state": [lamella.arange(2), {0: lamella.tensor(True)}],
}
NAMES = ["model.fc.weight", "model.fc.bias", "state.0", "state.1.0"]


def numbers(state: dict[str, lamella.Tensor]) -> dict[str, object]:
    return {name: (tensor.dtype, tensor.tolist()) for name, tensor in state.items()}


# --- inspect


def test_a_summary_names_everything(tmp_path):
    path = tmp_path / "a.lam"
    save({**NESTED, "epoch": 3, "history": [0.5, None], "nothing": {}, "size": lamella.Size([1])}, path)
    summary = inspect(path)
    assert (summary.format, summary.size) == ("lamella", path.stat().st_size)
    assert [(tensor.name, tensor.dtype, tensor.shape, tensor.size) for tensor in summary.tensors] == [
        ("model.fc.weight", "float32", (3, 4), 48),
        ("model.fc.bias", "float64", (3,), 24),
        ("state.0", "int64", (2,), 16),
        ("state.1.0", "bool", (), 1),
    ]
    assert summary.values == (
        *(("epoch", 3), ("history.0", 0.5), ("history.1", None)),
        *(("nothing", {}), ("size", lamella.Size([1]))),
    )


def test_the_data_is_not_read(tmp_path):
    path = tmp_path / "a.lam"
    save(NESTED, path)
    summary = inspect(path)
    data = bytearray(path.read_bytes())
    data[data.index(np.ones(12, np.float32).tobytes())] ^= 1
    path.write_bytes(data)
    assert inspect(path) == summary
    with pytest.raises(CheckpointError, match="checksum"):
        load(path)


def test_a_single_tensor_has_no_name(tmp_path):
    save(lamella.ones(2), tmp_path / "a.lam")
    assert [tensor.name for tensor in inspect(tmp_path / "a.lam").tensors] == [""]


def test_errors_name_function_and_file(tmp_path):
    path = tmp_path / "bad.lam"
    path.write_bytes(b"hello")
    with pytest.raises(CheckpointError, match=r"^inspect: .*bad.lam: "):
        inspect(path)
    with pytest.raises(CheckpointError, match=r"^convert: .*bad.lam: "):
        convert(path, tmp_path / "b.npz")


def test_what_is_held_many_times_is_not_listed_for_ever():
    doubled: object = 1
    for _ in range(60):
        doubled = [doubled, doubled]
    with pytest.raises(CheckpointError, match="far more memory than the file"):
        list(leaves(doubled, Budget(0)))
    with pytest.raises(CheckpointError, match="cannot be written down"):
        list(leaves({10**5000: 1}, Budget(0)))


def test_json_of_small_values_is_bounded_both_ways():
    many = [[] for _ in range(1_000_000)]
    with pytest.raises(CheckpointError, match="Make tensors of the long lists"):
        json_text.written(many)
    with pytest.raises(CheckpointError, match="far more memory than the file"):
        json_text.parsed(b"[" + b"[]," * 3_000_000 + b"[]]", "it", Budget(0))
    assert len(json_text.parsed(json_text.written([1.5] * 600_000), "it", Budget(0))) == 600_000


# --- convert


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_flat_formats_get_names_with_dots(tmp_path, suffix):
    save(NESTED, tmp_path / "a.lam")
    convert(tmp_path / "a.lam", tmp_path / f"b{suffix}")
    back = load(tmp_path / f"b{suffix}")
    assert sorted(back) == sorted(NAMES)
    assert numbers(back) == numbers(dict(leaves(NESTED, Budget(0))))


def test_all_the_way_around(tmp_path):
    state = dict(leaves(NESTED, Budget(0)))
    save(state, tmp_path / "0.lam")
    for i, suffix in enumerate((".npz", ".safetensors", ".pt", ".SafeTensors", ".pth", ".lam")):
        (source,) = tmp_path.glob(f"{i}.*")
        convert(source, tmp_path / f"{i + 1}{suffix}")
    assert numbers(load(tmp_path / "6.lam")) == numbers(state)


def test_metadata_goes_along_where_both_have_it(tmp_path):
    save_file({"a": lamella.ones(1)}, tmp_path / "a.safetensors", {"format": "pt"})
    convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert inspect(tmp_path / "b.safetensors").metadata == {"format": "pt"}
    convert(tmp_path / "a.safetensors", tmp_path / "b.npz")
    convert(tmp_path / "b.npz", tmp_path / "c.safetensors")
    assert inspect(tmp_path / "c.safetensors").metadata == {}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": lamella.ones(1), "epoch": 3, "b": [None]}, r"would be lost: 'epoch' \(int\), 'b.0' \(NoneType\)\. Load"),
        ({"a": lamella.ones(1), "empty": {}}, r"would be lost: 'empty' \(dict\)"),
        (list(range(12)), r"'9' \(int\) and 2 more"),
        ({"a": {"b": lamella.ones(1)}, "a.b": lamella.ones(2)}, r"two tensors would have the name 'a\.b'"),
        (lamella.ones(2), "holds tensors by name, and this is a single one"),
    ],
    ids=range(5),
)
@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
def test_nothing_is_lost_without_a_word(tmp_path, value, message, suffix):
    save(value, tmp_path / "a.lam")
    with pytest.raises(CheckpointError, match=f"convert: .*a.lam: .*{message}"):
        convert(tmp_path / "a.lam", tmp_path / f"b{suffix}")
    assert not (tmp_path / f"b{suffix}").exists()


def test_targets_are_checked(tmp_path):
    save(NESTED, tmp_path / "a.lam")
    with pytest.raises(ArgumentError, match=r"b.bin: no format has this suffix. Choose one of \.lam, .*\.npz"):
        convert(tmp_path / "a.lam", tmp_path / "b.bin")
    (tmp_path / "b.npz").write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"b.npz exists. Pass overwrite=True, or --overwrite"):
        convert(tmp_path / "a.lam", tmp_path / "b.npz")
    assert (tmp_path / "b.npz").read_bytes() == b"precious"
    convert(tmp_path / "a.lam", tmp_path / "b.npz", overwrite=True)
    assert sorted(load(tmp_path / "b.npz")) == sorted(NAMES)


def test_formats_are_chosen_by_name_and_suffix(tmp_path):
    save({"a": lamella.ones(1)}, tmp_path / "a.bin", format="safetensors")
    assert inspect(tmp_path / "a.bin").format == "safetensors"
    save({"a": lamella.ones(1)}, tmp_path / "a.unknown")
    assert inspect(tmp_path / "a.unknown").format == "lamella"
    with pytest.raises(ArgumentError, match="there is no format 'zip'. Choose one of lamella, "):
        save({}, tmp_path / "a.zip", format="zip")


# --- the commands


def test_inspect_prints_a_table(tmp_path, capsys):
    path = tmp_path / "a.lam"
    save({"w": lamella.ones(1000, 300), "b": lamella.tensor(1), "epoch": 3, "big": 10**5000, "long": "x" * 99}, path)
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "lamella file of 1.2 MB",
        "",
        "tensor    dtype    shape       elements  size",
        "w         float32  1000 × 300  300,000   1.2 MB",
        "b         int64    one number  1         8 B",
        "2 in all                       300,001   1.2 MB",
        "",
        "value",
        "epoch  3",
        f"big    {hex(10**5000)[:59]}…",
        f"long   '{'x' * 58}…",
    ]


def test_inspect_prints_a_long_list_in_a_row(tmp_path, capsys):
    path = tmp_path / "a.lam"
    save({"short": list(range(8)), "long": list(range(1000, 2234)), "after": 1}, path)
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[6:] == [
        *(f"short.{i}   {i}" for i in range(8)),
        "long.0 …  1,234 values: 1000 … 2233",
        "after     1",
    ]
    save(list("abcdefghi"), path)
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.endswith("\nvalue\n0 …    9 values: 'a' … 'i'\n")


def test_inspect_says_that_a_single_tensor_has_no_name(tmp_path, capsys):
    path = tmp_path / "a.npy"
    save(lamella.ones(2), path)
    assert main(["inspect", str(path)]) == 0
    assert "\n(no name)  float32  2 " in capsys.readouterr().out


def test_inspect_prints_metadata(tmp_path, capsys):
    path = tmp_path / "a.safetensors"
    save_file({"w": lamella.ones(2)}, path, {"format": "pt"})
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.endswith("\n\nmetadata\nformat    'pt'\n")


def test_inspect_prints_json(tmp_path, capsys):
    path = tmp_path / "a.lam"
    save({"w": lamella.ones(2, 3), "loss": float("nan"), "step": 2, "name": "é", "kind": lamella.float32}, path)
    assert main(["inspect", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "format": "lamella",
        "size": path.stat().st_size,
        "metadata": {},
        "tensors": [{"name": "w", "dtype": "float32", "shape": [2, 3], "size": 24}],
        "values": [
            {"name": "loss", "value": "nan"},
            {"name": "step", "value": 2},
            {"name": "name", "value": "é"},
            {"name": "kind", "value": "lamella.float32"},
        ],
    }


def test_a_hostile_file_gives_the_terminal_no_commands(tmp_path, capsys):
    path = tmp_path / "a.lam"
    save({"\x1b[2J\ud800": lamella.ones(1), "v\r": "\x1b]0;title\x07"}, path)
    assert main(["inspect", str(path)]) == 0
    assert main(["convert", str(path), str(tmp_path / "a.npz")]) == 1
    printed = capsys.readouterr()
    assert r"\x1b[2J\ud800  float32" in printed.out
    assert r"'\x1b]0;title\x07'" in printed.out
    assert not {"\x1b", "\r", "\x07"} & set(printed.out + printed.err)


def test_convert_and_its_complaints(tmp_path, capsys):
    source, target = str(tmp_path / "a.lam"), str(tmp_path / "b.safetensors")
    save(NESTED, source)
    assert main(["convert", source, target]) == 0
    assert sorted(load(target)) == sorted(NAMES)
    assert main(["convert", source, target]) == 1
    assert "exists. Pass overwrite=True, or --overwrite" in capsys.readouterr().err
    assert main(["convert", source, target, "--overwrite"]) == 0
    assert main(["inspect", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.startswith("lamella: inspect: [Errno 2] No such file")


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (10**13, "10.0 TB")],
)
def test_sizes_for_people(tmp_path, capsys, size, text):
    path = tmp_path / "a.npy"
    with open(path, "wb") as file:  # a hole, which takes no space on the disk
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (size,)})
        file.truncate(file.tell() + size)
    assert main(["inspect", str(path)]) == 0
    assert f"  {text}\n" in capsys.readouterr().out
