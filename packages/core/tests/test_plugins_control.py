"""What users decide: which plugins load, which one a name goes to, and whether a broken one is an error."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from lamella.core.errors import ArgumentError, ArgumentTypeError, PluginError
from lamella.core.plugins import Manager


def states(manager: Manager) -> dict[str, str]:
    """The state of each plugin, in the order in which they load."""
    return {record.distribution: record.state for record in manager.records()}


def holders(manager: Manager) -> dict[str, str]:
    """Which distribution each optimizer comes from."""
    return {name: found.distribution for name, found in manager.registries["optimizers"].items()}


# Keeping plugins out.


def test_a_blocked_plugin_is_never_imported_and_says_who_blocked_it(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    manager = site.manager(LAMELLA_PLUGINS="off")
    assert len(manager.registries["optimizers"]) == 0
    assert "acme_optim" not in sys.modules
    assert states(manager) == {"acme-optim": "blocked"}
    with pytest.raises(LookupError):
        manager.registries["optimizers"]["lion"]
    with pytest.raises(PluginError, match=r"acme-optim 1.0 \(blocked: kept out by LAMELLA_PLUGINS=off\)"):
        site.manager(LAMELLA_PLUGINS="off", LAMELLA_PLUGINS_STRICT="1").registries["kernels"].load("fast")


def test_an_allow_list_keeps_all_others_out(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_optimizers("beta-optim", beta="b:B")
    manager = site.manager(LAMELLA_PLUGINS="Beta_Optim")
    assert holders(manager) == {"beta": "beta-optim 1.0"}
    assert states(manager) == {"acme-optim": "blocked", "beta-optim": "loaded"}


def test_a_project_keeps_plugins_out(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_optimizers("beta-optim", beta="b:B")
    (site.folder / "pyproject.toml").write_text('[tool.lamella]\nplugins = ["!acme-optim"]\n')
    manager = site.manager()
    assert states(manager) == {"acme-optim": "blocked", "beta-optim": "available"}
    with pytest.raises(
        PluginError, match=r"kept out by plugins = \['!acme-optim'\] in \[tool.lamella\] of .*pyproject"
    ):
        manager.registries["backends"].load("gpu")


def test_a_project_file_that_is_wrong_is_an_error_of_look_ups_and_not_of_the_import(site: Any) -> None:
    (site.folder / "pyproject.toml").write_text("[tool.lamella]\nplugins = 3\n")
    program = """
        import lamella
        from lamella.core import plugins
        lamella.ones(2)
        try:
            len(plugins.layers)
        except TypeError as error:
            assert "plugins = 3 in [tool.lamella] of" in str(error) and "pyproject.toml must be text" in str(error)
        else:
            raise SystemExit("no error")
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LAMELLA_")}
    environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, cwd=site.folder, env=environ)


# The same as an API.


def test_a_program_says_it_before_and_after_the_first_look_up(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_optimizers("beta-optim", beta="b:B")
    manager = site.manager(LAMELLA_PLUGINS="beta-optim")
    manager.configure(plugins=["acme-optim"])
    assert list(holders(manager)) == ["lion"]
    manager.configure(plugins="off")
    assert holders(manager) == {}
    with pytest.raises(PluginError, match=r"kept out by plugins.configure\(plugins='off'\)"):
        manager.registries["backends"].load("gpu")
    manager.configure()  # the environment again
    assert list(holders(manager)) == ["beta"]
    manager.configure(plugins="all")
    manager.reset()
    assert list(holders(manager)) == ["beta"]


def test_what_a_program_says_wrong_is_refused_at_once_and_changes_nothing(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    manager = site.manager()
    with pytest.raises(ArgumentError, match=r"plugins.configure\(plugins='a,!b'\) is neither a list"):
        manager.configure(plugins="a,!b")
    with pytest.raises(ArgumentError, match=r"plugins.configure\(strict='maybe'\) is not understood"):
        manager.configure(strict="maybe")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ArgumentTypeError, match=r"plugins.configure\(prefer=3\) must be text"):
        manager.configure(prefer=3)  # type: ignore[arg-type]  # on purpose
    assert list(holders(manager)) == ["lion"]


@pytest.mark.parametrize("call", ["configure(plugins='all')", "unregister('acme-optim')", "load()", "reset()"])
def test_a_plugin_that_decides_itself_while_plugins_load_is_set_aside(site: Any, call: str) -> None:
    site.install_plugin(
        "acme-broken",
        f"""
        import gc
        from lamella.core import plugins

        [found.{call} for found in gc.get_objects() if type(found) is plugins.Manager and found._loading]
        """,
    )
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="or changed which plugins load, while plugins were being loaded"):
        assert list(holders(manager)) == ["lion"]
    assert states(manager) == {"acme-broken": "failed", "acme-optim": "loaded"}


# Which one a name goes to.


