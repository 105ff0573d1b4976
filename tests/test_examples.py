"""Each example runs, as a person runs it, on small settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

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
    shared = {"training", "image_grid"}  # by others, which run them
    alone = {
        "char_transformer",
        "dcgan",
        "distillation",
        "ensemble",
        "fine_tuning",
        "lenet_random",
        "lstm_sine",
        "mnist_cnn",
        "mnist_mlp",
        "recommender",
        "two_heads",
        "vae",
        "xor",
    }
    assert {path.stem for path in EXAMPLES.glob("*.py")} == shared | alone


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


def test_the_transformer_learns_to_write(tmp_path):
    settings = ("--steps", 100, "--context", 24, "--width", 64, "--layers", 1, "--write", 60)
    lines = run(tmp_path, "char_transformer", *settings)
    batches = [re.fullmatch(r"batch \d+: loss \d\.\d{3}, held out (\d\.\d{3})", line) for line in lines[:8]]
    last = re.fullmatch(
        r"held out: (\d\.\d{3}) nats per character, (\d\.\d{3}) below the (\d\.\d{3}) of frequencies", lines[-1]
    )
    reached, below, entropy = map(float, last.groups())
    assert reached < float(batches[0][1])
    assert reached < 3 and below == pytest.approx(entropy - reached, abs=0.0011)
    assert len("\n".join(lines[8:-1])) == 60


def test_the_transformer_learns_any_text_and_repeats_itself(tmp_path):
    (tmp_path / "tune.txt").write_text("do re mi fa so la ti\n" * 60, encoding="utf-8")
    settings = ("--text", "tune.txt", "--steps", 40, "--context", 24, "--width", 64, "--layers", 1, "--write", 42)
    lines = run(tmp_path, "char_transformer", *settings)
    assert float(lines[-1].split()[2]) < 0.5  # of the 2.3 of frequencies: the characters before tell most of the next
    assert run(tmp_path, "char_transformer", *settings) == lines


def test_the_lstm_continues_a_sine(tmp_path):
    settings = ("--steps", 200, "--width", 24, "--length", 40, "--continued", 15)
    lines = run(tmp_path, "lstm_sine", *settings)
    losses = [float(re.fullmatch(r"batch \d+: loss (\d\.\d{5})", line)[1]) for line in lines[:5]]
    assert losses[-1] < 0.02 < losses[0]
    drawing = "".join(lines[5:-2])
    assert len(lines[5:-2]) == 13 and drawing.count(".") == 30 and drawing.count("#") == 15
    rmse, silent = re.fullmatch(r"15 values on: RMSE (\d\.\d{3}); answering 0 gives (\d\.\d{3})", lines[-1]).groups()
    assert float(rmse) < 0.6 < float(silent)
    assert run(tmp_path, "lstm_sine", *settings) == lines


def test_the_recommender_beats_the_mean_rating(tmp_path):
    settings = ("--users", 200, "--films", 100, "--ratings", 8000, "--epochs", 10)
    lines = run(tmp_path, "recommender", *settings)
    seen = [float(re.fullmatch(r"epoch \d+: RMSE (\d\.\d{3}) seen, .* held out", line)[1]) for line in lines[:-2]]
    assert len(seen) == 10 and sorted(seen, reverse=True) == seen
    told = r".*: RMSE (\d\.\d{3}); the mean rating gives (\d\.\d{3}).*"
    (reached, guessed), (new, guessed_new) = (map(float, re.fullmatch(told, line).groups()) for line in lines[-2:])
    assert 0.5 < reached < 0.95 and reached < guessed - 0.2  # 0.5 is the noise
    assert reached < new < guessed_new - 0.1
    assert run(tmp_path, "recommender", *settings) == lines


def check_grid(path):
    """A PNG of 8 by 8 digits, two pixels apart, that are not all black."""
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (242, 242))
        assert image.convert("L").getextrema()[1] > 100


def test_the_vae_learns_and_repeats_itself(tmp_path):
    settings = ("vae", "--limit", 640, "--epochs", 3, "--seed", 3)
    lines = run(tmp_path, *settings)
    told = re.compile(r"epoch (\d): reconstruction (\d+\.\d\d), KL (\d+\.\d\d), test ELBO (-\d+\.\d\d)")
    epochs = [told.fullmatch(line) for line in lines[:-2]]
    assert [m[1] for m in epochs] == ["1", "2", "3"]
    for before, after in pairwise(epochs):
        assert float(after[2]) < float(before[2])
        assert float(after[4]) > float(before[4])
    assert lines[-2:] == ["wrote vae.png", f"test ELBO: {epochs[-1][4]} nats per image"]
    check_grid(tmp_path / "vae.png")
    assert run(tmp_path, *settings, "--out", "again.png")[:-2] == lines[:-2]
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "vae.png").read_bytes()


def test_without_pillow_the_vae_trains_and_names_what_is_missing(tmp_path, monkeypatch):
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "PIL.py").write_text("raise ModuleNotFoundError(\"No module named 'PIL'\")")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(absent), os.environ.get("PYTHONPATH", "")]))
    lines = run(tmp_path, "vae", "--limit", 64, "--epochs", 1)
    assert lines[1].startswith("vae.png is not drawn: Images need Pillow. Install it with: pip install")
    assert lines[2].startswith("test ELBO: -")
    assert not (tmp_path / "vae.png").exists()


def test_the_dcgan_plays_and_repeats_itself(tmp_path):
    settings = ("dcgan", "--limit", 640, "--epochs", 2, "--seed", 3)
    lines = run(tmp_path, *settings)
    judged = r"accepted: (\d+\.\d)% of digits written by hand, (\d+\.\d)% of samples before training"
    by_hand, before = map(float, re.fullmatch(judged, lines[0]).groups())
    assert by_hand > 50 and before < 10
    told = re.compile(r"epoch (\d): discriminator (\d+\.\d{3}), generator (\d+\.\d{3})")
    first, second = (told.fullmatch(line) for line in lines[1:3])
    # so early the discriminator gets ahead
    assert float(second[2]) < float(first[2]) and float(second[3]) > float(first[3])
    assert lines[3] == "wrote dcgan.png"
    assert re.fullmatch(r"accepted: \d+\.\d% of samples, with \d+ different digits among them", lines[4])
    check_grid(tmp_path / "dcgan.png")
    assert run(tmp_path, *settings) == lines


def test_fine_tuning_beats_training_from_scratch(tmp_path):
    lines = run(tmp_path, "fine_tuning", "--pretrain-epochs", 6, "--trials", 3, "--epochs", 40)
    assert [line.partition(",")[0] for line in lines[:-1]] == ["trial 1", "trial 2", "trial 3"]
    told = re.fullmatch(r"mean test accuracy: fine-tuned (0\.\d{3}), from scratch (0\.\d{3})", lines[-1])
    tuned, scratch = map(float, told.groups())
    assert tuned > scratch > 0.5  # guessing gives 0.2
    settings = ("--limit", 64, "--pretrain-epochs", 1, "--trials", 1, "--epochs", 2)
    assert run(tmp_path, "fine_tuning", *settings) == run(tmp_path, "fine_tuning", *settings)


def test_two_heads_learn_both_tasks_and_the_weight_tells_which_more(tmp_path):
    told = re.compile(r"epoch \d: digits (0\.\d{3}) right, ink missed by (0\.\d{3}) standard deviations")

    def train(*settings):
        lines = run(tmp_path, "two_heads", "--limit", 640, "--epochs", 3, "--seed", 2, *settings)
        return [tuple(map(float, told.fullmatch(line).groups())) for line in lines]

    epochs = train()
    assert len(epochs) == 3
    for (digits, ink), (more_digits, less_ink) in pairwise(epochs):
        assert more_digits > digits and less_ink < ink
    assert epochs[-1][0] > 0.4 and epochs[-1][1] < 0.4  # guessing gives 0.1 and about 0.8
    assert train() == epochs
    heavy = train("--ink-weight", 30)
    assert heavy[-1][0] < epochs[-1][0] and heavy[-1][1] < epochs[-1][1]


def test_a_student_learns_more_from_a_teacher(tmp_path):
    settings = ("--limit", 1500, "--teacher-epochs", 3, "--images", 300, "--seed", 3)
    lines = run(tmp_path, "distillation", *settings)
    told = re.compile(r"(.+): +([\d,]+) weights, test accuracy (0\.\d{3})")
    names, sizes, accuracies = zip(*(told.fullmatch(line).groups() for line in lines), strict=True)
    assert names == ("teacher", "student alone", "student taught")
    assert sizes == ("215,370", "12,730", "12,730")
    teacher, alone, taught = map(float, accuracies)
    assert teacher > taught > alone > 0.5
    assert run(tmp_path, "distillation", *settings) == lines


def test_an_ensemble_beats_its_members_and_a_soup_of_strangers_spoils(tmp_path):
    settings = ("--limit", 1000, "--members", 4, "--seed", 3)
    lines = run(tmp_path, "ensemble", *settings)
    found = {name: float(right) for name, right in (line.split(":") for line in lines)}
    assert len(found) == 6
    assert found["strangers, ensemble"] > found["strangers, single"] > 0.5
    assert found["copies, soup"] > found["copies, single"]
    assert found["strangers, soup"] < found["strangers, single"] - 0.1
    assert run(tmp_path, "ensemble", *settings) == lines
