"""The command line, in processes of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import lamella

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``lamella`` with the words given, in an empty folder."""

    def call(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lamella", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]  # any of run's

    return call


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Writes a script, and gives its name."""

    def write(text: str) -> str:
        (tmp_path / "script.py").write_text(dedent(text))
        return "script.py"

    return write


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_the_overview_lists_the_commands(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: lamella COMMAND")
    for name in ("convert", "doctor", "inspect", "new-plugin", "plugins", "run"):
        assert f"\n  {name} " in done.stdout


def test_help_and_version_import_no_array_library() -> None:
    program = """
        import sys
        from lamella.core.cli import main
        assert main(["--help"]) == 0 and main(["--version"]) == 0
        assert "numpy" not in sys.modules
        """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"lamella {lamella.__version__}\n")


def test_an_unknown_command_gets_a_suggestion(run: Run) -> None:
    done = run("plugns")
    assert done.returncode == 2
    assert "'plugns' is no command. Did you mean 'plugins'?" in done.stderr


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    command = f"{shlex.quote(sys.executable)} -m lamella --help | head -n 0"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_doctor_examines_everything(run: Run) -> None:
    done = run("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("Python", "numpy", "threads", "cpu  available", "gradient descent on cpu", "All is well."):
        assert words in done.stdout
    assert "FAILED" not in done.stdout


def test_doctor_says_what_does_not_compute() -> None:
    program = """
        from lamella.core.backends import of_device_type
        from lamella.core.cli import doctor, main
        of_device_type("cpu").kernels["matmul"] = lambda input, other: (input @ other) * 1.1
        raise SystemExit(main(["doctor"]))
        """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "gradient descent on cpu  FAILED" in done.stdout
    assert "Something is wrong" in done.stdout


def test_a_pytorch_script_runs_with_lamella_as_its_torch(run: Run, script: Callable[[str], str]) -> None:
    name = script("""
        import sys
        import torch
        import torch.linalg
        from torch import fft as transforms
        from torch.autograd import Function

        if __name__ == "__main__":
            assert torch.fft is transforms and sys.modules["torch"] is torch
            x = torch.ones(2, requires_grad=True)
            x.sum().backward()
            print(sys.argv, torch.__name__, torch.__spec__.name, transforms.__spec__.name, x.grad.tolist())
            sys.exit(3)
        """)
    done = run("run", "--as", "torch", name, "--lr", "0.1", "--help")
    assert done.stdout == "['script.py', '--lr', '0.1', '--help'] lamella lamella lamella.fft [1.0, 1.0]\n", done.stderr
    assert done.returncode == 3


def test_what_a_script_lacks_is_named(run: Run, script: Callable[[str], str]) -> None:
    name = script("""
        import torch
        from torch import jit as compiler
        from torch.fx import symbolic_trace
        print(torch.zeros(1).shape)
        torch.cuda.is_available(), torch.hub.load("a", "b")
        torch.hub.list("a")
        """)
    done = run("run", "--as", "torch", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'File "script.py", line 3' in done.stderr and "runpy" not in done.stderr
    assert done.stderr.endswith(
        "Lamella lacks, of what script.py uses:\n"
        "  torch.jit  (line 3)\n"
        "  torch.fx  (line 4)\n"
        "  torch.hub  (line 6, 7)\n"
    )


def test_what_a_module_beside_the_script_lacks_is_named(run: Run, script: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import torch\n\nnet = torch.jit.script\n")
    done = run("run", "--as", "torch", script("import torch\nimport model\n"))
    assert done.returncode == 1
    assert 'File "script.py", line 2' in done.stderr
    assert done.stderr.endswith(f"Lamella lacks, of what {tmp_path / 'model.py'} uses:\n  torch.jit  (line 3)\n")


def test_a_script_may_ask_which_pytorch_it_has(run: Run, script: Callable[[str], str]) -> None:
    name = script("""
        import torch
        from torch.version import __version__
        assert __version__ == torch.__version__
        print(torch.__version__, [int(part) for part in torch.__version__.split("+")[0].split(".")] >= [2, 0])
        """)
    done = run("run", "--as", "torch", name)
    assert done.stdout == f"2.13.0+lamella.{lamella.__version__} True\n", done.stderr


def test_a_module_that_is_missed_is_named_by_both_names(run: Run, script: Callable[[str], str]) -> None:
    done = run("run", "--as", "torch", script("import torch.distributed.rpc"))
    assert done.returncode == 1
    assert "Lamella has no lamella.distributed, which torch.distributed would be." in done.stderr


def test_a_scripts_own_errors_are_its_own(run: Run, script: Callable[[str], str]) -> None:
    done = run("run", "--as", "torch", script("import torch, nowhere_to_be_found"))
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'nowhere_to_be_found'\n")
    done = run("run", "--as", "torch", script("import torch\ntorch.ones(2) @ torch.ones(3)"))
    assert done.returncode == 1
    assert done.stderr.startswith('Traceback (most recent call last):\n  File "script.py", line 2')
    assert "Lamella lacks" not in done.stderr and "ShapeError: matmul" in done.stderr
    done = run("run", "--as", "torch", script("import torch\nraise SystemExit('done')"))
    assert (done.returncode, done.stderr) == (1, "done\n")
    done = run("run", "--as", "torch", script("import torch\nx ="))
    assert done.returncode == 1 and done.stderr.endswith("SyntaxError: invalid syntax\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--as", "tensorflow", "script.py"), "Lamella can stand for torch"),
        (("--as", "torch", "absent.py"), "there is no file 'absent.py'"),
    ],
)
def test_what_cannot_be_run_is_said(
    run: Run, script: Callable[[str], str], words: tuple[str, ...], message: str
) -> None:
    script("")
    done = run("run", *words)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def run_with_plugin(tmp_path: Path) -> Run:
    """Runs ``lamella`` with the words given, where ``acme`` is installed, whose registration module is given first."""

    def call(plugin: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        info = tmp_path / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.4\nName: acme\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[lamella]\nacme = acme\n")
        (tmp_path / "acme.py").write_text(dedent(plugin))
        program = (
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from lamella.core.cli import main; sys.exit(main())"
        )
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            env={**os.environ, "LAMELLA_PLUGINS": "acme", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


COMMAND = """
    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_commands(registry):
        registry.add("answer", "acme:answer")

    def answer(words):
        {body}
    """


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        ("print(words)", 0, ""),
        ("print(words); return 3", 3, ""),
        ("print(words); return 'fine'", 1, "the command 'answer' returned 'fine', which is no exit status"),
        ("print(words); return True", 1, "the command 'answer' returned True, which is no exit status"),
        ("print(words, flush=True); raise BrokenPipeError('of its own')", 1, "BrokenPipeError: of its own"),
    ],
)
def test_a_command_of_a_plugin(run_with_plugin: Run, body: str, code: int, error: str) -> None:
    done = run_with_plugin(COMMAND.format(body=body), "answer", "--to", "all")
    assert (done.returncode, done.stdout) == (code, "['--to', 'all']\n"), done.stderr
    assert error in done.stderr and bool(error) == bool(done.stderr)


def test_a_command_of_a_plugin_is_in_the_overview(run_with_plugin: Run) -> None:
    done = run_with_plugin(COMMAND.format(body="pass"), "--help")
    assert "\n  answer      from acme 1.0\n" in done.stdout, done.stderr


def test_plugins_are_listed_as_json(run_with_plugin: Run) -> None:
    done = run_with_plugin(COMMAND.format(body="pass"), "plugins", "--json")
    [record] = [record for record in json.loads(done.stdout) if record["state"] == "loaded"]
    assert record.pop("load_time_s") >= 0
    assert record == {
        "name": "acme",
        "distribution": "acme",
        "version": "1.0",
        "state": "loaded",
        "cause": None,
        "offers": {"commands": ["answer"]},
    }


@pytest.mark.parametrize("words", [("--help",), ("doctor",), ("plugins",)])
def test_a_broken_plugin_in_strict_mode_is_told_and_stops_nothing(run_with_plugin: Run, words: tuple[str, ...]) -> None:
    done = run_with_plugin("raise ValueError('out of order')", *words, LAMELLA_PLUGINS_STRICT="1")
    assert done.returncode == (words != ("--help",)), done.stderr
    assert "ValueError: out of order" in done.stdout + done.stderr
    assert "doctor" in done.stdout or "Self-test" in done.stdout or "failed" in done.stdout
