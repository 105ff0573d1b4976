"""Forks and the imports that the core makes unasked, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")


def _run(folder: Path, module: str, program: str) -> str:
    """Runs a program that can import ``module`` as ``slow``. For a lock that nobody opens it would wait for ever."""
    (folder / "slow.py").write_text(dedent(module))
    command = [sys.executable, "-W", "ignore", "-c", dedent(program)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_fork_has_whole_what_another_thread_was_importing(tmp_path: Path) -> None:
    program = """
        import os, threading
        from lamella.core.late_imports import import_late

        begun = threading.Event()
        importer = threading.Thread(target=import_late, args=("slow",))
        __import__("builtins").begun = begun
        importer.start()
        begun.wait()
        child = os.fork()
        if not child:
            import slow
            os._exit(slow.whole)
        importer.join()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    assert _run(tmp_path, "import time\nbegun.set()\ntime.sleep(0.3)\nwhole = 7\n", program) == "7\n"


def test_what_is_imported_may_fork(tmp_path: Path) -> None:
    module = """
        import os

        child = os.fork()
        if not child:
            os._exit(7)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        """
    program = "from lamella.core.late_imports import import_late; print(import_late('slow').status)"
    assert _run(tmp_path, module, program) == "7\n"


def test_an_import_that_fails_leaves_forks_free(tmp_path: Path) -> None:
    program = """
        import os, threading
        from lamella.core.late_imports import import_late

        def imports():
            try:
                import_late("slow")
            except ZeroDivisionError:
                print("failed", flush=True)

        importer = threading.Thread(target=imports)
        importer.start()
        importer.join()
        child = os.fork()
        if not child:
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    assert _run(tmp_path, "1 / 0", program) == "failed\n7\n"
