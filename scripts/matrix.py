"""Runs each package's own tests where nothing else of ours is installed, and all tests with every plugin switched off.

    python scripts/matrix.py

The packages are built as wheels and installed into a temporary environment: core alone, then each other package
beside core, one at a time. Prints a line for each combination, and fails if one of them does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "packages"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def run(*command: str | Path, folder: Path = ROOT, **variables: str) -> bool:
    """Run a command, and tell whether it succeeded. Its output is shown."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LAMELLA"))}
    environment |= {"OPENBLAS_NUM_THREADS": "1", **variables}
    return subprocess.run([str(word) for word in command], cwd=folder, env=environment, check=False).returncode == 0


def pytest(python: str | Path, *paths: str | Path, **variables: str) -> bool:
    """Run tests on all cores, with the settings of the workspace."""
    return run(python, "-m", "pytest", "-q", "--numprocesses", "auto", *paths, **variables)


def build(package: str, folder: Path) -> Path:
    """Build a package's wheel."""
    command = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder / package)
    assert run(*command, folder=PACKAGES / package)
    (wheel,) = (folder / package).iterdir()
    return wheel


def alone(package: str, folder: Path, wheels: dict[str, Path]) -> bool:
    """Test a package in an environment that has only it and what it needs."""
    pip = (*PIP, "--python", folder / "environment" / "bin" / "python")
    if package != "core":
        assert run(*pip, "install", "--quiet", wheels[package])
    passed = pytest(folder / "environment" / "bin" / "python", PACKAGES / package / "tests")
    if package != "core":
        assert run(*pip, "uninstall", "--quiet", "--yes", f"lamella-{package}")
    return passed


def main() -> int:
    """Run every combination.

    Returns:
        The exit status.
    """
    packages = ["core", *sorted({path.parent.name for path in PACKAGES.glob("*/pyproject.toml")} - {"core"})]
    results: dict[str, tuple[bool, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = {package: build(package, folder) for package in packages}
        assert run(sys.executable, "-m", "venv", "--without-pip", folder / "environment")
        pip = (*PIP, "--python", folder / "environment" / "bin" / "python")
        assert run(*pip, "install", "--quiet", "-r", ROOT / "requirements-test.txt", wheels["core"])
        for package in packages:
            start = time.monotonic()
            results[f"{package} alone"] = alone(package, folder, wheels), time.monotonic() - start
    start = time.monotonic()
    results["all, LAMELLA_PLUGINS=off"] = pytest(sys.executable, LAMELLA_PLUGINS="off"), time.monotonic() - start
    for combination, (passed, seconds) in results.items():
        print(f"{combination:26} {'passed' if passed else 'FAILED'} {seconds:5.0f} s")
    return int(not all(passed for passed, _ in results.values()))


if __name__ == "__main__":
    sys.exit(main())
