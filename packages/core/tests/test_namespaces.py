"""The sub-modules of ``lamella``: imported on first use, and named with their package where that is absent.

Each test runs in a fresh process that sees the core's sources and a folder with the packages of the test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import lamella.core
from lamella.core.namespaces import SUBMODULES

SOURCES = Path(lamella.core.__path__[0]).parents[1]  # the folder in which the core's `lamella` lies


class Process:
    """Runs programs with the core, what the core depends on, and a folder of other packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def run(self, program: str) -> None:
        # `-S` leaves out the .pth files by which editable installs would bring in our other packages.
        dependencies = [path for path in sys.path if path.endswith("site-packages")]
        prelude = f"""
            import sys
            sys.path += {[str(SOURCES), str(self.folder), *dependencies]!r}
            import lamella

            def error(kind, statement):
                try:
                    exec(statement, {{}})
                except BaseException as raised:
                    assert type(raised).__name__ == kind, repr(raised)
                    return str(raised)
                raise AssertionError(f"no error: {{statement}}")
        """
        done = subprocess.run(
            [sys.executable, "-S", "-c", textwrap.dedent(prelude) + textwrap.dedent(program)],
            env={**os.environ, "PYTHONPATH": "", "LAMELLA_PLUGINS": "off"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


@pytest.mark.parametrize("name", ["nn", "optim", "data"])
def test_an_absent_package_says_what_to_install(process: Process, name: str) -> None:
    process.run(f"""
        message = "lamella.{name} is in a package that is not installed: pip install lamella-{name}"
        for statement in (
            "import lamella.{name}",
            "import lamella.{name}.anything",
            "from lamella import {name}",
            "from lamella.{name} import anything",
        ):
            assert error("PackageMissing", statement) == message, error("PackageMissing", statement)
        assert error("NameMissing", "import lamella; lamella.{name}") == message
        assert not hasattr(lamella, "{name}")
        from lamella.core.errors import NameMissing, PackageMissing
        assert issubclass(PackageMissing, ModuleNotFoundError) and issubclass(NameMissing, AttributeError)
    """)


def test_a_present_package_is_imported_by_attribute_on_first_use(process: Process) -> None:
    process.write("lamella/nn/__init__.py", "from lamella.nn import functional")
    process.write("lamella/nn/functional.py", "")
    process.run("""
        assert "lamella.nn" not in sys.modules
        assert lamella.nn is sys.modules["lamella.nn"]
        assert vars(lamella)["nn"] is lamella.nn
        import lamella.nn.functional
    """)


def test_what_a_present_package_itself_lacks_is_not_blamed_on_it(process: Process) -> None:
    process.write("lamella/nn/__init__.py", "import lamella.data")
    process.write("lamella/optim/__init__.py", "import no_such_module")
    process.run("""
        message = "lamella.data is in a package that is not installed: pip install lamella-data"
        assert error("PackageMissing", "import lamella.nn") == message
        assert error("PackageMissing", "import lamella; lamella.nn") == message
        message = "No module named 'no_such_module'"
        assert error("ModuleNotFoundError", "import lamella; lamella.optim") == message
    """)


def test_pytorchs_long_name_for_data_gives_the_same_classes(process: Process) -> None:
    process.write("lamella/data/__init__.py", "__all__ = ['Dataset']\nclass Dataset: pass\nInner = Dataset\n")
    process.run("""
        assert lamella.utils.data.Dataset is lamella.data.Dataset
        import lamella.utils.data as by_statement
        from lamella.utils.data import Dataset
        assert by_statement is lamella.utils.data and Dataset is lamella.data.Dataset
        assert not hasattr(by_statement, "Inner")
    """)


def test_pytorchs_long_name_for_data_says_what_to_install(process: Process) -> None:
    process.run("""
        message = "lamella.data is in a package that is not installed: pip install lamella-data"
        assert error("PackageMissing", "import lamella.utils.data") == message
        assert error("PackageMissing", "from lamella.utils.data import DataLoader") == message
        assert error("NameMissing", "import lamella; lamella.utils.data") == message
    """)


def test_functions_of_modules_say_what_to_install(process: Process) -> None:
    process.run("""
        message = "lamella.nn is in a package that is not installed: pip install lamella-nn"
        assert error("PackageMissing", "from lamella.func import functional_call") == message
        assert error("PackageMissing", "import lamella; lamella.func.stack_module_state") == message
        assert "no attribute 'functional_cal'" in error("NameMissing", "import lamella; lamella.func.functional_cal")
        exec("from lamella.func import *", {})
    """)


def test_functions_of_modules_come_from_nn(process: Process) -> None:
    process.write("lamella/nn/__init__.py", "")
    process.write("lamella/nn/utils/__init__.py", "")
    process.write("lamella/nn/utils/stateless.py", "def functional_call(): pass\ndef stack_module_state(): pass\n")
    process.run("""
        import lamella.func
        assert not any(name.startswith("lamella.nn") for name in sys.modules)
        from lamella.func import functional_call, stack_module_state
        from lamella.nn.utils import stateless
        assert functional_call is stateless.functional_call is lamella.func.functional_call
        assert stack_module_state is stateless.stack_module_state
    """)


def test_without_a_cuda_package_no_cuda_device_is_available(process: Process) -> None:
    process.run("""
        assert lamella.cuda.is_available() is False
        from lamella.cuda import is_available
        assert is_available() is False
    """)


@pytest.mark.parametrize(("unavailable", "expected"), [("None", True), ("'no driver'", False)])
def test_a_cuda_backend_is_asked_whether_it_can_be_used(process: Process, unavailable: str, expected: bool) -> None:
    info = "acme_cuda-1.0.dist-info"
    process.write(f"{info}/METADATA", "Metadata-Version: 2.4\nName: acme-cuda\nVersion: 1.0\n")
    process.write(f"{info}/entry_points.txt", "[lamella]\ncuda = acme_cuda\n")
    process.write(
        "acme_cuda.py",
        f"""
        from lamella.core.plugins import hookimpl

        @hookimpl
        def register_backends(registry):
            registry.add("cuda", "acme_cuda:backend")

        class Backend:
            def unavailable(self):
                return {unavailable}

        backend = Backend()
        """,
    )
    process.run(f"""
        import os
        os.environ["LAMELLA_PLUGINS"] = "acme-cuda"
        assert lamella.cuda.is_available() is {expected}
    """)


def test_an_unknown_name_gets_a_close_match(process: Process) -> None:
    process.run("""
        message = error("NameMissing", "import lamella; lamella.optin")
        assert message == "module 'lamella' has no attribute 'optin'. Did you mean 'optim'?", message
        message = error("NameMissing", "import lamella; lamella.utils.dato")
        assert message == "module 'lamella.utils' has no attribute 'dato'. Did you mean 'data'?", message
        assert error("NameMissing", "import lamella; lamella.qqqqqq").endswith("no attribute 'qqqqqq'.")
        assert error("ModuleNotFoundError", "import lamella.qqqqqq") == "No module named 'lamella.qqqqqq'"
    """)


def test_the_finder_is_added_once_and_last(process: Process) -> None:
    process.run("""
        from lamella.core import namespaces
        before = list(sys.meta_path)
        namespaces.name_missing_packages()
        assert sys.meta_path == before
        assert type(sys.meta_path[-1]).__module__ == "lamella.core.namespaces"
    """)


def test_nothing_is_imported_before_it_is_asked_for(process: Process) -> None:
    process.run(f"""
        assert not {set(SUBMODULES)!r} & set(sys.modules)
        assert "pluggy" not in sys.modules and "importlib_metadata" not in sys.modules
    """)


def test_importing_lamella_loads_no_array_library_until_a_name_is_used(process: Process) -> None:
    process.run("""
        assert "numpy" not in sys.modules and lamella.__version__ and not hasattr(lamella, "__wrapped__")
        assert "numpy" not in sys.modules
        lamella.float32
        assert "numpy" in sys.modules and "Tensor" in vars(lamella)
        """)


@pytest.mark.parametrize("module", ["checkpoints", "debug", "derivatives", "forward_ad", "testing", "transforms"])
def test_tensors_have_their_methods_whatever_is_imported_first(process: Process, module: str) -> None:
    process.run(f"""
        import lamella.core.{module}
        from lamella.core.tensor import Tensor
        assert hasattr(Tensor, "sum")
        """)
