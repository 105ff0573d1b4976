"""What the packages share, what the documents promise, and the set-up that every command does."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import lamella

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
PACKAGE_IDS = [package.name for package in PACKAGES]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/*.md")])
MODULES = sorted(
    ".".join(path.relative_to(package / "src").with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for path in (package / "src").rglob("*.py")
)


def project(package: Path) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def test_the_packages_agree() -> None:
    for field in ("version", "requires-python", "license", "license-files", "authors", "classifiers"):
        assert len({str(project(package)[field]) for package in PACKAGES}) == 1, field


def test_the_facade_knows_its_version() -> None:
    assert importlib.import_module("lamella").__version__ == project(ROOT / "packages/core")["version"]


def test_the_core_needs_three_distributions_and_no_more() -> None:
    needs = [re.match(r"[\w-]+", requirement) for requirement in project(ROOT / "packages/core")["dependencies"]]
    assert {need[0] for need in needs if need} == {"numpy", "pluggy", "importlib-metadata"}


@pytest.mark.parametrize("package", PACKAGES, ids=PACKAGE_IDS)
def test_a_package_has_its_papers(package: Path) -> None:
    assert (package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert f"## {project(package)['version']}" in (package / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"pip install lamella-{package.name}" in (package / "README.md").read_text(encoding="utf-8")


def test_generated_files_are_fresh() -> None:
    command = [sys.executable, str(ROOT / "scripts/generate.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in target]
    assert not [target for target in targets if not (document.parent / target).exists()]


@pytest.mark.parametrize(
    "document",
    # test_plugin_guide follows the guide to plugins, with the plugin that it writes
    [p for p in DOCUMENTS if "```python" in p.read_text(encoding="utf-8") and p.name != "plugin-guide.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_python_in_a_document_runs(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}  # what one block defines, the next may use
    for block in re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(document), "exec"), names)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_give_what_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, extraglobs={"lamella": lamella}, optionflags=flags)
    assert result.failed == 0


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_make_alone_lists_the_commands() -> None:
    listed = set(re.findall(r"^  make (\S+)", make().stdout, re.MULTILINE))
    assert listed == {"help", "demo", "test", "matrix", "bench", "lint", "types", "generate", "clean"}


def test_the_demo_takes_a_folder_with_a_space_and_a_model() -> None:
    planned = make("--dry-run", "demo", "DATA=../my data", "MODEL=cnn").stdout
    assert 'examples/mnist_cnn.py --demo --data "../my data"' in planned


def test_an_unknown_model_is_named() -> None:
    refused = make("demo", "MODEL=mpl")
    assert refused.returncode != 0
    assert 'MODEL is "mpl", but must be mlp or cnn' in refused.stderr


# Stands for Python and pip where the set-up is tested: writes down what it was asked, and installs nothing.
STAND_IN = """#!/bin/sh
echo "$*" >>"$LOG"
case "$1 $2" in
"-c "*) echo the same one ;;
"--version ") echo Python 3.99 ;;
"-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""
BROKEN = "#!/bin/sh\nexit 127\n"


