"""Each example runs, as a person runs it, on small settings."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
MNIST = [("mnist_mlp",), ("mnist_mlp", "--softmax"), ("mnist_cnn",)]


def run(folder, name, *arguments):
    """The lines that an example prints when it is run in ``folder``."""
    command = [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)]
    done = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def without_speed(lines):
    return [re.sub(r"[\d,]+ images/s", "", line) for line in lines]


def test_every_example_is_run_here():
    shared = "training"  # by the MNIST ones, which run it
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {shared, "mnist_mlp", "mnist_cnn", "lenet_random", "xor"}


@pytest.mark.parametrize("example", MNIST, ids=" ".join)
def test_mnist_learns_and_repeats_itself(example, tmp_path):
    settings = (*example, "--limit", 640, "--epochs", 2, "--seed", 3)
    lines = run(tmp_path, *settings)
    told = re.compile(r"epoch (\d): loss (\d\.\d{4}), test accuracy (0\.\d{3}), [\d,]+ images/s")
    epochs = [told.fullmatch(line) for line in lines[:-1]]
    assert [m[1] for m in epochs] == ["1", "2"]
    assert float(epochs[0][2]) > float(epochs[1][2])
    last = re.fullmatch(r"test accuracy: (0\.\d{3})", lines[-1])
    assert last[1] == epochs[-1][3]
    assert float(last[1]) > 0.3  # guessing gives 0.1
    assert without_speed(run(tmp_path, *settings)) == without_speed(lines)
    assert list(tmp_path.iterdir()) == []


def test_another_seed_gives_other_numbers(tmp_path):
    first, second = (run(tmp_path, "mnist_mlp", "--limit", 64, "--epochs", 1, "--seed", seed) for seed in (1, 2))
    assert without_speed(first)[0] != without_speed(second)[0]


def test_the_demo_saves_loads_and_draws(tmp_path):
    lines = run(tmp_path, "mnist_mlp", "--limit", 640, "--epochs", 1, "--demo")
    assert re.fullmatch(r"saved digits.lamella \(0.4 MB\) and loaded it back", lines[1])
    assert (tmp_path / "digits.lamella").stat().st_size > 4 * 784 * 128
    drawing, captions = lines[2:-2], lines[-2]
    assert len(drawing) == 14 and "█" in "".join(drawing) and max(map(len, drawing)) < 120
    assert len(re.findall(r"a \d \(\d+%\); it is a \d", captions)) == 4
    # the network that was loaded back answers as the one that was saved
    assert lines[-1].replace(":", "") in lines[0]


def test_the_checkpoint_goes_where_it_is_told(tmp_path):
    lines = run(tmp_path, "mnist_cnn", "--limit", 128, "--epochs", 1, "--checkpoint", "mine.lamella")
    assert lines[1].startswith("saved mine.lamella")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.lamella"]


def test_lenet_fits_a_random_batch(tmp_path):
    lines = run(tmp_path, "lenet_random")
    losses = [float(re.fullmatch(r"epoch \d+: loss (\d\.\d{4})", line)[1]) for line in lines]
    assert len(losses) == 10
    assert all(after < before for before, after in pairwise(losses))


def test_xor_is_learned(tmp_path):
    first, *table = run(tmp_path, "xor")
    assert float(first.removeprefix("loss ")) < 0.01
    for line, (a, b) in zip(table, [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        asked, answer = line.split(" = ")
        assert asked == f"{a} xor {b}" and round(float(answer)) == a ^ b
