"""The packages as a stranger gets them: built, then installed layer by layer into an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

PACKAGES = Path(__file__).resolve().parents[1] / "packages"
LAYERS = ("core", "nn", "optim", "data")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command as if from a user's own folder; its output on failure is the test's message."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)),
        check=False,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(source: Path, target: str, folder: Path) -> Path:
    """Builds a package's wheel or sdist, and gives the file."""
    folder.mkdir()
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder, cwd=source)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    return {layer: build(PACKAGES / layer, "wheel", folder / layer) for layer in LAYERS}


def contents(wheel: Path) -> dict[str, int]:
    """The files in a wheel with their checksums."""
    with zipfile.ZipFile(wheel) as archive:
        return {item.filename: item.CRC for item in archive.infolist()}


def code_in(wheel: Path) -> set[str]:
    return {name for name in contents(wheel) if ".dist-info/" not in name}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_wheel_holds_its_part_of_lamella_whole_and_nothing_else(wheels: dict[str, Path], layer: str) -> None:
    source = PACKAGES / layer / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    found = code_in(wheels[layer])
    assert found == expected
    assert f"lamella/{layer}/py.typed" in found
    if layer == "core":
        assert {"lamella/__init__.py", "lamella/py.typed"} <= found
        assert not [name for name in found if name.split("/")[1] in set(LAYERS) - {"core"}]
    else:
        assert all(name.startswith(f"lamella/{layer}/") for name in found)


def test_no_file_belongs_to_two_wheels(wheels: dict[str, Path]) -> None:
    names = [name for layer in LAYERS for name in code_in(wheels[layer])]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_wheel_says_what_it_is(wheels: dict[str, Path], layer: str) -> None:
    info = f"lamella_{layer}-0.1.0.dist-info"
    with zipfile.ZipFile(wheels[layer]) as archive:
        assert archive.read(f"{info}/licenses/LICENSE") == (PACKAGES / layer / "LICENSE").read_bytes()
        metadata = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
    project = tomllib.loads((PACKAGES / layer / "pyproject.toml").read_text())["project"]
    assert metadata["Name"] == f"lamella-{layer}"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    extras = project.get("optional-dependencies", {}).items()
    optional = [f"{needed}; extra == '{extra}'" for extra, every in extras for needed in every]
    assert sorted(metadata.get_all("Requires-Dist", [])) == sorted([*project["dependencies"], *optional])
    assert metadata.get_payload().startswith(f"# lamella-{layer}")


@pytest.mark.parametrize(
    ("layer", "largest"),
    [("core", 800_000), ("nn", 300_000), ("optim", 100_000), ("data", 2_000_000)],  # bytes; data has the digits inside
)
def test_a_wheel_is_small(wheels: dict[str, Path], layer: str, largest: int) -> None:
    assert wheels[layer].stat().st_size <= largest


@pytest.mark.parametrize("layer", LAYERS)
def test_an_sdist_has_the_tests_and_builds_the_same_wheel(wheels: dict[str, Path], layer: str, tmp_path: Path) -> None:
    sdist = build(PACKAGES / layer, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tests = {f"tests/{path.name}" for path in (PACKAGES / layer / "tests").glob("*.py")}
    assert tests
    assert tests | {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= inside
    folder = tmp_path / "wheel"
    pip_wheel = (*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip_wheel, "--wheel-dir", folder, sdist, cwd=tmp_path)
    (rebuilt,) = folder.iterdir()
    assert contents(rebuilt) == contents(wheels[layer])


CORE = """
import lamella as torch

x = torch.ones(3, requires_grad=True)
(x * x).sum().backward()
assert x.grad.tolist() == [2.0, 2.0, 2.0], x.grad
"""

NN_IS_MISSING = """
for attempt, kind in (("import lamella.nn", ModuleNotFoundError), ("lamella.nn", AttributeError)):
    try:
        import lamella
        exec(attempt)
    except kind as error:
        assert "pip install lamella-nn" in str(error), error
    else:
        raise SystemExit(f"{attempt} works, but lamella-nn is not installed")
"""

NN = """
import lamella as torch
from lamella import nn

torch.manual_seed(0)
inputs, targets = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
losses = []
for _ in range(200):
    model.zero_grad()
    loss = nn.MSELoss()(model(inputs), targets)
    loss.backward()
    losses.append(loss.item())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.3 * parameter.grad
assert losses[-1] < 0.3 * losses[0], losses
"""

OPTIM = """
import lamella as torch
from lamella import optim

weight = torch.zeros(2, requires_grad=True)
optimizer = optim.Adam([weight], lr=0.1)
for _ in range(200):
    optimizer.zero_grad()
    ((weight - torch.tensor([1.0, -2.0])) ** 2).sum().backward()
    optimizer.step()
assert abs(weight[0].item() - 1) < 0.01 and abs(weight[1].item() + 2) < 0.01, weight
"""

DATA = """
import lamella as torch
from lamella.data import DataLoader, datasets, transforms

training = datasets.MNIST(transform=transforms.ToTensor())
test = datasets.MNIST(train=False, transform=transforms.ToTensor())
assert (len(training), len(test)) == (6000, 1000)
images, labels = next(iter(DataLoader(training, batch_size=8)))
assert images.shape == (8, 1, 28, 28) and labels.shape == (8,)
"""

PLUGINS_LOAD = """
import importlib.metadata
found = {entry.name: entry.load().__name__ for entry in importlib.metadata.entry_points(group="lamella")}
assert found == {name: f"lamella.{name}.plugin" for name in ("nn", "optim", "data")}, found
"""


def test_each_layer_works_on_what_it_declares_and_no_more(wheels: dict[str, Path], tmp_path: Path) -> None:
    """Core alone, then one layer more at a time; then a layer is taken away, and the others do not notice."""
    run(sys.executable, "-m", "venv", "--without-pip", "environment", cwd=tmp_path)
    python = tmp_path / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (*PIP, "--python", python)

    def install(layer: str) -> None:
        run(*pip, "install", "--quiet", "--no-compile", wheels[layer], cwd=tmp_path)

    def check(script: str) -> None:
        run(python, "-I", "-W", "error", "-c", script, cwd=tmp_path)

    install("core")
    check(CORE)
    check(NN_IS_MISSING)
    install("nn")
    check(NN)
    install("optim")
    check(OPTIM)
    install("data")
    check(DATA)
    check(PLUGINS_LOAD)
    run(*pip, "uninstall", "--quiet", "--yes", "lamella-nn", cwd=tmp_path)
    for script in (CORE, NN_IS_MISSING, OPTIM, DATA):
        check(script)
