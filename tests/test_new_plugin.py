"""``lamella new-plugin``, tried as an author tries it: write, build, install, test, lint, check types."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lamella.core.cli import main
from lamella.core.errors import ArgumentError
from lamella.core.scaffold import KINDS, write_plugin

if TYPE_CHECKING:
    from conftest import Environment


def name_of(kind: str) -> str:
    """A name with everything in it that can go wrong: capitals, a dot, the prefix that is left out elsewhere."""
    return "Lamella-my.Own" if kind == "layer" else f"lamella-my-own-{kind}"


@pytest.fixture(scope="module")
def packages(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The package of each kind, written by the installed command, built, and installed."""
    folder = tmp_path_factory.mktemp("new plugins")
    written = {kind: folder / name_of(kind) for kind in KINDS}
    for kind, target in written.items():
        environment.run("-m", "lamella", "new-plugin", name_of(kind), "--kind", kind, cwd=folder)
        assert target.is_dir()
    wheels = {name_of(kind): environment.build(target) for kind, target in written.items()}
    with environment.having(wheels):
        yield written


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_tests_as_it_is(kind: str, packages: dict[str, Path], environment: Environment) -> None:
    done = environment.pytest(cwd=packages[kind])
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed in", done.stdout.splitlines()[-1]), done.stdout
    assert "lamella-plugin[" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_readme_of_a_new_plugin_shows_works(
    kind: str, packages: dict[str, Path], environment: Environment, tmp_path: Path
) -> None:
    text = (packages[kind] / "README.md").read_text(encoding="utf-8")
    usage, _, work = text.partition("## Working on it")
    install, (language, example) = re.findall(r"```(python)?\n(.*?)```", usage, re.DOTALL)
    assert install == ("", f"pip install {name_of(kind)}\n")
    if language:
        environment.run("-W", "error", "-c", example, cwd=tmp_path)
    else:
        environment.follow(example, cwd=tmp_path)
    assert "pytest\n" in work


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_lints_and_types_clean(kind: str, packages: dict[str, Path], environment: Environment) -> None:
    folder = packages[kind]
    for check in (["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"]):
        linted = subprocess.run([sys.executable, "-m", *check], cwd=folder, capture_output=True, text=True, check=False)
        assert linted.returncode == 0, linted.stdout
    cache = environment.folder / "mypy"  # one for all kinds: what they import is checked once
    typed = ["mypy", "--python-executable", environment.python, "--cache-dir", str(cache)]
    checked = subprocess.run([sys.executable, "-m", *typed], cwd=folder, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_flags_run_the_same_checks(packages: dict[str, Path], environment: Environment) -> None:
    flags = [f"--lamella-plugin={name}" for name in ("my-own", "my-own-kernels", "my-own-command")]
    flags += ["--lamella-layers=my-own", "--lamella-optimizers=my-own-optimizer", "--lamella-ops=my-own-op"]
    flags += ["--lamella-kernels=my-own-kernels", "--lamella-backend=my_own_backend", "-k", "not backend or exp"]
    done = environment.pytest(*flags, cwd=environment.folder)
    assert done.returncode == 0, done.stdout
    for suite in ("plugin[my-own]", "layers[my-own]", "ops[my-own-op]", "backend[my_own_backend]"):
        assert f"lamella-{suite}" in done.stdout


def test_an_op_that_a_backend_gets_wrong_is_named(packages: dict[str, Path], environment: Environment) -> None:
    file = packages["backend"] / "src" / "lamella_my_own_backend" / "backend.py"
    whole = file.read_text()
    broken = whole.replace("on_device(np.exp)", "on_device(np.expm1)")
    assert broken != whole
    asked = "import lamella_my_own_backend.backend as backend; print(backend.__file__)"
    installed = Path(environment.run("-c", asked, cwd=environment.folder).strip())
    installed.write_text(broken)
    try:
        chosen = " or ".join(f"{op}-forward" for op in ("add", "cos", "exp", "log", "mul"))
        done = environment.pytest("tests", "-k", chosen, cwd=packages["backend"])
    finally:
        installed.write_text(whole)
    failed = set(re.findall(r"^FAILED .*test_conforms\[(\w+)-(\w+)\]", done.stdout, re.MULTILINE))
    assert failed == {("exp", "forward")}, done.stdout
    assert "exp(input=array" in done.stdout, "the call that shows it"


def test_the_next_steps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "here it is"
    assert main(["new-plugin", "demo", "--kind", "op", "--folder", str(folder)]) == 0
    steps = capsys.readouterr().out.splitlines()
    assert steps[0] == f"{folder} is ready. Next:"
    assert [step.strip() for step in steps[2:]] == [f'cd "{folder}"', 'python -m pip install -e ".[dev]"', "pytest"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_whole(kind: str, tmp_path: Path) -> None:
    folder = write_plugin("demo", kind, tmp_path / "demo")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files >= {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        ".gitignore",
        ".github/workflows/test.yml",
        "src/demo/__init__.py",
        "src/demo/plugin.py",
        "src/demo/py.typed",
        f"src/demo/{kind}.py",
        "tests/test_conformance.py",
        f"tests/test_{kind}.py",
    }
    assert not [file for file in files if re.search(r"\{\{\w", (folder / file).read_text())], "a name is left open"


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_name_leaves_no_line_too_long(kind: str, tmp_path: Path) -> None:
    folder = write_plugin("lamella-quite-a-long-name-for-it", kind, tmp_path / "demo")
    for check in (["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"]):
        linted = subprocess.run([sys.executable, "-m", *check], cwd=folder, capture_output=True, text=True, check=False)
        assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("name", "kind", "match"),
    [
        ("", "op", "can't be the name of a plugin"),
        ("1st", "op", "can't be the name of a plugin"),
        ("my plugin", "op", "can't be the name of a plugin"),
        ("../plugin", "op", "can't be the name of a plugin"),
        ("trailing-", "op", "can't be the name of a plugin"),
        ("été", "op", "can't be the name of a plugin"),
        ("a" * 33, "op", "Take up to 32 letters"),
        ("lamella-1st", "op", "after 'lamella-' comes a letter, not '1st'"),
        ("lambda", "op", "'lambda' is a word of Python's"),
        ("lamella-Lambda", "op", "'lambda' is a word of Python's"),
        ("match", "op", "'match' is a word of Python's"),
        ("json", "op", "Python's own module 'json' would be hidden. Take another, such as 'lamella-json'"),
        ("lamella-core", "op", "is a package of Lamella's own"),
        ("Lamella_NN", "layer", "is a package of Lamella's own"),
        ("numpy", "kernels", "A module 'numpy' is installed already"),
        ("lamella-relu", "op", "The op 'relu' is Lamella's own"),
        ("lamella-stft", "op", "The op 'stft' is Lamella's own"),
        ("lamella-cpu", "backend", "The backend 'cpu' is Lamella's own"),
        ("lamella-plugins", "command", "The command 'plugins' is Lamella's own"),
        ("demo", "opp", "there is no kind 'opp'. Did you mean 'op'?"),
    ],
)
def test_what_cannot_be_is_refused(name: str, kind: str, match: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=re.escape(match)):
        write_plugin(name, kind, tmp_path / "demo")
    assert not list(tmp_path.iterdir())


INSTALLED = """
from lamella.core.errors import ArgumentError
from lamella.core.scaffold import write_plugin
for asked in ("lamella-adam optimizer", "lamella-linear layer", "lamella-my.own op", "my-own op"):
    try:
        write_plugin(*asked.split())
    except ArgumentError as error:
        print(error)
"""


def test_what_is_installed_already_is_named(
    packages: dict[str, Path], environment: Environment, tmp_path: Path
) -> None:
    adam, linear, module, entry = environment.run("-c", INSTALLED, cwd=tmp_path).splitlines()
    assert adam.startswith("The optimizer 'adam' exists already: lamella.optim")
    assert linear.startswith("The layer 'Linear' exists already: lamella.nn")
    assert module.startswith("A module 'lamella_my_own' is installed already")
    assert entry.startswith("The plugin 'my-own' of Lamella-my.Own is installed already")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as with `python -m`: a folder here looks like a module
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(ArgumentError, match=r"is there already. Give another folder: --folder FOLDER"):
        write_plugin("demo", "op", tmp_path)
    with pytest.raises(ArgumentError, match="is there already"):
        write_plugin("demo", "op", tmp_path / "kept")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "mine")]
    (tmp_path / "hollow").mkdir()
    assert write_plugin("hollow", "op") == Path("hollow")
    with pytest.raises(ArgumentError, match="^hollow is there already"):
        write_plugin("hollow", "op")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="the plugin can't be written to .*file"):
        write_plugin("demo", "op", tmp_path / "file" / "below")
