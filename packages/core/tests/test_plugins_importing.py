"""Registration modules are imported without the packages around them, and leave Python's own imports as they were."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from lamella.core.plugins.importing import import_alone


def write(folder: Path, **files: str) -> None:
    """Write modules; two underscores in a name stand for a folder."""
    for name, code in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)


def package(folder: Path, name: str, code: str) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "__init__.py").write_text(code)


@pytest.mark.parametrize("name", ["acme_a", "acme_a.b", "acme_a.b.c"])
def test_the_packages_around_a_module_are_not_run(site: Any, name: str) -> None:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        package(site.folder, "/".join(parts[:end]), "1 / 0")
    (site.folder / "/".join(parts) / "plugin.py").write_text("here = __name__, __package__")
    found = import_alone(f"{name}.plugin")
    assert found.here == (f"{name}.plugin", name)
    assert not [known for known in sys.modules if known.startswith("acme_a")]


def test_a_module_may_ask_for_the_package_around_it(site: Any) -> None:
    package(site.folder, "acme_a", "NAMES = ['lion']")
    write(site.folder, acme_a__plugin="from acme_a import NAMES", acme_a__names="NAMES = ['tiger']")
    assert import_alone("acme_a.plugin").NAMES == ["lion"]
    write(site.folder, acme_a__other="from .names import NAMES")
    assert import_alone("acme_a.other").NAMES == ["tiger"]


def test_importing_it_later_is_pythons_own_and_runs_the_package(site: Any) -> None:
    package(site.folder, "acme_a", "READY = True")
    write(site.folder, acme_a__plugin="here = __name__")
    import_alone("acme_a.plugin")
    import acme_a.plugin

    assert acme_a.plugin.here == "acme_a.plugin"
    assert acme_a.READY
    assert import_alone("acme_a.plugin") is acme_a.plugin


def test_a_module_of_a_package_that_is_imported_is_imported_as_ever(site: Any) -> None:
    package(site.folder, "acme_a", "")
    write(site.folder, acme_a__plugin="")
    import acme_a

    assert import_alone("acme_a.plugin") is sys.modules["acme_a.plugin"] is acme_a.plugin


@pytest.mark.parametrize("name", ["acme_space.plugin", "acme_space.inner.plugin"])
def test_a_package_without_init_is_searched_in_all_its_folders(site: Any, name: str, tmp_path: Path) -> None:
    write(site.folder / "elsewhere", **{name.replace(".", "__"): "here = __name__"})
    write(site.folder, acme_space__other="", acme_space__inner__other="")
    sys.path.append(str(site.folder / "elsewhere"))
    try:
        found = import_alone(name)
        assert found.here == name
    finally:
        sys.path.remove(str(site.folder / "elsewhere"))


def test_a_package_without_init_inside_one_that_has_it_is_imported_as_ever(site: Any) -> None:
    package(site.folder, "acme_a", "READY = True")
    write(site.folder, acme_a__inner__plugin="here = __name__")
    assert import_alone("acme_a.inner.plugin") is sys.modules["acme_a"].inner.plugin


def test_a_dataclass_in_the_module_works(site: Any) -> None:
    package(site.folder, "acme_a", "1 / 0")
    code = "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n    n: int\n"
    write(site.folder, acme_a__plugin=code)
    assert import_alone("acme_a.plugin").A(3).n == 3


@pytest.mark.parametrize("name", ["acme_no", "acme_no.plugin", "acme_a.no", "acme_file.plugin", "acme_a.no.plugin"])
def test_what_is_not_there_is_pythons_own_error(site: Any, name: str) -> None:
    package(site.folder, "acme_a", "")
    write(site.folder, acme_file="")
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        import_alone(name)


def test_a_module_that_fails_is_forgotten(site: Any) -> None:
    package(site.folder, "acme_a", "")
    write(site.folder, acme_a__plugin="1 / 0")
    with pytest.raises(ZeroDivisionError):
        import_alone("acme_a.plugin")
    assert not [known for known in sys.modules if known.startswith("acme_a")]
