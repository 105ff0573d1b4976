"""Plugins among threads, forks and interpreters, and what they cost a process that does not use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

SRC = Path(__file__).parents[1] / "src"
COUNTING = """
    import os
    import time

    from lamella.core.plugins import hookimpl

    @hookimpl
    def register_optimizers(registry):
        os.write(1, b"called\\n")  # whole, whoever else writes
        time.sleep(0.2)  # the others have time to arrive
        registry.add("lion", "acme_optim:Lion")
"""


def run(site: Any, program: str) -> list[str]:
    """Run a program in which only the site's plugin loads; the lines that it prints, and its processes."""
    done = subprocess.run(
        # Python warns of any fork beside a thread; that it works is what is tested.
        [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c", textwrap.dedent(program)],
        cwd=site.folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SRC), *sys.path, str(site.folder)]),
            "LAMELLA_PLUGINS": "acme-optim",  # of all that may be installed where the tests run
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_threads_that_look_up_at_once_load_each_plugin_once(site: Any, capfd: pytest.CaptureFixture[str]) -> None:
    site.install_plugin("acme-optim", COUNTING)
    manager = site.manager()
    start = threading.Barrier(8)
    seen: list[list[str]] = []

    def look_up() -> None:
        start.wait()
        seen.append(list(manager.registries["optimizers"]))

    threads = [threading.Thread(target=look_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert seen == [["lion"]] * 8
    assert capfd.readouterr().out == "called\n"


def test_threads_that_change_what_loads_while_others_look_up_leave_it_whole(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion", tiger="acme_optim:Tiger")
    site.install_optimizers("beta-optim", beta="b:B")
    manager = site.manager()
    seen: set[tuple[str, ...]] = set()
    done = threading.Event()

    def look_up() -> None:
        while not done.is_set():  # an error here fails the test, as pytest warns of it
            seen.add(tuple(manager.registries["optimizers"]))
            assert len(manager.records()) == 2

    threads = [threading.Thread(target=look_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        manager.configure(plugins="acme-optim")
        manager.unregister("beta-optim")
        manager.reset()
        manager.configure(plugins="!acme-optim")
    done.set()
    for thread in threads:
        thread.join(timeout=30)
    assert seen <= {("lion", "tiger"), ("beta",), ("lion", "tiger", "beta")}


FORKING = """
    import os, sys, threading
    from lamella.core import plugins
    {before}
    child = os.fork()
    assert list(plugins.optimizers) == ["lion"]
    if child == 0:
        os.write(1, b"child\\n")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.parametrize(
    ("before", "calls"),
    [
        ("plugins.load()", 1),
        ("plugins.records()", 2),  # each process loads for itself
        ("threading.Thread(target=plugins.load).start(); import time; time.sleep(0.1)", 1),
    ],
    ids=["after the first look-up", "before it", "while another thread is at it"],
)
def test_a_fork_loads_each_plugin_once_and_does_not_wait_for_ever(site: Any, before: str, calls: int) -> None:
    site.install_plugin("acme-optim", COUNTING)
    program = FORKING.format(before=before) if hasattr(os, "fork") else "print('called child')"
    assert sorted(run(site, program)) == ["called"] * calls + ["child"]


INTERPRETERS = """
    import sys
    if sys.version_info >= (3, 13):
        import _interpreters as interpreters
        run = interpreters.exec
    else:
        import _xxsubinterpreters as interpreters
        run = interpreters.run_string
    from lamella.core import plugins
    script = '''
    from lamella.core import plugins
    assert list(plugins.optimizers) == ["lion"], list(plugins.optimizers)
    import os
    os.write(1, b"inner" + bytes([10]))
    '''
    assert list(plugins.optimizers) == ["lion"]
    for _ in range(2):
        run(interpreters.create(), script.replace("\\n    ", "\\n"))
    assert "numpy" not in sys.modules
"""


def test_each_interpreter_in_a_process_loads_each_plugin_once(site: Any) -> None:
    site.install_plugin("acme-optim", COUNTING)
    assert sorted(run(site, INTERPRETERS)) == ["called"] * 3 + ["inner"] * 2


# What it costs.


def test_importing_the_module_imports_nothing_until_the_first_look_up(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    program = """
        import sys
        from lamella.core import plugins
        late = {"pluggy", "importlib_metadata", "acme_optim"}
        assert not late & set(sys.modules), late & set(sys.modules)
        assert plugins.optimizers is plugins.optimizers and repr(plugins.layers)
        assert not late & set(sys.modules), late & set(sys.modules)
        assert "lion" in plugins.optimizers
        assert late <= set(sys.modules)
        assert "acme-optim" in [record.distribution for record in plugins.records()]
        plugins.reset()
        plugins.load()
        plugins.configure(plugins="off")
        assert not plugins.optimizers
        plugins.configure(plugins="acme-optim")
        plugins.unregister("acme-optim")
        assert "lion" not in plugins.optimizers
        assert "numpy" not in sys.modules
    """
    run(site, program)


OPENED = """
    import json, sys
    touched = []
    def audit(event, arguments):
        if event in ("open", "os.listdir", "os.scandir"):
            touched.append(str(arguments[0]))
    sys.addaudithook(audit)
    import lamella
    lamella.ones(2)
    import json
    print(json.dumps([touched, sorted(sys.modules)]).replace(" ", ""))
"""


def test_import_lamella_opens_no_file_of_any_plugin_and_imports_the_same_modules(site: Any) -> None:
    (without,) = run(site, OPENED)
    for number in range(50):
        site.install_optimizers(f"acme-{number}", **{f"lion{number}": "x:y"})
    (among_them,) = run(site, OPENED)
    touched, modules = json.loads(among_them)
    assert not [path for path in touched if path.startswith(str(site.folder) + os.sep)]
    assert modules == json.loads(without)[1]