class SetUp:
    """The workspace's set-up in a folder with a space, on a machine with only the programs put there."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        for tool in ("cat", "cp", "dirname", "find", "mkdir", "rm", "sh"):
            (self.programs / tool).symlink_to(str(shutil.which(tool)))
        self.log = folder / "log"
        self.clone = folder / "a clone"
        for source in ("scripts/set_up.sh", "requirements-test.txt", "requirements-dev.txt", "requirements-torch.txt"):
            self.copy(source)
        for package in PACKAGE_IDS:
            self.copy(f"packages/{package}/pyproject.toml")

    def copy(self, name: str) -> None:
        (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, self.clone / name)

    def add(self, name: str, script: str) -> Path:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)
        return program

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.programs), "LOG": str(self.log), **variables}
        command = ["sh", "scripts/set_up.sh", *arguments]
        self.log.write_text("")
        return subprocess.run(command, cwd=self.clone, env=environment, capture_output=True, text=True, check=False)

    def asked(self) -> list[str]:
        """What the stand-in was asked by the last run, without the looks at what Python it is."""
        return [line for line in self.log.read_text().splitlines() if line.startswith("-m")]


@pytest.fixture
def set_up(tmp_path: Path) -> SetUp:
    return SetUp(tmp_path)


def test_set_up_says_when_there_is_no_python(set_up: SetUp) -> None:
    set_up.add("python3", BROKEN)
    done = set_up.run()
    assert done.returncode != 0
    assert "No Python 3.11 or newer was found" in done.stderr
    assert "make test PYTHON=/path/to/python3" in done.stderr


def test_set_up_says_when_the_python_asked_for_does_not_run(set_up: SetUp) -> None:
    set_up.add("python3", STAND_IN)
    broken = set_up.add("no python", BROKEN)
    done = set_up.run(PYTHON=str(broken))
    assert done.returncode != 0
    assert f"PYTHON={broken} is not a Python 3.11 or newer that runs" in done.stderr


def test_set_up_passes_by_a_python_that_does_not_run(set_up: SetUp) -> None:
    set_up.add("python3.13", BROKEN)
    set_up.add("python3", STAND_IN)
    done = set_up.run()
    assert done.returncode == 0, done.stderr
    assert "Python 3.99" in done.stdout


def test_set_up_installs_all_packages_once(set_up: SetUp) -> None:
    set_up.add("python3", STAND_IN)
    first = set_up.run()
    assert first.returncode == 0, first.stderr
    assert [line for line in set_up.asked() if "--editable" in line] == [
        "-m pip install --quiet --disable-pip-version-check --no-build-isolation "
        + " ".join(f"--editable packages/{package}/" for package in PACKAGE_IDS)
    ]
    again = set_up.run()
    assert (again.returncode, again.stdout, set_up.asked()) == (0, "", [])


def test_set_up_installs_again_when_a_package_changed(set_up: SetUp) -> None:
    set_up.add("python3", STAND_IN)
    set_up.run()
    changed = set_up.clone / "packages/nn/pyproject.toml"
    later = (set_up.clone / ".venv/ready").stat().st_mtime + 1
    os.utime(changed, (later, later))
    assert set_up.run().returncode == 0
    assert any("--editable" in line for line in set_up.asked())
    assert "-m venv .venv" not in set_up.asked()


def test_set_up_starts_anew_where_the_clone_was_moved(set_up: SetUp) -> None:
    """Editable installs name their folder: a copy that kept the old .venv would test the original's code."""
    set_up.add("python3", STAND_IN)
    set_up.run()
    set_up.clone = set_up.clone.rename(set_up.clone.with_name("moved"))
    assert set_up.run().returncode == 0
    assert "-m venv .venv" in set_up.asked()


def test_set_up_starts_anew_with_another_python(set_up: SetUp) -> None:
    set_up.add("python3", STAND_IN)
    set_up.run()
    other = set_up.add("other", STAND_IN.replace("the same one", "another one"))
    assert set_up.run(PYTHON=str(other)).returncode == 0
    assert "-m venv .venv" in set_up.asked()
    assert set_up.run(PYTHON=str(other)).returncode == 0
    assert set_up.asked() == []


def test_set_up_goes_on_without_pytorch_and_says_so(set_up: SetUp) -> None:
    refuse = 'case "$*" in *requirements-torch*) exit 1 ;; esac\n'
    set_up.add("python3", STAND_IN + refuse)
    done = set_up.run("torch")
    assert done.returncode == 0
    assert "PyTorch could not be installed" in done.stderr
    assert not (set_up.clone / ".venv/torch").exists()


def test_set_up_installs_pytorch_once(set_up: SetUp) -> None:
    set_up.add("python3", STAND_IN)
    set_up.run("torch")
    assert any("requirements-torch.txt" in line for line in set_up.asked())
    set_up.run("torch")
    assert set_up.asked() == []