@pytest.mark.parametrize("preferred", ["beta-optim", "Beta_Optim", "nobody,beta-optim,acme-optim"])
def test_a_preferred_plugin_gets_the_name_and_the_other_keeps_its_others(site: Any, preferred: str) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion", tiger="acme_optim:Tiger")
    site.install_optimizers("beta-optim", lion="b:Lion")
    manager = site.manager(LAMELLA_PLUGINS_PREFER=preferred)
    assert holders(manager) == {"lion": "beta-optim 1.0", "tiger": "acme-optim 1.0"}
    assert states(manager) == {"beta-optim": "loaded", "acme-optim": "loaded"}
    offers = {record.distribution: record.offers for record in manager.records()}
    assert offers["acme-optim"] == {"optimizers": ("tiger",)}


def test_even_a_package_of_ours_gives_a_name_to_one_that_the_user_prefers(site: Any) -> None:
    site.install_optimizers("lamella-optim", adam="lamella.optim:Adam", sgd="lamella.optim:SGD")
    site.install_optimizers("acme-optim", adam="acme_optim:Adam")
    (site.folder / "pyproject.toml").write_text('[tool.lamella]\nprefer = ["acme-optim"]\n')
    assert holders(site.manager()) == {"adam": "acme-optim 1.0", "sgd": "lamella-optim 1.0"}


def test_where_the_preferred_plugin_fails_the_other_gets_the_name(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_plugin("beta-optim", "1 / 0")
    manager = site.manager()
    manager.configure(prefer=["beta-optim"])
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"):
        assert holders(manager) == {"lion": "acme-optim 1.0"}


def test_a_preferred_plugin_that_contradicts_itself_fails_all_the_same(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    code = (site.folder / "acme_optim.py").read_text()
    (site.folder / "acme_optim.py").write_text(code + "    registry.add('lion', 'acme_optim:Other')\n")
    with pytest.warns(RuntimeWarning, match="offers acme_optim:Other under the same name"):
        assert holders(site.manager(LAMELLA_PLUGINS_PREFER="acme-optim")) == {}


# Taking one out.


@pytest.mark.parametrize("is_loaded", [False, True])
def test_an_unregistered_plugin_leaves_the_registries_until_reset(site: Any, is_loaded: bool) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_optimizers("beta-optim", beta="b:B")
    manager = site.manager()
    if is_loaded:
        manager.load()
    manager.unregister("Acme_Optim")
    assert holders(manager) == {"beta": "beta-optim 1.0"}
    assert states(manager) == {"acme-optim": "blocked", "beta-optim": "loaded"}
    with pytest.raises(PluginError, match=r"acme-optim 1.0 \(blocked: taken out by plugins.unregister\)"):
        manager.registries["kernels"].load("fast")
    manager.unregister("acme-optim")  # again changes nothing
    manager.reset()
    assert list(holders(manager)) == ["lion", "beta"]


def test_what_an_unregistered_plugin_had_taken_goes_to_the_next(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_optimizers("beta-optim", lion="b:Lion")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match="under the same name"):
        assert holders(manager) == {"lion": "acme-optim 1.0"}
    manager.unregister("acme-optim")
    assert holders(manager) == {"lion": "beta-optim 1.0"}


def test_a_plugin_that_is_not_there_cannot_be_unregistered(site: Any) -> None:
    with pytest.raises(
        PluginError, match=r"unregister\('lion'\): there is no such plugin. The plugins are none at all"
    ):
        site.manager().unregister("lion")
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    with pytest.raises(PluginError, match="Did you mean 'acme-optim'. The plugins are acme-optim"):
        site.manager().unregister("acme-opti")


# Broken ones as errors.


def test_strict_mode_raises_at_every_look_up(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    site.install_plugin("acme-broken", "1 / 0")
    manager = site.manager(LAMELLA_PLUGINS_STRICT="1")
    for _ in range(2):
        with pytest.raises(PluginError, match=r"LAMELLA_PLUGINS_STRICT=1 makes an error of.*ZeroDivision") as raised:
            list(manager.registries["optimizers"])
        assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert list(site.manager(LAMELLA_PLUGINS_STRICT="0", LAMELLA_PLUGINS="!acme-broken").registries["optimizers"])
    manager.configure(strict=False)
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"):
        assert list(holders(manager)) == ["lion"]


# What takes long is told.


def test_a_slow_plugin_works_and_is_told_with_its_time(site: Any) -> None:
    site.install_optimizers("acme-optim", lion="acme_optim:Lion")
    code = (site.folder / "acme_optim.py").read_text()
    (site.folder / "acme_optim.py").write_text(f"import time\ntime.sleep(0.6)\n{code}")
    manager = site.manager()
    with pytest.warns(RuntimeWarning, match=r"plugin 'acme-optim' of acme-optim 1.0 took \d+\.\d s to load") as warned:
        assert list(holders(manager)) == ["lion"]
    assert len(warned) == 1
    (record,) = manager.records()
    assert (record.state, record.cause) == ("loaded", None)
    assert record.load_time_s is not None
    assert record.load_time_s > 0.6
