"""The conformance suites by flag, by class and by id: real runs of pytest on real distributions in a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from typing import Any

import pytest

#: A backend over NumPy under another name, which computes everything on the host.
MOON = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_backends(registry):
        registry.add("moon", "moon_backend:backend")
"""
MOON_BACKEND = """
    import numpy as np
    from lamella.core.backends import NumpyBackend
    from lamella.core.devices import device

    class MoonArray(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
            for x in inputs:
                if type(x) is np.ndarray and x.ndim:
                    raise TypeError("an array on the host among those on the moon")
            plain = [x.view(np.ndarray) if isinstance(x, MoonArray) else x for x in inputs]
            if out is not None:
                options["out"] = tuple(x.view(np.ndarray) for x in out)
            result = getattr(ufunc, method)(*plain, **options)
            return np.asarray(result).view(MoonArray)

    class MoonFunctions:
        def __getattr__(self, name):
            def function(*arguments, device=None, **options):
                return np.asarray(getattr(np, name)(*arguments, **options)).view(MoonArray)
            return function

    class MoonBackend(NumpyBackend):
        name, device_type, array_type, native, xp = "lunar", "moon", MoonArray, (), MoonFunctions()
        kernels = {"exp": lambda x: np.exp(x) * FACTOR}

        def device_of(self, array):
            return device("moon:0")

        def asarray(self, values, device):
            return np.asarray(values).view(MoonArray)

        def to_numpy(self, array):
            return array.view(np.ndarray)

    backend = MoonBackend()
"""


