"""What tests of plugins share: an environment with Lamella's wheels in it, as a stranger has them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def outside() -> dict[str, str]:
    """The environment's variables, without those that lead to this tree or change what is tested."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LAMELLA"))}


def finished(command: list[str], cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end, knowing nothing of this tree."""
    return subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=outside() | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def succeeded(command: list[str], cwd: Path, **variables: str) -> str:
    """What a command prints; its output on failure is the test's message."""
    done = finished(command, cwd, **variables)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


class Environment:
    """An environment with Lamella's packages, built and installed.

    What they depend on comes from the development environment, by its path: installing it again would take minutes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        succeeded([sys.executable, "-m", "venv", "--without-pip", "environment"], folder)
        programs = "Scripts" if os.name == "nt" else "bin"
        self.programs = folder / "environment" / programs
        self.python = str(self.programs / "python")
        site = succeeded([self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder)
        development = sysconfig.get_path("purelib")
        Path(site.strip(), "development.pth").write_text(f"{development}\n", encoding="utf-8")
        self.install(*(self.build(source.parent) for source in sorted(ROOT.glob("packages/*/pyproject.toml"))))

    def build(self, source: Path) -> Path:
        """Builds the wheel of the package in a folder."""
        folder = self.folder / "wheels" / source.name
        succeeded([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], source)
        (wheel,) = folder.iterdir()
        return wheel

    def install(self, *wheels: Path) -> None:
        """Installs wheels, which must find what they need there."""
        quiet = ("--quiet", "--no-compile", "--no-deps", "--no-index")
        succeeded([*PIP, "--python", self.python, "install", *quiet, *map(str, wheels)], self.folder)

    def uninstall(self, *distributions: str) -> None:
        """Takes distributions away."""
        succeeded([*PIP, "--python", self.python, "uninstall", "--quiet", "--yes", *distributions], self.folder)

    @contextmanager
    def having(self, wheels: dict[str, Path]) -> Iterator[None]:
        """Inside, these wheels are installed, each under the name of its distribution."""
        self.install(*wheels.values())
        try:
            yield
        finally:
            self.uninstall(*wheels)

    def run(self, *arguments: str, cwd: Path) -> str:
        """What Python prints there, in a folder, with these arguments."""
        return succeeded([self.python, *arguments], cwd)

    def pytest(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Runs pytest there, in a folder."""
        return finished(
            [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments], cwd
        )

    def follow(self, script: str, cwd: Path, **variables: str) -> str:
        """What a shell prints there, in a folder, where ``python`` and ``lamella`` are those of the environment."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        return succeeded(["sh", "-e", "-c", script], cwd, PATH=path, **variables)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("lamella installed"))
