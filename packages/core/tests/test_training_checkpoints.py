"""Checkpoints of training runs: what is kept, what is refused, and that a killed process loses nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import lamella
from lamella.core.checkpoints import Training, inspect, load, save
from lamella.core.errors import ArgumentError, ArgumentTypeError, CheckpointError


class Counter:
    """The smallest thing with a state."""

    def __init__(self, value: int = 0) -> None:
        self.value = lamella.tensor(value)

    def state_dict(self) -> dict[str, lamella.Tensor]:
        return {"value": self.value}

    def load_state_dict(self, state_dict: dict[str, lamella.Tensor]) -> None:
        self.value = state_dict["value"]


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_states_and_values_come_back(tmp_path):
    Training(tmp_path / "run", a=Counter(3), b=Counter(4)).save(7, losses=[0.5, 0.25], best=lamella.ones(2))
    a, b = Counter(), Counter()
    resumed = Training(tmp_path / "run", a=a, b=b)
    assert resumed.values == {}
    assert resumed.resume() == 7
    assert (a.value.item(), b.value.item()) == (3, 4)
    assert resumed.values["losses"] == [0.5, 0.25]
    assert resumed.values["best"].tolist() == [1.0, 1.0]


def test_there_may_be_nothing_to_resume(tmp_path):
    assert Training(tmp_path / "none").resume() is None
    assert Training(tmp_path).steps() == []
    assert not (tmp_path / "none").exists()


def test_random_generators_go_on_where_they_stood(tmp_path):
    def draw() -> list[float]:
        return [lamella.rand(1).item(), random.random(), np.random.rand(), np.random.randn()]  # noqa: NPY002  # the global one is meant

    np.random.randn()  # noqa: NPY002  # the global one is meant
    Training(tmp_path).save(1)
    expected = draw()
    assert draw() != expected
    Training(tmp_path).resume()
    assert draw() == expected


def test_the_last_ones_are_kept_and_files_sort_by_step(tmp_path):
    checkpoints = Training(tmp_path, keep_last=2, a=Counter())
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "step-1.lam").write_text("not a name of ours")
    for step in (0, 5, 90, 100, 100, 2 * 10**12):
        checkpoints.save(step)
    assert checkpoints.steps() == [100, 2 * 10**12]
    assert names(tmp_path) == ["notes.txt", "step-000000000100.lam", "step-1.lam", "step-2000000000000.lam"]
    once = Training(tmp_path, keep_last=1, a=Counter())
    once.save(2 * 10**12)
    assert once.steps() == [2 * 10**12]


def test_what_killed_processes_left_is_removed(tmp_path):
    for name in ("step-000000000001.lam.0123456789ab.tmp", "step-000000000002.lam.ffffffffffff.tmp"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / "other.tmp").write_bytes(b"not ours")
    Training(tmp_path).save(3)
    assert names(tmp_path) == ["other.tmp", "step-000000000003.lam"]


def test_arguments_are_checked(tmp_path):
    with pytest.raises(ArgumentError, match="keep_last to be 1 or more, got 0"):
        Training(tmp_path, keep_last=0)
    with pytest.raises(ArgumentTypeError, match=r"expected epoch to have state_dict\(\) and .* got int.*save\(\)"):
        Training(tmp_path, epoch=3)
    for step in (-1, 1.0, True, "1"):
        with pytest.raises(ArgumentError, match="expected step as an int of 0 or more"):
            Training(tmp_path).save(step)
    with pytest.raises(CheckpointError, match=r"obj\['values'\]\['model'\] is a "):
        Training(tmp_path).save(1, model=object())
    assert names(tmp_path) == []


def test_a_run_does_not_hide_behind_another(tmp_path):
    Training(tmp_path).save(50)
    with pytest.raises(ArgumentError, match=r"step 1 comes before step 50, .*resume\(\)"):
        Training(tmp_path).save(1)
    assert names(tmp_path) == ["step-000000000050.lam"]


def test_a_damaged_checkpoint_is_not_passed_over(tmp_path):
    checkpoints = Training(tmp_path, a=Counter(1))
    checkpoints.save(10)
    checkpoints.save(20)
    path = tmp_path / "step-000000000020.lam"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"resume: .*020.lam: .*Remove this file to go on from step 10\."):
        checkpoints.resume()
    path.unlink()
    assert checkpoints.resume() == 10
    (tmp_path / "step-000000000010.lam").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"go on from the beginning\."):
        checkpoints.resume()


def test_checkpoints_of_something_else_change_nothing(tmp_path):
    Training(tmp_path, model=Counter(1), scaler=Counter(2)).save(1)
    model = Counter(5)
    before = lamella.get_rng_state().tolist()
    with pytest.raises(CheckpointError, match=r"saved with model, scaler, but this run has model\. Give"):
        Training(tmp_path, model=model).resume()
    with pytest.raises(CheckpointError, match=r"but this run has none\."):
        Training(tmp_path).resume()
    path = tmp_path / "step-000000000001.lam"
    for other in ({"model": 1}, [1], {"step": 1, "parts": [], "random": {}, "values": {}}):
        save(other, path)
        with pytest.raises(CheckpointError, match=r"was not written by Training\.save"):
            Training(tmp_path, model=model).resume()
    assert model.value.item() == 5
    assert lamella.get_rng_state().tolist() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state["numpy"]["state"].update(pos=10**6),
        lambda state: state["numpy"]["state"].update(pos=-1),
        lambda state: state["numpy"]["state"].update(key=[0]),
        lambda state: state.pop("python"),
        lambda state: state.update(python=(3, (0,) * 5, None)),
        lambda state: state.update(python=3),
        lambda state: state.update(lamella=lamella.zeros(24, dtype=lamella.uint8)),
    ],
    ids=range(7),
)
def test_hostile_states_of_generators_are_refused(tmp_path, change):
    Training(tmp_path).save(1)
    path = tmp_path / "step-000000000001.lam"
    state = load(path)
    change(state["random"])
    save(state, path)
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global one is meant
    try:
        with pytest.raises(CheckpointError, match="the state of the random generators is damaged"):
            Training(tmp_path).resume()
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002  # the global one is meant


def test_inspect_lists_a_training_checkpoint(tmp_path):
    Training(tmp_path, model=Counter(3)).save(4, epoch=1)
    summary = inspect(tmp_path / "step-000000000004.lam")
    assert [tensor.name for tensor in summary.tensors] == ["parts.model.value", "random.lamella"]
    assert ("values.epoch", 1) in summary.values


KILLED = """
    import os, random, signal, sys, time
    import lamella
    from lamella.core.checkpoints import Training, load, save

    folder = sys.argv[1]
    path = os.path.join(folder, "plain.lam")
    link = os.path.join(folder, "link.lam")
    run = os.path.join(folder, "run")
    chance = random.Random(0)

    def contents(n):
        return {"n": n, "data": lamella.full((50_000,), float(n)), "more": [lamella.full((20_000,), n)]}

    def check(state, least):
        n = state["n"]
        assert n >= least, (n, least)
        assert state["data"].tolist() == [float(n)] * 50_000
        assert state["more"][0].tolist() == [n] * 20_000
        return n

    class Part:
        def __init__(self, state):
            self.state = state
        def state_dict(self):
            return self.state
        def load_state_dict(self, state):
            self.state = state

    def save_plainly(n):
        save(contents(n), link)

    def save_run(n):
        Training(run, keep_last=2, part=Part(contents(n))).save(n)

    save(contents(0), path)
    os.symlink(path, link)
    save_run(0)
    done = {save_plainly: 0, save_run: 0}
    moments = set()
    for kill in range(50):
        job = (save_plainly, save_run)[kill % 2]
        readable, writable = os.pipe()
        child = os.fork()
        if not child:
            os.close(readable)
            n = done[job]
            os.write(writable, b"\\0" * 8)  # ready
            while True:
                n += 1
                job(n)
                os.write(writable, n.to_bytes(8, "little"))  # n is saved
        os.close(writable)
        os.read(readable, 8)
        time.sleep(chance.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while report := os.read(readable, 8):
            done[job] = int.from_bytes(report, "little")
        os.close(readable)
        check(load(link), done[save_plainly])
        part = Part(None)
        step = Training(run, keep_last=2, part=part).resume()
        assert check(part.state, done[save_run]) == step
        moments.add((job, any(name.endswith(".tmp") for name in os.listdir(run))))
        done[save_run] = step
        done[save_plainly] = load(link)["n"]
    assert os.path.islink(link)
    save_run(done[save_run] + 1)
    assert len(os.listdir(run)) == 2, os.listdir(run)
    print(*sorted({hit for _, hit in moments}), min(done.values()) > 0)
"""

if os.name == "posix":  # where a process can be forked, and killed at once

    def test_kill_at_any_moment_loses_nothing(tmp_path):
        # A process of its own: forking this one, which has threads, would not be safe.
        done = subprocess.run(
            [sys.executable, "-c", dedent(KILLED), str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[-2:] == ["True", "True"], "some were to be killed while they wrote, and some after"
