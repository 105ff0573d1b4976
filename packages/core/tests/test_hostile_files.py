"""Damaged and hostile files of Lamella's, safetensors' and NumPy's formats: one error, and nothing else happens."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import archive, inspect, load, save
from lamella.core.errors import CheckpointError

HERE = Path(__file__).parent


def _mutations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutations", HERE / "mutations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = _mutations().mutations

STATE = {
    "weight": lamella.arange(12.0).reshape(3, 4),
    "bias": lamella.arange(5),
    "mask": lamella.tensor([True, False, True]),
    "scale": lamella.tensor(1.5, dtype=lamella.float64),
}


def saved(obj: object, format: str) -> bytes:
    file = io.BytesIO()
    save(obj, file, format=format)
    return file.getvalue()


def deflated() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **{name: tensor.numpy() for name, tensor in STATE.items()})
    return file.getvalue()


FILES = {
    "lamella": saved({**STATE, "epoch": 3, "history": [0.5, (None, "x")]}, "lamella"),
    "safetensors": saved(STATE, "safetensors"),
    "npz": saved(STATE, "npz"),
    "npz deflated": deflated(),
    "npy": saved(STATE["weight"], "npy"),
}
KINDS = sorted(FILES)
HAVE_CHECKSUMS = {"lamella", "npz", "npz deflated"}


def same(a: object, b: object) -> bool:
    if isinstance(a, lamella.Tensor):
        return a.dtype is b.dtype and a.shape == b.shape and a.tolist() == b.tolist()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b


def check_is_sound(loaded: object) -> None:
    """Whatever came out is made of whole tensors that can be computed with."""
    for tensor in loaded.values() if isinstance(loaded, dict) else [loaded]:
        assert type(tensor) is lamella.Tensor
        assert tensor.array.flags.aligned and tensor.array.flags.writeable
        with np.errstate(all="ignore"):  # any bits may stand for numbers
            tensor.array.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_is_refused(kind):
    data = FILES[kind]
    for length in range(len(data)):
        for read in (load, inspect):
            with pytest.raises(CheckpointError):
                read(io.BytesIO(data[:length]))


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_are_refused_or_sound(kind, tmp_path):
    data = FILES[kind]
    whole = load(io.BytesIO(data))
    path = tmp_path / "mutated"
    largest, loads = 0, 0
    tracemalloc.start()
    try:
        for i, mutated in enumerate(mutations(data, 2_000, seed=sum(kind.encode()))):
            tracemalloc.reset_peak()
            try:
                inspect(io.BytesIO(mutated))
                loaded = load(io.BytesIO(mutated))
                loads += 1
                if kind in HAVE_CHECKSUMS:
                    assert same(loaded, whole), i
                else:
                    check_is_sound(loaded)
            except CheckpointError:
                pass
            if i % 4 == 0:
                path.write_bytes(mutated)
                with contextlib.suppress(CheckpointError):
                    load(path, mmap=True)
            largest = max(largest, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert largest < 4_000_000
    assert loads < 400, "most mutations should matter"


@pytest.mark.parametrize("kind", KINDS)
def test_large_numbers_anywhere_allocate_nothing(kind):
    data = FILES[kind]
    tracemalloc.start()
    try:
        for number, width in ((2**30, 4), (2**40, 8), (2**62, 8)):
            for at in range(len(data) - width):
                bomb = data[:at] + number.to_bytes(width, "little") + data[at + width :]
                with contextlib.suppress(CheckpointError):
                    load(io.BytesIO(bomb))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def dense_json(unit: bytes, count: int) -> bytes:
    return b"[" + unit * count + b"0]"


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'"ab",', b'["list"],', b"[[]],", b'{"":[]},'])
@pytest.mark.parametrize("kind", ["lamella", "safetensors"])
def test_json_that_would_take_much_memory_is_refused(kind, unit):
    text = dense_json(unit, (12 << 20) // len(unit))
    if kind == "lamella":
        header = {"format": "lamella-checkpoint", "version": 1, "units": [], "tensors": [], "tree": None}
        file = io.BytesIO()
        archive.write(file, [("lamella.json", [json.dumps(header).encode().replace(b"null", text)])])
        data = file.getvalue()
    else:
        text = b'{"a":' + text + b"}"
        data = len(text).to_bytes(8, "little") + text
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            load(io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 64_000_000 + len(data)
    finally:
        tracemalloc.stop()


def test_loading_imports_opens_and_executes_nothing(tmp_path):
    paths = []
    for i, kind in enumerate(KINDS):
        for j, data in enumerate([FILES[kind], *mutations(FILES[kind], 20, seed=i)]):
            paths.append(str(tmp_path / f"{i}-{j}"))
            Path(paths[-1]).write_bytes(data)
    command = [sys.executable, str(HERE / "auditing.py"), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