class Run:
    """A folder of distributions and test files, and pytest in it."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.tests = site.folder / "tests"
        self.tests.mkdir()

    def write(self, name: str, text: str) -> None:
        (self.site.folder / name).write_text(textwrap.dedent(text))

    def moon(self, factor: float = 1.0) -> None:
        self.site.install_plugin("acme-moon", MOON)
        self.write("moon_backend.py", MOON_BACKEND.replace("FACTOR", str(factor)))

    def pytest(self, *arguments: str) -> tuple[int, str]:
        """The exit status and all that was printed."""
        folders = [str(self.site.folder), *sys.path]
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(folders),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "LAMELLA_PLUGINS": "!nn,!optim,!data",  # quicker without
        }
        command = [sys.executable, "-m", "pytest", "-p", "lamella.core.pytest_plugin", "-p", "no:cacheprovider"]
        ran = subprocess.run(
            [*command, "--tb=short", *arguments],
            cwd=self.tests,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def run(site: Any) -> Run:
    return Run(site)


# --- a backend


def test_every_op_runs_on_a_backend_that_starts_with_nothing(run: Run) -> None:
    run.moon()
    # without pickling, because a deep copy of a subclass of ndarray is a plain one
    status, output = run.pytest(
        "--lamella-backend=moon", "-q", "-k", "(forward or gradient or device-) and not pickling"
    )
    assert status == 0, output
    assert "| pointwise, on the host | 16 | " in output
    assert re.search(r"\| transcendental \| 1 \| 3 \| 0 \| 0 \|", output)  # exp, which is the backend's own
    assert "lamella-core 0." in output
    assert "NumPy 2." in output


def test_an_op_broken_on_purpose_is_named(run: Run) -> None:
    run.moon(factor=1.001)
    status, output = run.pytest("--lamella-backend=moon", "-q", "-k", "forward")
    assert status == 1
    failed = {line.split()[1] for line in output.splitlines() if line.startswith("FAILED")}
    assert "lamella-backend[moon]::exp-forward" in failed
    assert "lamella-backend[moon]::add-forward" not in failed
    assert "in exp(input=array(" in output  # the call that shows it


def test_one_case_by_its_id(run: Run) -> None:
    run.moon()
    status, output = run.pytest("-v", "lamella-backend[moon]::add-forward")
    assert status == 0, output
    assert "lamella-backend[moon]::add-forward PASSED" in output
    assert "1 passed" in output


def test_a_suite_runs_beside_the_tests_of_a_path_and_alone_without_one(run: Run) -> None:
    run.moon()
    run.write("tests/test_own.py", "def test_own():\n    pass\n")
    arguments = ("-q", "-k", "add-forward or test_own", "--lamella-backend=moon")
    status, output = run.pytest(*arguments)
    assert (status, "test_own" in output) == (0, False), output
    status, output = run.pytest("-v", *arguments[1:], "test_own.py")
    assert status == 0, output
    assert "test_own.py::test_own PASSED" in output
    assert "lamella-backend[moon]::add-forward PASSED" in output


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--lamella-backend=mooon", "no backend for device 'mooon': No backend is named 'mooon'. Did you mean 'moon'?"),
        ("--lamella-ops=acme-mon", "No plugin is named 'acme-mon'. Did you mean 'acme-moon'?"),
        ("--lamella-ops=acme-moon", "plugin 'acme-moon' offers no ops; it offers backends"),
        ("--lamella-kernels=fast", "No kernel set is named 'fast'"),
        (
            "lamella-backend[moon]::ad-forward",
            "no conformance case is named 'lamella-backend[moon]::ad-forward'. Did you",
        ),
    ],
)
def test_an_unknown_name_is_a_usage_error(run: Run, argument: str, message: str) -> None:
    run.moon()
    status, output = run.pytest(argument)
    assert status == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}" in output


def test_a_plugin_that_was_set_aside_is_a_usage_error(run: Run) -> None:
    run.site.install_plugin("acme-broken", "raise OSError('no such thing')")
    status, output = run.pytest("--lamella-plugin=acme-broken", "-W", "ignore")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "no such thing" in output


# --- expected failures


def test_expected_failures_are_strict(run: Run) -> None:
    run.moon(factor=1.001)
    arguments = ("--lamella-backend=moon", "-k", "exp-forward or add-forward", "--lamella-xfails=known.toml")
    run.write("tests/known.toml", '"exp-forward" = "the moon has a larger e"\n')
    status, output = run.pytest(*arguments)
    assert status == 0, output
    assert "1 xfailed" in output
    assert "| lamella-backend[moon] | subjects | passed | expected failures | failed |" in output
    assert re.search(r"\| transcendental \| (\d) \| \d \| 1 \| 0 \|", output)

    run.write("tests/known.toml", '"exp-forward" = "the moon has a larger e"\n"add-forward" = "wrong"\n')
    status, output = run.pytest(*arguments)
    assert status == 1
    assert "[XPASS(strict)] wrong" in output

    for text, message in (
        ('"exp-forwrd" = "x"', "'exp-forwrd' names no case. Did you mean 'exp-forward'?"),
        ('"exp-forward" = " "', "'exp-forward' has no reason."),
        ('"exp-forward"', "cannot be read"),
    ):
        run.write("tests/known.toml", text)
        status, output = run.pytest(*arguments)
        assert status == pytest.ExitCode.USAGE_ERROR
        assert message in output
    (run.tests / "known.toml").unlink()
    assert run.pytest(*arguments)[0] == pytest.ExitCode.USAGE_ERROR


def test_a_class_is_the_same_as_a_flag(run: Run) -> None:
    run.moon(factor=1.001)
    run.write(
        "tests/test_moon.py",
        """
        import lamella.testing

        class TestMoon(lamella.testing.BackendConformance):
            backend = "moon"
            expected_failures = {"exp-forward": "the moon has a larger e"}

        class TestStale(TestMoon):
            expected_failures = {"exp-forwrd": "", "add-forward": "wrong"}
        """,
    )
    status, output = run.pytest("-q", "-rA", "test_moon.py", "-k", "exp-forward or add-forward or expected")
    assert status == 1
    assert "XFAIL test_moon.py::TestMoon::test_conforms[exp-forward] - the moon has a larger e" in output
    assert "PASSED test_moon.py::TestMoon::test_conforms[add-forward]" in output
    assert "PASSED test_moon.py::TestMoon::test_expected_failures_are_cases" in output
    assert "FAILED test_moon.py::TestStale::test_conforms[exp-forward]" in output
    assert "FAILED test_moon.py::TestStale::test_conforms[add-forward]" in output
    assert "'exp-forwrd' names no case. Did you mean 'exp-forward'?; 'exp-forwrd' has no reason" in output
    assert "| lamella-backend[moon] | subjects |" in output


# --- kernels, ops, registrations

KERNELS = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_kernels(registry):
        registry.add("acme", "acme_kernels_set:KERNELS")
"""
KERNEL_SET = """
    import numpy as np
    from lamella.core.backends.kernels import Kernel

    KERNELS = [
        Kernel("exp", "cpu", "acme", 5, lambda x: np.exp(x) if x.size > 3 else NotImplemented),
        Kernel("log", "cpu", "acme", 5, lambda x: np.log(x) + (1e-3 if x.dtype == np.float32 else 0)),
        Kernel("neg", "cpu", "acme", 5, lambda x: NotImplemented),
        Kernel("abs", "cpu", "acme", 5, lambda x: np.abs(x, out=x if x.flags.writeable else None)),
    ]
"""


def test_kernels_are_held_to_their_ops(run: Run) -> None:
    run.site.install_plugin("acme-kernels", KERNELS)
    run.write("acme_kernels_set.py", KERNEL_SET)
    status, output = run.pytest("--lamella-kernels=acme", "-q")
    assert status == 1
    failed = {line.split()[1].partition("::")[2] for line in output.splitlines() if line.startswith("FAILED")}
    assert {"log-forward", "neg-is_used", "abs-memory"} <= failed
    assert not [name for name in failed if name.startswith("exp-")]
    assert "answers NotImplemented to all" in output


def test_kernels_for_ops_that_do_not_exist_are_a_usage_error(run: Run) -> None:
    run.site.install_plugin("acme-kernels", KERNELS)
    run.write("acme_kernels_set.py", KERNEL_SET.replace('"exp"', '"expo"'))
    status, output = run.pytest("--lamella-kernels=acme")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "has kernels for ops that do not exist: expo" in output


OPS = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_ops(registry):
        registry.add("acme_cube", "acme_parts.cube:acme_cube")
"""
CUBE = """
    from lamella.core import rules
    from lamella.core.dispatch import define_op

    @define_op(
        inputs=("input",), shape=rules.elementwise, dtype=rules.floating, samples=lambda make: make.unary()
    )
    def acme_cube(xp, input):
        "The third power."
        return xp.multiply(xp.multiply(input, input), input)

    acme_cube.vjp(input=lambda F, grad, input: FACTOR * grad * F.conj(input * input))
"""


@pytest.mark.parametrize("factor", [3, 3.003])
def test_the_ops_of_a_plugin_are_checked_from_their_records(run: Run, factor: float) -> None:
    run.site.install_plugin("acme-ops", OPS)
    (run.site.folder / "acme_parts").mkdir()
    run.write("acme_parts/__init__.py", "")
    run.write("acme_parts/cube.py", CUBE.replace("FACTOR", str(factor)))
    run.write("acme_parts/reference.py", "def acme_cube(input):\n    return input**3\n")
    status, output = run.pytest("--lamella-ops=acme-ops", "-q")
    assert status == (factor != 3), output
    assert ("FAILED lamella-ops[acme-ops]::acme_cube-first_derivatives_hold" in output) == (factor != 3)
    assert "FAILED lamella-ops[acme-ops]::acme_cube-matches_reference" not in output


THINGS = """
    import numpy
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_datasets(registry):
        for name in ("Steady", "Shaken", "Endless", "Nothing"):
            registry.add(name, f"acme_parts:{name}")

    @hookimpl
    def register_loggers(registry):
        registry.add("lines", "acme_parts:Lines")
        registry.add("silent", "acme_parts:Silent")

    @hookimpl
    def register_commands(registry):
        registry.add("hello", "acme_parts:hello")
        registry.add("rude", "acme_parts:rude")
        registry.add("hidden", "acme_parts:hidden")
        registry.add("missing", "acme_parts:missing")
"""
PARTS = '''
    import argparse
    import pathlib
    import random

    class Steady:
        """Numbers."""

        def __init__(self, count):
            self.count = count

        @staticmethod
        def conformance_arguments(folder):
            return (3,)

        def __len__(self):
            return self.count

        def __getitem__(self, i):
            if i >= self.count:
                raise IndexError(i)
            return {"x": i}, (i, i)

    class Shaken(Steady):
        """Never the same."""

        def __getitem__(self, i):
            return super().__getitem__(i)[0], random.random()

    class Endless(Steady):
        """Does not end."""

        def __getitem__(self, i):
            return i

    class Nothing(Steady):
        __doc__ = None

        def __len__(self):
            return 0

    class Lines:
        """Lines in a file."""

        def __init__(self, log_dir):
            pathlib.Path(log_dir).mkdir(parents=True)
            self.file = pathlib.Path(log_dir, "log").open("w")

        def add_scalar(self, tag, scalar_value, global_step=None, walltime=None):
            print(tag, float(scalar_value), global_step, file=self.file)

        def flush(self):
            self.file.flush()

        def close(self):
            self.file.close()

    class Silent(Lines):
        """Shows nothing until it is closed."""

        def flush(self):
            pass

    def hello(arguments):
        """Greets."""
        argparse.ArgumentParser("hello").parse_args(arguments)
        return 0

    def rude(arguments):
        """Does not help."""
        print("no")
        return 3

    def made():
        def hidden(arguments):
            """Cannot be found again."""
        return hidden

    hidden = made()
'''


def test_a_registration_and_what_it_offers_are_checked(run: Run) -> None:
    run.site.install_plugin("acme-things", THINGS + "\n" * 60)
    run.write("acme_parts.py", PARTS)
    status, output = run.pytest("--lamella-plugin=acme-things", "-q")
    assert status == 1
    failed = {line.split()[1].partition("::")[2] for line in output.splitlines() if line.startswith("FAILED")}
    assert failed == {
        "acme-things-imports_no_array_library",
        "acme-things-is_short",
        "datasets.Shaken-dataset",
        "datasets.Endless-dataset",
        "datasets.Nothing-dataset",
        "datasets.Nothing-docstring",
        "loggers.silent-logger",
        "commands.rude-command",
        "commands.hidden-pickles",
        "commands.hidden-command",
        *(f"commands.missing-{check}" for check in ("loads", "docstring", "pickles", "command")),
    }


# --- what it costs others


def test_without_a_flag_no_array_library_is_imported(run: Run) -> None:
    run.write("tests/test_own.py", "import sys\n\ndef test_own():\n    assert 'numpy' not in sys.modules\n")
    status, output = run.pytest("-q")
    assert status == 0, output
    assert "1 passed" in output
    assert "lamella" not in output


def test_a_class_without_a_name_says_what_to_write() -> None:
    from lamella.testing import BackendConformance

    with pytest.raises(ValueError, match=r'say what to test, as in `backend = "NAME"`; got None'):
        BackendConformance().cases()


def test_the_facade_has_the_suites() -> None:
    import lamella.testing

    for name in ("BackendConformance", "KernelConformance", "OpConformance", "PluginConformance"):
        assert getattr(lamella.testing, name).__name__ == name
        assert name in dir(lamella.testing)
    with pytest.raises(AttributeError, match="has no attribute 'Conform'"):
        lamella.testing.Conform  # noqa: B018  # looking it up is the test
